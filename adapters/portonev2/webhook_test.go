package portonev2_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pg-gateway/pg-gateway/adapters/portonev2"
	"github.com/pg-gateway/pg-gateway/adapters/wire"
	"github.com/pg-gateway/pg-gateway/payment"
)

// vector is one signed message with what it must be read as.
type vector struct {
	Name      string          `json:"name"`
	Secret    string          `json:"secret"`
	ID        string          `json:"id"`
	Timestamp int64           `json:"timestamp"`
	Signature string          `json:"signature"`
	Body      string          `json:"body"`
	Event     portonev2.Event `json:"event"`
}

func (v vector) header() http.Header {
	return http.Header{
		"Webhook-Id": {v.ID}, "Webhook-Timestamp": {strconv.FormatInt(v.Timestamp, 10)}, "Webhook-Signature": {v.Signature},
	}
}

func webhookVectors(t testing.TB) []vector {
	t.Helper()
	text, err := os.ReadFile("testdata/webhooks.json")
	if err != nil {
		t.Fatal(err)
	}
	var list []vector
	if err := json.Unmarshal(text, &list); err != nil || len(list) != 3 {
		t.Fatalf("%d vectors: %v", len(list), err)
	}
	return list
}

func TestWebhookVectors(t *testing.T) {
	t.Parallel()
	for _, v := range webhookVectors(t) {
		for _, d := range []time.Duration{0, 300 * time.Second, -300 * time.Second} {
			id, err := portonev2.VerifyWebhook([]payment.Secret{payment.Secret(v.Secret)}, v.header(), []byte(v.Body), time.Unix(v.Timestamp, 0).Add(d))
			if err != nil || id != v.ID {
				t.Errorf("%s, %s later: %q, %v", v.Name, d, id, err)
			}
		}
		ev, err := portonev2.ParseEvent("application/json", []byte(v.Body), false)
		if diff := cmp.Diff(v.Event, ev); err != nil || diff != "" {
			t.Errorf("%s: %v\n%s", v.Name, err, diff)
		}
	}
}

// While a secret is replaced, the message is signed with both, and either alone is enough here.
func TestWebhookSecretsRotate(t *testing.T) {
	t.Parallel()
	list := webhookVectors(t)
	v, other := list[0], list[1]
	header := v.header()
	header.Set("Webhook-Signature", "v1,+2U6wRi08ledlyVgr1hozKwYPJyCSYE8C+b7dJs7Ius= "+v.Signature)
	now := time.Unix(v.Timestamp, 0)
	for name, secrets := range map[string][]payment.Secret{
		"the old one": {payment.Secret(v.Secret)}, "the new one": {payment.Secret(other.Secret)},
		"both": {payment.Secret(other.Secret), payment.Secret(v.Secret)},
	} {
		if _, err := portonev2.VerifyWebhook(secrets, header, []byte(v.Body), now); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	both := []payment.Secret{payment.Secret(other.Secret), payment.Secret(v.Secret)}
	if _, err := portonev2.VerifyWebhook(both, v.header(), []byte(v.Body), now); err != nil {
		t.Errorf("the second secret was not tried: %v", err)
	}
}

func TestForgedWebhooks(t *testing.T) {
	t.Parallel()
	v := webhookVectors(t)[0]
	set := func(name, value string) func(http.Header, *string, *time.Time) {
		return func(h http.Header, _ *string, _ *time.Time) { h.Set(name, value) }
	}
	tests := map[string]func(h http.Header, body *string, now *time.Time){
		"no id":                        func(h http.Header, _ *string, _ *time.Time) { h.Del("Webhook-Id") },
		"no timestamp":                 func(h http.Header, _ *string, _ *time.Time) { h.Del("Webhook-Timestamp") },
		"no signature":                 func(h http.Header, _ *string, _ *time.Time) { h.Del("Webhook-Signature") },
		"two ids":                      func(h http.Header, _ *string, _ *time.Time) { h.Add("Webhook-Id", v.ID) },
		"two timestamps":               func(h http.Header, _ *string, _ *time.Time) { h.Add("Webhook-Timestamp", "1714039200") },
		"two signatures":               func(h http.Header, _ *string, _ *time.Time) { h.Add("Webhook-Signature", v.Signature) },
		"an empty id":                  set("Webhook-Id", ""),
		"another id":                   set("Webhook-Id", "wh_other"),
		"an endless id":                set("Webhook-Id", strings.Repeat("x", 300)),
		"another timestamp":            set("Webhook-Timestamp", "1714039201"),
		"a timestamp in words":         set("Webhook-Timestamp", "abc"),
		"a signed timestamp":           set("Webhook-Timestamp", "+1714039200"),
		"a timestamp too long to read": set("Webhook-Timestamp", strings.Repeat("9", 30)),
		"too old":                      func(_ http.Header, _ *string, now *time.Time) { *now = now.Add(301 * time.Second) },
		"too new":                      func(_ http.Header, _ *string, now *time.Time) { *now = now.Add(-301 * time.Second) },
		"other spacing":                func(_ http.Header, body *string, _ *time.Time) { *body = strings.ReplaceAll(*body, ",", ", ") },
		"no body":                      func(_ http.Header, body *string, _ *time.Time) { *body = "" },
		"v1a only":                     set("Webhook-Signature", strings.Replace(v.Signature, "v1,", "v1a,", 1)),
		"v2 only":                      set("Webhook-Signature", strings.Replace(v.Signature, "v1,", "v2,", 1)),
		"no version":                   set("Webhook-Signature", strings.TrimPrefix(v.Signature, "v1,")),
		"one character changed":        set("Webhook-Signature", strings.Replace(v.Signature, "ZzF4", "ZzF5", 1)),
		"an empty signature":           set("Webhook-Signature", "v1,"),
		"no base64":                    set("Webhook-Signature", "v1,%%%"),
	}
	for name, bend := range tests {
		header, body, now := v.header(), v.Body, time.Unix(v.Timestamp, 0)
		bend(header, &body, &now)
		_, err := portonev2.VerifyWebhook([]payment.Secret{payment.Secret(v.Secret)}, header, []byte(body), now)
		if !errors.Is(err, portonev2.ErrForged) {
			t.Errorf("%s: %v", name, err)
		}
		if err != nil && strings.Contains(err.Error(), v.Secret) {
			t.Errorf("%s: the error shows the secret", name)
		}
	}
}

// Without a usable secret nothing may be believed: an empty key would let anybody sign.
func TestWebhooksNeedASecret(t *testing.T) {
	t.Parallel()
	v := webhookVectors(t)[0]
	for name, secrets := range map[string][]payment.Secret{"none": nil, "an empty one": {""}, "a prefix alone": {"whsec_"}, "no base64": {"whsec_!!"}, "one byte": {"whsec_YQ=="}} {
		_, err := portonev2.VerifyWebhook(secrets, v.header(), []byte(v.Body), time.Unix(v.Timestamp, 0))
		if !errors.Is(err, portonev2.ErrNoWebhookSecret) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// While a secret is replaced somebody pastes the next; what he pastes wrongly must not stop the good one.
func TestAMalformedSecretStopsNoOther(t *testing.T) {
	t.Parallel()
	v := webhookVectors(t)[0]
	good := payment.Secret(v.Secret)
	for _, bad := range []payment.Secret{"v1,whsec_bmV3LXNlY3JldC0wMDAwMDAwMDAwMDAwMDE=", "my-secret", "whsec_", "", "whsec_Xx-_Xx-_Xx-_Xx-_Xx-_"} {
		for _, secrets := range [][]payment.Secret{{good, bad}, {bad, good}} {
			if _, err := portonev2.VerifyWebhook(secrets, v.header(), []byte(v.Body), time.Unix(v.Timestamp, 0)); err != nil {
				t.Errorf("beside %q: %v", bad.Reveal(), err)
			}
		}
	}
}

func TestParseEvent(t *testing.T) {
	t.Parallel()
	const form = "application/x-www-form-urlencoded"
	old := portonev2.Event{Type: "Transaction.Paid", PaymentID: "P1", TxID: "T1"}
	ask := portonev2.Event{Type: portonev2.EventConfirm, PaymentID: "P1", TxID: "T1", Amount: 64_900}
	tests := []struct {
		name, kind, body string
		confirm          bool
		want             portonev2.Event
		fails            bool
	}{
		{"the older version", "application/json; charset=utf-8", `{"payment_id":"P1","tx_id":"T1","status":"Paid"}`, false, old, false},
		{"the older version as a form", form, "payment_id=P1&tx_id=T1&status=Paid", false, old, false},
		{"a type nobody knows", "application/json", `{"type":"Something.New","data":{"x":[]},"more":1}`, false, portonev2.Event{Type: "Something.New"}, false},
		{
			"an issued account", "application/json", `{"type":"Transaction.VirtualAccountIssued","data":{"storeId":"S1","paymentId":"P1","transactionId":"T1"}}`, false,
			portonev2.Event{Type: portonev2.EventIssued, StoreID: "S1", PaymentID: "P1", TxID: "T1"},
			false,
		},
		{
			"an issued account of the older version", "application/json", `{"payment_id":"P1","tx_id":"T1","status":"VirtualAccountIssued"}`, false,
			portonev2.Event{Type: portonev2.EventIssued, PaymentID: "P1", TxID: "T1"},
			false,
		},
		{
			"a cancel that comes later", "application/json", `{"type":"Transaction.CancelPending","data":{"paymentId":"P1","transactionId":"T1","cancellationId":"C1"}}`, false,
			portonev2.Event{Type: "Transaction.CancelPending", PaymentID: "P1", TxID: "T1", CancellationID: "C1"},
			false,
		},
		{
			"a full cancel", "application/json", `{"type":"Transaction.Cancelled","data":{"paymentId":"P1","transactionId":"T1","cancellationId":"C1"}}`, false,
			portonev2.Event{Type: portonev2.EventCancelled, PaymentID: "P1", TxID: "T1", CancellationID: "C1"},
			false,
		},
		{
			"a deleted key", "application/json", `{"type":"BillingKey.Deleted","data":{"storeId":"S1","billingKey":"billing-key-1"}}`, false,
			portonev2.Event{Type: portonev2.EventKeyDeleted, StoreID: "S1", BillingKey: "billing-key-1"},
			false,
		},
		{"a key that failed names none", "application/json", `{"type":"BillingKey.Failed","data":{"storeId":"S1"}}`, false, portonev2.Event{Type: "BillingKey.Failed", StoreID: "S1"}, false},
		{"a question", "application/json", `{"type":"Transaction.Confirm","data":{"paymentId":"P1","transactionId":"T1","totalAmount":64900}}`, true, ask, false},
		{"a question of the older version", "application/json", `{"payment_id":"P1","tx_id":"T1","total_amount":64900}`, true, ask, false},
		{"a question as a form", form, "payment_id=P1&tx_id=T1&total_amount=64900", true, ask, false},

		{"no JSON", "application/json", `payment_id=P1`, false, portonev2.Event{}, true},
		{"a list", "application/json", `[]`, false, portonev2.Event{}, true},
		{"a field twice", "application/json", `{"payment_id":"P1","payment_id":"P2","tx_id":"T1","status":"Paid"}`, false, portonev2.Event{}, true},
		{"an inner field twice", "application/json", `{"type":"Transaction.Paid","data":{"paymentId":"P1","paymentId":"P2"}}`, false, portonev2.Event{}, true},
		{"a form's field twice", form, "payment_id=P1&payment_id=P2&tx_id=T1&status=Paid", false, portonev2.Event{}, true},
		{"no status", "application/json", `{"payment_id":"P1","tx_id":"T1"}`, false, portonev2.Event{}, true},
		{"no payment", "application/json", `{"type":"Transaction.Paid","data":{}}`, false, portonev2.Event{}, true},
		{"data that is no object", "application/json", `{"type":"Transaction.Paid","data":1}`, false, portonev2.Event{}, true},
		{"an issued key without it", "application/json", `{"type":"BillingKey.Issued","data":{"storeId":"S1"}}`, false, portonev2.Event{}, true},
		{"an issued key that is a path", "application/json", `{"type":"BillingKey.Issued","data":{"billingKey":"../payments/P1"}}`, false, portonev2.Event{}, true},
		{"a key twice", "application/json", `{"type":"BillingKey.Issued","data":{"billingKey":"a","billingKey":"b"}}`, false, portonev2.Event{}, true},
		{"an endless key", "application/json", `{"type":"BillingKey.Updated","data":{"billingKey":"` + strings.Repeat("k", 129) + `"}}`, false, portonev2.Event{}, true},
		{"an endless cancellation", "application/json", `{"type":"Transaction.Cancelled","data":{"paymentId":"P1","cancellationId":"` + strings.Repeat("c", 129) + `"}}`, false, portonev2.Event{}, true},
		{"a question at the other address", "application/json", `{"type":"Transaction.Confirm","data":{"paymentId":"P1","transactionId":"T1","totalAmount":1}}`, false, portonev2.Event{}, true},
		{"an event at the question's address", "application/json", `{"type":"Transaction.Paid","data":{"paymentId":"P1"}}`, true, portonev2.Event{}, true},
		{"a question without an amount", "application/json", `{"type":"Transaction.Confirm","data":{"paymentId":"P1","transactionId":"T1"}}`, true, portonev2.Event{}, true},
		{"a question with an amount as text", "application/json", `{"payment_id":"P1","tx_id":"T1","total_amount":"64900"}`, true, portonev2.Event{}, true},
		{"a question with part of a won", "application/json", `{"payment_id":"P1","tx_id":"T1","total_amount":64900.5}`, true, portonev2.Event{}, true},
		{"a question of nothing", "application/json", `{"payment_id":"P1","tx_id":"T1","total_amount":0}`, true, portonev2.Event{}, true},
		{"a question without a transaction", "application/json", `{"payment_id":"P1","total_amount":1}`, true, portonev2.Event{}, true},
		{"an endless id", "application/json", `{"payment_id":"` + strings.Repeat("P", 200) + `","status":"Paid"}`, false, portonev2.Event{}, true},
	}
	for _, tt := range tests {
		got, err := portonev2.ParseEvent(tt.kind, []byte(tt.body), tt.confirm)
		if (err != nil) != tt.fails || err != nil && !errors.Is(err, wire.ErrShape) {
			t.Errorf("%s: %v", tt.name, err)
		}
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%s:\n%s", tt.name, diff)
		}
	}
}

func FuzzParseEvent(f *testing.F) {
	for _, v := range webhookVectors(f) {
		f.Add("application/json", []byte(v.Body), false)
	}
	f.Add("application/x-www-form-urlencoded", []byte("payment_id=P1&tx_id=T1&total_amount=64900"), true)
	f.Fuzz(func(t *testing.T, kind string, body []byte, confirm bool) {
		ev, err := portonev2.ParseEvent(kind, body, confirm)
		switch {
		case err != nil && ev != portonev2.Event{}:
			t.Errorf("an event beside an error: %+v", ev)
		case err == nil && confirm && (ev.Amount <= 0 || ev.Amount > payment.MaxWon || ev.PaymentID == "" || ev.TxID == ""):
			t.Errorf("a question without an object: %+v", ev)
		case err == nil && ev.Type == "":
			t.Error("an event of no type")
		case err == nil && ev.Type == portonev2.EventKeyIssued && (!ev.BillingKey.IsSet() || strings.ContainsAny(ev.BillingKey.Reveal(), "/?#%")):
			t.Errorf("an issued key that is none: %q", ev.BillingKey.Reveal())
		}
	})
}
