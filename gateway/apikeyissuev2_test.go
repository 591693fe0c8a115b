package gateway

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/pg-gateway/pg-gateway/payment"
	"github.com/pg-gateway/pg-gateway/sandbox"
	"github.com/pg-gateway/pg-gateway/test/fixture"
)

// newV2IssueHouse is a house without any key, at V2.
func newV2IssueHouse(t *testing.T, edits ...fixture.Edit) *issueHouse {
	t.Helper()
	h := &chargeHouse{
		hookHouse: newHookHouse(t, nil, append([]fixture.Edit{fixture.KeysBy("portone")}, edits...)...), pg: "portone_v2", op: "charge",
	}
	return &issueHouse{chargeHouse: h}
}

// issueAtV2 has a key issued at V2's own API. change may alter the body.
func (h *issueHouse) issueAtV2(change func(body map[string]any), headers ...string) answer {
	h.t.Helper()
	body := map[string]any{
		"channelKey": "channel-key-v2-billing", "method": map[string]any{"card": map[string]any{"credential": map[string]any{
			"number": strings.ReplaceAll(issuedCard, "-", ""), "expiryYear": "39", "expiryMonth": "04",
			"birthOrBusinessRegistrationNumber": issuedBirth, "passwordTwoDigits": "83",
		}}},
		"customer": map[string]any{
			"name": map[string]any{"full": "홍길동"}, "email": "gildong@example.com", "phoneNumber": "010-4242-4242",
		},
	}
	if change != nil {
		change(body)
	}
	text, err := json.Marshal(body)
	if err != nil {
		h.t.Fatal(err)
	}
	return h.call("POST", "/portone/v2/billing-keys", string(text), headers...)
}

// keyIn is the key of an answer that says in V2's form that it is issued; "" of any other.
func keyIn(a answer) string {
	info, _ := a.json["billingKeyInfo"].(map[string]any)
	channels, _ := info["channels"].([]any)
	key, _ := info["billingKey"].(string)
	if a.status != 200 || len(channels) != 1 || info["issuedAt"] == nil {
		return ""
	}
	return key
}

// TestAKeyIsIssuedAtV2: a card's key is an attempt: on record before it is sent, told like a window's, listed, and chargeable by its
// attempt. The order service is answered in V2's own words.
func TestAKeyIsIssuedAtV2(t *testing.T) {
	t.Parallel()
	h := newV2IssueHouse(t)
	a := h.issueAtV2(nil)
	id := payment.AttemptID(a.header.Get(headerAttempt))
	if keys := h.sandbox.BillingKeys(); len(keys) != 1 || keyIn(a) != keys[0].Key {
		t.Fatalf("answered %d %s, there are %v", a.status, a.body, keys)
	}
	if st := h.state(id); st.State != payment.StateApproved || st.Purpose != payment.PurposeBillingKey || st.PGTxID != "" {
		t.Errorf("on record %+v", st)
	}
	if n := h.told(payment.MessageBillingKey); n != 1 {
		t.Errorf("the shop was told %d times", n)
	}
	if list := h.call("GET", "/subscriptions/keys", ""); !strings.Contains(string(list.body), string(id)) {
		t.Errorf("listed %d %s", list.status, list.body)
	}
	h.newOrder()
	if a := h.charge("of-"+h.order, map[string]any{"attempt_id": string(id), "billing_key": nil}); a.json["state"] != "approved" {
		t.Errorf("charged: %d %s", a.status, a.body)
	}
	if second := keyIn(h.issueAtV2(nil)); second == "" || second == keyIn(a) || h.issues() != 2 {
		t.Errorf("the second key is %q, sent %d", second, h.issues())
	}
	h.hides()
}

// TestLostIssuesAtV2: whatever becomes of the answer, one key is issued, and the caller is told of it where it is certain.
func TestLostIssuesAtV2(t *testing.T) {
	t.Parallel()
	for _, kind := range []sandbox.FaultKind{
		sandbox.FaultDropAfterCommit, sandbox.FaultGarbage, sandbox.FaultHalfBody, sandbox.FaultStatusAfterCommit,
	} {
		for _, own := range []string{"", `{"customer":77}`} {
			t.Run(fmt.Sprintf("%s %q", kind, own), func(t *testing.T) {
				t.Parallel()
				h := newV2IssueHouse(t)
				h.fault("issue", sandbox.Fault{Kind: kind, Status: 502})
				a := h.issueAtV2(func(b map[string]any) { b["customData"] = own })
				keys := h.sandbox.BillingKeys()
				if h.issues() != 1 || len(keys) != 1 {
					t.Fatalf("sent %d, there are %v", h.issues(), keys)
				}
				id := payment.AttemptID(a.header.Get(headerAttempt))
				if own != "" {
					if st := h.state(id); code(a) != string(payment.CodeKeyUnknown) || st.State != payment.StateUnknown {
						t.Errorf("a key that may be another's: %d %s, %s", a.status, a.body, st.State)
					}
					return
				}
				if keyIn(a) != keys[0].Key || h.told(payment.MessageBillingKey) != 1 || h.state(id).State != payment.StateApproved {
					t.Errorf("answered %d %s, it is %v", a.status, a.body, h.state(id))
				}
			})
		}
	}
	t.Run("before it was issued", func(t *testing.T) {
		t.Parallel()
		h := newV2IssueHouse(t)
		h.fault("issue", sandbox.Fault{Kind: sandbox.FaultDropBeforeCommit})
		for range 2 {
			if a := h.issueAtV2(nil, headerIdempotencyKey, `"a"`); code(a) != string(payment.CodeKeyUnknown) || h.issues() > 1 {
				t.Errorf("answered %d %s, sent %d", a.status, a.body, h.issues())
			}
		}
	})
}

// TestRepeatedIssuesAtV2: under an Idempotency-Key the same card's key is issued once, and another card's is never answered
// with it.
func TestRepeatedIssuesAtV2(t *testing.T) {
	t.Parallel()
	h := newV2IssueHouse(t)
	first := keyIn(h.issueAtV2(nil, headerIdempotencyKey, `"a"`))
	if again := h.issueAtV2(nil, headerIdempotencyKey, `"a"`); keyIn(again) != first || first == "" || h.issues() != 1 {
		t.Errorf("again: %d %s, sent %d", again.status, again.body, h.issues())
	}
	other := h.issueAtV2(func(b map[string]any) {
		b["method"].(map[string]any)["card"].(map[string]any)["credential"].(map[string]any)["number"] = "5287907711880294"
	}, headerIdempotencyKey, `"a"`)
	if key := keyIn(other); key == first || key == "" || h.issues() != 2 {
		t.Errorf("another card: %d %s, sent %d", other.status, other.body, h.issues())
	}
	h.fault("issue", sandbox.Fault{Kind: sandbox.FaultDecline, Reason: "limit"})
	if a := h.issueAtV2(nil, headerIdempotencyKey, `"b"`); a.status != 502 || a.json["type"] != "PG_PROVIDER" {
		t.Errorf("declined: %d %s", a.status, a.body)
	}
	if a := h.issueAtV2(nil, headerIdempotencyKey, `"b"`); code(a) != string(payment.CodePGRefused) || h.issues() != 3 {
		t.Errorf("declined before: %d %s, sent %d", a.status, a.body, h.issues())
	}
	h.fault("issue", sandbox.Fault{Kind: sandbox.FaultStatus, Status: 429, Body: `{"type":"TOO_MANY_REQUESTS","message":"later"}`})
	if a := h.issueAtV2(nil, headerIdempotencyKey, `"c"`); code(a) != string(payment.CodePGUnavailable) {
		t.Errorf("it never left: %d %s", a.status, a.body)
	}
	sent := keyIn(h.issueAtV2(nil, headerIdempotencyKey, `"c"`))
	if again := keyIn(h.issueAtV2(nil, headerIdempotencyKey, `"c"`)); sent == "" || again != sent {
		t.Errorf("what never left is sent as %q, and again as %q", sent, again)
	}
	if a := h.issueAtV2(nil, headerIdempotencyKey, `b`); code(a) != string(payment.CodeKeyInvalid) {
		t.Errorf("no Idempotency-Key: %d %s", a.status, a.body)
	}
	if a := h.issueAtV2(nil); keyIn(a) == "" {
		t.Errorf("after a decline: %d %s", a.status, a.body)
	}
	h.hides()
}

// TestIssuesAtV2AreDecided: what the rules, or sense, do not allow is not sent.
func TestIssuesAtV2AreDecided(t *testing.T) {
	t.Parallel()
	set := func(name string, value any) func(map[string]any) { return func(b map[string]any) { b[name] = value } }
	for _, tt := range []struct {
		name    string
		change  func(map[string]any)
		edit    fixture.Edit
		headers []string
		code    payment.Code
	}{
		{"a contract that the rules know", nil, nil, nil, ""},
		{"another store", set("storeId", "store-other"), nil, nil, payment.CodeInvalidField},
		{"no channel", set("channelKey", nil), nil, nil, payment.CodeInvalidField},
		{"another channel", set("channelKey", "channel-key-v2-other"), nil, nil, payment.CodeMerchantNotFound},
		{"a general contract's channel", set("channelKey", "channel-key-v2-inicis"), nil, nil, payment.CodeMerchantNotFound},
		{"a channel group", set("channelGroupId", "g"), nil, nil, payment.CodeInvalidField},
		{"no method", set("method", nil), nil, nil, payment.CodeInvalidField},
		{"no card", set("method", map[string]any{}), nil, nil, payment.CodeInvalidField},
		{"no number", set("method", map[string]any{"card": map[string]any{"credential": map[string]any{}}}), nil, nil, payment.CodeInvalidField},
		{"a method that registers no cards", nil, func(c *fixture.Config) {
			c.Method("card").Purposes = []string{"one_time", "recurring"}
		}, nil, payment.CodePurposeNotSupported},
		{"a control", nil, func(c *fixture.Config) {
			c.Controls = append(c.Controls, fixture.Control{
				Name: "closed", Methods: []string{"card"}, Daily: []string{"00:00-24:00"}, Message: map[string]string{"ko": "점검"},
			})
		}, nil, payment.CodeBlockedByControl},
		{"a sub-merchant", nil, nil, []string{"Tier", "ABC"}, payment.CodeCallNotTaken},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var edits []fixture.Edit
			if tt.edit != nil {
				edits = append(edits, tt.edit)
			}
			h := newV2IssueHouse(t, edits...)
			a := h.issueAtV2(tt.change, tt.headers...)
			if issued := len(h.sandbox.BillingKeys()); tt.code == "" && (keyIn(a) == "" || issued != 1) ||
				tt.code != "" && (code(a) != string(tt.code) || issued != 0) {
				t.Errorf("answered %d %s, %d issued", a.status, a.body, issued)
			}
			if found := traceOfACard.FindString(h.log.String() + string(a.body)); found != "" {
				t.Errorf("log or answer hold %q", found)
			}
		})
	}
}
