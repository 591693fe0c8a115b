package simulation

import (
	"context"
	"fmt"
	"math/rand/v2"
	"runtime"
	"strings"
	"time"

	"github.com/pg-gateway/pg-gateway/gateway"
	"github.com/pg-gateway/pg-gateway/journal"
	"github.com/pg-gateway/pg-gateway/lifecycle"
	"github.com/pg-gateway/pg-gateway/payment"
)

// simBooks is a journal that the audit can read too.
type simBooks interface {
	gateway.Journal
	gateway.KeyStore
	lifecycle.UnmatchedQueue
	lifecycle.UnmatchedFindingJournal
	gateway.CancelStore
	CancelsOpen(ctx context.Context, limit int) ([]payment.Cancel, error)
	EachOpen(ctx context.Context, yield func(payment.Attempt) error, states ...payment.State) error
	OwnerlessOpen(ctx context.Context, limit int) ([]journal.Ownerless, error)
}

// simJournal is a pod's way to the journal: it takes time, it fails before or after a write, and the pod may die
// on either side of it.
type simJournal struct {
	// simBooks is inner too, for what no schedule disturbs.
	simBooks
	p     *simPod
	inner simBooks
}

// step is a point at which a process can be cut off. A dead one goes no further.
// Idle looks for work do not count towards the step at which it dies: those would be most of its steps.
func (p *simPod) step(where string) {
	p.mu.Lock()
	if !strings.Contains(where, " due ") {
		p.steps++
	}
	die := p.crashAt > 0 && p.steps == p.crashAt && !p.w.healed.Load()
	p.mu.Unlock()
	if die {
		p.kill("at " + where)
	}
	select {
	case <-p.dead:
		runtime.Goexit()
	default:
	}
}

// pause lets time pass in a process; false means that ctx ended first.
func (p *simPod) pause(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-ctx.Done():
		return false
	case <-p.dead:
		runtime.Goexit()
	}
	select {
	case <-p.dead:
		runtime.Goexit()
	default:
	}
	return true
}

// freeze now and then stops a process for a while, as a frozen machine would: it hears of no deadline meanwhile.
func (p *simPod) freeze(r *rand.Rand) {
	chance, long := r.Float64(), time.Duration(r.Int64N(int64(4*time.Minute)))
	if !p.w.storm() || chance >= p.w.weather.stall {
		return
	}
	p.w.tally("process_frozen")
	p.w.tracef("%s freezes for %s", p.name, long.Round(time.Millisecond))
	p.w.frozen.Add(1)
	defer p.w.frozen.Add(-1)
	p.pause(context.Background(), long)
}

func simDo[T any](ctx context.Context, j *simJournal, op, subject string, writes bool, f func() (T, error)) (T, error) {
	var none T
	w, p := j.p.w, j.p
	name := p.name + " journal " + op + " " + subject
	r := w.draw(name)
	p.step(name)
	took := 50*time.Microsecond + time.Duration(r.Int64N(int64(8*time.Millisecond)))
	chance := r.Float64()
	// Not held: a process that stops just before it writes a no to a PortOne that goes on unheard meanwhile. The
	// money's word may be answered while the attempt is still claimed, and the no then ends it unseen.
	if !w.weather.deaf || op != "move "+string(payment.StateRefused) {
		p.freeze(r)
	}
	if !p.pause(ctx, took) {
		return none, fmt.Errorf("%s: %w: %w", op, journal.ErrUnavailable, ctx.Err())
	}
	down := w.storm() && w.weather.journalDown.holds(time.Since(w.start))
	if down || w.storm() && chance < w.weather.journal/2 {
		w.tally("journal_unavailable")
		w.tracef("%s: unavailable, nothing done", name)
		return none, fmt.Errorf("%s: %w", op, journal.ErrUnavailable)
	}
	v, err := f()
	w.tracef("%s: %v", name, w.plain(err))
	p.step(name + " done")
	p.freeze(r)
	if writes && w.storm() && chance > 1-w.weather.journal/2 {
		w.tally("journal_answer_lost")
		w.tracef("%s: done, but the answer is lost", name)
		return none, fmt.Errorf("%s: %w", op, journal.ErrUnavailable)
	}
	return v, err
}

// plain is an error without ids that chance made.
func (w *simWorld) plain(err error) string {
	if err == nil {
		return "ok"
	}
	return fmt.Sprintf("%T", err)
}

type simNothing struct{}

func (j *simJournal) do(ctx context.Context, op, subject string, f func() error) error {
	_, err := simDo(ctx, j, op, subject, true, func() (simNothing, error) { return simNothing{}, f() })
	return err
}

// of names an attempt by its order and when it was made.
func (j *simJournal) of(id payment.AttemptID) string { return j.p.w.nameIn(string(id)) }

func (j *simJournal) meet(a payment.Attempt) string {
	w := j.p.w
	w.call(string(a.ID), fmt.Sprintf("%s/%s", w.nameIn(string(a.OrderID)), a.CreatedAt.Sub(w.start)))
	return j.of(a.ID)
}

// Insert implements gateway.Journal.
func (j *simJournal) Insert(ctx context.Context, a payment.Attempt, ev journal.Event, bound ...journal.Windows) error {
	return j.do(ctx, "insert", j.meet(a), func() error { return j.inner.Insert(ctx, a, ev, bound...) })
}

// Claim implements gateway.Journal.
func (j *simJournal) Claim(ctx context.Context, a payment.Attempt, c journal.Claim) error {
	return j.do(ctx, "claim", j.meet(a), func() error { return j.inner.Claim(ctx, a, c) })
}

// Move implements gateway.Journal.
func (j *simJournal) Move(ctx context.Context, t journal.Transition) (payment.Attempt, error) {
	return simDo(ctx, j, "move "+string(t.To), j.of(t.ID), true, func() (payment.Attempt, error) { return j.inner.Move(ctx, t) })
}

// Touch implements gateway.Journal.
func (j *simJournal) Touch(ctx context.Context, l journal.LookUp) error {
	return j.do(ctx, "touch", j.of(l.ID), func() error { return j.inner.Touch(ctx, l) })
}

// Replan implements gateway.Journal.
func (j *simJournal) Replan(ctx context.Context, p journal.Plan) error {
	return j.do(ctx, "replan", j.of(p.ID), func() error { return j.inner.Replan(ctx, p) })
}

// Attempt implements gateway.Journal.
func (j *simJournal) Attempt(ctx context.Context, id payment.AttemptID) (payment.Attempt, []byte, error) {
	type read struct {
		a      payment.Attempt
		sealed []byte
	}
	r, err := simDo(ctx, j, "read", j.of(id), false, func() (read, error) {
		a, sealed, err := j.inner.Attempt(ctx, id)
		return read{a, sealed}, err
	})
	return r.a, r.sealed, err
}

// AttemptsOf implements gateway.Journal.
func (j *simJournal) AttemptsOf(ctx context.Context, order payment.OrderID) ([]payment.Attempt, error) {
	return simDo(ctx, j, "attempts", j.p.w.nameIn(string(order)), false, func() ([]payment.Attempt, error) { return j.inner.AttemptsOf(ctx, order) })
}

// StatesOf implements gateway.Journal.
func (j *simJournal) StatesOf(ctx context.Context, order payment.OrderID) ([]journal.AttemptState, error) {
	return simDo(ctx, j, "attempts", j.p.w.nameIn(string(order)), false, func() ([]journal.AttemptState, error) { return j.inner.StatesOf(ctx, order) })
}

// Remembers implements gateway.Journal: nothing is asked ahead, so that each schedule can be run again.
func (j *simJournal) Remembers() bool { return true }

// DueLanes implements gateway.Journal.
func (j *simJournal) DueLanes(ctx context.Context, now time.Time) ([]journal.Lane, error) {
	return simDo(ctx, j, "due lanes", "", false, func() ([]journal.Lane, error) { return j.inner.DueLanes(ctx, now) })
}

// Due implements gateway.Journal.
func (j *simJournal) Due(ctx context.Context, l journal.Lane, now time.Time, limit int, lease time.Duration) ([]payment.Attempt, error) {
	return simDo(ctx, j, "due", simLane(l), true, func() ([]payment.Attempt, error) { return j.inner.Due(ctx, l, now, limit, lease) })
}

// simLane names a lane.
func simLane(l journal.Lane) string { return fmt.Sprintf("%s urgent %v", l.PG, l.Urgent) }

// OutboxDue implements gateway.Journal.
func (j *simJournal) OutboxDue(ctx context.Context, l journal.OutboxLane, now time.Time, limit int, lease time.Duration) ([]payment.Message, error) {
	return simDo(ctx, j, "outbox due", fmt.Sprintf("again %v", l.Again), true, func() ([]payment.Message, error) { return j.inner.OutboxDue(ctx, l, now, limit, lease) })
}

// OutboxPush implements gateway.Journal.
func (j *simJournal) OutboxPush(ctx context.Context, now time.Time, limit int) (int, error) {
	return simDo(ctx, j, "outbox push", "", true, func() (int, error) { return j.inner.OutboxPush(ctx, now, limit) })
}

// OutboxDone implements gateway.Journal.
func (j *simJournal) OutboxDone(ctx context.Context, id string) error {
	return j.do(ctx, "outbox done", j.p.w.nameIn(id), func() error { return j.inner.OutboxDone(ctx, id) })
}

// OutboxRetry implements gateway.Journal. The jitter is drawn anew, from the seed.
func (j *simJournal) OutboxRetry(ctx context.Context, id string, next time.Time, reason string) error {
	subject := j.p.w.nameIn(id)
	wait := max(next.Sub(j.p.now()), time.Second)
	base := time.Second
	for base < wait && base < time.Hour {
		base *= 2
	}
	base -= time.Duration(j.p.w.draw("jitter " + subject).Int64N(int64(base) / 5))
	return j.do(ctx, "outbox retry", subject, func() error { return j.inner.OutboxRetry(ctx, id, j.p.now().Add(base), reason) })
}

// OutboxPark implements gateway.Journal.
func (j *simJournal) OutboxPark(ctx context.Context, id, reason string) error {
	j.p.w.tally("message_parked")
	return j.do(ctx, "outbox park", j.p.w.nameIn(id), func() error { return j.inner.OutboxPark(ctx, id, reason) })
}

// Ping implements gateway.Journal.
func (j *simJournal) Ping(ctx context.Context) error {
	return j.do(ctx, "ping", "", func() error { return j.inner.Ping(ctx) })
}

// Stats implements gateway.Journal.
func (j *simJournal) Stats(ctx context.Context) (journal.Stats, error) {
	return simDo(ctx, j, "stats", "", false, func() (journal.Stats, error) { return j.inner.Stats(ctx) })
}
