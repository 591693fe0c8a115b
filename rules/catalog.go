package rules

import (
	"slices"

	"github.com/pg-gateway/pg-gateway/payment"
)

// acquirers are the words of the card companies, in their order.
func acquirers() []string {
	var words []string
	for _, c := range payment.CardCompanies() {
		words = append(words, c.Word)
	}
	return words
}

func isAcquirer(word string) bool {
	_, ok := payment.CardCompanyOf(word)
	return ok
}

// primaryMethods are the payment methods that go through a PG window, in PortOne V1's words.
func primaryMethods() []payment.Method {
	return []payment.Method{
		"card", "trans", "vbank", "phone", "kakaopay", "naverpay", "payco", "samsung", "applepay", "lpay", "tosspay",
		"ssgpay", "skpay", "pinpay", "cultureland", "smartculture", "happymoney", "booknlife", "culturegift", "point",
		"paypal", "alipay", "wechat", "unionpay", "toss_brandpay", "smilepay",
	}
}

// easyMethods are what the large Korean PGs all take.
func easyMethods() []payment.Method {
	return []payment.Method{
		"card", "trans", "vbank", "phone", "kakaopay", "naverpay", "payco", "samsung", "applepay", "lpay", "tosspay",
		"ssgpay",
	}
}

// behindNames are the PGs that a PortOne channel may stand for.
func behindNames() []string {
	return []string{
		"bluewalnut", "danal", "eximbay", "galaxia", "hecto", "inicis", "kakaopay", "kcp", "kicc", "kiwoom", "kpn",
		"ksnet", "mobilians", "naverpay", "nice", "payco", "payletter", "paypal", "smartro", "smilepay", "toss",
		"toss_brandpay", "tosspay", "welcome",
	}
}

// supported lists the methods that a PG takes, by our name for it (portone.md 5.3, 5.4). A link that no
// merchant's PG supports is refused when loading, not at the checkout.
func supported(pg string) []payment.Method {
	basic := []payment.Method{"card", "trans", "vbank", "phone"}
	vouchers := []payment.Method{"cultureland", "smartculture", "booknlife"}
	switch pg {
	case "inicis":
		return slices.Concat(easyMethods(), vouchers, []payment.Method{"happymoney"})
	case "kcp":
		return slices.Concat(easyMethods(), vouchers, []payment.Method{"happymoney", "point"})
	case "nice":
		return slices.Concat(easyMethods(), []payment.Method{"cultureland", "skpay", "alipay"})
	case "toss":
		return slices.Concat(easyMethods(), vouchers)
	case "galaxia":
		return slices.Concat(basic, vouchers, []payment.Method{"happymoney", "kakaopay", "naverpay", "tosspay", "samsung", "applepay", "payco"})
	case "kiwoom":
		return slices.Concat(basic, vouchers, []payment.Method{"kakaopay", "naverpay", "payco", "samsung", "applepay"})
	case "welcome":
		return slices.Concat(basic, []payment.Method{"culturegift", "lpay", "kakaopay", "payco", "tosspay", "naverpay"})
	case "smartro":
		return slices.Concat(basic, []payment.Method{"lpay", "kakaopay", "naverpay", "payco", "pinpay"})
	case "ksnet":
		return slices.Concat(basic, []payment.Method{"lpay", "ssgpay", "kakaopay", "naverpay", "payco"})
	case "mobilians":
		return slices.Concat(basic, vouchers)
	case "danal":
		return slices.Concat(basic, []payment.Method{"cultureland", "happymoney"})
	case "hecto", "kicc", "bluewalnut", "kpn":
		return basic
	case "payco":
		return []payment.Method{"card", "trans", "vbank", "payco"}
	case "eximbay":
		return []payment.Method{"card", "trans", "vbank", "kakaopay", "tosspay", "payco", "unionpay", "alipay", "wechat"}
	case "payletter":
		return []payment.Method{"card", "unionpay", "alipay", "wechat", "paypal"}
	case "smilepay":
		return []payment.Method{"card", "smilepay"}
	case "kakaopay", "naverpay", "tosspay", "toss_brandpay", "paypal":
		return []payment.Method{payment.Method(pg)}
	}
	return nil
}

// able lists the methods that a contract can take: what the PG behind it takes, as far as the driver can ask for it, and
// for billing keys cards only. Nil is all.
func (m *merchant) able() []payment.Method {
	var able []payment.Method
	switch m.owner.Driver {
	case payment.DriverInicis:
		able = directMethods()
	case payment.DriverPortOneV1:
		able = supported(m.Behind)
	case payment.DriverPortOneV2:
		able = slices.DeleteFunc(slices.Clone(supported(m.Behind)), func(me payment.Method) bool { return !slices.Contains(v2Methods(), me) })
		if m.Behind == "" {
			able = nil // complained about where it is missing
		}
	}
	switch {
	case m.Purpose != payment.MerchantRecurring:
		return able
	case m.ManualConfirm || able != nil && !slices.Contains(able, methodCard):
		return []payment.Method{} // a channel with manual confirmation issues no billing keys
	}
	return []payment.Method{methodCard}
}

// doneBy names for complaints what takes a contract's payments.
func (m *merchant) doneBy() string {
	switch {
	case m.Purpose == payment.MerchantRecurring:
		return "a recurring contract of driver " + string(m.owner.Driver)
	case m.owner.Driver == payment.DriverInicis:
		return "driver inicis"
	}
	return m.Behind + " by driver " + string(m.owner.Driver)
}

// directMethods are the methods whose window KG Inicis opens by itself; more are only behind PortOne (inicis.md §2.2).
func directMethods() []payment.Method {
	return slices.Concat(easyMethods(), []payment.Method{"cultureland", "booknlife", "happymoney"})
}

// v2Methods are the methods that PortOne V2 has words for (portone.md §4).
func v2Methods() []payment.Method {
	return slices.Concat(easyMethods(), []payment.Method{"cultureland", "smartculture", "booknlife", "happymoney"})
}

// inicisTestMIDs are the MIDs that Inicis gives everybody for tests, with their purpose (inicis.md 8).
func inicisTestMIDs() []string { return []string{"INIpayTest", "INIBillTst", "iniescrow0"} }

// publicTestKeys are keys printed in public manuals: worth nothing as secrets and refused in live mode.
func publicTestKeys() []string {
	return []string{
		"SU5JTElURV9UUklQTEVERVNfS0VZU1RS",
		"ItEQKi3rY7uvDS8l", "HYb3yQ4f65QL89==", "3CB8183A4BE283555ACC8363C0360223",
		"yERbIlJ3NhTeObsA", "tOGDXbfoajk2DQ==", "37F3A120C1DFCDEB708B00F5383D2263",
		"rKnPljRn5m6J9Mzz", "W2KLNKra6Wxc1P==", "b09LVzhuTGZVaEY1WmJoQnZzdXpRdz09",
	}
}

// demoKeys are the keys of the sandbox, of the dev overlay and of the documentation, without whsec_: whoever has read
// them can forge what they sign.
func demoKeys() []string {
	return []string{
		"sandbox-v2-secret", "sandbox-imp-key", "sandbox-imp-secret",
		"c2FuZGJveC1wb3J0b25lLXYyLWhvb2tzLTAwMDAwMDE=", "ZGVtby1zaG9wLWV2ZW50cy1zZWNyZXQtMDAwMDAwMDE=",
		"ZGV2LW9ubHktdG9rZW4ta2V5LTAwMDAwMDAwMDAwMDA=",
	}
}
