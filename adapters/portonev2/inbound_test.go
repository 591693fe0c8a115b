package portonev2_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"strconv"
	"testing"
	"time"

	"github.com/pg-gateway/pg-gateway/adapters"
	"github.com/pg-gateway/pg-gateway/adapters/adapterstest"
	"github.com/pg-gateway/pg-gateway/adapters/portonev2"
	"github.com/pg-gateway/pg-gateway/payment"
)

var sentAt = time.Date(2026, 3, 1, 10, 0, 0, 0, time.UTC)

// signedHeader are the headers that PortOne sends a body with.
func signedHeader(body string) http.Header {
	const id = "wh_1"
	stamp := strconv.FormatInt(sentAt.Unix(), 10)
	mac := hmac.New(sha256.New, []byte("0123456789abcdef"))
	mac.Write([]byte(id + "." + stamp + "." + body))
	return http.Header{
		"Content-Type": {"application/json"},
		"Webhook-Id":   {id}, "Webhook-Timestamp": {stamp}, "Webhook-Signature": {"v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil))},
	}
}

func TestInbound(t *testing.T) {
	t.Parallel()
	pg := account("").PG
	pg.Keys = pg.Keys.WithSecret("webhook_secrets", payment.Secret("whsec_"+base64.StdEncoding.EncodeToString([]byte("0123456789abcdef"))))
	event := func(kind, store string) string {
		return `{"type":"` + kind + `","timestamp":"2026-03-01T10:00:00Z","data":{"storeId":"` + store + `","paymentId":"A1","transactionId":"tx-1","totalAmount":64900}}`
	}
	notice := func(name, body string, want adapters.Notification) adapterstest.Letter[adapters.Notification] {
		return adapterstest.Letter[adapters.Notification]{Name: name, Header: signedHeader(body), Body: body, Want: want}
	}
	about := func(kind adapters.NotificationKind, says payment.Outcome) adapters.Notification {
		return adapters.Notification{Kind: kind, Attempt: "A1", PGTxID: "tx-1", Says: says}
	}
	question := func(name, store string, elsewhere bool) adapterstest.Letter[adapters.Question] {
		body := event(portonev2.EventConfirm, store)
		return adapterstest.Letter[adapters.Question]{
			Name: name, Header: signedHeader(body), Body: body,
			Want: adapters.Question{Attempt: "A1", PGTxID: "tx-1", Amount: 64_900, Elsewhere: elsewhere},
		}
	}
	key := "billing-key-0194f7a2-1c7e-7d3b-9a44-000000000001"
	adapterstest.RunInbound(t, adapterstest.Inbound{
		Driver: portonev2.New(nil), PG: pg, Now: sentAt,
		Notifications: []adapterstest.Letter[adapters.Notification]{
			notice("of a payment", event(portonev2.EventPaid, pg.Keys.Text("store_id")), about(adapters.NotificationPayment, payment.OutcomeApproved)),
			notice("of a window", event(portonev2.EventReady, pg.Keys.Text("store_id")), about(adapters.NotificationOpened, payment.OutcomePending)),
			notice("of another store", event(portonev2.EventPaid, "store-2"), about(adapters.NotificationOther, payment.OutcomeApproved)),
			notice("in the older form", `{"payment_id":"A1","tx_id":"tx-1","status":"Paid"}`, about(adapters.NotificationPayment, payment.OutcomeApproved)),
			notice("of a key", `{"type":"BillingKey.Issued","data":{"storeId":"`+pg.Keys.Text("store_id")+`","billingKey":"`+key+`"}}`,
				adapters.Notification{Kind: adapters.NotificationKey, BillingKey: payment.Secret(key)}),
			notice("of something new", `{"type":"Something.New","data":{}}`, adapters.Notification{Kind: adapters.NotificationOther}),
		},
		Questions: []adapterstest.Letter[adapters.Question]{question("of ours", pg.Keys.Text("store_id"), false), question("of another store", "store-2", true)},
	})
}
