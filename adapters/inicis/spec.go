package inicis

import (
	"slices"

	"github.com/pg-gateway/pg-gateway/adapters/channels"
	"github.com/pg-gateway/pg-gateway/payment"
)

// Name is what the configuration and the journal call this driver.
const Name payment.DriverName = "inicis"

// iniapiKeySize is the length of the INIAPI key and IV, which are an AES-128 key and IV as they are (inicis.md §1).
const iniapiKeySize = 16

// Spec implements adapters.Driver.
func (d *Driver) Spec() payment.DriverSpec { return d.spec }

func spec() payment.DriverSpec {
	return payment.DriverSpec{
		Name: Name, Title: "Inicis", Company: "Inicis",
		CarriesToken: true,
		API:          "/iniapi", APISigned: true,
		Routes: payment.Routes{
			Return: "/return/inicis", KeyReturn: "/return/inicis/key", PhoneReturn: "/return/inicis/mobile",
			// Inicis reads exactly OK, or anything else as a wish to be told again (inicis.md §7).
			Deposits: "/hooks/inicis/:pg/deposit", DepositTaken: "OK", DepositRefused: "FAIL",
		},
		Windows: []payment.WindowKind{payment.WindowInicisPC, payment.WindowInicisMobile, payment.WindowInicisKey},
		PGKeys: []payment.KeySpec{
			{
				Name: keyIDCs, Kind: payment.KeyTexts, Doc: "Inicis data centres whose answers are trusted (idc_name).",
				Defaults: map[payment.Environment][]string{
					payment.EnvLive: DefaultIDCs(payment.EnvLive), payment.EnvTest: DefaultIDCs(payment.EnvTest),
					payment.EnvSandbox: DefaultIDCs(payment.EnvSandbox),
				},
			},
			{Name: keyClientIP, Doc: "Our address as INIAPI requests state it."},
			{
				Name: keyBilling, Choices: []string{billingV1, billingV2},
				Doc: "INIAPI's version that charges billing keys; v1 when left out.",
			},
		},
		MerchantKeys: []payment.KeySpec{
			{
				Name: keySign, Kind: payment.KeySecret, Doc: "Inicis web standard sign key (signKey).",
				Required: true, Unless: []payment.MerchantPurpose{payment.MerchantAccountVerification},
			},
			{Name: keyHash, Kind: payment.KeySecret, Doc: "Inicis hash key, for the window on phones (P_CHKFAKE)."},
			{Name: keyAPI, Kind: payment.KeySecret, Size: iniapiKeySize, Doc: "INIAPI key."},
			{Name: keyAPIIV, Kind: payment.KeySecret, Size: iniapiKeySize, Doc: "INIAPI IV."},
			{Name: keyLite, Kind: payment.KeySecret, Doc: "INILite key, for billing keys."},
			{
				Name: keyByOrder, Choices: []string{"Y", "N"}, Doc: "Y where Inicis may be asked about a charge by its order " +
					"number (contract 주문번호 중복방지); N when left out.",
			},
		},
		WebhookSources: map[payment.Environment][]string{
			payment.EnvLive: DepositSources(), payment.EnvTest: DepositSources(), payment.EnvSandbox: {"127.0.0.0/8", "::1"},
		},
		MID: payment.MIDSpec{Required: true, Longest: 10, Tests: []string{"INIpayTest", "INIBillTst", "iniescrow0"}},
		PublicKeys: []string{
			"SU5JTElURV9UUklQTEVERVNfS0VZU1RS",
			"ItEQKi3rY7uvDS8l", "HYb3yQ4f65QL89==", "3CB8183A4BE283555ACC8363C0360223",
			"yERbIlJ3NhTeObsA", "tOGDXbfoajk2DQ==", "37F3A120C1DFCDEB708B00F5383D2263",
			"rKnPljRn5m6J9Mzz", "W2KLNKra6Wxc1P==", "b09LVzhuTGZVaEY1WmJoQnZzdXpRdz09",
		},
		// More are only behind PortOne (inicis.md §2.2).
		Methods:    slices.Concat(channels.Easy(), []payment.Method{"cultureland", "booknlife", "happymoney"}),
		KeyMethods: []payment.Method{"card"}, ChargesKeys: true, KeysUntold: true,
		Clauses: []payment.Clause{payment.ClauseCardPoints},
		PhoneNeeds: payment.LiveNeed{
			Keys: []string{keyHash}, Purposes: []payment.MerchantPurpose{payment.MerchantGeneral, payment.MerchantEscrow},
			Msg: "without the hash key no window is opened on phones and in apps", Fix: "add hash_key, or devices: [pc]",
		},
		NotOnPhones: []payment.Method{"applepay", "ssgpay", "booknlife"}, // inicis.md §2.2
		PhoneToken:  maxMobileToken,
		PGNeeds: []payment.LiveNeed{{
			Keys: []string{keyClientIP}, Msg: "INIAPI requests do not state our address",
			Fix: "the address registered with Inicis", Optional: true,
		}},
		MerchantNeeds: []payment.LiveNeed{
			{
				Keys: []string{keyAPI, keyAPIIV},
				Msg:  "nothing can be cancelled or looked up without the INIAPI key and IV", Fix: "add api_key and api_iv",
			},
			{
				Keys: []string{keyLite}, Purposes: []payment.MerchantPurpose{payment.MerchantRecurring},
				Msg: "billing keys need the INILite key", Fix: "add lite_key",
			},
			{
				Keys: []string{keyByOrder}, Purposes: []payment.MerchantPurpose{payment.MerchantRecurring},
				Msg: "a charge of a billing key whose answer is lost stays unknown, for a person",
				Fix: "have the contract 주문번호 중복방지, and say inquiry_by_order: Y", Optional: true,
			},
		},
	}
}
