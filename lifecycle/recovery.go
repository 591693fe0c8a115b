package lifecycle

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/pg-gateway/pg-gateway/adapters"
	"github.com/pg-gateway/pg-gateway/journal"
	"github.com/pg-gateway/pg-gateway/payment"
)

// Times of recoveries.
const (
	// recoveryLease is longer than a try takes.
	recoveryLease = 10 * time.Minute
	// recoveryLook is how often a try is looked at whose outcome is not known; the attempt itself has a sweep of its own.
	recoveryLook = time.Minute
	// recoveryPutOff is how long a try is put off that could not be made: the PG is down, or a control is on.
	recoveryPutOff = 10 * time.Minute
	// stopTries bounds how often a recovery that moves meanwhile is told to stop.
	stopTries = 5
	// maxRecovery is how long an order is recovered at most, whatever puts its tries off.
	maxRecovery = 90 * 24 * time.Hour
)

// RecoveryJournal keeps recoveries, for all pods.
type RecoveryJournal interface {
	Attempt(ctx context.Context, id payment.AttemptID) (payment.Attempt, []byte, error)
	RecoveryOf(ctx context.Context, order payment.OrderID) (payment.Recovery, error)
	RecoveryMove(ctx context.Context, s journal.RecoveryStep) (payment.Recovery, error)
	RecoveryLanes(ctx context.Context, now time.Time) ([]journal.Lane, error)
	RecoveriesDue(
		ctx context.Context, l journal.Lane, now time.Time, limit int, lease time.Duration,
	) ([]payment.Recovery, error)
}

// RecovererOptions are a Recoverer's parts; all are required.
type RecovererOptions struct {
	Journal RecoveryJournal
	// Rules are those in force.
	Rules func() payment.RecoveryRules
	// Charge makes the next try of a recovery under an id, by the rules in force. Errors are as a charge's: nothing was
	// charged then.
	Charge func(ctx context.Context, id payment.AttemptID, r payment.Recovery) (Charged, error)
	// Moved hears what a recovery came to; it must not block.
	Moved func(r payment.Recovery)
	Log   *slog.Logger
	Now   func() time.Time
	Wake  func()
}

// Recoverer tries declined charges of billing keys again, as the rules allow. It is safe for concurrent use.
type Recoverer struct{ o RecovererOptions }

// NewRecoverer returns a recoverer of these parts.
func NewRecoverer(o RecovererOptions) *Recoverer { return &Recoverer{o} }

// RecoveryName is the name under which what a recovery was asked for is sealed.
func RecoveryName(id payment.AttemptID) SealName { return SealName("recovery " + id) }

// RecoveryTryID names the try that follows those that r has made. It depends on nothing else, so that whoever makes
// it, on whichever pod and after whatever crash, makes the same.
func RecoveryTryID(r payment.Recovery) payment.AttemptID {
	h := sha256.Sum256(fmt.Appendf(nil, "recovery %q %q %d", r.OrderID, r.ID, r.Tries+1)) //guard:try-has-its-own-number
	return payment.AttemptID("r_" + hex.EncodeToString(h[:16]))
}

// Resume goes on with a recovery whose time has come.
func (s *Recoverer) Resume(ctx context.Context, r payment.Recovery) error {
	if r.State == payment.RecoveryTrying {
		return s.ended(ctx, r)
	}
	now, rules := s.o.Now(), s.o.Rules()
	switch {
	case r.StopAsked:
		return s.stop(ctx, r, payment.StopAsked)
	case !rules.On: //guard:rules-of-now-stop-recoveries
		return s.stop(ctx, r, payment.StopRules)
	case now.Sub(r.CreatedAt) > maxRecovery:
		return s.stop(ctx, r, payment.StopTooLong)
	}
	if awake := rules.Awake(now); awake.After(now) { //guard:no-try-in-quiet-hours
		return s.putOff(ctx, r, awake)
	}
	res, err := s.o.Charge(ctx, RecoveryTryID(r), r)
	if err != nil {
		return s.notTried(ctx, r, err)
	}
	return s.Ended(ctx, res.Attempt)
}

// Ended goes on with the recovery that a charge belongs to, if there is one and the charge has ended.
func (s *Recoverer) Ended(ctx context.Context, a payment.Attempt) error {
	r, err := s.o.Journal.RecoveryOf(ctx, a.OrderID)
	if errors.Is(err, journal.ErrNotFound) || err == nil && (r.State != payment.RecoveryTrying || r.Attempt != a.ID) {
		return nil
	}
	if err != nil {
		return err
	}
	return s.after(ctx, r, a)
}

// ended reads the charge that is under way.
func (s *Recoverer) ended(ctx context.Context, r payment.Recovery) error {
	a, _, err := s.o.Journal.Attempt(ctx, r.Attempt)
	if errors.Is(err, journal.ErrNotFound) {
		return s.stop(ctx, r, payment.StopTooLong) // forgotten long after its end
	}
	if err != nil {
		return err
	}
	return s.after(ctx, r, a)
}

// after decides what comes after a charge. One whose outcome is not known holds everything up: another could be the
// second that is paid.
func (s *Recoverer) after(ctx context.Context, r payment.Recovery, a payment.Attempt) error {
	if !a.State.Final() { //guard:unknown-try-holds-up-the-next
		return s.putOff(ctx, r, s.o.Now().Add(recoveryLook))
	}
	step := journal.RecoveryStep{Row: r, Used: r.Used, StopAsked: r.StopAsked, Class: r.Class, Reason: r.Reason}
	if a.State == payment.StateApproved {
		step.To = payment.RecoveryUnneeded
		if r.Tries > 0 {
			step.To = payment.RecoveryRecovered
		}
		return s.move(ctx, step, a)
	}
	now, rules := s.o.Now(), s.o.Rules()
	step.Reason, step.Class = a.Reason, payment.ClassOf(a.Reason)
	if a.Reason == payment.ReasonNotSent { //guard:unsent-try-uses-no-budget
		// Nothing was said of the card.
		step.To, step.Class = payment.RecoveryWaiting, payment.ClassTemporary
		step.NextCheck = rules.Awake(now.Add(recoveryPutOff))
	} else {
		if r.Tries > 0 {
			step.Used++
		}
		at, _, ok := rules.Next(step.Class, step.Used, now)
		step.To, step.NextCheck = payment.RecoveryWaiting, at
		if !ok {
			step.To, step.Stopped = payment.RecoveryStopped, payment.StopBudget
			if rules.Budgets[step.Class].Tries == 0 {
				step.Stopped = payment.StopPermanent
			}
		}
	}
	if r.StopAsked && step.To == payment.RecoveryWaiting { //guard:asked-stop-is-kept
		step.To, step.Stopped = payment.RecoveryStopped, payment.StopAsked
	}
	return s.move(ctx, step, a)
}

// notTried decides what comes of a try that was not made.
func (s *Recoverer) notTried(ctx context.Context, r payment.Recovery, err error) error {
	if errors.Is(err, journal.ErrConflict) {
		return nil // somebody else has it
	}
	p, ok := payment.AsProblem(err)
	later := s.o.Now().Add(recoveryPutOff)
	switch {
	case !ok, errors.Is(err, adapters.ErrUnavailable):
		s.o.Log.WarnContext(ctx, "a declined charge could not be tried again", recoveryLog(r), slog.Any("err", err))
		return s.putOff(ctx, r, later)
	case p.Code == payment.CodeOrderAlreadyPaid:
		return s.stop(ctx, r, payment.StopPaid)
	case p.Code == payment.CodeKeyNotFound, p.Code == payment.CodeKeyNotUsable:
		return s.stop(ctx, r, payment.StopKeyGone)
	case p.Code.Describe().Status >= 500, slices.Contains(passing(), p.Code):
		return s.putOff(ctx, r, later)
	}
	s.o.Log.WarnContext(ctx, "a declined charge is not tried again", recoveryLog(r), slog.Any("code", p.Code))
	return s.stop(ctx, r, payment.StopRules)
}

// passing are the refusals that pass by themselves.
func passing() []payment.Code {
	return []payment.Code{
		payment.CodeOrderInProgress, payment.CodePaymentUnknown, payment.CodeOrderAwaitsDeposit, payment.CodeBlockedByControl,
		payment.CodeRateLimited, payment.CodeRecovering,
	}
}

// Stop ends the recovery of an order: at once, or with the charge that is under way. ErrNotFound when none is open.
func (s *Recoverer) Stop(ctx context.Context, order payment.OrderID) (payment.Recovery, error) {
	for try := 0; ; try++ {
		r, err := s.o.Journal.RecoveryOf(ctx, order)
		if err != nil {
			return r, err
		}
		switch {
		case !r.State.Open(), r.State == payment.RecoveryTrying && r.StopAsked, try == stopTries:
			return r, nil
		case r.State == payment.RecoveryTrying:
			_, err = s.o.Journal.RecoveryMove(ctx, journal.RecoveryStep{
				Row: r, To: r.State, Used: r.Used, Class: r.Class, Reason: r.Reason, NextCheck: r.NextCheck, StopAsked: true,
			})
			err = notMoved(err)
		default:
			err = s.stop(ctx, r, payment.StopAsked)
		}
		// Read again in any case: a try may have begun meanwhile.
		if err != nil {
			return r, err
		}
	}
}

// putOff has a recovery gone on with later.
func (s *Recoverer) putOff(ctx context.Context, r payment.Recovery, to time.Time) error {
	_, err := s.o.Journal.RecoveryMove(ctx, journal.RecoveryStep{
		Row: r, To: r.State, Used: r.Used, Class: r.Class, Reason: r.Reason, StopAsked: r.StopAsked, NextCheck: to,
	})
	return notMoved(err)
}

// stop ends a recovery between two charges.
func (s *Recoverer) stop(ctx context.Context, r payment.Recovery, why payment.StopReason) error {
	a, _, err := s.o.Journal.Attempt(ctx, r.Attempt)
	if errors.Is(err, journal.ErrNotFound) {
		a, err = payment.Attempt{ID: r.Attempt, OrderID: r.OrderID, PG: r.PG, Reason: r.Reason}, nil
	}
	if err != nil {
		return err
	}
	return s.move(ctx, journal.RecoveryStep{
		Row: r, To: payment.RecoveryStopped, Stopped: why, Used: r.Used, Class: r.Class, Reason: r.Reason,
		StopAsked: r.StopAsked,
	}, a)
}

// move writes a step with what the shop hears of it; a is the charge that was made last.
func (s *Recoverer) move(ctx context.Context, step journal.RecoveryStep, a payment.Attempt) error {
	rules, now := s.o.Rules(), s.o.Now()
	next := step.Row
	next.State, next.Used, next.NextCheck = step.To, step.Used, step.NextCheck
	next.Class, next.Reason, next.Stopped = step.Class, step.Reason, step.Stopped
	msgs, err := recoveryMessages(step.Row, next, a, rules, now)
	if err != nil {
		return err
	}
	step.Messages = msgs //guard:recovery-tells-with-its-step
	r, err := s.o.Journal.RecoveryMove(ctx, step)
	if err != nil {
		return notMoved(err)
	}
	s.o.Moved(r)
	s.o.Log.InfoContext(
		ctx, "a recovery has moved", recoveryLog(r), slog.Any("class", r.Class), slog.Any("stopped", r.Stopped),
	)
	if len(msgs) > 0 {
		s.o.Wake()
	}
	return nil
}

// notMoved leaves out that somebody else has moved a recovery: he has told of it.
func notMoved(err error) error {
	if errors.Is(err, journal.ErrConflict) {
		return nil
	}
	return err
}

// recoveryMessages are what the shop hears of a recovery's step: of each charge that was declined, and of the end. That
// a charge was paid it hears with the charge.
func recoveryMessages(
	from, to payment.Recovery, a payment.Attempt, rules payment.RecoveryRules, now time.Time,
) ([]payment.Message, error) {
	var all []payment.Message
	standing := to.Standing(rules)
	if from.State == payment.RecoveryTrying && a.State.Final() && a.State != payment.StateApproved {
		list, err := ending(a, a.State, a.Reason, now, &standing)
		if err != nil {
			return nil, err
		}
		all = list
	}
	kind := map[payment.RecoveryState]string{
		payment.RecoveryRecovered: payment.MessageRecovered, payment.RecoveryStopped: payment.MessageStopped,
	}[to.State]
	if kind == "" {
		return all, nil
	}
	data := dataOf(a)
	data.Reason, data.Recovery = to.Reason, &standing
	m, err := messageOf("msg_"+string(to.ID)+"_recovery_"+string(to.State), kind, to.OrderID, data, now)
	if err != nil {
		return nil, err
	}
	return append(all, m), nil
}

func recoveryLog(r payment.Recovery) slog.Attr {
	return slog.Group("recovery", slog.Any("order_id", r.OrderID), slog.Any("id", r.ID), slog.Any("state", r.State),
		slog.Int("tries", r.Tries))
}

// isRecovered tells whether a charge that has ended unpaid is one of a recovery that goes on: the shop is told by it
// then, with what comes next.
func (s *Machine) isRecovered(ctx context.Context, w *work, to payment.State) (bool, error) {
	if s.o.Recoveries == nil || !isCharge(w.a) || to == payment.StateApproved {
		return false, nil
	}
	r, err := s.o.Recoveries.RecoveryOf(ctx, w.a.OrderID)
	if errors.Is(err, journal.ErrNotFound) {
		return false, nil
	}
	return err == nil && r.State == payment.RecoveryTrying && r.Attempt == w.a.ID, err
}

func (w *Worker) recoveryQueue() queue[journal.Lane, payment.Recovery] {
	return queue[journal.Lane, payment.Recovery]{
		what: "recoveries", workers: sideWorkers, batch: sideWorkers, lanes: w.o.Recoveries.RecoveryLanes,
		take: func(ctx context.Context, l journal.Lane, now time.Time, limit int) ([]payment.Recovery, error) {
			return w.o.Recoveries.RecoveriesDue(ctx, l, now, limit, recoveryLease)
		},
		work: func(ctx context.Context, r payment.Recovery, _ time.Time) {
			// Once begun, a charge runs to its end, also while we shut down.
			if err := w.o.Recoverer.Resume(context.WithoutCancel(ctx), r); err != nil {
				w.o.Log.Error("the sweep could not go on with a recovery", recoveryLog(r), slog.Any("err", err))
			}
		},
	}
}

// SweepRecoveries goes on with the recoveries that are due now, and waits for that.
func (w *Worker) SweepRecoveries(ctx context.Context) {
	if w.recoveries != nil {
		w.recoveries.once(ctx)
	}
}
