package lifecycle

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"
)

// queue is something that comes due lane by lane and is worked on by many.
type queue[L comparable, T any] struct {
	// what it is of, for logs.
	what string
	// workers is how many work on a lane at once, batch how many of its entries are taken at once.
	workers, batch int
	// lanes returns those in which something is due, take some of what is due in one.
	lanes func(ctx context.Context, now time.Time) ([]L, error)
	take  func(ctx context.Context, l L, now time.Time, limit int) ([]T, error)
	// work deals with one entry that was taken at that time.
	work func(ctx context.Context, entry T, taken time.Time)
}

// pool works on a queue. Every lane has workers of its own (a bulkhead): one in which nothing goes on, because its PG
// does not answer, holds up no other. Nobody waits for a whole batch: a worker that is done makes room for the next
// entry.
type pool[L comparable, T any] struct {
	queue[L, T]
	now func() time.Time
	log *slog.Logger

	mu      sync.Mutex
	rooms   map[L]*room
	running sync.WaitGroup
	outage  outage
}

// room is a lane's workers.
type room struct {
	slots chan struct{}
	state atomic.Int32
}

// The states of a room.
const (
	roomIdle int32 = iota
	// roomTaking: somebody takes what is due.
	roomTaking
	// roomAsked: somebody does, and is to look once more after that.
	roomAsked
)

func newPool[L comparable, T any](q queue[L, T], now func() time.Time, log *slog.Logger) *pool[L, T] {
	return &pool[L, T]{queue: q, now: now, log: log, rooms: map[L]*room{}}
}

// every looks for work after every pause until ctx ends, and then waits for what is under way. Pauses are longer
// while the journal cannot be asked.
func (p *pool[L, T]) every(ctx context.Context, pause time.Duration) {
	defer p.running.Wait()
	next := time.NewTimer(pause)
	defer next.Stop()
	for {
		p.lookUpResult(ctx)
		next.Reset(p.outage.pause(pause))
		select {
		case <-next.C:
		case <-ctx.Done():
			return
		}
	}
}

// once works on everything that is due now, and waits for it.
func (p *pool[L, T]) once(ctx context.Context) {
	p.lookUpResult(ctx)
	p.running.Wait()
}

// look starts to work on every lane in which something is due. It waits for none.
func (p *pool[L, T]) lookUpResult(ctx context.Context) {
	lanes, err := p.lanes(ctx, p.now())
	if err != nil {
		p.failed(ctx, err)
		return
	}
	if len(lanes) == 0 {
		p.answered()
	}
	for _, l := range lanes {
		p.ask(ctx, l)
	}
}

// ask has a lane looked at, now or once more after whoever is at it.
func (p *pool[L, T]) ask(ctx context.Context, l L) {
	r := p.room(l) //guard:silent-pg-has-own-workers
	for {
		switch s := r.state.Load(); {
		case s == roomIdle && r.state.CompareAndSwap(roomIdle, roomTaking):
			p.running.Go(func() { p.drain(ctx, l, r) })
			return
		case s == roomTaking && r.state.CompareAndSwap(roomTaking, roomAsked), s == roomAsked:
			return
		}
	}
}

func (p *pool[L, T]) room(l L) *room {
	p.mu.Lock()
	defer p.mu.Unlock()
	r := p.rooms[l]
	if r == nil {
		r = &room{slots: make(chan struct{}, p.workers)}
		p.rooms[l] = r
	}
	return r
}

// drain takes up what is due in a lane until nothing is.
func (p *pool[L, T]) drain(ctx context.Context, l L, r *room) {
	for {
		for p.takeSome(ctx, l, r) {
		}
		if r.state.CompareAndSwap(roomTaking, roomIdle) {
			return
		}
		r.state.Store(roomTaking)
	}
}

// takeSome takes as much as there is room for, at least one and at most a batch, and tells whether more may be due.
// An entry is taken when there is a worker for it, so that its lease has to outlast its own work only.
func (p *pool[L, T]) takeSome(ctx context.Context, l L, r *room) bool {
	free := r.reserve(ctx, p.batch)
	if free == 0 {
		return false
	}
	now := p.now()
	entries, err := p.take(ctx, l, now, free)
	if err != nil {
		p.failed(ctx, err)
	} else {
		p.answered()
	}
	r.release(free - len(entries))
	for _, e := range entries {
		p.running.Go(func() {
			defer r.release(1)
			p.work(ctx, e, now)
		})
	}
	return len(entries) == free
}

// failed logs that the journal could not be asked, at most once in a while.
func (p *pool[L, T]) failed(ctx context.Context, err error) {
	if errors.Is(ctx.Err(), context.Canceled) {
		return
	}
	if quiet, say := p.outage.failed(p.now()); say {
		p.log.Error(
			"the journal cannot be asked what is due", slog.String("of", p.what), slog.Int("failures_since", quiet),
			slog.Any("err", err),
		)
	}
}

// answered logs the end of what failed logged.
func (p *pool[L, T]) answered() {
	if failures, took, say := p.outage.answered(p.now()); say {
		p.log.Info("the journal can be asked again what is due", slog.String("of", p.what), slog.Int("failures", failures),
			slog.Float64("seconds", took.Seconds()))
	}
}

// reserve waits for a worker and takes up to most that are free; none when ctx ends.
func (r *room) reserve(ctx context.Context, most int) int {
	if ctx.Err() != nil {
		return 0
	}
	select {
	case r.slots <- struct{}{}:
	case <-ctx.Done():
		return 0
	}
	for n := 1; n < most; n++ {
		select {
		case r.slots <- struct{}{}:
		default:
			return n
		}
	}
	return most
}

func (r *room) release(n int) {
	for range n {
		<-r.slots
	}
}
