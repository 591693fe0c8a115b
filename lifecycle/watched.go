package lifecycle

import (
	"context"
	"log/slog"
	"time"

	"github.com/pg-gateway/pg-gateway/adapters"
	"github.com/pg-gateway/pg-gateway/journal"
	"github.com/pg-gateway/pg-gateway/payment"
)

// maxWatched is how many payments of one attempt are on record beside its own before no more are watched.
const maxWatched = 20

// watch records a payment that the PG is told not to take, before it is told. It may not hear that, and whether it
// then goes on is not written anywhere (portone.md §3.3): if it does, its notification may never come.
func (s *Machine) watch(ctx context.Context, a payment.Attempt, pgTxID string) (watched bool) {
	rows, err := s.o.Journal.UnmatchedOf(ctx, a.ID)
	if err == nil && len(rows) >= maxWatched {
		s.o.Log.ErrorContext(
			ctx, "a refused payment is not watched: its attempt has too many", a.LogAttr(), slog.Int("payments", len(rows)),
		)
		return false
	}
	now := s.o.Now()
	l := journal.Unmatched{AttemptID: a.ID, PGTxID: pgTxID, Won: a.Amount, NextCheck: now.Add(s.watchedAgain(a.ID, 0))}
	if _, err := s.o.Journal.UnmatchedWatch(
		ctx, l, journal.Event{At: now, Kind: journal.EventUnmatchedWatched},
	); err != nil {
		s.o.Log.ErrorContext(ctx, "a refused payment is not watched: it was not written", a.LogAttr(), slog.Any("err", err))
		return false
	}
	return true
}

// watchRefused watches the payment of a question that was answered no. An unlisted question is written down only when
// the PG shows the payment, as nobody signed it; that look-up is within ctx, since the PG waits for the answer
// meanwhile.
func (s *Machine) watchRefused(ctx context.Context, a payment.Attempt, q Question) {
	if q.Unlisted { //guard:unsigned-question-writes-what-is-shown
		if shown, err := s.Shows(ctx, a, q.PGTxID); err != nil || !shown.ours || shown.r.Outcome == payment.OutcomeNotFound {
			return
		}
	}
	s.watch(context.WithoutCancel(ctx), a, q.PGTxID)
}

// watchedAgain spaces the look-ups of a payment that is only watched: 30 s, doubling up to four hours, so that a day
// takes a dozen of them.
func (s *Machine) watchedAgain(id payment.AttemptID, checks int) time.Duration {
	return s.o.Spread(string(id), checks, min(30*time.Second<<min(checks, 10), 4*time.Hour))
}

// lookedAtWatched follows up a look-up of a payment that is only watched. done is false when it shows money, or
// nothing certain: then it is an unmatched payment like any other.
func (s *Machine) lookedAtWatched(
	ctx context.Context, unmatched UnmatchedJournal, a payment.Attempt, l journal.Unmatched, r adapters.Result,
) (done bool, err error) {
	waits := r.Outcome == payment.OutcomePending || r.Outcome == payment.OutcomeIssued
	end := laterOf(l.CreatedAt, laterOf(a.ExpiresAt, a.DepositDue)).Add(watchFor)
	switch {
	case r.OrderRef != a.ID:
		return false, nil
	case r.PGTxID != "" && r.PGTxID != l.PGTxID:
		// The PG goes by another payment of the attempt by now: V2 shows the last one only.
		if !s.watch(ctx, a, r.PGTxID) {
			return true, s.laterUnmatched(ctx, unmatched, l, lookUpUndecided)
		}
		return true, s.endAbsent(ctx, unmatched, l, "another payment of the attempt")
	case r.Outcome == payment.OutcomeDeclined, r.Outcome == payment.OutcomeCancelled,
		waits && s.o.Now().After(end):
		// It said no itself, or gave it back, or shows nothing paid after the day in which a page that was left open could
		// be. An account that was closed is taken up again when somebody pays into it all the same.
		return true, s.endAbsent(ctx, unmatched, l, string(r.Outcome))
	case r.Outcome == payment.OutcomeIssued:
		if err := s.shutAccount(ctx, unmatched, a, r); err != nil {
			s.o.Log.WarnContext(
				ctx, "an account of a refused payment is looked up again later", a.LogAttr(), slog.Any("err", err),
			)
		}
		return true, s.laterUnmatched(ctx, unmatched, l, lookUpUndecided)
	}
	return false, nil
}

func laterOf(a, b time.Time) time.Time {
	if a.Before(b) {
		return b
	}
	return a
}

// endAbsent closes an unmatched payment of which nothing is there.
func (s *Machine) endAbsent(ctx context.Context, unmatched UnmatchedJournal, l journal.Unmatched, why string) error {
	return unmatchedError(unmatched.UnmatchedEnd(ctx, l, journal.UnmatchedAbsent, journal.Event{
		At: s.o.Now(), Kind: journal.EventUnmatchedAbsent, Detail: why,
	}))
}
