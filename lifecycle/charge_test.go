package lifecycle_test

import (
	"context"
	"errors"
	"net/netip"
	"sync"
	"testing"
	"time"

	"github.com/pg-gateway/pg-gateway/adapters"
	"github.com/pg-gateway/pg-gateway/adapters/portonev1"
	"github.com/pg-gateway/pg-gateway/journal"
	"github.com/pg-gateway/pg-gateway/lifecycle"
	"github.com/pg-gateway/pg-gateway/payment"
)

// charger is a fakePG that charges billing keys and knows where they are.
type charger struct {
	fakePG
	charge func(n int, r adapters.ChargeRequest) (adapters.Result, error)
	check  error
	at     func(pg *payment.PG, key payment.Secret) ([]payment.KeyContract, error)
}

func (f *charger) Charge(_ context.Context, r adapters.ChargeRequest) (adapters.Result, error) {
	return f.charge(f.count("charge"), r)
}

func (f *charger) CheckCharge(adapters.ChargeRequest) error { return f.check }

func (f *charger) KeyContracts(
	_ context.Context, pg *payment.PG, key payment.Secret,
) ([]payment.KeyContract, error) {
	return f.at(pg, key)
}

// shows has the PG show nothing under the charge's id first, and these after that; the last of them again and again.
func (f *charger) shows(list ...adapters.Result) *charger {
	f.lookUp = func(n int, _ adapters.LookUpRequest) (adapters.Result, error) {
		if n == 1 || len(list) == 0 {
			return adapters.Result{Outcome: payment.OutcomeNotFound}, nil
		}
		r := list[min(n-2, len(list)-1)]
		if r.Outcome == "" {
			return r, adapters.ErrUnavailable
		}
		return r, nil
	}
	return f
}

func charging(r adapters.Result, err error) *charger {
	return &charger{charge: func(int, adapters.ChargeRequest) (adapters.Result, error) { return r, err }}
}

// What is asked for besides reaches the PG as it was asked.
func TestAChargeSaysWhatItWasAsked(t *testing.T) {
	t.Parallel()
	var sent adapters.ChargeRequest
	pg := (&charger{charge: func(_ int, r adapters.ChargeRequest) (adapters.Result, error) {
		sent = r
		return adapters.Result{Outcome: payment.OutcomeDeclined}, nil
	}}).shows()
	h := open(t, pg)
	ask := h.ask("A1")
	ask.BuyerIP, ask.Installment, ask.NoticeURL = netip.MustParseAddr("203.0.113.7"), 3, "https://gw.example.com/hooks"
	if _, err := h.machine.Charge(t.Context(), ask); err != nil {
		t.Fatal(err)
	}
	if sent.BuyerIP != ask.BuyerIP || sent.Installment != 3 || sent.NoticeURL != ask.NoticeURL || sent.Key != "KEY" {
		t.Errorf("%+v", sent)
	}
}

func (h *house) ask(id string) lifecycle.ChargeAsk {
	a := h.attempt(id)
	a.Purpose = payment.PurposeRecurring
	return lifecycle.ChargeAsk{Attempt: a, Key: "KEY"}
}

func failed(id string) adapters.Result {
	r := approvedAs(id, 50000)
	r.Outcome, r.Why = payment.OutcomeDeclined, payment.DeclinedLimit
	return r
}

func TestACharge(t *testing.T) {
	t.Parallel()
	paid, absent := approvedAs("A1", 50000), adapters.Result{Outcome: payment.OutcomeNotFound}
	tests := []struct {
		name     string
		pg       *charger
		want     payment.State
		reason   payment.Reason
		sequence string
		messages string
	}{
		{"is told to the shop", charging(paid, nil).shows(), payment.StateApproved, "approved", "lookup charge", "recurring.charged"},
		{
			"whose answer has no figures is looked up", charging(adapters.Result{Outcome: payment.OutcomeApproved, OrderRef: "A1"}, nil).shows(paid),
			payment.StateApproved, "approved", "lookup charge lookup", "recurring.charged",
		},
		{
			"that is shown nowhere is not believed", charging(adapters.Result{Outcome: payment.OutcomeApproved, OrderRef: "A1"}, nil).shows(adapters.Result{}),
			payment.StateUnknown, payment.ReasonLost, "lookup charge lookup", "",
		},
		{"that is declined ends", charging(failed("A1"), nil).shows(), payment.StateDeclined, payment.DeclinedLimit, "lookup charge", "recurring.failed"},
		{"whose answer is lost is found", charging(adapters.Result{}, adapters.ErrUnknownOutcome).shows(paid), payment.StateApproved, "approved", "lookup charge lookup", "recurring.charged"},
		{
			"whose answer is lost is found declined", charging(adapters.Result{}, adapters.ErrUnknownOutcome).shows(failed("A1")),
			payment.StateDeclined, payment.DeclinedLimit, "lookup charge lookup", "recurring.failed",
		},
		{
			"whose answer is lost and that is not shown is unknown", charging(adapters.Result{}, adapters.ErrUnknownOutcome).shows(absent),
			payment.StateUnknown, payment.ReasonLost, "lookup charge lookup", "",
		},
		{"that never left ends", charging(adapters.Result{}, adapters.ErrUnavailable).shows(), payment.StateDeclined, payment.ReasonNotSent, "lookup charge", "recurring.failed"},
		{"that is rejected ends", charging(adapters.Result{}, adapters.ErrRejected).shows(), payment.StateDeclined, payment.ReasonRejected, "lookup charge", "recurring.failed"},
		{"of another amount is undone", charging(approvedAs("A1", 49999), nil).shows(), payment.StateCancelled, "mismatch_amount", "lookup charge cancel", "recurring.failed"},
		{
			"that is found with another amount is undone", charging(adapters.Result{}, adapters.ErrUnknownOutcome).shows(approvedAs("A1", 1)),
			payment.StateCancelled, "mismatch_amount", "lookup charge lookup cancel", "recurring.failed",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			h := open(t, tt.pg)
			c, err := h.machine.Charge(t.Context(), h.ask("A1"))
			if err != nil {
				t.Fatal(err)
			}
			a := h.state("A1")
			if a.State != tt.want || c.Attempt.State != tt.want || a.Reason != tt.reason || c.Known {
				t.Errorf("state %s (%s), result %s; want %s (%s)", a.State, a.Reason, c.Attempt.State, tt.want, tt.reason)
			}
			if got := join(tt.pg.sequence); got != tt.sequence {
				t.Errorf("sent %q, want %q", got, tt.sequence)
			}
			if got := join(h.messages()); got != tt.messages {
				t.Errorf("messages %q, want %q", got, tt.messages)
			}
			if h.asked != 0 {
				t.Errorf("the shop, which asked for it, was asked %d times", h.asked)
			}
		})
	}
}

// The driver is told what was decided, and its PG's own answer is handed on and shows itself nowhere.
func TestAChargeIsSentAsDecided(t *testing.T) {
	t.Parallel()
	paid := approvedAs("A1", 50000)
	paid.Said = &adapters.Said{Status: 200, Body: `{"code":0}`}
	var got adapters.ChargeRequest
	pg := (&charger{charge: func(_ int, r adapters.ChargeRequest) (adapters.Result, error) { got = r; return paid, nil }}).shows()
	h := open(t, pg)
	ask := h.ask("A1")
	ask.Several, ask.Installment, ask.Fields, ask.Buyer = true, 3, []byte(`{"x":1}`), payment.Buyer{Name: "홍길동"}
	c, err := h.machine.Charge(t.Context(), ask)
	if err != nil || c.Said != paid.Said {
		t.Fatalf("%+v, %v", c, err)
	}
	if got.Attempt.ID != "A1" || got.Attempt.State != payment.StateApproving || got.Key != "KEY" || !got.Several || got.Installment != 3 ||
		string(got.Fields) != `{"x":1}` || got.Buyer.Name != "홍길동" || got.OperationID != "A1" || got.Merchant.ID != "m" {
		t.Errorf("the driver was told %+v", got)
	}
}

// An id under which the PG has anything is not charged: V1 takes several payments under one.
func TestAnIDThatThePGKnowsIsNotCharged(t *testing.T) {
	t.Parallel()
	for outcome, want := range map[payment.Outcome]payment.KeySafety{
		payment.OutcomeApproved: payment.NewKeyUnsafe, payment.OutcomePending: payment.NewKeyUnsafe,
		payment.OutcomeUnknown: payment.NewKeyUnsafe, payment.OutcomeDeclined: payment.NewKeySafe,
		payment.OutcomeCancelled: payment.NewKeySafe, "": payment.NewKeyUnsafe,
	} {
		pg := charging(approvedAs("A1", 50000), nil)
		pg.lookUp = func(int, adapters.LookUpRequest) (adapters.Result, error) {
			if outcome == "" {
				return adapters.Result{}, adapters.ErrUnavailable
			}
			return adapters.Result{Outcome: outcome, OrderRef: "A1", Amount: 50000}, nil
		}
		h := open(t, pg)
		_, err := h.machine.Charge(t.Context(), h.ask("A1"))
		p, ok := payment.AsProblem(err)
		code := payment.CodeChargeIDUsed
		if outcome == "" {
			code = payment.CodePGUnavailable
		}
		if !ok || p.Code != code || p.KeySafety != want || pg.calls["charge"] != 0 {
			t.Errorf("%q: %v (%s), sent %q", outcome, err, p.KeySafety, join(pg.sequence))
		}
		if _, _, err := h.journal.Attempt(t.Context(), "A1"); !errors.Is(err, journal.ErrNotFound) {
			t.Errorf("%q: on record: %v", outcome, err)
		}
	}
}

// What cannot be sent takes no order and uses no id.
func TestAChargeThatCannotBeSentLeavesNothing(t *testing.T) {
	t.Parallel()
	pg := charging(approvedAs("A1", 50000), nil).shows()
	pg.check = &adapters.FieldError{Field: "order_name", Msg: "is missing"}
	h := open(t, pg)
	_, err := h.machine.Charge(t.Context(), h.ask("A1"))
	if _, _, missing := h.journal.Attempt(t.Context(), "A1"); !errors.Is(err, pg.check) || !errors.Is(missing, journal.ErrNotFound) || join(pg.sequence) != "" {
		t.Errorf("%v, on record %v, sent %q", err, missing, join(pg.sequence))
	}
}

// A charge that was asked for before is told, and never made again.
func TestAKnownChargeIsTold(t *testing.T) {
	t.Parallel()
	paid, absent := approvedAs("A1", 50000), adapters.Result{Outcome: payment.OutcomeNotFound}
	lost := func(then ...adapters.Result) *charger {
		return charging(adapters.Result{}, adapters.ErrUnknownOutcome).shows(then...)
	}
	for _, tt := range []struct {
		name     string
		pg       *charger
		want     payment.State
		reason   payment.Reason
		sequence string
		messages string
	}{
		{"paid", charging(paid, nil).shows(), payment.StateApproved, "approved", "lookup charge", "recurring.charged"},
		{"declined", charging(failed("A1"), nil).shows(), payment.StateDeclined, payment.DeclinedLimit, "lookup charge", "recurring.failed"},
		{"unknown and paid by now", lost(absent, paid), payment.StateApproved, "approved", "lookup charge lookup lookup", "recurring.charged"},
		{"unknown and declined by now", lost(absent, failed("A1")), payment.StateDeclined, payment.DeclinedLimit, "lookup charge lookup lookup", "recurring.failed"},
		{"unknown and not shown", lost(absent), payment.StateUnknown, payment.ReasonLost, "lookup charge lookup lookup", ""},
		{"unknown and the PG silent", lost(absent, adapters.Result{}), payment.StateUnknown, payment.ReasonLost, "lookup charge lookup lookup", ""},
		{"unknown and of another amount", lost(absent, approvedAs("A1", 1)), payment.StateCancelled, "mismatch_amount", "lookup charge lookup lookup cancel", "recurring.failed"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			h := open(t, tt.pg)
			if _, err := h.machine.Charge(t.Context(), h.ask("A1")); err != nil {
				t.Fatal(err)
			}
			c, err := h.machine.Charge(t.Context(), h.ask("A1"))
			if err != nil || !c.Known || c.Attempt.State != tt.want || c.Attempt.Reason != tt.reason {
				t.Errorf("told %s (%s), known %t, %v; want %s (%s)", c.Attempt.State, c.Attempt.Reason, c.Known, err, tt.want, tt.reason)
			}
			if got := join(tt.pg.sequence); got != tt.sequence {
				t.Errorf("sent %q, want %q", got, tt.sequence)
			}
			if got := join(h.messages()); got != tt.messages {
				t.Errorf("messages %q, want %q", got, tt.messages)
			}
		})
	}
}

func TestAKnownChargeIsTheSame(t *testing.T) {
	t.Parallel()
	pg := charging(approvedAs("A1", 50000), nil).shows()
	h := open(t, pg)
	if _, err := h.machine.Charge(t.Context(), h.ask("A1")); err != nil {
		t.Fatal(err)
	}
	for what, change := range map[string]func(*payment.Attempt){
		"order":    func(a *payment.Attempt) { a.OrderID = "ORDER-2" },
		"amount":   func(a *payment.Attempt) { a.Amount = 1 },
		"tax-free": func(a *payment.Attempt) { a.TaxFree = 1 },
		"VAT":      func(a *payment.Attempt) { a.VATSet = true },
		"method":   func(a *payment.Attempt) { a.Method = payment.MethodVBank },
	} {
		ask := h.ask("A1")
		change(&ask.Attempt)
		_, err := h.machine.Charge(t.Context(), ask)
		if p, ok := payment.AsProblem(err); !ok || p.Code != payment.CodeChargeIDUsed || p.KeySafety != payment.NewKeySafe {
			t.Errorf("another %s: %v", what, err)
		}
	}
	if pg.calls["charge"] != 1 {
		t.Errorf("sent %q", join(pg.sequence))
	}
}

// An order is charged once, whoever else pays it.
func TestAnOrderIsChargedOnce(t *testing.T) {
	t.Parallel()
	for state, want := range map[payment.State]payment.Code{
		payment.StateApproved: payment.CodeOrderAlreadyPaid, payment.StateUnknown: payment.CodePaymentUnknown,
		payment.StateClaimed: payment.CodeOrderInProgress,
	} {
		pg := charging(approvedAs("A2", 50000), nil).shows()
		h := open(t, pg)
		err := h.journal.Claim(t.Context(), h.attempt("A1"), journal.Claim{To: payment.StateClaimed, Event: journal.Event{Kind: "x"}})
		for _, to := range map[payment.State][]payment.State{
			payment.StateApproved: {payment.StateApproving, payment.StateApproved}, payment.StateUnknown: {payment.StateUnknown},
		}[state] {
			if err == nil {
				_, err = h.journal.Move(t.Context(), journal.Transition{ID: "A1", From: payment.States(), To: to, Event: journal.Event{Kind: "x"}})
			}
		}
		if err != nil {
			t.Fatal(err)
		}
		_, err = h.machine.Charge(t.Context(), h.ask("A2"))
		p, ok := payment.AsProblem(err)
		if !ok || p.Code != want || (p.KeySafety == payment.NewKeyNever) != (state == payment.StateApproved) || pg.calls["charge"] != 0 {
			t.Errorf("%s: %v, sent %q", state, err, join(pg.sequence))
		}
	}
}

// However often a charge is asked for at once, and for however many ids of its order, it is made once.
func TestChargesAtOnce(t *testing.T) {
	t.Parallel()
	pg := (&charger{charge: func(_ int, r adapters.ChargeRequest) (adapters.Result, error) {
		time.Sleep(30 * time.Millisecond)
		return approvedAs(string(r.Attempt.ID), 50000), nil
	}})
	pg.lookUp = func(int, adapters.LookUpRequest) (adapters.Result, error) {
		return adapters.Result{Outcome: payment.OutcomeNotFound}, nil
	}
	h := open(t, pg)
	var wg sync.WaitGroup
	for i := range 24 {
		id := []string{"A1", "A2", "A3"}[i%3]
		wg.Go(func() {
			c, err := h.machine.Charge(context.Background(), h.ask(id))
			if _, refused := payment.AsProblem(err); !refused && (err != nil || c.Attempt.State != payment.StateApproved) {
				t.Errorf("%s: %s, %v", id, c.Attempt.State, err)
			}
		})
	}
	wg.Wait()
	if pg.calls["charge"] != 1 || join(h.messages()) != "recurring.charged" {
		t.Errorf("charged %d times, messages %q", pg.calls["charge"], join(h.messages()))
	}
}

// Whoever dies between the intent and the answer leaves a charge that is looked up, and that nobody sends again.
func TestAChargeWhoseOwnerDied(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name     string
		shows    adapters.Result
		want     payment.State
		reason   payment.Reason
		messages string
	}{
		{"it was charged", approvedAs("A1", 50000), payment.StateApproved, "approved", "recurring.charged"},
		{"it was declined", failed("A1"), payment.StateDeclined, payment.DeclinedLimit, "recurring.failed"},
		{"it was never sent", adapters.Result{Outcome: payment.OutcomeNotFound}, payment.StateDeclined, payment.ReasonNeverPaid, "recurring.failed"},
	} {
		for _, seen := range []string{"at once", "later"} {
			t.Run(tt.name+", "+seen, func(t *testing.T) {
				t.Parallel()
				pg := charging(adapters.Result{}, errors.New("sent again"))
				pg.lookUp = func(n int, _ adapters.LookUpRequest) (adapters.Result, error) {
					if seen == "later" && n == 1 {
						return adapters.Result{}, adapters.ErrUnavailable
					}
					return tt.shows, nil
				}
				h := open(t, pg)
				err := h.journal.Claim(t.Context(), h.ask("A1").Attempt, journal.Claim{To: payment.StateApproving, Event: journal.Event{Kind: journal.EventIntended}})
				if err != nil {
					t.Fatal(err)
				}
				for n := range 12 {
					if _, err := h.machine.Resume(t.Context(), "A1"); err != nil {
						t.Fatal(err)
					}
					if a := h.state("A1"); n == 0 && a.State != tt.want && a.State != payment.StateUnknown {
						t.Errorf("while nothing is shown it is %s", a.State)
					}
					h.pass(time.Hour)
				}
				if a := h.state("A1"); a.State != tt.want || a.Reason != tt.reason || pg.calls["charge"] != 0 {
					t.Errorf("state %s (%s), sent %q; want %s (%s)", a.State, a.Reason, join(pg.sequence), tt.want, tt.reason)
				}
				if got := join(h.messages()); got != tt.messages {
					t.Errorf("messages %q, want %q", got, tt.messages)
				}
			})
		}
	}
}

// One PG's silence does not hide where another one has the key; silence alone is no answer.
func TestWhereAKeyIs(t *testing.T) {
	t.Parallel()
	pg := &charger{at: func(pg *payment.PG, key payment.Secret) ([]payment.KeyContract, error) {
		switch {
		case pg.ID == "silent":
			return nil, adapters.ErrUnavailable
		case key == "KEY" && pg.ID == "has":
			return []payment.KeyContract{{PG: pg.ID, MID: "MID"}}, nil
		}
		return nil, nil
	}}
	h := open(t, pg)
	pgs := func(ids ...payment.PGID) (list []*payment.PG) {
		for _, id := range ids {
			list = append(list, &payment.PG{ID: id, Driver: "fake", ReadTimeout: time.Second})
		}
		return append(list, &payment.PG{ID: "other", Driver: "charges-nothing"})
	}
	for _, tt := range []struct {
		pgs  []*payment.PG
		key  payment.Secret
		want int
		err  error
	}{
		{pgs("silent", "has"), "KEY", 1, nil},
		{pgs("has", "silent"), "KEY", 1, nil},
		{pgs("has"), "ANOTHER", 0, nil},
		{pgs("silent", "has"), "ANOTHER", 0, adapters.ErrUnavailable},
	} {
		at, err := h.machine.KeyContracts(t.Context(), tt.pgs, tt.key)
		if len(at) != tt.want || !errors.Is(err, tt.err) || (err != nil) != (tt.err != nil) {
			t.Errorf("%v, %v; want %d, %v", at, err, tt.want, tt.err)
		}
	}
}

// A key is read from its PG by the attempt that issued it, once the shop has it.
func TestAKeyOfAnAttempt(t *testing.T) {
	t.Parallel()
	issued := approvedAs("K1", 0)
	issued.PGTxID, issued.BillingKey = "", "BILLKEY"
	pg := charging(adapters.Result{}, nil)
	pg.lookUp = func(int, adapters.LookUpRequest) (adapters.Result, error) { return issued, nil }
	h := open(t, pg)
	wants := func(id payment.AttemptID, want payment.Secret, code payment.Code) {
		t.Helper()
		key, from, err := h.machine.KeyOf(t.Context(), id)
		p, _ := payment.AsProblem(err)
		if key != want || (want != "") != (from == "pg") || (code == "") != (p == nil) || p != nil && p.Code != code {
			t.Errorf("%s: %q of %q, %v; want %q, %s", id, key.Reveal(), from, err, want.Reveal(), code)
		}
	}
	wants("K1", "", payment.CodeKeyNotFound)
	if err := h.journal.Insert(t.Context(), h.keyAttempt("K1"), journal.Event{Kind: journal.EventOpened}); err != nil {
		t.Fatal(err)
	}
	wants("K1", "", payment.CodeKeyNotFound)
	if _, err := h.machine.Complete(t.Context(), "K1", adapters.Proof{}); err != nil {
		t.Fatal(err)
	}
	wants("K1", "BILLKEY", "")
	issued.Outcome, issued.BillingKey = payment.OutcomeCancelled, ""
	wants("K1", "", payment.CodeKeyNotFound)
	pg.lookUp = nil
	wants("K1", "", payment.CodePGUnavailable)
}

// Whoever comes too late charges nothing, and leaves nothing behind.
func TestAChargeThatIsLateIsNotBegun(t *testing.T) {
	t.Parallel()
	for _, left := range []time.Duration{time.Minute, 0, -time.Minute} {
		pg := charging(approvedAs("A1", 50000), nil).shows()
		h := open(t, pg)
		ask := h.ask("A1")
		ask.Before = h.clock().Add(left)
		_, err := h.machine.Charge(t.Context(), ask)
		p, refused := payment.AsProblem(err)
		if refused == (left > 0) || (pg.calls["charge"] == 1) != (left > 0) || refused && p.KeySafety != payment.NewKeyUnsafe {
			t.Errorf("with %s left: %v, sent %q", left, err, join(pg.sequence))
		}
	}
}

// What is told of a charge whose answer was lost is looked up at once, and not when its turn comes.
func TestANotificationOfAnUnknownCharge(t *testing.T) {
	t.Parallel()
	pg := charging(adapters.Result{}, adapters.ErrUnknownOutcome).shows(adapters.Result{Outcome: payment.OutcomeNotFound}, approvedAs("A1", 50000))
	h := open(t, pg)
	if _, err := h.machine.Charge(t.Context(), h.ask("A1")); err != nil || h.state("A1").State != payment.StateUnknown {
		t.Fatalf("%v, %s", err, h.state("A1").State)
	}
	_, err := h.machine.Notified(t.Context(), h.journal, lifecycle.Notification{ID: "A1", PGTxID: "TX-A1", Unsigned: true})
	if a := h.state("A1"); err != nil || a.State != payment.StateApproved || join(h.messages()) != "recurring.charged" {
		t.Errorf("%s, %v, messages %q", a.State, err, join(h.messages()))
	}
}

// V1 takes several payments under one id. A charge has one: whatever number a notification names, it is that one.
func TestANotificationOfAChargeWithoutItsNumber(t *testing.T) {
	t.Parallel()
	pg := charging(adapters.Result{}, adapters.ErrUnknownOutcome).shows(adapters.Result{Outcome: payment.OutcomeNotFound})
	h := openAs(t, portonev1.Name, pg)
	ask := h.ask("A1")
	ask.Attempt.Driver = portonev1.Name
	if _, err := h.machine.Charge(t.Context(), ask); err != nil || h.state("A1").State != payment.StateUnknown {
		t.Fatalf("%v, %s", err, h.state("A1").State)
	}
	notified := func() {
		t.Helper()
		told, err := h.machine.Notified(t.Context(), h.journal, lifecycle.Notification{ID: "A1", PGTxID: "imp_1", Unsigned: true})
		if list, listing := h.journal.UnmatchedOf(t.Context(), "A1"); err != nil || listing != nil || told.Unmatched || len(list) > 0 {
			t.Errorf("%s: %v, %v, on record %v", h.state("A1").State, err, listing, list)
		}
	}
	notified()
	for _, hand := range []string{"kim", "lee"} {
		if _, err := lifecycle.Resolve(t.Context(), h.journal, "A1", lifecycle.FindingCharged, hand, "seen in the console", h.clock()); err != nil {
			t.Fatal(err)
		}
	}
	if a := h.state("A1"); a.State != payment.StateApproved || a.PGTxID != "" {
		t.Fatalf("closed by hand it is %s, number %q", a.State, a.PGTxID)
	}
	notified()
}

func TestTheIDOfACharge(t *testing.T) {
	t.Parallel()
	seen := map[payment.AttemptID]bool{}
	for _, order := range []payment.OrderID{"O-1", "O-11"} {
		for _, key := range []string{"1k", "k"} {
			id := lifecycle.ChargeIDOf(order, key)
			if seen[id] || !payment.ValidID(string(id)) || id != lifecycle.ChargeIDOf(order, key) {
				t.Errorf("order %s, key %s: %s", order, key, id)
			}
			seen[id] = true
		}
	}
}

// TestAScheduleThatIsTriedAgain: what the PG takes for a scheduled charge that was declined is no mistake of anybody's, and
// waits for a person.
func TestAScheduleThatIsTriedAgain(t *testing.T) {
	t.Parallel()
	pg := newTill(paidAs("TX-LATE"))
	h := openAs(t, portonev1.Name, pg)
	a := h.attempt("A1")
	a.Driver, a.Purpose = portonev1.Name, payment.PurposeRecurring
	if err := h.journal.Insert(t.Context(), a, journal.Event{Kind: "opened"}); err != nil {
		t.Fatal(err)
	}
	h.moves(payment.StateDeclined)
	n := lifecycle.Notification{ID: "A1", PGTxID: "TX-LATE"}
	if _, err := h.machine.Notified(t.Context(), h.journal, n); err != nil {
		t.Fatal(err)
	}
	if got := h.unmatched(); got != "TX-LATE flagged" {
		t.Errorf("unmatched payments: %s", got)
	}
}
