package settle

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/pg-gateway/pg-gateway/adapters"
	"github.com/pg-gateway/pg-gateway/journal"
	"github.com/pg-gateway/pg-gateway/payment"
)

// LateJournal is what late money needs of the journal.
type LateJournal interface {
	LateTake(ctx context.Context, l journal.Late, now time.Time, hold time.Duration) (journal.Late, bool, error)
	LateEnd(ctx context.Context, id payment.AttemptID, pgTxID string, to journal.LateState, ev journal.Event) error
	LateFlag(ctx context.Context, l journal.Late, ev journal.Event) (bool, error)
}

// Word is what became of a PG's word that something happened to an attempt.
type Word struct {
	Result
	// Late tells that the PG has money of an attempt that had ended without it.
	Late bool
}

// Notified follows up a PG's word about an attempt. The word itself is a hint: an open attempt is settled as by
// every other trigger; for one that has ended, the PG is asked whether it took money afterwards. Errors match
// a *payment.Problem or an adapters error: the PG should say it again.
func (s *Settler) Notified(ctx context.Context, late LateJournal, id payment.AttemptID, pgTxID string) (Word, error) {
	a, _, err := s.o.Journal.Attempt(ctx, id)
	if err != nil {
		return Word{}, journalProblem(err)
	}
	if a.State.Final() {
		return s.afterEnd(ctx, late, a, pgTxID)
	}
	r, err := s.Complete(ctx, id, adapters.Proof{PGTxID: pgTxID})
	return Word{Result: r}, err
}

// afterEnd looks for money that a PG took for an attempt that has ended, and gives it back.
func (s *Settler) afterEnd(ctx context.Context, late LateJournal, a payment.Attempt, pgTxID string) (Word, error) {
	word := Word{Result: Result{Attempt: a}}
	second := a.State == payment.StateApproved
	if second && (pgTxID == "" || pgTxID == a.PGTxID || a.Driver != payment.DriverPortOneV1) {
		// Only V1 can hold two payments under one id; elsewhere it is the one that was approved.
		return word, nil
	}
	w, err := s.take(a)
	if err != nil {
		return word, err
	}
	w.a.PGTxID = pgTxID
	r, err := s.lookUp(ctx, w)
	if err != nil {
		return word, fmt.Errorf("looking for late money of attempt %s: %w", a.ID, err)
	}
	if r.Outcome == payment.OutcomeCancelled && r.OrderRef == a.ID && !second {
		// Proof that late money, if there was any on the list, is back.
		err := late.LateEnd(ctx, a.ID, r.PGTxID, journal.LateReturned, journal.Event{At: s.o.Now(), Kind: "late_money_returned"})
		if errors.Is(err, journal.ErrNotFound) {
			err = nil
		}
		return word, lateError(err)
	}
	won := r.Amount - r.Cancelled
	if r.Outcome != payment.OutcomeApproved || won <= 0 || r.OrderRef != a.ID || second && r.PGTxID == a.PGTxID {
		return word, nil
	}
	word.Late = true
	w.a.PGTxID = r.PGTxID
	s.o.Log.Error("a PG took money for an attempt that had ended", slog.Any("attempt_id", a.ID), slog.Any("order_id", a.OrderID),
		slog.Any("pg", a.PG), slog.String("state", string(a.State)), slog.Int64("amount", int64(won)), slog.Bool("second_payment", second))
	l := journal.Late{AttemptID: a.ID, PGTxID: r.PGTxID, Won: won}
	if second {
		// Which of the two stands is for a person to say.
		_, err := late.LateFlag(ctx, l, journal.Event{At: s.o.Now(), Kind: "late_money", Detail: won.String() + " won beside the approved payment"})
		return word, lateError(err)
	}
	return word, s.returnLate(context.WithoutCancel(ctx), late, w, l)
}

// returnLate gives late money back, once per sighting: the intent is recorded before the request, by whoever
// gets hold of it first. What is not proven stays listed for the desk.
func (s *Settler) returnLate(ctx context.Context, late LateJournal, w *work, l journal.Late) error {
	timeout := w.acc.PG.ApproveTimeout
	// The clock of the request starts before the intent is written, so that the hold outlasts it.
	callCtx, cancel := context.WithTimeout(ctx, timeout+journalPatience)
	defer cancel()
	row, taken, err := late.LateTake(callCtx, l, s.o.Now(), timeout+journalPatience+slack)
	if err != nil || !taken {
		return lateError(err)
	}
	start := s.o.Now()
	r, err := w.driver.Cancel(callCtx, adapters.CancelRequest{
		Account: w.acc, Attempt: withAmount(w.a, l.Won), PGTxID: l.PGTxID, Amount: l.Won, Remaining: l.Won, TaxFree: min(w.a.TaxFree, l.Won),
		Reason: "late_money", OperationID: fmt.Sprintf("late-%s-%d", w.a.ID, row.Tries), Now: start,
	})
	s.observe(w, "cancel", r, err, start)
	to, ev := journal.LateUnknown, journal.Event{At: s.o.Now(), Kind: "late_money_unknown", Code: r.Code}
	if err == nil && r.Outcome == payment.OutcomeCancelled {
		to, ev.Kind = journal.LateReturned, "late_money_returned"
	} else {
		s.o.Log.Error("late money is not proven to be back", slog.Any("attempt_id", w.a.ID), slog.Any("pg", w.a.PG), slog.Int64("amount", int64(l.Won)), slog.Any("code", r.Code), slog.Any("err", err))
	}
	return lateError(late.LateEnd(ctx, w.a.ID, l.PGTxID, to, ev))
}

// lateError is an error of the journal as a PG is told of it: it should say its word again.
func lateError(err error) error {
	if err == nil || errors.Is(err, journal.ErrNotFound) {
		return err
	}
	return fmt.Errorf("%w: %w", &payment.Problem{Code: payment.CodeJournalDown}, err)
}
