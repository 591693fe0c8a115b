package lifecycle_test

import (
	"strings"
	"testing"
	"time"

	"github.com/pg-gateway/pg-gateway/adapters"
	"github.com/pg-gateway/pg-gateway/adapters/portonev1"
	"github.com/pg-gateway/pg-gateway/journal"
	"github.com/pg-gateway/pg-gateway/lifecycle"
	"github.com/pg-gateway/pg-gateway/payment"
)

func (h *house) keyAttempt(id string) payment.Attempt {
	a := h.attempt(id)
	a.Purpose, a.Amount, a.OrderAmount = payment.PurposeBillingKey, 0, 0
	return a
}

// toldKey is the key that the shop is told of, or "".
func (h *house) toldKey() string {
	h.t.Helper()
	list, err := h.journal.OutboxDue(h.t.Context(), journal.OutboxLane{}, h.clock().Add(time.Hour), 10, time.Minute)
	if err != nil {
		h.t.Fatal(err)
	}
	for _, m := range list {
		if m.Type != payment.MessageBillingKey {
			continue
		}
		open, err := lifecycle.OpenMessage(plainSeal{}, m)
		if err != nil || !m.Sealed {
			h.t.Fatalf("message %+v: %v", m, err)
		}
		_, after, _ := strings.Cut(string(open.Body), `"billing_key":"`)
		key, _, _ := strings.Cut(after, `"`)
		return key
	}
	return ""
}

func TestAKeyFromTheWindow(t *testing.T) {
	t.Parallel()
	for _, yes := range []bool{true, false} {
		h := open(t, &fakePG{})
		h.shop = func(payment.Attempt) lifecycle.Answer {
			return lifecycle.Answer{Yes: yes, Reason: payment.ReasonShopRefused}
		}
		want, told := payment.StateApproved, "BILLKEY"
		if !yes {
			want, told = payment.StateRefused, ""
		}
		for range 2 { // the browser reloads
			res, err := h.machine.KeyIssued(t.Context(), h.keyAttempt("A1"), "BILLKEY", "TID")
			if err != nil || res.Attempt.State != want {
				t.Fatalf("yes %t: %s, %v", yes, res.Attempt.State, err)
			}
		}
		if got := h.toldKey(); got != told || h.asked != 1 {
			t.Errorf("yes %t: told %q after asking %d times, want %q", yes, got, h.asked, told)
		}
		if _, sealed, err := h.journal.Attempt(t.Context(), "A1"); err != nil || len(sealed) > 0 {
			t.Errorf("the key stays in the journal: %v", err)
		}
	}
}

// A key is not lost by a crash after the shop's yes, and is forgotten by one before it.
func TestAKeyWhoseOwnerDied(t *testing.T) {
	t.Parallel()
	for to, want := range map[payment.State]payment.State{payment.StateClaimed: payment.StateRefused, payment.StateApproving: payment.StateApproved} {
		h := open(t, &fakePG{})
		err := h.journal.Claim(t.Context(), h.keyAttempt("A1"), journal.Claim{
			To: to, ProofHash: "hash", SealedProof: []byte(`{"t":"BILLKEY","a":1}`), PGTxID: "TID", Event: journal.Event{Kind: "key_issued"},
		})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := h.machine.Resume(t.Context(), "A1"); err != nil {
			t.Fatal(err)
		}
		if a := h.state("A1"); a.State != want {
			t.Errorf("%s became %s, want %s", to, a.State, want)
		}
		if got := h.toldKey(); (got == "BILLKEY") != (want == payment.StateApproved) {
			t.Errorf("%s: the shop is told %q", to, got)
		}
	}
}

// A key that a PG issued is asked for again when whoever took it in died before the shop was told.
func TestAKeyIsReadAgain(t *testing.T) {
	t.Parallel()
	issued := approvedAs("A1", 0)
	issued.PGTxID, issued.BillingKey = "", "BILLKEY"
	var hints []string
	pg := &fakePG{lookUp: func(_ int, r adapters.LookUpRequest) (adapters.Result, error) {
		hints = append(hints, r.PGTxID)
		return issued, nil
	}}
	h := open(t, pg)
	err := h.journal.Claim(t.Context(), h.keyAttempt("A1"), journal.Claim{
		To: payment.StateCaptured, SealedProof: []byte(`{"t":"","x":"HINT","a":1}`), Event: journal.Event{Kind: "captured"},
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := h.machine.Resume(t.Context(), "A1"); err != nil {
		t.Fatal(err)
	}
	if a := h.state("A1"); a.State != payment.StateApproved || h.toldKey() != "BILLKEY" || len(hints) != 1 || hints[0] != "HINT" {
		t.Errorf("state %s, hints %q", a.State, hints)
	}
}

// V1 tells of a billing key by a payment of nothing, perhaps before the key itself shows. That is no money to remember.
func TestANotificationOfAKeyIsNoMoney(t *testing.T) {
	t.Parallel()
	looks := 0
	pg := &fakePG{lookUp: func(int, adapters.LookUpRequest) (adapters.Result, error) {
		if looks++; looks > 1 {
			// What a look for money would find: PGs show a key's issue as a payment, too.
			return adapters.Result{Outcome: payment.OutcomeApproved, OrderRef: "A1", PGTxID: "imp_1", Amount: 1000}, nil
		}
		return adapters.Result{Outcome: payment.OutcomePending, OrderRef: "A1"}, nil
	}}
	h := openAs(t, portonev1.Name, pg)
	a := h.keyAttempt("A1")
	a.Driver = portonev1.Name
	if err := h.journal.Insert(t.Context(), a, journal.Event{Kind: "opened"}); err != nil {
		t.Fatal(err)
	}
	word, err := h.machine.Notified(t.Context(), h.journal, lifecycle.Notification{ID: "A1", PGTxID: "imp_1"})
	if err != nil || word.Unmatched || h.unmatched() != "" {
		t.Errorf("late %t %q, %v", word.Unmatched, h.unmatched(), err)
	}
}
