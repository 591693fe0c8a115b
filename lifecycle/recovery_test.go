package lifecycle

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"testing"
	"time"

	"github.com/pg-gateway/pg-gateway/adapters"
	"github.com/pg-gateway/pg-gateway/journal"
	"github.com/pg-gateway/pg-gateway/payment"
)

// oneRecovery is a journal with one recovery and its charge.
type oneRecovery struct {
	RecoveryJournal
	row    payment.Recovery
	charge payment.Attempt
	steps  []journal.RecoveryStep
}

func (j *oneRecovery) Attempt(context.Context, payment.AttemptID) (payment.Attempt, []byte, error) {
	return j.charge, nil, nil
}

func (j *oneRecovery) RecoveryOf(context.Context, payment.OrderID) (payment.Recovery, error) {
	return j.row, nil
}

func (j *oneRecovery) RecoveryMove(_ context.Context, s journal.RecoveryStep) (payment.Recovery, error) {
	j.steps = append(j.steps, s)
	j.row.State, j.row.Used, j.row.Class, j.row.Stopped, j.row.StopAsked = s.To, s.Used, s.Class, s.Stopped, s.StopAsked
	j.row.NextCheck = s.NextCheck
	return j.row, nil
}

func recoveryTime() time.Time { return time.Date(2026, 12, 5, 1, 0, 0, 0, time.UTC) }

// recovererOf is one whose charges all fail with an error.
func recovererOf(j *oneRecovery, charged *int, err error) *Recoverer {
	return NewRecoverer(RecovererOptions{
		Journal: j, Log: slog.New(slog.DiscardHandler), Now: recoveryTime, Moved: func(payment.Recovery) {}, Wake: func() {},
		Rules: func() payment.RecoveryRules {
			return payment.RecoveryRules{On: true, Budgets: map[payment.DeclineClass]payment.RecoveryBudget{
				payment.ClassLimit: {Tries: 2, Spacing: []time.Duration{time.Hour}}, payment.ClassTemporary: {},
			}}
		},
		Charge: func(context.Context, payment.AttemptID, payment.Recovery) (Charged, error) {
			*charged++
			return Charged{}, err
		},
	})
}

// TestWhatComesAfterATry goes through the ends of a charge that a recovery made.
func TestWhatComesAfterATry(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name    string
		state   payment.State
		reason  payment.Reason
		used    int
		asked   bool
		to      payment.RecoveryState
		stopped payment.StopReason
		spent   int
		tells   string
	}{
		{"unknown", payment.StateUnknown, payment.ReasonLost, 0, false, payment.RecoveryTrying, "", 0, ""},
		{"cancelling", payment.StateCancelling, payment.ReasonLost, 0, false, payment.RecoveryTrying, "", 0, ""},
		{"paid", payment.StateApproved, "", 1, false, payment.RecoveryRecovered, "", 1, "recurring.recovered "},
		{"declined", payment.StateDeclined, payment.DeclinedLimit, 0, false, payment.RecoveryWaiting, "", 1, "recurring.failed "},
		{"budget", payment.StateDeclined, payment.DeclinedLimit, 1, false, payment.RecoveryStopped, payment.StopBudget, 2, "recurring.failed recurring.stopped "},
		{"never", payment.StateDeclined, payment.DeclinedStolen, 0, false, payment.RecoveryStopped, payment.StopPermanent, 1, "recurring.failed recurring.stopped "},
		{"undone", payment.StateCancelled, payment.ReasonMismatch + "amount", 0, false, payment.RecoveryStopped, payment.StopPermanent, 1, "recurring.failed recurring.stopped "},
		{"unsent", payment.StateDeclined, payment.ReasonNotSent, 1, false, payment.RecoveryWaiting, "", 1, "recurring.failed "},
		{"told to stop", payment.StateDeclined, payment.DeclinedLimit, 0, true, payment.RecoveryStopped, payment.StopAsked, 1, "recurring.failed recurring.stopped "},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			j := &oneRecovery{
				row: payment.Recovery{
					ID: "first", OrderID: "o", Attempt: "try", State: payment.RecoveryTrying, Tries: 2, Used: tt.used, StopAsked: tt.asked,
				},
				charge: payment.Attempt{ID: "try", OrderID: "o", Purpose: payment.PurposeRecurring, State: tt.state, Reason: tt.reason},
			}
			charged := 0
			if err := recovererOf(j, &charged, nil).Resume(t.Context(), j.row); err != nil {
				t.Fatal(err)
			}
			told := ""
			for _, m := range j.steps[0].Messages {
				told += m.Type + " "
			}
			if j.row.State != tt.to || j.row.Stopped != tt.stopped || j.row.Used != tt.spent || told != tt.tells || charged != 0 {
				t.Errorf("%s (%s), %d used, told %q, %d charged", j.row.State, j.row.Stopped, j.row.Used, told, charged)
			}
		})
	}
}

// TestWhatComesOfATryThatIsNotMade goes through why nothing was charged.
func TestWhatComesOfATryThatIsNotMade(t *testing.T) {
	t.Parallel()
	code := func(c payment.Code) error { return &payment.Problem{Code: c} }
	for _, tt := range []struct {
		err     error
		to      payment.RecoveryState
		stopped payment.StopReason
	}{
		{adapters.ErrUnavailable, payment.RecoveryWaiting, ""},
		{errors.New("anything"), payment.RecoveryWaiting, ""},
		{code(payment.CodeJournalDown), payment.RecoveryWaiting, ""},
		{code(payment.CodePGUnavailable), payment.RecoveryWaiting, ""},
		{code(payment.CodeBlockedByControl), payment.RecoveryWaiting, ""},
		{code(payment.CodePaymentUnknown), payment.RecoveryWaiting, ""},
		{code(payment.CodeOrderAlreadyPaid), payment.RecoveryStopped, payment.StopPaid},
		{code(payment.CodeKeyNotFound), payment.RecoveryStopped, payment.StopKeyGone},
		{code(payment.CodeKeyNotUsable), payment.RecoveryStopped, payment.StopKeyGone},
		{code(payment.CodeMethodNotInUse), payment.RecoveryStopped, payment.StopRules},
		{code(payment.CodeChargeIDUsed), payment.RecoveryStopped, payment.StopRules},
	} {
		t.Run(fmt.Sprint(tt.err), func(t *testing.T) {
			t.Parallel()
			j := &oneRecovery{row: payment.Recovery{
				ID: "first", OrderID: "o", Attempt: "first", State: payment.RecoveryWaiting, CreatedAt: recoveryTime(),
			}}
			charged := 0
			if err := recovererOf(j, &charged, tt.err).Resume(t.Context(), j.row); err != nil {
				t.Fatal(err)
			}
			if j.row.State != tt.to || j.row.Stopped != tt.stopped || j.row.Used != 0 || charged != 1 {
				t.Errorf("%s (%s), %d used", j.row.State, j.row.Stopped, j.row.Used)
			}
		})
	}
}

func TestARecoveryHasItsTime(t *testing.T) {
	t.Parallel()
	j := &oneRecovery{row: payment.Recovery{
		ID: "first", OrderID: "o", Attempt: "first", State: payment.RecoveryWaiting, CreatedAt: recoveryTime().Add(-maxRecovery - 1),
	}}
	charged := 0
	if err := recovererOf(j, &charged, nil).Resume(t.Context(), j.row); err != nil || charged != 0 || j.row.Stopped != payment.StopTooLong {
		t.Errorf("%+v, %d charged, %v", j.row, charged, err)
	}
}

func TestEachTryHasANumberOfItsOwn(t *testing.T) {
	t.Parallel()
	seen := map[payment.AttemptID]bool{}
	for _, r := range []payment.Recovery{
		{OrderID: "o", ID: "a"}, {OrderID: "o", ID: "a", Tries: 1}, {OrderID: "o", ID: "a", Tries: 2}, {OrderID: "o", ID: "b"}, {OrderID: "p", ID: "a"},
	} {
		id := RecoveryTryID(r)
		if r.State = payment.RecoveryWaiting; seen[id] || id != RecoveryTryID(r) || !payment.ValidID(string(id)) {
			t.Errorf("%+v has the number %s", r, id)
		}
		seen[id] = true
	}
}
