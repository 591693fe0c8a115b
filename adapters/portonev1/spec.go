package portonev1

import (
	"github.com/pg-gateway/pg-gateway/adapters/channels"
	"github.com/pg-gateway/pg-gateway/payment"
)

// Name is what the configuration and the journal call this driver.
const Name payment.DriverName = "portone_v1"

// Spec implements adapters.Driver.
func (d *Driver) Spec() payment.DriverSpec { return d.spec }

func spec() payment.DriverSpec {
	// Webhooks come from these three addresses (portone.md §3.2).
	hooks := []string{"52.78.100.19", "52.78.48.223", "52.78.5.241"}
	return payment.DriverSpec{
		Name: Name, Title: "PortOne V1", Company: "PortOne", API: "/portone/v1",
		SharesIDs: true, //guard:v1-may-hold-two
		Lists:     true,
		Routes: payment.Routes{
			Return: "/return/portone", Notifications: "/hooks/portone/v1/:pg", Questions: "/hooks/portone/v1/:pg/confirm",
			Redirect: payment.Redirect{
				Attempt: []string{"merchant_uid"}, PGTxID: []string{"imp_uid"},
				Code: []string{"error_code"}, Success: []string{"imp_success", "success"},
			},
		},
		Windows: []payment.WindowKind{payment.WindowPortOneV1},
		PGKeys: []payment.KeySpec{
			{Name: keyImpCode, Doc: "PortOne V1 customer code (가맹점 식별코드).", Required: true},
			{Name: keyImp, Kind: payment.KeySecret, Doc: "PortOne V1 REST API key.", Required: true},
			{Name: keyImpSecret, Kind: payment.KeySecret, Doc: "PortOne V1 REST API secret.", Required: true},
		},
		MerchantKeys: []payment.KeySpec{
			// Inicis behind a channel closes no account without it; its key has 16 bytes.
			{Name: keyINIAPI, Kind: payment.KeySecret, Size: 16, Doc: "INIAPI key."},
			{
				Name: channels.KeyBizNum,
				Doc:  "Business registration number (사업자등록번호), 10 digits: Danal opens virtual accounts only with it.",
			},
		},
		WebhookSources: map[payment.Environment][]string{
			payment.EnvLive: hooks, payment.EnvTest: hooks, payment.EnvSandbox: {"127.0.0.0/8", "::1"},
		},
		// Who bills phones again and again (portone.md §5.2, §5.3); Inicis does by V2 alone.
		Behind:       channels.WithKeys(channels.All(), "danal", "galaxia", "mobilians", "welcome"),
		KeyMethods:   []payment.Method{"card"},
		ChargesKeys:  true,
		KeyInMethods: []payment.Method{"card", payment.MethodVBank},
		ConfirmHook:  true,
	}
}
