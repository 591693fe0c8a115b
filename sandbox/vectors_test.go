package sandbox

import (
	"encoding/json"
	"maps"
	"net/http"
	"os"
	"testing"
	"time"
)

// vector is one published or recomputed hash of KG Inicis.
type vector struct {
	ID       string            `json:"id"`
	Kind     string            `json:"kind"`
	Inputs   map[string]string `json:"inputs"`
	Expected string            `json:"expected"`
	// Wrong says how the client of a negative vector is mistaken: its formula (we must not agree), or its inputs
	// (the hash itself is right, for values that should never have been hashed).
	Wrong string `json:"wrong"`
}

func (v vector) compute(t *testing.T) string {
	t.Helper()
	in := v.Inputs
	switch v.Kind {
	case "stdpay.signature":
		return windowSignature(in["oid"], in["price"], in["timestamp"])
	case "stdpay.verification":
		return windowVerification(in["oid"], in["price"], in["signKey"], in["timestamp"])
	case "stdpay.mKey":
		return sha256Hex(in["signKey"])
	case "stdpay.approval.signature":
		return approvalSignature(in["authToken"], in["timestamp"])
	case "stdpay.approval.verification":
		return approvalVerification(in["authToken"], in["signKey"], in["timestamp"])
	case "stdpay.authSignature":
		return authSignature(in["mid"], in["MOID"], in["TotPrice"], in["tstamp"])
	case "iniapi.v2.refund", "iniapi.v2.partialRefund", "iniapi.v2.inquiry", "iniapi.v2.billing":
		hash, err := v2Hash(in["INIAPIKey"], iniapiV2Request{
			MID: in["mid"], Type: in["type"], Timestamp: in["timestamp"], Data: json.RawMessage(in["data_json"]),
		})
		if err != nil {
			t.Fatalf("%s: %v", v.ID, err)
		}
		return hash
	}
	t.Fatalf("%s: unknown kind %q", v.ID, v.Kind)
	return ""
}

func TestHashesMatchThePublishedVectors(t *testing.T) {
	t.Parallel()
	raw, err := os.ReadFile("testdata/vectors.json")
	if err != nil {
		t.Fatal(err)
	}
	var vectors []vector
	if err := json.Unmarshal(raw, &vectors); err != nil {
		t.Fatal(err)
	}
	if len(vectors) < 30 {
		t.Fatalf("only %d vectors", len(vectors))
	}
	for _, v := range vectors {
		t.Run(v.ID, func(t *testing.T) {
			t.Parallel()
			got := v.compute(t)
			wrong := v.Wrong == "formula"
			if (got == v.Expected) == wrong {
				t.Errorf("got %s, want equal to %s: %v", got, v.Expected, !wrong)
			}
		})
	}
}

// TestEventSignatures uses PortOne's published Standard Webhooks vectors, which any implementation shares.
func TestEventSignatures(t *testing.T) {
	t.Parallel()
	const (
		secret = "whsec_cGctZ2F0ZXdheS10ZXN0LXNlY3JldC0wMDAwMDAwMDE="
		other  = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
		body   = `{"type":"Transaction.Paid","timestamp":"2024-04-25T10:00:00.000Z","data":{"paymentId":"order-20240425-0001","storeId":"store-ae356798-3d20-4969-b739-14c6b0e1a667","transactionId":"55451513-9763-4a7a-bb43-78a4c65be843"}}`
		good   = "v1,ZzF4kwQkGllQcBlIYJALLmNcFfWORcyzPw16OYE58fE="
		both   = "v1,+2U6wRi08ledlyVgr1hozKwYPJyCSYE8C+b7dJs7Ius= " + good
	)
	at := time.Unix(1714039200, 0)
	tests := []struct {
		name   string
		secret string
		header map[string][]string
		body   string
		now    time.Time
		want   bool
	}{
		{name: "the right signature", want: true},
		{name: "rotation: either secret passes", header: map[string][]string{"Webhook-Signature": {both}}, want: true},
		{name: "rotation: the other secret passes too", secret: other, header: map[string][]string{"Webhook-Signature": {both}}, want: true},
		{name: "300 seconds late", now: at.Add(300 * time.Second), want: true},
		{name: "301 seconds late", now: at.Add(301 * time.Second)},
		{name: "301 seconds early", now: at.Add(-301 * time.Second)},
		{name: "another secret", secret: other},
		{name: "another body", body: body + " "},
		{name: "another version only", header: map[string][]string{"Webhook-Signature": {"v2," + good[3:]}}},
		{name: "one character changed", header: map[string][]string{"Webhook-Signature": {"v1,AzF4kwQkGllQcBlIYJALLmNcFfWORcyzPw16OYE58fE="}}},
		{name: "no id", header: map[string][]string{"Webhook-Id": nil}},
		{name: "two ids", header: map[string][]string{"Webhook-Id": {"wh_01HXTESTVECTOR0000000001", "x"}}},
		{name: "a timestamp that is no number", header: map[string][]string{"Webhook-Timestamp": {"abc"}}},
		{name: "an empty secret", secret: "whsec_"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			h := http.Header{
				"Webhook-Id": {"wh_01HXTESTVECTOR0000000001"}, "Webhook-Timestamp": {"1714039200"}, "Webhook-Signature": {good},
			}
			maps.Copy(h, tt.header)
			if tt.secret == "" {
				tt.secret = secret
			}
			if tt.body == "" {
				tt.body = body
			}
			if tt.now.IsZero() {
				tt.now = at
			}
			if got := verifyEvent(tt.secret, h, []byte(tt.body), tt.now); got != tt.want {
				t.Errorf("verifyEvent = %v, want %v", got, tt.want)
			}
		})
	}
}

func TestSplitOptionsHonoursParentheses(t *testing.T) {
	t.Parallel()
	got := splitOptions("centerCd(Y):mallpoint(14:03):cardonly")
	want := []string{"centerCd(Y)", "mallpoint(14:03)", "cardonly"}
	if len(got) != len(want) || got[0] != want[0] || got[1] != want[1] || got[2] != want[2] {
		t.Errorf("splitOptions = %q, want %q", got, want)
	}
}

func TestShelfForgetsTheOldest(t *testing.T) {
	t.Parallel()
	b := newShelf[int](3)
	for i := range 10_000 {
		b.put(string(rune('a'+i%7))+randomHex(4), i)
	}
	if got := b.all(); len(got) != 3 || got[0] != 9_997 || got[2] != 9_999 || len(b.items) != 3 {
		t.Errorf("the shelf holds %v (%d items)", got, len(b.items))
	}
	if cap(b.order) > 10_000 {
		t.Errorf("the order slice grew to %d", cap(b.order))
	}
}

func TestGroupWon(t *testing.T) {
	t.Parallel()
	for amount, want := range map[Won]string{0: "0원", 900: "900원", 64900: "64,900원", 1234567: "1,234,567원"} {
		if got := groupWon(amount); got != want {
			t.Errorf("groupWon(%d) = %q, want %q", amount, got, want)
		}
	}
}
