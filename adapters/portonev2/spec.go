package portonev2

import (
	"slices"

	"github.com/pg-gateway/pg-gateway/adapters/channels"
	"github.com/pg-gateway/pg-gateway/payment"
)

// Name is what the configuration and the journal call this driver.
const Name payment.DriverName = "portone_v2"

// Spec implements adapters.Driver.
func (d *Driver) Spec() payment.DriverSpec { return d.spec }

func spec() payment.DriverSpec {
	return payment.DriverSpec{
		Name: Name, Title: "PortOne V2", Company: "PortOne", API: "/portone/v2", Lists: true,
		Routes: payment.Routes{
			Return: "/return/portone", Notifications: "/hooks/portone/v2/:pg", Questions: "/hooks/portone/v2/:pg/confirm",
			Redirect: payment.Redirect{
				Attempt: []string{"paymentId", "payment_id"}, PGTxID: []string{"billingKey", "billing_key", "txId", "tx_id"},
				Token: []string{"paymentToken", "payment_token"}, Code: []string{"code"},
			},
		},
		Windows: []payment.WindowKind{payment.WindowPortOneV2, payment.WindowPortOneV2Key},
		PGKeys: []payment.KeySpec{
			{Name: keyAPISecret, Kind: payment.KeySecret, Doc: "PortOne V2 API secret, as a reference.", Required: true},
			{Name: keyStoreID, Doc: "PortOne V2 store id.", Required: true},
			{
				Name: keyWebhooks, Kind: payment.KeySigningSecrets,
				Doc: "PortOne V2 webhook secrets (whsec_ and base64); two while one is replaced. A malformed one beside a good " +
					"one is passed over.",
			},
		},
		// What PortOne V2 has words for (portone.md §4), and who bills phones again and again (portone.md §5.2, §5.4).
		Behind:        channels.WithKeys(behind(), "galaxia", "inicis"),
		KeyMethods:    []payment.Method{"card"},
		ChargesKeys:   true,
		KeyInMethods:  []payment.Method{"card", payment.MethodVBank},
		ManualConfirm: true,
		ConfirmHook:   true, ConfirmKey: keyWebhooks,
		PGNeeds: []payment.LiveNeed{{
			// The sweep finds payments without them.
			Keys: []string{keyWebhooks}, Msg: "webhooks cannot be verified", Fix: "take it from the PortOne console",
			Optional: true,
		}},
		MerchantNeeds: []payment.LiveNeed{{
			Keys: []string{"manual_confirm", "confirm_hook"}, Any: true,
			Purposes: []payment.MerchantPurpose{payment.MerchantGeneral},
			Msg:      "money moves before the shop has said yes",
			Fix:      "manual_confirm: Y, once PortOne has switched the channel", Optional: true,
		}},
	}
}

// behind are the PGs that V2's channels lead to, with what V2 has words for.
func behind() []payment.BehindSpec {
	all := channels.Among(slices.Concat(channels.Easy(),
		[]payment.Method{"cultureland", "smartculture", "booknlife", "happymoney"}))
	for i := range all {
		all[i].Needs = nil // they are V1's
		if all[i].Name == "inicis" {
			// Its windows have three kinds of gift certificates there (portone.md §4.8).
			all[i].Methods = slices.DeleteFunc(all[i].Methods, func(m payment.Method) bool { return m == "happymoney" })
		}
	}
	return all
}
