package lifecycle

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"time"

	"github.com/pg-gateway/pg-gateway/adapters"
	"github.com/pg-gateway/pg-gateway/journal"
	"github.com/pg-gateway/pg-gateway/payment"
)

// flaggedEvery is how often money that waits for a person is looked at: only whether it is back.
const flaggedEvery = time.Hour

// beside looks for payments that the PG holds of an attempt besides the one that it was just settled by. Where
// ids are shared, the word may be about another one, and a buyer who paid twice may be told of once.
func (s *Settler) beside(ctx context.Context, late LateJournal, word Word, pgTxID string) (Word, error) {
	a := word.Attempt
	if !s.sharesIDs(a) {
		return word, nil
	}
	if a.PGTxID == "" || a.State == payment.StateOpened {
		// Which payment will be the attempt's own is not decided.
		if err := s.remember(ctx, late, a, pgTxID); err != nil || a.PGTxID == "" {
			return word, err
		}
	}
	for _, tx := range s.others(ctx, a, pgTxID) {
		won, err := s.lookForLate(ctx, late, a, tx)
		word.Late = word.Late || won > 0
		if err != nil {
			return word, err
		}
	}
	return word, nil
}

// remember records the payment that a word was about, and that the PG shows, while its attempt is not settled. That may
// end by another payment, and the PG does not say its word again. Of a payment that does not show, nothing is written: nobody
// signed the word. A virtual account is looked at until it is closed anyway, and a key moves no money.
func (s *Settler) remember(ctx context.Context, late LateJournal, a payment.Attempt, pgTxID string) error {
	if pgTxID == "" || a.State.Final() || a.Method == payment.MethodVBank || isKey(a) {
		return nil
	}
	_, err := s.lookForLate(ctx, late, a, pgTxID)
	return err
}

// others are the ids of payments besides the attempt's own: the one of the word, and those that the PG lists as paid.
func (s *Settler) others(ctx context.Context, a payment.Attempt, pgTxID string) []string {
	var ids []string
	add := func(id string) {
		if id != "" && id != a.PGTxID && !slices.Contains(ids, id) {
			ids = append(ids, id)
		}
	}
	add(pgTxID)
	w, err := s.take(a)
	if err != nil {
		return ids
	}
	lister, ok := w.driver.(adapters.PaidLister)
	if !ok {
		return ids
	}
	ctx, cancel := context.WithTimeout(ctx, w.acc.PG.ReadTimeout)
	defer cancel()
	start := s.o.Now()
	paid, err := lister.ListPaid(ctx, adapters.LookUpRequest{Account: w.acc, Attempt: a, Now: start})
	s.observe(ctx, w, payment.OperationLookUp, adapters.Result{}, err, start)
	if err != nil {
		// Every payment has a word of its own; the list is a second net.
		s.o.Log.WarnContext(ctx, "the payments of an attempt were not listed", a.LogAttr(), slog.Any("err", err))
	}
	for _, r := range paid {
		add(r.PGTxID)
	}
	return ids
}

// ResumeLate goes on with late money whose next check is due, which the journal leased to the caller: it asks the
// PG, and closes it, gives it back again, or looks again later. Flagged money is only ever closed.
func (s *Settler) ResumeLate(ctx context.Context, late LateJournal, l journal.Late) error {
	a, _, err := s.o.Journal.Attempt(ctx, l.AttemptID)
	if err != nil {
		return journalProblem(err)
	}
	switch {
	case !a.State.Final():
		return s.laterLate(ctx, late, l, lookAttemptOpen)
	case a.State == payment.StateApproved && a.PGTxID == l.PGTxID && l.State != journal.LateFlagged:
		return lateError(late.LateEnd(ctx, l, journal.LateKept, journal.Event{At: s.o.Now(), Kind: journal.EventLateKept}))
	}
	w, err := s.take(a)
	if err != nil {
		s.o.Log.ErrorContext(ctx, "late money of a merchant that is gone", a.LogAttr(), slog.Any("err", err))
		return s.laterLate(ctx, late, l, lookFailed)
	}
	w.a.PGTxID, w.exact = l.PGTxID, true
	r, err := s.lookUp(ctx, w)
	if err == nil && l.State == journal.LateWatched {
		if done, err := s.lookedAtWatched(ctx, late, a, l, r); done {
			return err
		}
	}
	switch {
	case err != nil:
		return s.laterLate(ctx, late, l, lookFailed)
	case r.Outcome == payment.OutcomeNotFound:
		return s.absentLate(ctx, late, l)
	case r.OrderRef != a.ID || r.PGTxID != l.PGTxID:
		return s.laterLate(ctx, late, l, lookUndecided)
	case a.State == payment.StateApproved && a.PGTxID == l.PGTxID:
		// It is before a person because the PG did not show it as paid: nothing else than that ends it.
		if r.Outcome != payment.OutcomeApproved || r.Amount != a.Amount {
			return s.laterLate(ctx, late, l, lookUndecided)
		}
		return lateError(late.LateEnd(ctx, l, journal.LateKept, journal.Event{At: s.o.Now(), Kind: journal.EventLateKept}))
	case r.Outcome == payment.OutcomeCancelled:
	case r.Outcome != payment.OutcomeApproved || r.Amount <= r.Cancelled || l.State == journal.LateFlagged:
		return s.laterLate(ctx, late, l, lookUndecided)
	}
	_, err = s.found(ctx, late, a, l, r)
	return err
}

// absentLate follows up a look at which the PG knew no such payment. One that was told of only, and is never seen, is
// closed. Money that waits for a person is not: a deposit's notice names a transaction that no inquiry may show.
func (s *Settler) absentLate(ctx context.Context, late LateJournal, l journal.Late) error {
	if l.State == journal.LateFlagged || l.Tries > 0 || !s.neverSeen(ctx, l) {
		return s.laterLate(ctx, late, l, lookAbsent)
	}
	return s.endAbsent(ctx, late, l, string(lookAbsent))
}

// neverSeen tells whether late money that is absent now was absent at enough looks before, one after the other. Looks
// that failed, and those that asked nobody since the attempt was open, are none.
func (s *Settler) neverSeen(ctx context.Context, l journal.Late) bool {
	events, err := s.o.Journal.Events(ctx, l.AttemptID)
	if err != nil {
		s.o.Log.ErrorContext(ctx, "the history cannot be read; late money stays open", slog.Any("attempt_id", l.AttemptID), slog.Any("err", err))
		return false
	}
	seen := 0
	for _, e := range events {
		switch {
		case e.PGTxID != l.PGTxID, seenIn(e, journal.EventLateLooked).blind():
		case seenIn(e, journal.EventLateLooked) == lookAbsent:
			seen += e.Times
		default:
			seen = 0
		}
	}
	return seen >= notFoundChecks
}

// laterLate schedules the next look at late money. When somebody else is at it by now, theirs is the next check.
func (s *Settler) laterLate(ctx context.Context, late LateJournal, l journal.Late, why look) error {
	now := s.o.Now()
	l.NextCheck = now.Add(s.backoff(l.AttemptID, l.Checks+l.Tries+1))
	ev := journal.Event{At: now, Kind: journal.EventLateLooked, Detail: string(why), Fold: true}
	switch l.State { //nolint:exhaustive // the others are looked at as an open attempt is
	case journal.LateWatched:
		l.NextCheck = now.Add(s.watchedAgain(l.AttemptID, l.Checks+1))
	case journal.LateFlagged:
		l.NextCheck, ev = now.Add(s.o.Spread(string(l.AttemptID), l.Checks, flaggedEvery)), journal.Event{}
	}
	if err := late.LateTouch(ctx, l, ev); err != nil && !errors.Is(err, journal.ErrConflict) {
		return lateError(err)
	}
	return nil
}
