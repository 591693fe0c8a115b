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

// beside looks for payments that the PG holds of an attempt besides the one that it was just concluded by. Where
// ids are shared, the word may be about another one, and a buyer who paid twice may be told of once.
func (s *Machine) beside(
	ctx context.Context, unmatched UnmatchedJournal, told NotificationResult, pgTxID string,
) (NotificationResult, error) {
	a := told.Attempt
	if !s.sharesIDs(a) {
		return told, nil
	}
	if a.PGTxID == "" || a.State == payment.StateOpened {
		// Which payment will be the attempt's own is not decided.
		err := s.remember(ctx, unmatched, a, pgTxID) //guard:told-too-early-is-remembered
		if err != nil || a.PGTxID == "" {
			return told, err
		}
	}
	for _, tx := range s.others(ctx, a, pgTxID) {
		won, err := s.lookForUnmatched(ctx, unmatched, a, tx)
		told.Unmatched = told.Unmatched || won > 0
		if err != nil {
			return told, err
		}
	}
	return told, nil
}

// remember records the payment that a notification was about, and that the PG shows, while its attempt is not
// concluded. That may end by another payment, and the PG does not notify again. Of a payment that does not show,
// nothing is written: nobody signed the notification. A virtual account is looked at until it is closed anyway, and a
// key moves no money.
func (s *Machine) remember(ctx context.Context, unmatched UnmatchedJournal, a payment.Attempt, pgTxID string) error {
	//guard:keys-notification-is-no-money
	if pgTxID == "" || a.State.Final() || a.Method == payment.MethodVBank || isKey(a) {
		return nil
	}
	_, err := s.lookForUnmatched(ctx, unmatched, a, pgTxID)
	return err
}

// others are the ids of payments besides the attempt's own: the one of the notification, and those that the PG lists
// as paid.
func (s *Machine) others(ctx context.Context, a payment.Attempt, pgTxID string) []string {
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
	var paid []adapters.Result
	_, err = s.call(ctx, w, payment.OperationLookUp, func(now time.Time) (_ adapters.Result, err error) {
		paid, err = lister.ListPaid(ctx, adapters.LookUpRequest{Account: w.acc, Attempt: a, Now: now})
		return adapters.Result{}, err
	})
	if err != nil {
		// Every payment has a notification of its own; the list is a second net.
		s.o.Log.WarnContext(ctx, "the payments of an attempt were not listed", a.LogAttr(), slog.Any("err", err))
	}
	for _, r := range paid {
		add(r.PGTxID)
	}
	return ids
}

// ResumeUnmatched goes on with an unmatched payment whose next check is due, which the journal leased to the caller:
// it asks the PG, and closes it, gives it back again, or looks again later. Flagged money is only ever closed.
func (s *Machine) ResumeUnmatched(ctx context.Context, unmatched UnmatchedJournal, l journal.Unmatched) error {
	a, _, err := s.o.Journal.Attempt(ctx, l.AttemptID)
	if err != nil {
		return journalProblem(err)
	}
	switch {
	case !a.State.Final():
		return s.laterUnmatched(ctx, unmatched, l, lookUpAttemptOpen)
	case a.State == payment.StateApproved && a.PGTxID == l.PGTxID && l.State != journal.UnmatchedFlagged:
		return unmatchedError(unmatched.UnmatchedEnd(ctx, l, journal.UnmatchedKept, journal.Event{
			At: s.o.Now(), Kind: journal.EventUnmatchedKept,
		}))
	}
	w, err := s.take(a)
	if err != nil {
		s.o.Log.ErrorContext(ctx, "an unmatched payment of a merchant that is gone", a.LogAttr(), slog.Any("err", err))
		return s.laterUnmatched(ctx, unmatched, l, lookUpFailed)
	}
	w.a.PGTxID, w.exact = l.PGTxID, true
	r, err := s.lookUp(ctx, w)
	if err == nil && l.State == journal.UnmatchedWatched {
		if done, err := s.lookedAtWatched(ctx, unmatched, a, l, r); done {
			return err
		}
	}
	switch {
	case err != nil:
		return s.laterUnmatched(ctx, unmatched, l, lookUpFailed)
	case r.Outcome == payment.OutcomeNotFound:
		return s.absentUnmatched(ctx, unmatched, l)
	case r.OrderRef != a.ID || r.PGTxID != l.PGTxID: //guard:look-up-of-another-payment
		return s.laterUnmatched(ctx, unmatched, l, lookUpUndecided)
	case a.State == payment.StateApproved && a.PGTxID == l.PGTxID:
		// It is before a person because the PG did not show it as paid: nothing else than that ends it.
		if r.Outcome != payment.OutcomeApproved || r.Amount != a.Amount { //guard:contradiction-ends-by-the-payment
			return s.laterUnmatched(ctx, unmatched, l, lookUpUndecided)
		}
		return unmatchedError(unmatched.UnmatchedEnd(ctx, l, journal.UnmatchedKept, journal.Event{
			At: s.o.Now(), Kind: journal.EventUnmatchedKept,
		}))
	case r.Outcome == payment.OutcomeCancelled:
	//guard:flagged-is-not-given-back
	case r.Outcome != payment.OutcomeApproved || r.Amount <= r.Cancelled || l.State == journal.UnmatchedFlagged:
		return s.laterUnmatched(ctx, unmatched, l, lookUpUndecided)
	}
	_, err = s.found(ctx, unmatched, a, l, r)
	return err
}

// absentUnmatched follows up a look-up at which the PG knew no such payment. One that was told of only, and is never
// seen, is closed. Money that waits for a person is not: a deposit's notice names a transaction that no inquiry may
// show.
func (s *Machine) absentUnmatched(ctx context.Context, unmatched UnmatchedJournal, l journal.Unmatched) error {
	if l.State == journal.UnmatchedFlagged || l.Tries > 0 || !s.neverSeen(ctx, l) { //guard:unmatched-absent-in-a-row
		return s.laterUnmatched(ctx, unmatched, l, lookUpAbsent)
	}
	return s.endAbsent(ctx, unmatched, l, string(lookUpAbsent))
}

// neverSeen tells whether an unmatched payment that is absent now was absent at enough look-ups before, one after the
// other. Looks that failed, and those that asked nobody since the attempt was open, are none.
func (s *Machine) neverSeen(ctx context.Context, l journal.Unmatched) bool {
	events, err := s.o.Journal.Events(ctx, l.AttemptID)
	if err != nil {
		s.o.Log.ErrorContext(
			ctx, "the history cannot be read; an unmatched payment stays open", slog.Any("attempt_id", l.AttemptID),
			slog.Any("err", err),
		)
		return false
	}
	seen := 0
	for _, e := range events {
		switch {
		case e.PGTxID != l.PGTxID, seenIn(e, journal.EventUnmatchedLookedUp).blind():
		case seenIn(e, journal.EventUnmatchedLookedUp) == lookUpAbsent:
			seen += e.Times
		default:
			seen = 0
		}
	}
	return seen >= notFoundChecks
}

// laterUnmatched schedules the next look-up of an unmatched payment. When somebody else is at it by now, theirs is
// the next check.
func (s *Machine) laterUnmatched(
	ctx context.Context, unmatched UnmatchedJournal, l journal.Unmatched, why lookUpResult,
) error {
	now := s.o.Now()
	l.NextCheck = now.Add(s.backoff(l.AttemptID, l.Checks+l.Tries+1))
	ev := journal.Event{At: now, Kind: journal.EventUnmatchedLookedUp, Detail: string(why), Fold: true}
	switch l.State { //nolint:exhaustive // the others are looked at as an open attempt is
	case journal.UnmatchedWatched:
		l.NextCheck = now.Add(s.watchedAgain(l.AttemptID, l.Checks+1))
	case journal.UnmatchedFlagged:
		l.NextCheck, ev = now.Add(s.o.Spread(string(l.AttemptID), l.Checks, flaggedEvery)), journal.Event{}
	}
	if err := unmatched.UnmatchedTouch(ctx, l, ev); err != nil && !errors.Is(err, journal.ErrConflict) {
		return unmatchedError(err)
	}
	return nil
}
