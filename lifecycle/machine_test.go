package lifecycle_test

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/pg-gateway/pg-gateway/adapters"
	"github.com/pg-gateway/pg-gateway/adapters/portonev1"
	"github.com/pg-gateway/pg-gateway/journal"
	"github.com/pg-gateway/pg-gateway/journal/journaltest"
	"github.com/pg-gateway/pg-gateway/lifecycle"
	"github.com/pg-gateway/pg-gateway/payment"
)

// fakePG is a PG whose answers a test scripts. It counts what moves money and keeps what it holds.
type fakePG struct {
	name     payment.DriverName
	mu       sync.Mutex
	approve  func(n int, r adapters.ApproveRequest) (adapters.Result, error)
	lookUp   func(n int, r adapters.LookUpRequest) (adapters.Result, error)
	cancel   func(n int, r adapters.CancelRequest) (adapters.Result, error)
	calls    map[string]int
	sequence []string
}

func (f *fakePG) count(op string) int {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.calls == nil {
		f.calls = map[string]int{}
	}
	f.calls[op]++
	f.sequence = append(f.sequence, op)
	return f.calls[op]
}

func (f *fakePG) named(name payment.DriverName) { f.name = name }

func (f *fakePG) Spec() payment.DriverSpec {
	return payment.DriverSpec{Name: f.name, SharesIDs: f.name == portonev1.Name}
}

func (f *fakePG) Prepare(context.Context, adapters.PrepareRequest) (payment.Window, error) {
	return payment.Window{}, nil
}

func (f *fakePG) Approve(_ context.Context, r adapters.ApproveRequest) (adapters.Result, error) {
	return f.approve(f.count("approve"), r)
}

func (f *fakePG) LookUp(_ context.Context, r adapters.LookUpRequest) (adapters.Result, error) {
	if f.lookUp == nil {
		f.count("lookup")
		return adapters.Result{}, adapters.ErrUnavailable
	}
	return f.lookUp(f.count("lookup"), r)
}

func (f *fakePG) Cancel(_ context.Context, r adapters.CancelRequest) (adapters.Result, error) {
	// The bounds that every driver keeps.
	if r.Amount <= 0 || r.Amount > r.Remaining || r.Remaining > r.Attempt.Amount || r.TaxFree > r.Amount {
		return adapters.Result{}, adapters.ErrRejected
	}
	if f.cancel == nil {
		f.count("cancel")
		return adapters.Result{Outcome: payment.OutcomeCancelled}, nil
	}
	return f.cancel(f.count("cancel"), r)
}

// netCanceller is a fakePG that can net cancel, as Inicis can.
type netCanceller struct {
	fakePG
	netCancel func(n int, r adapters.ApproveRequest) (adapters.Result, error)
}

func (f *netCanceller) NetCancel(_ context.Context, r adapters.ApproveRequest) (adapters.Result, error) {
	if f.netCancel == nil {
		f.count("net_cancel")
		return adapters.Result{Outcome: payment.OutcomeCancelled}, nil
	}
	return f.netCancel(f.count("net_cancel"), r)
}

// plainSeal is a seal that a test can look through.
type plainSeal struct{}

func (plainSeal) Seal(_ lifecycle.SealName, b []byte) ([]byte, error) { return b, nil }

func (plainSeal) Print(parts ...string) string { return fmt.Sprint(parts) }

func (plainSeal) Open(_ lifecycle.SealName, b []byte) ([]byte, error) { return b, nil }

type quiet struct{}

func (quiet) Concluded(context.Context, payment.Attempt)                                   {}
func (quiet) Upstream(payment.PGID, payment.Operation, payment.CallOutcome, time.Duration) {}

// house is a machine on a real journal with a scripted PG, shop and clock.
type house struct {
	t       *testing.T
	journal *journal.Journal
	machine *lifecycle.Machine
	mu      sync.Mutex
	now     time.Time
	// runs is since when the clock runs by itself, too; zero when it only does as it is told.
	runs   time.Time
	shop   func(payment.Attempt) lifecycle.Answer
	asked  int
	manual bool
	park   bool
	// gone takes the merchant out of the rules; purpose is what attempts are for.
	gone    bool
	purpose payment.Purpose
	method  payment.Method // card when it is empty
	// exit is the machine's way out to the PG; nil lets out all.
	exit lifecycle.Exit
}

func (h *house) clock() time.Time {
	h.mu.Lock()
	defer h.mu.Unlock()
	if !h.runs.IsZero() {
		return h.now.Add(time.Since(h.runs))
	}
	return h.now
}

func (h *house) pass(d time.Duration) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.now = h.now.Add(d)
}

func (h *house) Confirm(_ context.Context, a payment.Attempt) lifecycle.Answer {
	h.mu.Lock()
	h.asked++
	h.mu.Unlock()
	return h.shop(a)
}

func open(t *testing.T, driver adapters.Driver) *house {
	t.Helper()
	return openAs(t, "fake", driver)
}

// openAs is open for attempts of another driver's name.
func openAs(t *testing.T, name payment.DriverName, driver adapters.Driver) *house {
	t.Helper()
	h := &house{t: t, now: time.Date(2026, 12, 1, 3, 0, 0, 0, time.UTC)}
	h.shop = func(payment.Attempt) lifecycle.Answer { return lifecycle.Answer{Yes: true} }
	file := filepath.Join(t.TempDir(), "j.db")
	journaltest.Blank(t, file)
	j, err := journal.Open(t.Context(), journal.Config{Driver: journal.DriverSQLite, Path: file, Now: h.clock})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := j.Close(); err != nil {
			t.Error(err)
		}
	})
	h.journal = j
	if fake, ok := driver.(interface{ named(name payment.DriverName) }); ok {
		fake.named(name)
	}
	pg := &payment.PG{ID: "pg", Driver: name, ApproveTimeout: time.Second, ReadTimeout: time.Second}
	m := &payment.Merchant{ID: "m", PG: "pg", MID: "MID", Mode: payment.ModeTest}
	h.machine = lifecycle.New(lifecycle.Options{
		Journal: j, Drivers: map[payment.DriverName]adapters.Driver{name: driver},
		Account: func(payment.Attempt) (adapters.Account, error) {
			if h.gone {
				return adapters.Account{}, errors.New("no such merchant")
			}
			return adapters.Account{PG: pg, Merchant: m}, nil
		},
		Shop: h, Sealer: plainSeal{}, Observer: quiet{}, Log: slog.New(slog.DiscardHandler), Now: h.clock, Wake: func() {},
		ParkUnmatched: func() bool { return h.park },
		Exit: func(pg payment.PGID, operation payment.Operation) (func(payment.CallOutcome), error) {
			if h.exit != nil {
				return h.exit(pg, operation)
			}
			return func(payment.CallOutcome) {}, nil
		},
	})
	return h
}

func (h *house) attempt(id string) payment.Attempt {
	return payment.Attempt{
		ID: payment.AttemptID(id), OrderID: "ORDER-1", PG: "pg", Driver: "fake", Merchant: "m", MID: "MID", Method: cmp.Or(h.method, "card"),
		Amount: 50000, OrderAmount: 50000, Currency: "KRW", Test: true, CreatedAt: h.clock(), ExpiresAt: h.clock().Add(30 * time.Minute),
		State: payment.StateOpened, NextCheck: h.clock().Add(2 * time.Minute), ManualConfirm: h.manual, Purpose: h.purpose,
	}
}

func (h *house) proof(token string) adapters.Proof {
	return adapters.Proof{AuthToken: payment.Secret(token), IDC: "stg", AuthenticatedAt: h.clock()}
}

func (h *house) state(id string) payment.Attempt {
	h.t.Helper()
	a, _, err := h.journal.Attempt(h.t.Context(), payment.AttemptID(id))
	if err != nil {
		h.t.Fatal(err)
	}
	return a
}

func (h *house) messages() []string {
	h.t.Helper()
	list, err := h.journal.OutboxDue(h.t.Context(), journal.OutboxLane{}, h.clock().Add(time.Hour), 100, time.Minute)
	if err != nil {
		h.t.Fatal(err)
	}
	var types []string
	for _, m := range list {
		types = append(types, m.Type)
	}
	return types
}

func approvedAs(id string, amount payment.Won) adapters.Result {
	return adapters.Result{
		Outcome: payment.OutcomeApproved, PGTxID: "TX-" + id, OrderRef: payment.AttemptID(id), MID: "MID",
		Amount: amount, Currency: "KRW", Test: true, TestKnown: true, Method: "card", Silent: adapters.FactTaxes,
	}
}

func TestAuthenticated(t *testing.T) {
	t.Parallel()
	ok := func(int, adapters.ApproveRequest) (adapters.Result, error) { return approvedAs("A1", 50000), nil }
	fails := func(err error) func(int, adapters.ApproveRequest) (adapters.Result, error) {
		return func(int, adapters.ApproveRequest) (adapters.Result, error) { return adapters.Result{}, err }
	}
	tests := []struct {
		name      string
		approve   func(int, adapters.ApproveRequest) (adapters.Result, error)
		netCancel func(int, adapters.ApproveRequest) (adapters.Result, error)
		shop      lifecycle.Answer
		want      payment.State
		reason    payment.Reason
		sequence  string
		messages  string
	}{
		{"an approval is told to the shop", ok, nil, lifecycle.Answer{Yes: true}, payment.StateApproved, "approved", "approve", "payment.confirmed"},
		{"the shop's no sends nothing", ok, nil, lifecycle.Answer{Reason: "shop_refused"}, payment.StateRefused, "shop_refused", "", ""},
		{"the shop's silence sends nothing", ok, nil, lifecycle.Answer{Reason: "shop_silent"}, payment.StateRefused, "shop_silent", "", ""},
		{
			"a decline ends it", func(int, adapters.ApproveRequest) (adapters.Result, error) {
				return adapters.Result{Outcome: payment.OutcomeDeclined}, nil
			}, nil,
			lifecycle.Answer{Yes: true},
			payment.StateDeclined, "declined_by_pg", "approve", "payment.failed",
		},
		{"a request that never left ends it", fails(adapters.ErrUnavailable), nil, lifecycle.Answer{Yes: true}, payment.StateDeclined, "pg_unreachable", "approve", "payment.failed"},
		{"a rejected request ends it", fails(adapters.ErrRejected), nil, lifecycle.Answer{Yes: true}, payment.StateDeclined, "rejected_by_pg", "approve", "payment.failed"},
		{"a lost answer is undone by net cancel", fails(adapters.ErrUnknownOutcome), nil, lifecycle.Answer{Yes: true}, payment.StateCancelled, "approval_answer_lost", "approve net_cancel", "payment.failed"},
		{"an error of no known kind counts as lost", fails(errors.New("odd")), nil, lifecycle.Answer{Yes: true}, payment.StateCancelled, "approval_answer_lost", "approve net_cancel", "payment.failed"},
		{
			"an unconfirmed net cancel stays open", fails(adapters.ErrUnknownOutcome),
			func(int, adapters.ApproveRequest) (adapters.Result, error) {
				return adapters.Result{}, adapters.ErrUnknownOutcome
			},
			lifecycle.Answer{Yes: true},
			payment.StateCancelling, "approval_answer_lost", "approve net_cancel", "",
		},
		{
			"another amount is undone", func(int, adapters.ApproveRequest) (adapters.Result, error) { return approvedAs("A1", 49999), nil }, nil,
			lifecycle.Answer{Yes: true},
			payment.StateCancelled, "mismatch_amount", "approve net_cancel", "payment.failed",
		},
		{
			"another order reference is undone", func(int, adapters.ApproveRequest) (adapters.Result, error) { return approvedAs("A9", 50000), nil }, nil,
			lifecycle.Answer{Yes: true},
			payment.StateCancelled, "mismatch_order_ref", "approve net_cancel", "payment.failed",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			pg := &netCanceller{fakePG: fakePG{approve: tt.approve}, netCancel: tt.netCancel}
			h := open(t, pg)
			h.shop = func(payment.Attempt) lifecycle.Answer { return tt.shop }
			res, err := h.machine.Authenticated(t.Context(), h.attempt("A1"), h.proof("token"))
			if err != nil {
				t.Fatal(err)
			}
			a := h.state("A1")
			if a.State != tt.want || res.Attempt.State != tt.want || a.Reason != tt.reason {
				t.Errorf("state %s (%s), result %s; want %s (%s)", a.State, a.Reason, res.Attempt.State, tt.want, tt.reason)
			}
			if got := join(pg.sequence); got != tt.sequence {
				t.Errorf("sent %q, want %q", got, tt.sequence)
			}
			if got := join(h.messages()); got != tt.messages {
				t.Errorf("messages %q, want %q", got, tt.messages)
			}
		})
	}
}

// TestAnApprovalThatIsKeptBackIsNotSent: nothing was sent, so the attempt ends at once and there is nothing to undo.
func TestAnApprovalThatIsKeptBackIsNotSent(t *testing.T) {
	t.Parallel()
	pg := &netCanceller{fakePG: fakePG{approve: func(int, adapters.ApproveRequest) (adapters.Result, error) {
		return approvedAs("A1", 50000), nil
	}}}
	h := open(t, pg)
	h.exit = func(payment.PGID, payment.Operation) (func(payment.CallOutcome), error) {
		return nil, adapters.ErrUnavailable
	}
	res, err := h.machine.Authenticated(t.Context(), h.attempt("A1"), h.proof("token"))
	if err != nil {
		t.Fatal(err)
	}
	if a := h.state("A1"); a.State != payment.StateDeclined || a.Reason != payment.ReasonNotSent {
		t.Errorf("state %s (%s), result %s", a.State, a.Reason, res.Status())
	}
	if got := join(pg.sequence); got != "" {
		t.Errorf("sent %q", got)
	}
	if got := join(h.messages()); got != "payment.failed" {
		t.Errorf("messages %q", got)
	}
}

// TestTheWayOutHearsWhatCameOfEachRequest: of declines too, and of what moves money back.
func TestTheWayOutHearsWhatCameOfEachRequest(t *testing.T) {
	t.Parallel()
	pg := &netCanceller{
		fakePG: fakePG{
			approve: func(int, adapters.ApproveRequest) (adapters.Result, error) {
				return adapters.Result{}, adapters.ErrUnknownOutcome
			},
		},
		netCancel: func(int, adapters.ApproveRequest) (adapters.Result, error) {
			return adapters.Result{Outcome: payment.OutcomeDeclined}, nil
		},
	}
	h := open(t, pg)
	var out, came []string
	h.exit = func(_ payment.PGID, operation payment.Operation) (func(payment.CallOutcome), error) {
		out = append(out, string(operation))
		return func(o payment.CallOutcome) { came = append(came, string(operation)+":"+string(o)) }, nil
	}
	if _, err := h.machine.Authenticated(t.Context(), h.attempt("A1"), h.proof("token")); err != nil {
		t.Fatal(err)
	}
	if got := join(out); got != "approve net_cancel" {
		t.Errorf("let out %q", got)
	}
	if got := join(came); got != "approve:unknown net_cancel:declined" {
		t.Errorf("heard %q", got)
	}
}

func join(s []string) string {
	var out string
	for i, x := range s {
		if i > 0 {
			out += " "
		}
		out += x
	}
	return out
}

func TestAReturnIsApprovedOnce(t *testing.T) {
	t.Parallel()
	pg := &netCanceller{fakePG: fakePG{approve: func(int, adapters.ApproveRequest) (adapters.Result, error) {
		time.Sleep(30 * time.Millisecond)
		return approvedAs("A1", 50000), nil
	}}}
	h := open(t, pg)
	var wg sync.WaitGroup
	for range 16 {
		wg.Go(func() {
			res, err := h.machine.Authenticated(context.Background(), h.attempt("A1"), h.proof("token"))
			if err != nil || res.Status() != "approved" {
				t.Errorf("got %s, %v; every trigger must see the one result", res.Status(), err)
			}
		})
	}
	wg.Wait()
	if pg.calls["approve"] != 1 {
		t.Errorf("approved %d times", pg.calls["approve"])
	}
	if got := join(h.messages()); got != "payment.confirmed" {
		t.Errorf("messages %q", got)
	}
}

func TestOneWinnerPerOrder(t *testing.T) {
	t.Parallel()
	pg := &netCanceller{fakePG: fakePG{approve: func(_ int, r adapters.ApproveRequest) (adapters.Result, error) {
		return approvedAs(string(r.Attempt.ID), 50000), nil
	}}}
	h := open(t, pg)
	if _, err := h.machine.Authenticated(t.Context(), h.attempt("A1"), h.proof("one")); err != nil {
		t.Fatal(err)
	}
	_, err := h.machine.Authenticated(t.Context(), h.attempt("A2"), h.proof("two"))
	if p, ok := payment.AsProblem(err); !ok || p.Code != payment.CodeOrderAlreadyPaid {
		t.Fatalf("the second attempt got %v, want ORDER_ALREADY_PAID", err)
	}
	if pg.calls["approve"] != 1 {
		t.Errorf("approved %d times", pg.calls["approve"])
	}
}

func TestAnUnknownBlocksTheOrder(t *testing.T) {
	t.Parallel()
	pg := &fakePG{approve: func(int, adapters.ApproveRequest) (adapters.Result, error) {
		return adapters.Result{}, adapters.ErrUnknownOutcome
	}}
	h := open(t, pg)
	res, err := h.machine.Authenticated(t.Context(), h.attempt("A1"), h.proof("one"))
	if err != nil || res.Attempt.State != payment.StateUnknown {
		t.Fatalf("got %s, %v; want unknown", res.Attempt.State, err)
	}
	if h.state("A1").NextCheck.IsZero() {
		t.Error("an unknown without a next check is forgotten")
	}
	_, err = h.machine.Authenticated(t.Context(), h.attempt("A2"), h.proof("two"))
	if p, ok := payment.AsProblem(err); !ok || p.Code != payment.CodePaymentUnknown {
		t.Fatalf("got %v, want PAYMENT_UNKNOWN", err)
	}
	if pg.calls["approve"] != 1 {
		t.Errorf("approved %d times", pg.calls["approve"])
	}
}

func TestATokenUsedByAnotherAttemptIsAReplay(t *testing.T) {
	t.Parallel()
	pg := &netCanceller{fakePG: fakePG{approve: func(int, adapters.ApproveRequest) (adapters.Result, error) {
		return adapters.Result{Outcome: payment.OutcomeDeclined}, nil
	}}}
	h := open(t, pg)
	if _, err := h.machine.Authenticated(t.Context(), h.attempt("A1"), h.proof("one")); err != nil {
		t.Fatal(err)
	}
	_, err := h.machine.Authenticated(t.Context(), h.attempt("A2"), h.proof("one"))
	if p, ok := payment.AsProblem(err); !ok || p.Code != payment.CodeReturnReplayed {
		t.Fatalf("got %v, want RETURN_REPLAYED", err)
	}
	if pg.calls["approve"] != 1 {
		t.Errorf("approved %d times", pg.calls["approve"])
	}
}

func TestComplete(t *testing.T) {
	t.Parallel()
	says := func(r adapters.Result) func(int, adapters.LookUpRequest) (adapters.Result, error) {
		return func(int, adapters.LookUpRequest) (adapters.Result, error) { return r, nil }
	}
	wrong := approvedAs("A1", 100)
	live := approvedAs("A1", 50000)
	live.Test = false
	tests := []struct {
		name     string
		lookUp   func(int, adapters.LookUpRequest) (adapters.Result, error)
		shop     lifecycle.Answer
		want     payment.State
		status   string
		sequence string
		messages string
	}{
		{"a charge that is right is confirmed", says(approvedAs("A1", 50000)), lifecycle.Answer{Yes: true}, payment.StateApproved, "approved", "lookup", "payment.confirmed"},
		{"the shop's no gives the money back", says(approvedAs("A1", 50000)), lifecycle.Answer{Reason: "shop_refused"}, payment.StateCancelled, "cancelled", "lookup cancel", "payment.failed"},
		{"a wrong amount is given back", says(wrong), lifecycle.Answer{Yes: true}, payment.StateCancelled, "cancelled", "lookup cancel", ""},
		{"a live charge of a test merchant is given back", says(live), lifecycle.Answer{Yes: true}, payment.StateCancelled, "cancelled", "lookup cancel", ""},
		{"a decline leaves it open", says(adapters.Result{Outcome: payment.OutcomeDeclined}), lifecycle.Answer{Yes: true}, payment.StateOpened, "declined", "lookup", ""},
		{"nothing yet leaves it open", says(adapters.Result{Outcome: payment.OutcomePending}), lifecycle.Answer{Yes: true}, payment.StateOpened, "pending", "lookup", ""},
		{"not found leaves it open", says(adapters.Result{Outcome: payment.OutcomeNotFound}), lifecycle.Answer{Yes: true}, payment.StateOpened, "pending", "lookup", ""},
		{"an unreachable PG leaves it open", nil, lifecycle.Answer{Yes: true}, payment.StateOpened, "pending", "lookup", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			pg := &fakePG{lookUp: tt.lookUp}
			h := open(t, pg)
			h.shop = func(payment.Attempt) lifecycle.Answer { return tt.shop }
			a := h.attempt("A1")
			if err := h.journal.Insert(t.Context(), a, journal.Event{Kind: "opened"}); err != nil {
				t.Fatal(err)
			}
			res, err := h.machine.Complete(t.Context(), "A1", adapters.Proof{PGTxID: "imp_1"})
			if err != nil {
				t.Fatal(err)
			}
			if got := h.state("A1").State; got != tt.want || res.Status() != tt.status {
				t.Errorf("state %s, status %s; want %s, %s", got, res.Status(), tt.want, tt.status)
			}
			if got := join(pg.sequence); got != tt.sequence {
				t.Errorf("sent %q, want %q", got, tt.sequence)
			}
			if got := join(h.messages()); got != tt.messages {
				t.Errorf("messages %q, want %q", got, tt.messages)
			}
		})
	}
}

func TestTheSecondChargeOfAnOrderIsGivenBack(t *testing.T) {
	t.Parallel()
	pg := &fakePG{lookUp: func(_ int, r adapters.LookUpRequest) (adapters.Result, error) {
		return approvedAs(string(r.Attempt.ID), 50000), nil
	}}
	h := open(t, pg)
	for _, id := range []string{"A1", "A2"} {
		if err := h.journal.Insert(t.Context(), h.attempt(id), journal.Event{Kind: "opened"}); err != nil {
			t.Fatal(err)
		}
	}
	for _, id := range []payment.AttemptID{"A1", "A2"} {
		if _, err := h.machine.Complete(t.Context(), id, adapters.Proof{}); err != nil {
			t.Fatal(err)
		}
	}
	if a, b := h.state("A1").State, h.state("A2").State; a != payment.StateApproved || b != payment.StateCancelled {
		t.Errorf("got %s and %s, want approved and cancelled", a, b)
	}
}

// TestResume takes up what a crash left in each state.
func TestResume(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name     string
		state    payment.State
		reason   payment.Reason
		net      bool
		lookUp   payment.Outcome
		want     payment.State
		sequence string
	}{
		{"claimed: nothing was sent", payment.StateClaimed, "", true, "", payment.StateRefused, ""},
		{"approving at Inicis: net cancel first", payment.StateApproving, "", true, "", payment.StateCancelled, "net_cancel"},
		{"approving at PortOne: look first", payment.StateApproving, "", false, payment.OutcomeApproved, payment.StateApproved, "lookup"},
		{"approving at PortOne, declined", payment.StateApproving, "", false, payment.OutcomeDeclined, payment.StateDeclined, "lookup"},
		{"approving at PortOne, silence", payment.StateApproving, "", false, "", payment.StateUnknown, "lookup"},
		{"captured: look, and ask the shop", payment.StateCaptured, "", false, payment.OutcomeApproved, payment.StateApproved, "lookup"},
		{"captured, and given back since", payment.StateCaptured, "", false, payment.OutcomeCancelled, payment.StateCancelled, "lookup"},
		{"captured, and the PG is silent", payment.StateCaptured, "", false, "", payment.StateCaptured, "lookup"},
		{"cancelling, still charged: cancel", payment.StateCancelling, "shop_refused", false, payment.OutcomeApproved, payment.StateCancelled, "lookup cancel"},
		{"cancelling, already back", payment.StateCancelling, "shop_refused", false, payment.OutcomeCancelled, payment.StateCancelled, "lookup"},
		{"unknown, silence: stays", payment.StateUnknown, payment.ReasonLost, false, "", payment.StateUnknown, "lookup"},
		{"unknown, not found once: stays", payment.StateUnknown, payment.ReasonLost, false, payment.OutcomeNotFound, payment.StateUnknown, "lookup"},
		{"unknown at PortOne, charged: it stands", payment.StateUnknown, payment.ReasonLost, false, payment.OutcomeApproved, payment.StateApproved, "lookup"},
		{"unknown at Inicis, charged: refund", payment.StateUnknown, payment.ReasonLost, true, payment.OutcomeApproved, payment.StateCancelled, "lookup cancel"},
		{"unknown at Inicis, silence: net cancel again", payment.StateUnknown, payment.ReasonLost, true, "", payment.StateCancelled, "lookup net_cancel"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			lookUpResult := func(int, adapters.LookUpRequest) (adapters.Result, error) {
				if tt.lookUp == "" {
					return adapters.Result{}, adapters.ErrUnavailable
				}
				r := approvedAs("A1", 50000)
				r.Outcome = tt.lookUp
				return r, nil
			}
			pg := &netCanceller{fakePG: fakePG{lookUp: lookUpResult}}
			var driver adapters.Driver = pg
			if !tt.net {
				driver = &pg.fakePG
			}
			h := open(t, driver)
			h.leave(tt.state, tt.reason)
			if _, err := h.machine.Resume(t.Context(), "A1"); err != nil {
				t.Fatal(err)
			}
			if got := h.state("A1"); got.State != tt.want {
				t.Errorf("state %s (%s), want %s", got.State, got.Reason, tt.want)
			} else if !got.State.Final() && got.NextCheck.IsZero() {
				t.Error("an open attempt without a next check is forgotten")
			}
			if got := join(pg.sequence); got != tt.sequence {
				t.Errorf("sent %q, want %q", got, tt.sequence)
			}
		})
	}
}

// leave puts an attempt into a state as a process that died there would have.
func (h *house) leave(state payment.State, reason payment.Reason) {
	h.t.Helper()
	ctx := h.t.Context()
	first, tx := payment.StateClaimed, ""
	if state == payment.StateCaptured {
		first, tx = payment.StateCaptured, "TX-A1"
	}
	sealed := []byte(`{"t":"token","i":"stg","a":` + itoa(h.clock().UnixMilli()) + `}`)
	if err := h.journal.Claim(ctx, h.attempt("A1"), journal.Claim{To: first, PGTxID: tx, ProofHash: "h", SealedProof: sealed, Event: journal.Event{Kind: "test"}, NextCheck: h.clock()}); err != nil {
		h.t.Fatal(err)
	}
	move := func(from, to payment.State) {
		if _, err := h.journal.Move(ctx, journal.Transition{ID: "A1", From: []payment.State{from}, To: to, Reason: reason, NextCheck: h.clock(), Event: journal.Event{Kind: "test"}}); err != nil {
			h.t.Fatal(err)
		}
	}
	if state != payment.StateClaimed && state != payment.StateCaptured {
		move(payment.StateClaimed, payment.StateApproving)
		if state != payment.StateApproving {
			move(payment.StateApproving, state)
		}
	}
}

func itoa(n int64) string { return payment.Won(n).String() }

func TestAbsenceCountsOnlyAfterTheGracePeriod(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		says   payment.Outcome
		manual bool
		grace  time.Duration
	}{
		{"the PG knows of no such payment", payment.OutcomeNotFound, false, time.Hour},
		{"the PG waits for a confirmation that was never sent", payment.OutcomePending, true, time.Hour},
		{"the PG waits for a buyer whose page is open", payment.OutcomePending, false, 25 * time.Hour},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			pg := &fakePG{lookUp: func(int, adapters.LookUpRequest) (adapters.Result, error) {
				return adapters.Result{Outcome: tt.says}, nil
			}}
			h := open(t, pg)
			h.manual = tt.manual
			h.leave(payment.StateUnknown, payment.ReasonLost)
			lookUpResult := func(want payment.State, when string) {
				t.Helper()
				if _, err := h.machine.Resume(t.Context(), "A1"); err != nil {
					t.Fatal(err)
				}
				if got := h.state("A1").State; got != want {
					t.Fatalf("state %s %s, want %s", got, when, want)
				}
			}
			for range 5 {
				lookUpResult(payment.StateUnknown, "before the grace period is over")
			}
			h.pass(tt.grace - 50*time.Minute)
			lookUpResult(payment.StateUnknown, "shortly before the grace period is over")
			h.pass(50 * time.Minute)
			lookUpResult(payment.StateDeclined, "after it")
			if pg.calls["approve"]+pg.calls["cancel"] > 0 {
				t.Errorf("sent %v, want look-ups only", pg.sequence)
			}
		})
	}
}

// A cancel that the PG takes and does later is not sent again while it is pending there.
func TestAPendingUndoIsNotSentAgain(t *testing.T) {
	t.Parallel()
	var given, later payment.Won
	pg := &fakePG{}
	pg.approve = func(int, adapters.ApproveRequest) (adapters.Result, error) { return approvedAs("A1", 49999), nil }
	pg.cancel = func(int, adapters.CancelRequest) (adapters.Result, error) {
		later = 49999
		return adapters.Result{Outcome: payment.OutcomePending, OrderRef: "A1"}, nil
	}
	pg.lookUp = func(int, adapters.LookUpRequest) (adapters.Result, error) {
		r := approvedAs("A1", 49999)
		r.Cancelled, r.CancelPending = given, later
		if given == r.Amount {
			r.Outcome = payment.OutcomeCancelled
		}
		return r, nil
	}
	h := open(t, pg)
	if _, err := h.machine.Authenticated(t.Context(), h.attempt("A1"), h.proof("token")); err != nil {
		t.Fatal(err)
	}
	lookUpResult := func() {
		h.pass(2 * time.Hour)
		if _, err := h.machine.Resume(t.Context(), "A1"); err != nil {
			t.Fatal(err)
		}
	}
	for range 3 {
		lookUpResult()
	}
	if a := h.state("A1"); a.State != payment.StateCancelling || pg.calls["cancel"] != 1 {
		t.Errorf("%s after %d cancels", a.State, pg.calls["cancel"])
	}
	given, later = 49999, 0
	lookUpResult()
	if a := h.state("A1"); a.State != payment.StateCancelled || pg.calls["cancel"] != 1 {
		t.Errorf("%s after %d cancels", a.State, pg.calls["cancel"])
	}
}

// One look is not enough, however late it is.
func TestAbsenceSeenOnceIsNoProof(t *testing.T) {
	t.Parallel()
	pg := &fakePG{lookUp: func(int, adapters.LookUpRequest) (adapters.Result, error) {
		return adapters.Result{Outcome: payment.OutcomeNotFound}, nil
	}}
	h := open(t, pg)
	h.leave(payment.StateUnknown, payment.ReasonLost)
	h.pass(48 * time.Hour)
	if _, err := h.machine.Resume(t.Context(), "A1"); err != nil {
		t.Fatal(err)
	}
	if got := h.state("A1").State; got != payment.StateUnknown {
		t.Fatalf("state %s after one look-up", got)
	}
}

func TestAnAttemptNobodyPaidExpiresAfterADay(t *testing.T) {
	t.Parallel()
	pg := &fakePG{lookUp: func(int, adapters.LookUpRequest) (adapters.Result, error) {
		return adapters.Result{Outcome: payment.OutcomePending}, nil
	}}
	h := open(t, pg)
	if err := h.journal.Insert(t.Context(), h.attempt("A1"), journal.Event{Kind: "opened"}); err != nil {
		t.Fatal(err)
	}
	h.pass(2 * time.Hour)
	if _, err := h.machine.Resume(t.Context(), "A1"); err != nil {
		t.Fatal(err)
	}
	if got := h.state("A1").State; got != payment.StateOpened {
		t.Fatalf("state %s after two hours, want opened: the page may still be paid", got)
	}
	h.pass(24 * time.Hour)
	if _, err := h.machine.Resume(t.Context(), "A1"); err != nil {
		t.Fatal(err)
	}
	if got := h.state("A1").State; got != payment.StateExpired {
		t.Fatalf("state %s after a day, want expired", got)
	}
}

// A window that nobody comes back from costs about a dozen looks in its day, and a row or two.
func TestAnAbandonedWindowIsLookedAtSeldom(t *testing.T) {
	t.Parallel()
	looks := 0
	pg := &fakePG{lookUp: func(int, adapters.LookUpRequest) (adapters.Result, error) {
		looks++
		return adapters.Result{Outcome: payment.OutcomePending}, nil
	}}
	h := open(t, pg)
	if err := h.journal.Insert(t.Context(), h.attempt("A1"), journal.Event{Kind: "opened"}); err != nil {
		t.Fatal(err)
	}
	for !h.state("A1").State.Final() {
		h.pass(h.state("A1").NextCheck.Sub(h.clock()))
		if _, err := h.machine.Resume(t.Context(), "A1"); err != nil {
			t.Fatal(err)
		}
	}
	a := h.state("A1")
	if looks < 8 || looks > 15 {
		t.Errorf("%d looks", looks)
	}
	if late := h.clock().Sub(a.ExpiresAt); late < 24*time.Hour || late > 24*time.Hour+time.Minute {
		t.Errorf("it ended %s after its window had expired", late)
	}
	events, err := h.journal.Events(t.Context(), "A1")
	if err != nil || len(events) != 3 || events[1].Times != looks-1 {
		t.Errorf("%d rows %+v, %v", len(events), events, err)
	}
}

// Whoever asks about an attempt, and however often: equal answers add no rows.
func TestRepeatedLookUpsAddNoRows(t *testing.T) {
	t.Parallel()
	pending := approvedAs("A1", 50000)
	pending.Outcome = payment.OutcomePending
	h, _ := asked(t, &fakePG{lookUp: says(pending, nil)})
	for range 100 {
		if _, err := h.machine.Complete(t.Context(), "A1", adapters.Proof{PGTxID: "TX-A1"}); err != nil {
			t.Fatal(err)
		}
	}
	events, err := h.journal.Events(t.Context(), "A1")
	if err != nil || len(events) != 2 || events[1].Times != 100 {
		t.Errorf("%d rows, the last %+v, %v", len(events), events[len(events)-1], err)
	}
}

// What an outage left behind and came due at once does not come due in one second again.
func TestWhatCameDueAtOnceIsSpread(t *testing.T) {
	t.Parallel()
	const ids = 10_000
	for checks, d := range map[int]time.Duration{0: 30 * time.Second, 1: time.Minute, 4: 8 * time.Minute, 9: time.Hour, 30: time.Hour} {
		seconds := map[int64]int{}
		for n := range ids {
			seconds[int64(lifecycle.Backoff(payment.AttemptID(fmt.Sprintf("0193e5a0c1d27f3e8a%014d", n)), checks)/time.Second)]++
		}
		most := 0
		for _, n := range seconds {
			most = max(most, n)
		}
		if spread := int(d / time.Second * 2 / 5); len(seconds) < min(spread, ids)*9/10 || most > 2*ids/spread+20 {
			t.Errorf("after %d looks %d come due in one second of %d", checks, most, len(seconds))
		}
	}
}

// An attempt whose merchant is gone from the rules does not come up at every turn of the sweep.
func TestAnAttemptOfAMerchantThatIsGoneIsPutOff(t *testing.T) {
	t.Parallel()
	h := open(t, &fakePG{})
	a := h.attempt("A1")
	a.Driver = "gone"
	if err := h.journal.Insert(t.Context(), a, journal.Event{Kind: "opened"}); err != nil {
		t.Fatal(err)
	}
	h.pass(2 * time.Minute)
	until := h.lease()
	if _, err := h.machine.ResumeLeased(t.Context(), "A1", until); err == nil {
		t.Fatal("no driver is no error")
	}
	if got := h.state("A1"); got.Checks != 1 || got.NextCheck.Before(h.clock().Add(30*time.Second)) {
		t.Errorf("next check %s, %d checks", got.NextCheck, got.Checks)
	}
}
