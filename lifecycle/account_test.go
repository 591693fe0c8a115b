package lifecycle_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/pg-gateway/pg-gateway/adapters"
	"github.com/pg-gateway/pg-gateway/journal"
	"github.com/pg-gateway/pg-gateway/lifecycle"
	"github.com/pg-gateway/pg-gateway/payment"
)

// bank is a fakePG that issues virtual accounts.
type bank struct {
	fakePG
	closing func(n int) (adapters.Result, error)
}

func (b *bank) CloseAccount(context.Context, adapters.CancelRequest) (adapters.Result, error) {
	n := b.count("close")
	if b.closing == nil {
		return adapters.Result{Outcome: payment.OutcomeCancelled}, nil
	}
	return b.closing(n)
}

// issuedAs is the answer of a PG that opened an account for an attempt.
func issuedAs(id string, amount payment.Won) adapters.Result {
	r := approvedAs(id, amount)
	r.Outcome, r.Method = payment.OutcomeIssued, payment.MethodVBank
	r.Account = payment.VirtualAccount{Bank: "088", Number: "56211105948400", Holder: "상점"}
	return r
}

// depositedAs is the answer of a PG whose account was paid into.
func depositedAs(id string, amount payment.Won) adapters.Result {
	r := approvedAs(id, amount)
	r.Method = payment.MethodVBank
	return r
}

func (h *house) account(id string) payment.Attempt {
	a := h.attempt(id)
	a.Method, a.DepositDue = payment.MethodVBank, h.clock().Add(72*time.Hour)
	return a
}

// issue brings an attempt to where it waits for its deposit.
func (h *house) issue(pg *bank, id string) {
	h.t.Helper()
	pg.approve = func(int, adapters.ApproveRequest) (adapters.Result, error) { return issuedAs(id, 50000), nil }
	if _, err := h.machine.Authenticated(h.t.Context(), h.account(id), h.proof("token-"+id)); err != nil {
		h.t.Fatal(err)
	}
	if a := h.state(id); a.State != payment.StateIssued {
		h.t.Fatalf("state %s (%s), want issued", a.State, a.Reason)
	}
}

func TestAnIssuedAccountIsNotPaid(t *testing.T) {
	t.Parallel()
	pg := &bank{}
	h := open(t, pg)
	h.issue(pg, "A1")
	list, err := h.journal.OutboxDue(t.Context(), journal.OutboxLane{}, h.clock().Add(time.Hour), 10, time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	if len(list) != 1 || list[0].Type != payment.MessageIssued || !list[0].Sealed {
		t.Fatalf("messages %v, want one sealed %s", list, payment.MessageIssued)
	}
	m, err := lifecycle.OpenMessage(plainSeal{}, list[0])
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`"number":"56211105948400"`, `"bank":"088"`, `"due":"2026-12-04T12:00:00+09:00"`} {
		if !strings.Contains(string(m.Body), want) {
			t.Errorf("body %s lacks %s", m.Body, want)
		}
	}
	_, err = h.machine.Authenticated(t.Context(), h.attempt("A2"), h.proof("other"))
	if p, ok := payment.AsProblem(err); !ok || p.Code != payment.CodeOrderAwaitsDeposit {
		t.Errorf("a second attempt of the order: %v, want %s", err, payment.CodeOrderAwaitsDeposit)
	}
}

func TestAnAccountIsFollowedToItsEnd(t *testing.T) {
	t.Parallel()
	closed := adapters.Result{Outcome: payment.OutcomeCancelled}
	wrong := depositedAs("A1", 49000)
	tests := []struct {
		name     string
		passes   time.Duration
		lookUp   func(int, adapters.LookUpRequest) (adapters.Result, error)
		want     payment.State
		reason   payment.Reason
		messages string
	}{
		{"a deposit pays the order", time.Hour, says(depositedAs("A1", 50000), nil), payment.StateApproved, "approved", "virtual_account.deposited"},
		{"before the deadline it waits", 72 * time.Hour, says(issuedAs("A1", 50000), nil), payment.StateIssued, "account_issued", ""},
		{"within the grace period it waits", 72*time.Hour + 59*time.Minute, says(issuedAs("A1", 50000), nil), payment.StateIssued, "account_issued", ""},
		{"after that it has expired", 73*time.Hour + time.Second, says(issuedAs("A1", 50000), nil), payment.StateExpired, "deposit_deadline_passed", "payment.failed"},
		{"a deposit after the deadline still counts while it is open", 80 * time.Hour, says(depositedAs("A1", 50000), nil), payment.StateApproved, "approved", "virtual_account.deposited"},
		{"a PG that cannot be asked ends nothing", 90 * time.Hour, nil, payment.StateIssued, "account_issued", ""},
		{"a PG that knows of nothing ends nothing", 90 * time.Hour, says(adapters.Result{Outcome: payment.OutcomeNotFound}, nil), payment.StateIssued, "account_issued", ""},
		{"an account that the PG closed has ended", time.Hour, says(closed, nil), payment.StateCancelled, "cancelled_at_pg", "payment.failed"},
		{"a deposit of another amount is for a person", time.Hour, says(wrong, nil), payment.StateCancelling, "mismatch_amount", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			pg := &bank{closing: func(int) (adapters.Result, error) { return adapters.Result{Outcome: payment.OutcomeDeclined}, nil }}
			h := open(t, pg)
			h.issue(pg, "A1")
			h.drain()
			h.pass(tt.passes)
			pg.lookUp = tt.lookUp
			if _, err := h.machine.Resume(t.Context(), "A1"); err != nil {
				t.Fatal(err)
			}
			a := h.state("A1")
			if a.State != tt.want || a.Reason != tt.reason {
				t.Errorf("state %s (%s), want %s (%s)", a.State, a.Reason, tt.want, tt.reason)
			}
			if got := join(h.messages()); got != tt.messages {
				t.Errorf("messages %q, want %q", got, tt.messages)
			}
			if pg.calls["cancel"] != 0 {
				t.Error("money was sent back although nobody said where to")
			}
		})
	}
}

// drain has the shop acknowledge what it was told so far.
func (h *house) drain() {
	h.t.Helper()
	list, err := h.journal.OutboxDue(h.t.Context(), journal.OutboxLane{}, h.clock(), 100, time.Minute)
	if err != nil {
		h.t.Fatal(err)
	}
	for _, m := range list {
		if err := h.journal.OutboxDone(h.t.Context(), m.ID); err != nil {
			h.t.Fatal(err)
		}
	}
}

// Money in an account that must not stand is never sent anywhere by itself, however often the sweep looks.
func TestMoneyInAnAccountWaitsForAPerson(t *testing.T) {
	t.Parallel()
	pg := &bank{closing: func(int) (adapters.Result, error) { return adapters.Result{Outcome: payment.OutcomeDeclined}, nil }}
	h := open(t, pg)
	h.issue(pg, "A1")
	pg.lookUp = says(depositedAs("A1", 49000), nil)
	for range 5 {
		h.pass(2 * time.Hour)
		if _, err := h.machine.Resume(t.Context(), "A1"); err != nil {
			t.Fatal(err)
		}
	}
	if a := h.state("A1"); a.State != payment.StateCancelling || pg.calls["cancel"] != 0 || pg.calls["close"] > 1 {
		t.Errorf("state %s, calls %v", a.State, pg.calls)
	}
}

func TestTheShopClosesAnAccount(t *testing.T) {
	t.Parallel()
	refused := func(int) (adapters.Result, error) { return adapters.Result{Outcome: payment.OutcomeDeclined}, nil }
	lost := func(int) (adapters.Result, error) { return adapters.Result{}, adapters.ErrUnknownOutcome }
	tests := []struct {
		name    string
		lookUp  func(int, adapters.LookUpRequest) (adapters.Result, error)
		closing func(int) (adapters.Result, error)
		want    payment.State
		problem payment.Code
		closes  int
	}{
		{"an unpaid account is closed", says(issuedAs("A1", 50000), nil), nil, payment.StateCancelled, "", 1},
		{"one that was paid meanwhile is paid", says(depositedAs("A1", 50000), nil), nil, payment.StateApproved, "", 0},
		{"a PG that cannot be asked closes nothing", nil, nil, payment.StateIssued, payment.CodePGUnavailable, 0},
		{"a refused closing is looked up again", says(issuedAs("A1", 50000), nil), refused, payment.StateCancelling, "", 1},
		{"a lost answer is looked up again", says(issuedAs("A1", 50000), nil), lost, payment.StateCancelling, "", 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			pg := &bank{closing: tt.closing}
			h := open(t, pg)
			h.issue(pg, "A1")
			pg.lookUp = tt.lookUp
			_, err := h.machine.CloseAccount(t.Context(), "A1", payment.ReasonClosedByShop)
			p, _ := payment.AsProblem(err)
			if tt.problem == "" && err != nil || tt.problem != "" && (p == nil || p.Code != tt.problem) {
				t.Errorf("problem %v, want %q", err, tt.problem)
			}
			if a := h.state("A1"); a.State != tt.want || pg.calls["close"] != tt.closes {
				t.Errorf("state %s after %d closings, want %s after %d", a.State, pg.calls["close"], tt.want, tt.closes)
			}
		})
	}
}

// A PG may issue an account without asking us; the shop is asked then, and its no closes the account.
func TestAnAccountThatIsFound(t *testing.T) {
	t.Parallel()
	for _, yes := range []bool{true, false} {
		pg := &bank{}
		pg.lookUp = says(issuedAs("A1", 50000), nil)
		h := open(t, pg)
		h.shop = func(payment.Attempt) lifecycle.Answer {
			return lifecycle.Answer{Yes: yes, Reason: payment.ReasonShopRefused}
		}
		if err := h.journal.Insert(t.Context(), h.account("A1"), journal.Event{Kind: "opened"}); err != nil {
			t.Fatal(err)
		}
		if _, err := h.machine.Complete(t.Context(), "A1", adapters.Proof{}); err != nil {
			t.Fatal(err)
		}
		want, closes := payment.StateIssued, 0
		if !yes {
			want, closes = payment.StateCancelled, 1
		}
		if a := h.state("A1"); a.State != want || pg.calls["close"] != closes || h.asked != 1 {
			t.Errorf("yes %t: state %s (%s), %d closings, asked %d", yes, a.State, a.Reason, pg.calls["close"], h.asked)
		}
	}
}

// A buyer with two windows of one order opens two accounts. The second is closed while nobody has paid into it.
func TestAnOrderHasOneAccount(t *testing.T) {
	t.Parallel()
	pg := &bank{}
	pg.lookUp = func(_ int, r adapters.LookUpRequest) (adapters.Result, error) {
		return issuedAs(string(r.Attempt.ID), 50000), nil
	}
	h := open(t, pg)
	for _, id := range []string{"A1", "A2"} {
		if err := h.journal.Insert(t.Context(), h.account(id), journal.Event{Kind: "opened"}); err != nil {
			t.Fatal(err)
		}
		if _, err := h.machine.Complete(t.Context(), payment.AttemptID(id), adapters.Proof{}); err != nil {
			t.Fatal(err)
		}
	}
	if a, b := h.state("A1"), h.state("A2"); a.State != payment.StateIssued || b.State != payment.StateCancelled || b.Reason != payment.ReasonDuplicate || pg.calls["close"] != 1 {
		t.Errorf("%s and %s (%s), %d closed", a.State, b.State, b.Reason, pg.calls["close"])
	}
}

// A lost answer to the request for an account is undone as a lost approval is: the sweep closes what was opened.
func TestALostIssueIsClosed(t *testing.T) {
	t.Parallel()
	pg := &netCancellingBank{}
	pg.approve = func(int, adapters.ApproveRequest) (adapters.Result, error) {
		return adapters.Result{}, adapters.ErrUnknownOutcome
	}
	pg.lookUp = says(issuedAs("A1", 50000), nil)
	h := open(t, pg)
	if _, err := h.machine.Authenticated(t.Context(), h.account("A1"), h.proof("token")); err != nil {
		t.Fatal(err)
	}
	if a := h.state("A1"); a.State != payment.StateCancelling {
		t.Fatalf("state %s, want cancelling", a.State)
	}
	h.pass(time.Hour)
	if _, err := h.machine.Resume(t.Context(), "A1"); err != nil {
		t.Fatal(err)
	}
	if a := h.state("A1"); a.State != payment.StateCancelled || pg.calls["close"] != 1 || pg.calls["cancel"] != 0 {
		t.Errorf("state %s, calls %v", a.State, pg.calls)
	}
}

// netCancellingBank is a bank whose net cancel is never confirmed.
type netCancellingBank struct{ bank }

func (b *netCancellingBank) NetCancel(context.Context, adapters.ApproveRequest) (adapters.Result, error) {
	b.count("net_cancel")
	return adapters.Result{}, adapters.ErrUnknownOutcome
}

// What the PG opened must be what was decided; anything else is closed again.
func TestAWrongAccountIsClosed(t *testing.T) {
	t.Parallel()
	pg := &bank{}
	pg.approve = func(int, adapters.ApproveRequest) (adapters.Result, error) { return issuedAs("A1", 49000), nil }
	h := open(t, pg)
	if _, err := h.machine.Authenticated(t.Context(), h.account("A1"), h.proof("token")); err != nil {
		t.Fatal(err)
	}
	if a := h.state("A1"); a.State != payment.StateCancelled || a.Reason != "mismatch_amount" || pg.calls["close"] != 1 {
		t.Errorf("state %s (%s), calls %v", a.State, a.Reason, pg.calls)
	}
}

// A notice of another amount is put before a person once, as what the PG's inquiry makes of it.
func TestANoticeOfAnotherAmount(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name          string
		shows         adapters.Result
		want          payment.State
		err           error
		unmatchedList int
	}{
		{"the PG shows that amount", depositedAs("A1", 49000), payment.StateCancelling, nil, 1},
		{"the PG shows the right one", depositedAs("A1", 50000), payment.StateApproved, nil, 1},
		{"the PG shows nothing", issuedAs("A1", 50000), payment.StateIssued, lifecycle.ErrDepositNotSeen, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			pg := &bank{closing: func(int) (adapters.Result, error) { return adapters.Result{Outcome: payment.OutcomeDeclined}, nil }}
			h := open(t, pg)
			h.issue(pg, "A1")
			pg.lookUp = says(tt.shows, nil)
			for range 2 {
				word, err := h.machine.Deposited(t.Context(), h.journal, lifecycle.Deposit{ID: "A1", PG: "pg", MID: "MID", TID: "DEPOSIT", Amount: 49000})
				if !errors.Is(err, tt.err) || word.Unmatched != (tt.err == nil) {
					t.Fatalf("%+v, %v", word, err)
				}
			}
			list, err := h.journal.UnmatchedOpen(t.Context(), 10)
			if err != nil || len(list) != tt.unmatchedList || tt.unmatchedList > 0 && list[0].Won != 49000 {
				t.Errorf("unmatched payments %+v, %v", list, err)
			}
			if a := h.state("A1"); a.State != tt.want {
				t.Errorf("state %s, want %s", a.State, tt.want)
			}
		})
	}
}

// A PG that refuses to close an account is asked again, and needs no more asking once nobody can pay into it.
func TestAnAccountThatCannotBeClosed(t *testing.T) {
	t.Parallel()
	pg := &bank{closing: func(int) (adapters.Result, error) { return adapters.Result{Outcome: payment.OutcomeDeclined}, nil }}
	h := open(t, pg)
	h.issue(pg, "A1")
	pg.lookUp = says(issuedAs("A1", 50000), nil)
	if _, err := h.machine.CloseAccount(t.Context(), "A1", payment.ReasonClosedByShop); err != nil {
		t.Fatal(err)
	}
	h.pass(71 * time.Hour)
	if _, err := h.machine.Resume(t.Context(), "A1"); err != nil {
		t.Fatal(err)
	}
	if a := h.state("A1"); a.State != payment.StateCancelling || pg.calls["close"] != 2 {
		t.Fatalf("state %s after %d closings", a.State, pg.calls["close"])
	}
	h.pass(3 * time.Hour)
	if _, err := h.machine.Resume(t.Context(), "A1"); err != nil {
		t.Fatal(err)
	}
	if a := h.state("A1"); a.State != payment.StateCancelled || pg.calls["close"] != 2 {
		t.Errorf("state %s (%s) after %d closings", a.State, a.Reason, pg.calls["close"])
	}
}

// An account that shows up for an attempt that has ended is closed, or the PG must tell of it again.
func TestAnAccountOfAnEndedAttemptIsShut(t *testing.T) {
	t.Parallel()
	lost := func(int) (adapters.Result, error) { return adapters.Result{}, adapters.ErrUnknownOutcome }
	for name, closing := range map[string]func(int) (adapters.Result, error){"closed": nil, "not closed": lost} {
		pg := &bank{closing: closing}
		h := open(t, pg)
		if err := h.journal.Insert(t.Context(), h.account("A1"), journal.Event{Kind: "opened"}); err != nil {
			t.Fatal(err)
		}
		_, err := h.journal.Move(t.Context(), journal.Transition{ID: "A1", From: []payment.State{payment.StateOpened}, To: payment.StateRefused})
		if err != nil {
			t.Fatal(err)
		}
		pg.lookUp = says(issuedAs("A1", 50000), nil)
		_, err = h.machine.Notified(t.Context(), h.journal, lifecycle.Notification{ID: "A1"})
		if (err != nil) != (closing != nil) || pg.calls["close"] != 1 {
			t.Errorf("%s: %v after %d closings", name, err, pg.calls["close"])
		}
	}
}

// A card that was charged in another window while an account waits goes back at once.
func TestAChargeBesideAnAccountGoesBack(t *testing.T) {
	t.Parallel()
	pg := &bank{}
	h := open(t, pg)
	h.issue(pg, "A1")
	if err := h.journal.Insert(t.Context(), h.attempt("A2"), journal.Event{Kind: "opened"}); err != nil {
		t.Fatal(err)
	}
	pg.lookUp = says(approvedAs("A2", 50000), nil)
	if _, err := h.machine.Complete(t.Context(), "A2", adapters.Proof{}); err != nil {
		t.Fatal(err)
	}
	if a := h.state("A2"); a.State != payment.StateCancelled || pg.calls["cancel"] != 1 {
		t.Errorf("state %s, calls %v", a.State, pg.calls)
	}
	if a := h.state("A1"); a.State != payment.StateIssued {
		t.Errorf("the account is %s", a.State)
	}
}

// What a PG never tells the end of is for two people, once it should have ended long ago.
func TestAnOverdueAccountIsForAPerson(t *testing.T) {
	t.Parallel()
	pg := &bank{}
	h := open(t, pg)
	h.issue(pg, "A1")
	resolve := func(actor string) (bool, error) {
		return lifecycle.Resolve(t.Context(), h.journal, "A1", lifecycle.FindingNotCharged, actor, "seen in the admin", h.clock())
	}
	if _, err := resolve("kim"); !errors.Is(err, lifecycle.ErrNotUnknown) {
		t.Errorf("while it waits: %v", err)
	}
	h.pass(97 * time.Hour)
	for _, actor := range []string{"kim", "lee"} {
		if _, err := resolve(actor); err != nil {
			t.Fatal(err)
		}
	}
	if a := h.state("A1"); a.State != payment.StateExpired {
		t.Errorf("state %s", a.State)
	}
}

// TestAChangedAccount: of an account that was changed, and whose answer was lost, the PG tells by what amount it goes: the
// asked one is taken over, the one before is kept, and no other is.
func TestAChangedAccount(t *testing.T) {
	t.Parallel()
	for won, want := range map[payment.Won]payment.State{
		70000: payment.StateApproved, 50000: payment.StateApproved, 60000: payment.StateCancelling,
	} {
		pg := &bank{closing: func(int) (adapters.Result, error) { return adapters.Result{}, adapters.ErrUnknownOutcome }}
		h := open(t, pg)
		h.issue(pg, "A1")
		to := journal.Change{Amount: 70000, Due: h.clock().Add(96 * time.Hour)}
		if err := h.journal.IntendChange(t.Context(), "A1", to, h.clock()); err != nil {
			t.Fatal(err)
		}
		pg.lookUp = says(depositedAs("A1", won), nil)
		if _, err := h.machine.Complete(t.Context(), "A1", adapters.Proof{}); err != nil {
			t.Fatal(err)
		}
		a := h.state("A1")
		is := won
		if want == payment.StateCancelling {
			is = 50000 // as before: what came in is nobody's wish
		}
		if a.State != want || a.Amount != is || a.OrderAmount != is {
			t.Errorf("%s won: it is %s (%s) of %s won", won, a.State, a.Reason, a.Amount)
		}
	}
}

// TestAnAccountChangedWhileItIsLookedUp: the order service changes it, and it is paid, while the PG is asked for one that
// was read before. It is paid as it was changed.
func TestAnAccountChangedWhileItIsLookedUp(t *testing.T) {
	t.Parallel()
	pg := &bank{closing: func(int) (adapters.Result, error) { return adapters.Result{}, adapters.ErrUnknownOutcome }}
	h := open(t, pg)
	h.issue(pg, "A1")
	pg.lookUp = func(int, adapters.LookUpRequest) (adapters.Result, error) {
		to := journal.Change{Amount: 70000, Due: h.clock().Add(96 * time.Hour)}
		if err := h.journal.IntendChange(t.Context(), "A1", to, h.clock()); err != nil {
			t.Error(err)
		}
		if err := h.journal.EndChange(t.Context(), "A1", to, true, h.clock()); err != nil {
			t.Error(err)
		}
		return depositedAs("A1", 70000), nil
	}
	if _, err := h.machine.Complete(t.Context(), "A1", adapters.Proof{}); err != nil {
		t.Fatal(err)
	}
	if a := h.state("A1"); a.State != payment.StateApproved || a.Amount != 70000 {
		t.Errorf("it is %s (%s) of %s won", a.State, a.Reason, a.Amount)
	}
}

// TestAChangedAccountIsClosed: what the PG shows of it is what is closed.
func TestAChangedAccountIsClosed(t *testing.T) {
	t.Parallel()
	pg := &bank{}
	h := open(t, pg)
	h.issue(pg, "A1")
	to := journal.Change{Amount: 70000, Due: h.clock().Add(96 * time.Hour)}
	if err := h.journal.IntendChange(t.Context(), "A1", to, h.clock()); err != nil {
		t.Fatal(err)
	}
	pg.lookUp = says(depositedAs("A1", 70000), nil)
	if _, err := h.machine.CloseAccount(t.Context(), "A1", payment.ReasonClosedByShop); err != nil {
		t.Fatal(err)
	}
	if a := h.state("A1"); a.State != payment.StateApproved || a.Amount != 70000 || pg.calls["close"] != 0 {
		t.Errorf("it is %s of %s won, closed %d times", a.State, a.Amount, pg.calls["close"])
	}
}
