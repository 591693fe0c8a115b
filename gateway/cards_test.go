package gateway

import (
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/pg-gateway/pg-gateway/payment"
	"github.com/pg-gateway/pg-gateway/sandbox"
	"github.com/pg-gateway/pg-gateway/test/fixture"
)

func oneKeyPerCard(c *fixture.Config) { c.More = "\nbilling: { one_key_per_card: Y }\n" }

func (h *issueHouse) cardHasKey(why string, a answer, sent int) {
	h.t.Helper()
	if code(a) != string(payment.CodeCardHasKey) || a.status != 409 || h.issues() != sent {
		h.t.Errorf("%s: answered %d %s, sent %d", why, a.status, a.body, h.issues())
	}
	if found := traceOfACard.FindString(string(a.body)); found != "" {
		h.t.Errorf("%s: the answer holds %q", why, found)
	}
}

// TestACardHasOneKey: at V1 a card gets no second billing key, however its number is written, until the first is deleted.
func TestACardHasOneKey(t *testing.T) {
	t.Parallel()
	h := newIssueHouse(t, oneKeyPerCard, fixture.KeyIn())
	other := func(b map[string]any) { b["card_number"] = "5287-9077-1188-0294" }
	h.fault("issue", sandbox.Fault{Kind: sandbox.FaultDecline, Reason: "limit"})
	if a := h.issueAtAPI(nil); a.json["problem"] != nil {
		t.Errorf("declined: %d %s", a.status, a.body)
	}
	h.issuedIn(h.issueAtAPI(nil)) // what was declined has no key
	first := h.uid
	h.uid = "another"
	h.cardHasKey("under another name", h.issueAtAPI(nil), 2)
	h.cardHasKey("written otherwise", h.issueAtAPI(func(b map[string]any) {
		b["card_number"] = strings.ReplaceAll(issuedCard, "-", "")
	}), 2)
	h.order = "PHONE-1"
	if a := h.keyIn(func(b map[string]any) { b["card_number"], b["customer_uid"] = issuedCard, "by-key-in" }); code(a) != string(payment.CodeCardHasKey) {
		t.Errorf("by key-in: %d %s", a.status, a.body)
	}
	if a := h.keyIn(func(b map[string]any) { b["card_number"] = issuedCard }); !h.paidIn(a) {
		t.Errorf("not stored: %d %s", a.status, a.body)
	}
	h.issuedIn(h.issueAtAPI(other))

	h.uid = first
	h.issuedIn(h.issueAtAPI(nil, headerReplace, "true")) // the same card again in its own place
	h.cardHasKey("in another card's place", h.issueAtAPI(other, headerReplace, "true"), 4)
	third := func(b map[string]any) { b["card_number"] = "6287-9077-1188-0294" }
	h.issuedIn(h.issueAtAPI(third, headerReplace, "true"))
	h.uid = "once more"
	h.issuedIn(h.issueAtAPI(nil)) // another card has its place

	h.cardHasKey("while its key stands", h.issueAtAPI(third, headerReplace, "true"), 6)
	path := "/portone/v1/subscribe/customers/" + strings.ReplaceAll(first, " ", "%20")
	if a := h.call("DELETE", path, ""); a.status != 200 || a.json["code"] != 0.0 {
		t.Fatalf("deleting: %d %s", a.status, a.body)
	}
	h.issuedIn(h.issueAtAPI(third, headerReplace, "true"))
	h.hides()
}

// TestACardHasOneKeyAtV2: so at V2, whose keys name themselves, and also while nobody knows whether a key was issued.
func TestACardHasOneKeyAtV2(t *testing.T) {
	t.Parallel()
	h := newV2IssueHouse(t, oneKeyPerCard)
	key := keyIn(h.issueAtV2(nil, headerIdempotencyKey, `"a"`))
	h.cardHasKey("again", h.issueAtV2(nil), 1)
	if a := h.issueAtV2(nil, headerIdempotencyKey, `"a"`); keyIn(a) != key || key == "" {
		t.Errorf("repeated: %d %s", a.status, a.body)
	}
	h.fault("drop_key", sandbox.Fault{Kind: sandbox.FaultDropAfterCommit})
	if a := h.call("DELETE", "/portone/v2/billing-keys/"+key, ""); a.status != 200 {
		t.Fatalf("deleting: %d %s", a.status, a.body)
	}
	h.fault("issue", sandbox.Fault{Kind: sandbox.FaultDropBeforeCommit})
	if a := h.issueAtV2(nil); code(a) != string(payment.CodeKeyUnknown) {
		t.Errorf("deleted: %d %s", a.status, a.body)
	}
	h.cardHasKey("while nobody knows", h.issueAtV2(nil), 2)
	h.hides()
}

// TestAKeyDeletedElsewhereFreesItsCard once its delete is asked for here.
func TestAKeyDeletedElsewhereFreesItsCard(t *testing.T) {
	t.Parallel()
	h := newV2IssueHouse(t, oneKeyPerCard)
	key := keyIn(h.issueAtV2(nil))
	r, err := http.NewRequestWithContext(t.Context(), http.MethodDelete, h.url+"/portone/v2/billing-keys/"+key, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "PortOne "+sandbox.Defaults().V2.APISecret)
	answer, err := http.DefaultClient.Do(r)
	if err != nil || answer.StatusCode != http.StatusOK {
		t.Fatalf("%v, %v", answer, err)
	}
	_ = answer.Body.Close()
	h.cardHasKey("deleted elsewhere", h.issueAtV2(nil), 1)
	if a := h.call("DELETE", "/portone/v2/billing-keys/"+key, ""); code(a) != string(payment.CodeKeyNotFound) {
		t.Fatalf("deleting again: %d %s", a.status, a.body)
	}
	if a := h.issueAtV2(nil); keyIn(a) == "" {
		t.Errorf("issuing again: %d %s", a.status, a.body)
	}
}

// TestACardIsTakenOnce: of several calls with one card at once, under whichever names, one is sent.
func TestACardIsTakenOnce(t *testing.T) {
	t.Parallel()
	h := newIssueHouse(t, oneKeyPerCard)
	h.fault("issue", sandbox.Fault{Kind: sandbox.FaultDelayBeforeCommit, DelayMS: 200, Times: 5})
	answers := make([]answer, 5)
	var wg sync.WaitGroup
	for i := range answers {
		wg.Go(func() { answers[i] = (&chargeHouse{hookHouse: h.hookHouse, pg: h.pg}).issueAs(string(rune('a' + i))) })
	}
	wg.Wait()
	won := 0
	for _, a := range answers {
		switch {
		case a.status == 200 && a.json["code"] == 0.0:
			won++
		case code(a) != string(payment.CodeCardHasKey):
			t.Errorf("answered %d %s", a.status, a.body)
		}
	}
	if won != 1 || h.issues() != 1 {
		t.Errorf("%d won, %d sent", won, h.issues())
	}
}
