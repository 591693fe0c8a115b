package lifecycle

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/pg-gateway/pg-gateway/adapters"
	"github.com/pg-gateway/pg-gateway/adapters/wire"
	"github.com/pg-gateway/pg-gateway/journal"
	"github.com/pg-gateway/pg-gateway/payment"
)

// ListingJournal is what the listing needs of the journal.
type ListingJournal interface {
	UnmatchedJournal
	Standings(ctx context.Context, ids []payment.AttemptID) (map[payment.AttemptID]journal.Standing, error)
	ListingTake(
		ctx context.Context, pg payment.PGID, holder string, now time.Time, hold time.Duration,
	) (journal.Listing, bool, error)
	ListingDone(ctx context.Context, pg payment.PGID, until time.Time) error
	OwnerlessAdd(ctx context.Context, o journal.Ownerless) (bool, error)
	OwnerlessOf(ctx context.Context, pg payment.PGID, pgTxID string) (journal.Ownerless, bool, error)
	Tell(ctx context.Context, m payment.Message) error
	OwnerlessEnd(
		ctx context.Context, pg payment.PGID, pgTxID string, to journal.OwnerlessState, detail string,
	) (bool, error)
}

// ListingObserver hears what the listing does; it must not block.
type ListingObserver interface {
	// Listed counts what came of listed payments.
	Listed(pg payment.PGID, result ListedResult, n int)
	// ListedUntil tells up to when all that happened at a PG is dealt with.
	ListedUntil(pg payment.PGID, until time.Time)
	// Upstream counts one request to a PG.
	Upstream(pg payment.PGID, operation payment.Operation, outcome payment.CallOutcome, took time.Duration)
}

// ListingOptions are a Listing's parts. All are required.
type ListingOptions struct {
	Machine   *Machine
	Canceller *Canceller
	Journal   ListingJournal
	// PGs are those of the rules in force.
	PGs func() []*payment.PG
	// Made tells whether an id is one that this gateway makes, in this environment, and when it was made.
	Made func(id payment.AttemptID) (at time.Time, ok bool)
	// Kept is how long attempts stay in the journal after they have ended.
	Kept time.Duration
	// Holder names this process among those that share the journal.
	Holder   string
	Observer ListingObserver
	Log      *slog.Logger
	Now      func() time.Time
}

// Times and bounds of the listing.
const (
	// listingOverlap is how far a round goes back before the one before: the PG's clock is another one, and what was
	// paid may show there a while later.
	listingOverlap = time.Minute
	// listingFirst is how far the very first round goes back.
	listingFirst = 24 * time.Hour
	// listingPeriod is the longest period that is read as one.
	listingPeriod = 4 * time.Hour
	// listingPages is how many pages a round reads at most; it goes on where it stopped in the next one.
	listingPages = 40
	// backFor is how far back payments are listed once more, backPages pages a round, in periods of backPeriod: for what
	// the PG shows hours later, as a deposit with the bank's own time, and for what V1 lists by when it was paid though
	// a part of it went back since. After each such look one period of the days before is listed, back to deepFor, which
	// PortOne V1 lists at most: a part may go back long after.
	backFor    = 24 * time.Hour
	backPeriod = 4 * time.Hour
	backPages  = 3
	deepFor    = 90 * 24 * time.Hour
	// listingWakes is how many attempts one round wakes, wakesAtOnce of them at a time.
	listingWakes = 64
	wakesAtOnce  = 8
	// mostHints bounds what is kept to be looked at again. Beyond it nothing more is listed until there is room.
	mostHints = 5_000
	// hintTries is how often one wakes the lifecycle before it is given up, and hintFor how long one is kept that is
	// under way.
	hintTries = 8
	hintFor   = time.Hour
	// ownerlessAfter is how old a payment of no attempt must be: the row of an attempt may be written just now.
	ownerlessAfter = 2 * time.Minute
	// tellWithin is for how long after it happened the shop is told of what others did at its PG's account: who has it
	// told for the first time does not want the days before.
	tellWithin = 24 * time.Hour
)

// Listing holds what PGs list against the journal: a payment that its attempt does not know of wakes the lifecycle, one
// of no attempt comes before a person. What a PG lists is a hint, and the PG is asked again before anything is done; so
// several processes that list the same do no harm, and the journal lets one at a time only to spare the PG. It is safe
// for concurrent use.
type Listing struct {
	o ListingOptions

	mu sync.Mutex
	of map[payment.PGID]*listed
	// rounds are under way.
	rounds sync.WaitGroup
}

// NewListing returns a listing of these parts. It does nothing by itself.
func NewListing(o ListingOptions) *Listing {
	return &Listing{o: o, of: map[payment.PGID]*listed{}}
}

// listed is what is known of one PG's payments. mu is held for a round.
type listed struct {
	mu sync.Mutex
	// next is when the next round is due.
	next time.Time
	// reached is up to when payments were listed; zero before this process did so. back is where the second look is.
	reached     time.Time
	front, back *period
	// deep is up to when the days before the second look are yet to be listed; zero begins anew.
	deep time.Time
	// hints are by transaction: of one payment the last thing that was listed counts.
	hints map[string]*hint
	seen  seenSet
	// detour is why the PG's first way of listing was not gone last, which is said once.
	detour string
}

// period is a period that is being read, page by page.
type period struct {
	from, until time.Time
	next        string
	// again tells that it was listed before, deep that it is of the days before the second look.
	again, deep bool
}

// hintKey is a payment as it was listed.
type hintKey struct {
	tx                string
	outcome           payment.Outcome
	amount, cancelled payment.Won
}

func keyOf(l adapters.Listed) hintKey { return hintKey{l.PGTxID, l.Outcome, l.Amount, l.Cancelled} }

// hint is a listed payment that is not dealt with yet.
type hint struct {
	adapters.Listed
	// since is when it was listed first, and from the beginning of the period of a round that it was in; zero when it
	// was found by a second look.
	since, from time.Time
	tries       int
	next        time.Time
}

// seenSet remembers what was dealt with, the last few thousand at least.
type seenSet struct{ young, old map[hintKey]struct{} }

// seenMost is how many one generation holds.
const seenMost = 10_000

func (s *seenSet) has(k hintKey) bool {
	if _, ok := s.young[k]; ok {
		return true
	}
	_, ok := s.old[k]
	return ok
}

func (s *seenSet) add(k hintKey) {
	if len(s.young) >= seenMost || s.young == nil {
		s.old, s.young = s.young, make(map[hintKey]struct{}, seenMost/8)
	}
	s.young[k] = struct{}{}
}

// lister is the driver of a PG that lists, or nil.
func (l *Listing) lister(pg *payment.PG) adapters.Lister {
	lister, _ := l.o.Machine.o.Drivers[pg.Driver].(adapters.Lister)
	return lister
}

// at returns what is known of a PG.
func (l *Listing) at(pg payment.PGID) *listed {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.of[pg] == nil {
		l.of[pg] = &listed{hints: map[string]*hint{}}
	}
	return l.of[pg]
}

// listingTick is how often it is looked which PG is due.
const listingTick = time.Second

// Run lists until ctx ends, and then waits for what is under way.
func (l *Listing) Run(ctx context.Context) {
	defer l.rounds.Wait()
	tick := time.NewTicker(listingTick)
	defer tick.Stop()
	for {
		l.begin(ctx)
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}

// begin begins the rounds that are due. One PG's do not wait for another's.
func (l *Listing) begin(ctx context.Context) {
	for _, pg := range l.o.PGs() {
		if !pg.Listing.On || l.lister(pg) == nil {
			continue
		}
		s := l.at(pg.ID)
		if !s.mu.TryLock() {
			continue // its round is under way
		}
		if now := l.o.Now(); s.next.After(now) {
			s.mu.Unlock()
			continue
		}
		l.rounds.Go(func() {
			defer s.mu.Unlock()
			l.round(ctx, pg, s)
			s.next = l.o.Now().Add(pg.Listing.Every)
		})
	}
}

// Once lists every PG that lists now, and waits for that.
func (l *Listing) Once(ctx context.Context) {
	for _, pg := range l.o.PGs() {
		if !pg.Listing.On || l.lister(pg) == nil {
			continue
		}
		s := l.at(pg.ID)
		s.mu.Lock()
		l.round(ctx, pg, s)
		s.mu.Unlock()
	}
}

// round lists what is new at a PG and deals with it. s.mu is held.
func (l *Listing) round(ctx context.Context, pg *payment.PG, s *listed) {
	now := l.o.Now()
	// It outlasts two rounds, so that another process takes over from one that died within a minute or so.
	row, taken, err := l.o.Journal.ListingTake(ctx, pg.ID, l.o.Holder, now, 2*pg.Listing.Every+listingOverlap/3)
	if err != nil {
		l.o.Log.WarnContext(ctx, "the listing of a PG cannot be taken", slog.Any("pg", pg.ID), slog.Any("err", err))
		return
	}
	l.o.Observer.ListedUntil(pg.ID, row.Until)
	if !taken {
		// Whoever has it goes on; should it be ours again, it is from the row.
		s.reached, s.front, s.back = time.Time{}, nil, nil
		l.followHints(ctx, pg, s)
		return
	}
	if s.reached.IsZero() {
		if s.reached = row.Until; s.reached.IsZero() {
			s.reached = now.Add(-listingFirst)
		}
	}
	err = l.listFront(ctx, pg, s, now)
	if err == nil && s.front == nil {
		err = l.listBack(ctx, pg, s, now)
	}
	if err != nil && ctx.Err() == nil {
		l.o.Log.WarnContext(ctx, "the payments of a PG were not listed", slog.Any("pg", pg.ID), slog.Any("err", err))
	}
	l.followHints(ctx, pg, s)
	l.done(ctx, pg, s, row)
}

// done records how far a PG is dealt with: up to the oldest hint that is not.
func (l *Listing) done(ctx context.Context, pg *payment.PG, s *listed, row journal.Listing) {
	until := s.reached
	for _, h := range s.hints {
		if !h.from.IsZero() && h.from.Before(until) { //guard:listing-waits-for-its-hints
			until = h.from
		}
	}
	if !until.After(row.Until) {
		return
	}
	if err := l.o.Journal.ListingDone(ctx, pg.ID, until); err != nil {
		l.o.Log.WarnContext(ctx, "how far a PG was listed was not written", slog.Any("pg", pg.ID), slog.Any("err", err))
		return
	}
	l.o.Observer.ListedUntil(pg.ID, until)
}

// listFront reads from where the last round ended up to now.
func (l *Listing) listFront(ctx context.Context, pg *payment.PG, s *listed, now time.Time) error {
	for range listingPages {
		if len(s.hints) >= mostHints {
			return nil
		}
		if s.front == nil {
			from := s.reached.Add(-listingOverlap) //guard:listings-overlap
			until := from.Add(listingPeriod)
			if until.After(now) {
				until = now
			}
			s.front = &period{from: from, until: until}
		}
		more, err := l.page(ctx, pg, s, s.front, nil)
		if err != nil {
			return err
		}
		if more {
			continue
		}
		s.reached, s.front = s.front.until, nil
		if !s.reached.Before(now) {
			return nil
		}
	}
	return nil
}

// listBack reads a few pages of the second look.
func (l *Listing) listBack(ctx context.Context, pg *payment.PG, s *listed, now time.Time) error {
	if len(s.hints) >= mostHints {
		return nil
	}
	if s.back == nil {
		s.back = &period{from: now.Add(-backFor), until: now.Add(-backFor + backPeriod), again: true}
	}
	more := true
	for range backPages {
		var err error
		if more, err = l.page(ctx, pg, s, s.back, nil); err != nil {
			return err
		}
		if !more {
			break
		}
	}
	if more {
		return nil
	}
	s.back = s.afterBack(now)
	return nil
}

// afterBack is the period that follows one of the second look; nil begins that look again.
func (s *listed) afterBack(now time.Time) *period {
	done := s.back
	if done.deep {
		s.deep = done.from
		return nil
	}
	if done.until.Before(now.Add(-listingOverlap)) {
		return &period{from: done.until, until: done.until.Add(backPeriod), again: true}
	}
	until := now.Add(-backFor)
	if !s.deep.IsZero() && s.deep.Before(until) && s.deep.After(now.Add(-deepFor+backPeriod)) {
		until = s.deep
	}
	return &period{from: until.Add(-backPeriod), until: until, again: true, deep: true} //guard:older-days-are-listed
}

// page reads the next page of a period and takes in what it shows. It tells whether there is another one.
func (l *Listing) page(
	ctx context.Context, pg *payment.PG, s *listed, p *period, counts map[ListedResult]int,
) (more bool, err error) {
	began := l.o.Now()
	got, err := l.lister(pg).List(ctx, adapters.ListRequest{
		PG: pg, From: p.from, Until: p.until, Next: p.next, Now: began,
	})
	l.o.Observer.Upstream(
		pg.ID, payment.OperationList, wire.Outcome(payment.OutcomeApproved, err), l.o.Now().Sub(began),
	)
	if err != nil {
		// A page that cannot be read now may be gone by the next round: the period begins again.
		p.next = ""
		return false, err
	}
	if got.Detour != "" && got.Detour != s.detour {
		l.o.Log.WarnContext(ctx, "a PG's payments are listed another way than usual", slog.Any("pg", pg.ID),
			slog.String("why", got.Detour))
	}
	if s.detour = got.Detour; got.Odd > 0 {
		l.count(pg.ID, ListedOdd, got.Odd, counts)
	}
	if err := l.takeIn(ctx, pg, s, p, got.Payments, counts); err != nil {
		p.next = ""
		return false, err
	}
	p.next = got.Next
	return got.Next != "", nil
}

// count counts what came of listed payments, for the metrics and for who asked.
func (l *Listing) count(pg payment.PGID, result ListedResult, n int, counts map[ListedResult]int) {
	l.o.Observer.Listed(pg, result, n)
	if counts != nil {
		counts[result] += n
	}
}
