package gateway

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pg-gateway/pg-gateway/payment"
	"github.com/pg-gateway/pg-gateway/sandbox"
	"github.com/pg-gateway/pg-gateway/test/fixture"
)

// as has a card stored under a name.
func as(name string) func(map[string]any) { return func(b map[string]any) { b["customer_uid"] = name } }

// issueAs has a key issued for a card under a name.
func (h *chargeHouse) issueAs(name string, headers ...string) answer {
	h.t.Helper()
	return h.call("POST", "/portone/v1/subscribe/customers/"+name,
		`{"channel_key":"channel-key-v1-billing","card_number":"`+issuedCard+`","expiry":"2039-04"}`, headers...)
}

// TestOneCardAtOnceUnderAName: of several calls that find a name unused at once, by key-in or to issue a key, one stores its
// card; afterwards the name is free for whoever wants the card replaced.
func TestOneCardAtOnceUnderAName(t *testing.T) {
	t.Parallel()
	h := newKeyInHouse(t, "portone1")
	h.fault("onetime", sandbox.Fault{Kind: sandbox.FaultDelayBeforeCommit, DelayMS: 300, Times: 3})
	h.fault("issue", sandbox.Fault{Kind: sandbox.FaultDelayBeforeCommit, DelayMS: 300, Times: 3})
	answers := make([]answer, 6)
	var wg sync.WaitGroup
	for i := range answers {
		if i >= 3 {
			wg.Go(func() { answers[i] = h.issueAs("c-1") })
			continue
		}
		path, body := keyInCall(h.pg, fmt.Sprintf("%s-%d", h.order, i))
		body["customer_uid"] = "c-1"
		text, err := json.Marshal(body)
		if err != nil {
			t.Fatal(err)
		}
		wg.Go(func() { answers[i] = h.call("POST", path, string(text)) })
	}
	wg.Wait()
	won := 0
	for _, a := range answers {
		switch {
		case a.status == 200 && a.json["code"] == 0.0:
			won++
		case code(a) != string(payment.CodeKeyUnknown) && code(a) != string(payment.CodeKeyInUse):
			t.Errorf("answered %d %s", a.status, a.body)
		}
	}
	stored := len(h.sandbox.Executions(h.pg, "onetime", "")) + len(h.sandbox.Executions(h.pg, "issue", ""))
	if won != 1 || stored != 1 {
		t.Errorf("%d won, %d cards were stored under one name", won, stored)
	}
	if a := h.keyIn(as("c-1"), headerReplace, "true"); !h.paidIn(a) {
		t.Errorf("replaced afterwards: %d %s", a.status, a.body)
	}
	if a := h.issueAs("c-1", headerReplace, "true"); a.status != 200 {
		t.Errorf("replaced afterwards: %d %s", a.status, a.body)
	}
}

// TestKeyInReplacesWhenWished: a card under a name is replaced by who says so, and never one of another contract.
func TestKeyInReplacesWhenWished(t *testing.T) {
	t.Parallel()
	h := newKeyInHouse(t, "portone1")
	if a := h.keyIn(as(h.key), headerReplace, "perhaps"); code(a) != string(payment.CodeInvalidField) || h.sent() != 0 {
		t.Errorf("neither: %d %s", a.status, a.body)
	}
	if a := h.keyIn(as(h.key), headerReplace, "false"); code(a) != string(payment.CodeKeyInUse) || h.sent() != 0 {
		t.Errorf("not wished for: %d %s", a.status, a.body)
	}
	if a := h.keyIn(as(h.key), headerReplace, "true"); !h.paidIn(a) {
		t.Errorf("wished for: %d %s", a.status, a.body)
	}
	h.change(func(c *fixture.Config) { c.More = "\nbilling: { replace_key: allow }\n" })
	if res := h.g.store.Reload("test"); res.Err != nil {
		t.Fatal(res.Err)
	}
	h.newOrder()
	if a := h.keyIn(as(h.key)); !h.paidIn(a) {
		t.Errorf("by the configuration: %d %s", a.status, a.body)
	}
	other, api := newFakeAPI(t, func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "/customers/k") {
			fmt.Fprint(w, `{"code":0,"response":{"customer_uid":"k","pg_id":"another","sandbox":true}}`)
			return
		}
		w.WriteHeader(http.StatusNotFound)
		fmt.Fprint(w, `{"code":-1,"message":"none","response":null}`)
	}, fixture.KeysBy("portone1"), fixture.KeyIn())
	path, body := keyInCall("portone_v1", "PHONE-1")
	body["customer_uid"] = "k"
	text, err := json.Marshal(body)
	if err != nil {
		t.Fatal(err)
	}
	a := other.call("POST", path, string(text), headerReplace, "true")
	if r, _ := api.last(); code(a) != string(payment.CodeKeyNotUsable) || r.Method == http.MethodPost {
		t.Errorf("another contract's: %d %s, last %s", a.status, a.body, r.Method)
	}
}

// TestAnUnknownCardKeepsItsName: while nobody knows whether a card was stored, no other one is sent under its name, by
// whichever call; for a quarter of an hour at most.
func TestAnUnknownCardKeepsItsName(t *testing.T) {
	t.Parallel()
	for _, first := range []string{"onetime", "issue"} {
		t.Run(first, func(t *testing.T) {
			t.Parallel()
			h := newKeyInHouse(t, "portone1")
			h.fault(first, sandbox.Fault{Kind: sandbox.FaultDropBeforeCommit})
			want := payment.CodePaymentUnknown
			send := func() answer { return h.keyIn(as("c-2")) }
			if first == "issue" {
				send, want = func() answer { return h.issueAs("c-2") }, payment.CodeKeyUnknown
			}
			if a := send(); code(a) != string(want) {
				t.Fatalf("answered %d %s", a.status, a.body)
			}
			h.newOrder()
			for name, again := range map[string]func() answer{
				"key-in": func() answer { return h.keyIn(as("c-2"), headerReplace, "true") },
				"issue":  func() answer { return h.issueAs("c-2", headerReplace, "true") },
			} {
				if a := again(); code(a) != string(payment.CodeKeyUnknown) {
					t.Errorf("%s beside an unknown one: %d %s", name, a.status, a.body)
				}
			}
			late := h.g.now().Add(nameHold + time.Second)
			h.setNow(func() time.Time { return late })
			a := h.keyIn(as("c-2"))
			if ok := h.paidIn(a); ok != (first == "onetime") {
				t.Errorf("when its hold is over: %d %s", a.status, a.body)
			}
			if stored := len(h.sandbox.BillingKeys()); first == "issue" && (code(a) != string(payment.CodeKeyUnknown) || stored != 1) {
				t.Errorf("beside an issue that nobody knows of: %d %s, %d keys", a.status, a.body, stored)
			}
		})
	}
}

// TestANameIsGivenBack: a name whose call ended for certain is free at once, also where it was not given back.
func TestANameIsGivenBack(t *testing.T) {
	t.Parallel()
	h := newKeyInHouse(t, "portone1")
	h.fault("onetime", sandbox.Fault{Kind: sandbox.FaultDecline, Reason: "limit"})
	if a := h.keyIn(as("c-3")); a.status != 200 || h.paidIn(a) {
		t.Fatalf("answered %d %s", a.status, a.body)
	}
	if _, err := h.g.claimName(t.Context(), "portone1", "c-3", payment.AttemptID(h.order)); err != nil {
		t.Fatal(err) // as one who declined, and died
	}
	h.newOrder()
	if a := h.keyIn(as("c-3")); !h.paidIn(a) {
		t.Errorf("after a decline: %d %s", a.status, a.body)
	}
}
