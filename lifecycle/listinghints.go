package lifecycle

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/pg-gateway/pg-gateway/adapters"
	"github.com/pg-gateway/pg-gateway/journal"
	"github.com/pg-gateway/pg-gateway/payment"
)

// takeIn holds the payments of a page against their attempts. What agrees is forgotten, and so is what is somebody
// else's; the rest is a hint.
func (l *Listing) takeIn(
	ctx context.Context, pg *payment.PG, s *listed, p *period, payments []adapters.Listed, counts map[ListedResult]int,
) error {
	// Of what became of one payment in turn, the last thing counts.
	last := make(map[string]adapters.Listed, len(payments))
	for _, x := range payments {
		if before, ok := last[x.PGTxID]; !ok || !x.At.Before(before.At) {
			last[x.PGTxID] = x
		}
	}
	fresh := make(map[hintKey]adapters.Listed, len(last))
	for _, x := range last {
		k := keyOf(x)
		h := s.hints[x.PGTxID]
		if s.seen.has(k) || h != nil && (keyOf(h.Listed) == k || x.At.Before(h.At)) {
			l.count(pg.ID, ListedBefore, 1, counts)
			continue
		}
		fresh[k] = x
	}
	results, err := l.match(ctx, pg, fresh)
	if err != nil {
		return err
	}
	now := l.o.Now()
	for _, k := range inTurn(fresh) {
		result := results[k]
		l.count(pg.ID, result, 1, counts)
		if before := s.hints[k.tx]; before != nil {
			s.seen.add(keyOf(before.Listed)) // a log shows again what this came after
		}
		if result == ListedWoken || result == ListedUnderWay {
			h := &hint{Listed: fresh[k], since: now}
			if !p.again {
				h.from = p.from
			}
			s.hints[h.PGTxID] = h
			continue
		}
		s.forget(k)
	}
	return nil
}

// inTurn are the payments, the oldest first: what is done about them has an order of its own.
func inTurn(payments map[hintKey]adapters.Listed) []hintKey {
	return slices.SortedFunc(maps.Keys(payments), func(a, b hintKey) int { return earlier(payments[a], payments[b]) })
}

func earlier(a, b adapters.Listed) int {
	return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.OrderRef, b.OrderRef), cmp.Compare(a.PGTxID, b.PGTxID))
}

// match says what comes of each of some payments, with one read of the journal for most of them.
func (l *Listing) match(
	ctx context.Context, pg *payment.PG, payments map[hintKey]adapters.Listed,
) (map[hintKey]ListedResult, error) {
	results := make(map[hintKey]ListedResult, len(payments))
	if len(payments) == 0 {
		return results, nil
	}
	ids := make([]payment.AttemptID, 0, len(payments))
	for _, x := range payments {
		if payment.ValidID(string(x.OrderRef)) {
			ids = append(ids, x.OrderRef)
		}
	}
	standings, err := l.o.Journal.Standings(ctx, ids)
	if err != nil {
		return nil, fmt.Errorf("reading the attempts of listed payments: %w", err)
	}
	for _, k := range inTurn(payments) {
		x := payments[k]
		s, ok := standings[x.OrderRef]
		switch {
		case !ok:
			results[k], err = l.nobodys(ctx, pg, x)
		case s.PG != pg.ID:
			results[k] = ListedOtherPG
		default:
			results[k], err = l.against(ctx, x, s)
		}
		if err != nil {
			return nil, err
		}
	}
	return results, nil
}

// against holds a payment against its attempt.
func (l *Listing) against(ctx context.Context, x adapters.Listed, s journal.Standing) (ListedResult, error) {
	var rows []journal.Unmatched
	if needsRows(x, s) {
		var err error
		if rows, err = l.o.Journal.UnmatchedOf(ctx, s.ID); err != nil {
			return "", fmt.Errorf("reading the unmatched payments of a listed one's attempt: %w", err)
		}
	}
	shares := l.o.Machine.sharesIDs(payment.Attempt{Driver: s.Driver, Purpose: s.Purpose, PGTxID: s.PGTxID})
	return matchListed(x, s, shares, rows), nil
}

// nobodys says what comes of a payment of no attempt. One under an id of ours is money that the journal does not know;
// another one may be what the order service, a console or another system of the shop did, which is theirs to know. It
// is never given back.
func (l *Listing) nobodys(ctx context.Context, pg *payment.PG, x adapters.Listed) (ListedResult, error) {
	now := l.o.Now()
	made, ours := l.o.Made(x.OrderRef)
	if x.Won() <= 0 {
		err := l.wentBack(ctx, pg, x)
		if err == nil && !ours {
			err = l.tellOther(ctx, pg, x, now)
		}
		return ListedStranger, err
	}
	switch {
	case ours && made.Before(now.Add(-l.o.Kept)):
		ours = false // its attempt is no longer kept
	case ours && (x.At.IsZero() || x.At.After(now.Add(-ownerlessAfter))):
		return ListedUnderWay, nil
	}
	strange := pg.Listing.Strangers == payment.StrangersCase && (!x.Test || pg.Environment != payment.EnvLive)
	if !ours && !strange { //guard:strangers-payments-are-counted-only
		return ListedStranger, l.tellOther(ctx, pg, x, now)
	}
	added, err := l.o.Journal.OwnerlessAdd(ctx, journal.Ownerless{
		PG: pg.ID, PGTxID: x.PGTxID, OrderRef: x.OrderRef, Won: x.Won(), PaidAt: x.At,
	})
	if err != nil {
		return "", fmt.Errorf("recording a payment of no attempt: %w", err)
	}
	if added {
		l.o.Log.ErrorContext(ctx, "a PG has money of no attempt", slog.Any("pg", pg.ID),
			slog.String("pg_tx_id", x.PGTxID), slog.Int64("amount", int64(x.Won())), slog.Bool("id_is_ours", ours))
	}
	return ListedOwnerless, nil
}

// wentBack closes a payment of no attempt that went back.
func (l *Listing) wentBack(ctx context.Context, pg *payment.PG, x adapters.Listed) error {
	if x.Outcome != payment.OutcomeCancelled {
		return nil
	}
	o, ok, err := l.o.Journal.OwnerlessOf(ctx, pg.ID, x.PGTxID)
	if err == nil && ok && o.State == journal.OwnerlessOpen {
		_, err = l.o.Journal.OwnerlessEnd(ctx, pg.ID, x.PGTxID, journal.OwnerlessReturned, "listed as given back")
	}
	if err != nil {
		return fmt.Errorf("closing a payment of no attempt: %w", err)
	}
	return nil
}

// followHints holds the hints that are due against their attempts again, and wakes the lifecycle for what does not
// agree yet.
func (l *Listing) followHints(ctx context.Context, pg *payment.PG, s *listed) {
	now := l.o.Now()
	due := map[hintKey]adapters.Listed{}
	for _, h := range s.hints {
		if !h.next.After(now) {
			due[keyOf(h.Listed)] = h.Listed
		}
	}
	results, err := l.match(ctx, pg, due)
	if err != nil {
		l.o.Log.WarnContext(ctx, "listed payments were not held against their attempts", slog.Any("pg", pg.ID),
			slog.Any("err", err))
		return
	}
	var wake []*hint
	for _, k := range inTurn(due) {
		result, h := results[k], s.hints[k.tx]
		switch {
		case result != ListedWoken && result != ListedUnderWay:
			s.forget(k)
		case result == ListedUnderWay && now.Sub(h.since) > hintFor, h.tries >= hintTries:
			l.o.Log.ErrorContext(ctx, "a listed payment does not agree with its attempt and is given up for now",
				slog.Any("pg", pg.ID), slog.Any("attempt_id", h.OrderRef), slog.String("pg_tx_id", h.PGTxID))
			l.count(pg.ID, ListedGivenUp, 1, nil)
			delete(s.hints, k.tx)
		case result == ListedWoken:
			wake = append(wake, h)
		}
	}
	// The oldest first: nobody is passed over by what comes later.
	slices.SortFunc(wake, func(a, b *hint) int {
		return cmp.Or(cmp.Compare(a.tries, b.tries), a.since.Compare(b.since), earlier(a.Listed, b.Listed))
	})
	l.wakeAll(ctx, s, wake[:min(len(wake), listingWakes)])
}

// forget ends a hint that is dealt with.
func (s *listed) forget(k hintKey) {
	delete(s.hints, k.tx)
	s.seen.add(k)
}

// wakeAll wakes the lifecycle for some hints, and keeps those that must wake it again.
func (l *Listing) wakeAll(ctx context.Context, s *listed, wake []*hint) {
	var all sync.WaitGroup
	room := make(chan struct{}, wakesAtOnce)
	dealt := make([]bool, len(wake))
	for i, h := range wake {
		room <- struct{}{}
		all.Go(func() {
			defer func() { <-room }()
			// Once begun, it runs to its end, also while we shut down.
			dealt[i] = l.wake(context.WithoutCancel(ctx), h.Listed)
		})
	}
	all.Wait()
	now := l.o.Now()
	for i, h := range wake {
		if dealt[i] {
			s.forget(keyOf(h.Listed))
			continue
		}
		h.tries++
		h.next = now.Add(min(listingRetry<<h.tries, listingRetryMost))
	}
}

// The pauses before a hint wakes the lifecycle again: twice as long each time.
const (
	listingRetry     = 10 * time.Second
	listingRetryMost = 10 * time.Minute
)

// wake wakes the lifecycle for the attempt of a listed payment, as an unsigned notification of its PG: what the PG
// shows of it is read anew. It tells whether that was all.
func (l *Listing) wake(ctx context.Context, x adapters.Listed) bool {
	told, err := l.o.Machine.Notified(ctx, l.o.Journal, Notification{
		ID: x.OrderRef, PGTxID: x.PGTxID, Says: x.Outcome, Unsigned: true,
	})
	a := told.Attempt
	if err == nil && a.State == payment.StateApproved {
		err = l.o.Canceller.Notified(ctx, a)
	}
	if err != nil {
		l.o.Log.WarnContext(ctx, "a listed payment was not followed up", slog.Any("attempt_id", x.OrderRef),
			slog.String("pg_tx_id", x.PGTxID), slog.Any("err", err))
		return false
	}
	l.o.Log.InfoContext(ctx, "a listed payment woke its attempt", a.LogAttr(), slog.String("state", string(a.State)),
		slog.Bool("unmatched", told.Unmatched))
	// An attempt that is open still may have been looked up in vain; every other state has what leads on.
	//guard:unmoved-attempt-is-woken-again
	if a.State == payment.StateOpened || a.State == payment.StateIssued && x.Outcome == payment.OutcomeApproved {
		return false
	}
	return true
}

// ListedPeriod is what came of a part of a period that was listed on demand.
type ListedPeriod struct {
	Counts map[ListedResult]int
	// Next asks for the rest; empty when the period is done. Waiting is how many payments are still being followed up.
	Next    string
	Waiting int
}

// Over lists a part of a period of the past on demand, and deals with it as with every other. The error matches
// adapters.ErrUnsupported when the PG cannot list.
func (l *Listing) Over(
	ctx context.Context, id payment.PGID, from, until time.Time, next string,
) (ListedPeriod, error) {
	i := slices.IndexFunc(l.o.PGs(), func(p *payment.PG) bool { return p.ID == id })
	if i < 0 || l.lister(l.o.PGs()[i]) == nil {
		return ListedPeriod{}, fmt.Errorf("listing the payments of PG %s: %w", id, adapters.ErrUnsupported)
	}
	pg := l.o.PGs()[i]
	s := l.at(id)
	s.mu.Lock()
	defer s.mu.Unlock()
	p := &period{from: from, until: until, next: next, again: true}
	done := ListedPeriod{Counts: map[ListedResult]int{}}
	for range listingPages / 8 {
		more, err := l.page(ctx, pg, s, p, done.Counts)
		if err != nil {
			return done, err
		}
		l.followHints(ctx, pg, s)
		if !more {
			break
		}
	}
	done.Next, done.Waiting = p.next, len(s.hints)
	return done, nil
}
