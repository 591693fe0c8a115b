package lifecycle

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"slices"
	"time"

	"github.com/pg-gateway/pg-gateway/adapters"
	"github.com/pg-gateway/pg-gateway/journal"
	"github.com/pg-gateway/pg-gateway/payment"
)

// CancelJournal is what cancels of paid attempts need of the journal.
type CancelJournal interface {
	CancelBegin(ctx context.Context, c payment.Cancel, ev journal.Event) (payment.Cancel, bool, error)
	CancelFound(ctx context.Context, c payment.Cancel, ev journal.Event, messages []payment.Message) (bool, error)
	CancelMove(ctx context.Context, s journal.CancelStep) (payment.Cancel, error)
	Cancel(ctx context.Context, id payment.CancelID) (payment.Cancel, error)
	CancelsOf(ctx context.Context, id payment.AttemptID) ([]payment.Cancel, error)
	UnmatchedFlag(ctx context.Context, l journal.Unmatched, ev journal.Event) (bool, error)
}

// Codes for how a cancel came to its state.
const (
	CancelConfirmed   = "confirmed_by_pg"
	CancelProven      = "seen_at_pg"
	CancelDeclined    = "declined_by_pg"
	CancelRejected    = "rejected_by_pg"
	CancelNotSent     = "pg_unreachable"
	CancelLost        = "cancel_answer_lost"
	CancelLater       = "pending_at_pg"
	CancelNotApplied  = "not_applied"
	CancelFoundAtPG   = "found_at_pg"
	CancelInterrupted = "interrupted_before_the_answer"
)

// Canceller gives money of paid attempts back, whole or in part. Intent is written before the one request, a
// doubtful answer is unknown until the PG shows what happened, and nothing is ever sent again by itself. It is safe
// for concurrent use.
type Canceller struct {
	s *Machine
	j CancelJournal
	// ended hears of every cancel that came to a state; it must not block.
	ended func(payment.Attempt, payment.Cancel)
}

// NewCanceller returns a canceller that works with a machine's parts. ended may be nil.
func NewCanceller(s *Machine, j CancelJournal, ended func(payment.Attempt, payment.Cancel)) *Canceller {
	if ended == nil {
		ended = func(payment.Attempt, payment.Cancel) {}
	}
	return &Canceller{s: s, j: j, ended: ended}
}

// Cancelled is what a cancel came to, as far as it is known now.
type Cancelled struct {
	Attempt payment.Attempt
	Cancel  payment.Cancel
	// Closed tells that a virtual account was closed that nobody had paid into: no money moved.
	Closed bool
}

// Cancel gives money of an attempt back as asked. Errors are *payment.Problem or the journal's, and then this call
// has sent nothing. Otherwise the cancel's state tells: done, refused, unknown, or requested when the PG does it
// later or another call is still at it.
func (c *Canceller) Cancel(ctx context.Context, id payment.AttemptID, ask CancelAsk) (Cancelled, error) {
	a, _, err := c.s.o.Journal.Attempt(ctx, id)
	if err != nil {
		return Cancelled{}, journalProblem(err)
	}
	if a.State == payment.StateIssued || a.Reason == payment.ReasonClosedByShop {
		return c.closeAccount(ctx, a, ask)
	}
	have, err := c.j.CancelsOf(ctx, id)
	if err != nil {
		return Cancelled{Attempt: a}, journalProblem(err)
	}
	if i := slices.IndexFunc(have, func(h payment.Cancel) bool { return h.ID == ask.ID }); i >= 0 {
		return c.again(ctx, a, have[i], ask)
	}
	if slices.ContainsFunc(have, func(h payment.Cancel) bool { return !h.State.Final() }) {
		return Cancelled{Attempt: a}, &payment.Problem{
			Code: payment.CodeCancelInProgress, OrderID: a.OrderID, KeySafety: payment.NewKeySafe,
		}
	}
	plan, err := planCancel(a, have, ask)
	if err != nil {
		return Cancelled{Attempt: a}, err
	}
	w, err := c.s.take(a)
	if err != nil {
		return Cancelled{Attempt: a}, err
	}
	return c.begin(ctx, w, plan, ask)
}

// begin records the intent and sends the request, when the intent is this call's own.
func (c *Canceller) begin(ctx context.Context, w *work, plan payment.Cancel, ask CancelAsk) (Cancelled, error) {
	// The clock of the request starts before the intent is written: a process that was stopped in between finds
	// its time used up and sends nothing.
	timeout := w.acc.PG.ApproveTimeout + journalPatience
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	now := c.s.o.Now()
	plan.NextCheck = now.Add(timeout + slack)
	//guard:intent-before-cancel
	row, begun, err := c.j.CancelBegin(
		ctx,
		plan,
		journal.Event{
			At: now, Kind: journal.EventCancelIntended, Detail: plan.Amount.String() + " won of " + plan.Remaining.String(),
		},
	)
	if err != nil {
		return Cancelled{Attempt: w.a}, beginProblem(w.a, err)
	}
	if !begun { //guard:who-wrote-intent-sends
		return c.again(ctx, w.a, row, ask)
	}
	return c.send(ctx, w, row, ask)
}

// beginProblem says why an intent was not written.
func beginProblem(a payment.Attempt, err error) error {
	conflict, ok := errors.AsType[*journal.ConflictError](err)
	switch {
	case !ok:
		return journalProblem(err)
	case conflict.Kind == journal.ConflictState:
		return &payment.Problem{Code: payment.CodeNotCancellable, OrderID: a.OrderID}
	case conflict.Kind == journal.ConflictCancelOpen, conflict.Kind == journal.ConflictRemaining:
		// Somebody else's cancel came between our reading and our writing.
		return &payment.Problem{Code: payment.CodeCancelInProgress, OrderID: a.OrderID, KeySafety: payment.NewKeySafe}
	}
	return err
}

// send sends the one request of a cancel whose intent is written.
func (c *Canceller) send(
	ctx context.Context, w *work, row payment.Cancel, ask CancelAsk,
) (Cancelled, error) {
	callCtx, cancel := context.WithTimeout(ctx, w.acc.PG.ApproveTimeout)
	defer cancel()
	r, err := c.s.call(ctx, w, payment.OperationCancel, func(now time.Time) (adapters.Result, error) {
		return w.driver.Cancel(callCtx, adapters.CancelRequest{
			Account: w.acc, Attempt: w.a, PGTxID: w.a.PGTxID, Amount: row.Amount, Remaining: row.Remaining, TaxFree: row.TaxFree,
			VAT: row.VAT, VATSet: row.VATSet, Reason: row.Reason, RefundAccount: ask.RefundAccount, Extra: ask.Extra,
			OperationID: string(row.ID), Now: now,
		})
	})
	after := context.WithoutCancel(ctx)
	ev := journal.Event{Code: r.Code}
	gave := err == nil && (r.Outcome == payment.OutcomeCancelled || r.Outcome == payment.OutcomeApproved)
	switch {
	case gave && r.Cancelled == w.a.Amount-row.Remaining+row.Amount: //guard:given-back-is-compared
		return c.move(after, w.a, row, payment.CancelDone, CancelConfirmed, ev)
	case err == nil && r.Outcome == payment.OutcomeDeclined:
		return c.declined(after, w, row, r, ev)
	case err == nil && r.Outcome == payment.OutcomePending:
		return c.pending(after, w.a, row, ev)
	case errors.Is(err, adapters.ErrUnavailable): //guard:lost-cancel-is-not-refused
		return c.move(after, w.a, row, payment.CancelRefused, CancelNotSent, ev)
	case errors.Is(err, adapters.ErrRejected), errors.Is(err, adapters.ErrUnsupported):
		c.s.o.Log.ErrorContext(
			ctx, "the PG rejected a cancel", w.a.LogAttr(), slog.Any("cancel_id", row.ID), slog.Any("err", err),
		)
		return c.move(after, w.a, row, payment.CancelRefused, CancelRejected, ev)
	}
	c.s.o.Log.ErrorContext(
		ctx, "a cancel's answer was lost or cannot be believed", w.a.LogAttr(), slog.Any("cancel_id", row.ID),
		slog.Int64("amount", int64(row.Amount)), slog.Any("err", err),
	)
	res, err := c.move(after, w.a, row, payment.CancelUnknown, CancelLost, ev)
	if err != nil || res.Cancel.State != payment.CancelUnknown {
		return res, err
	}
	return c.glance(after, w.a, res.Cancel)
}

// declined records a definite no. Our figures may be behind the PG's, so they are brought up to date.
func (c *Canceller) declined(
	ctx context.Context, w *work, row payment.Cancel, r adapters.Result, ev journal.Event,
) (Cancelled, error) {
	if r.Warning != "" {
		c.s.o.Log.ErrorContext(ctx, "the PG's no to a cancel is odd", w.a.LogAttr(), slog.Any("cancel_id", row.ID),
			slog.String("warning", r.Warning))
	}
	res, err := c.move(ctx, w.a, row, payment.CancelRefused, cmp.Or(r.Refused, CancelDeclined), ev)
	if err == nil {
		if err := c.Notified(ctx, w.a); err != nil { //guard:refused-cancel-updates-figures
			c.s.o.Log.WarnContext(ctx, "cancels at the PG could not be looked for", w.a.LogAttr(), slog.Any("err", err))
		}
	}
	return res, err
}

// pending keeps a cancel requested that the PG does later.
func (c *Canceller) pending(
	ctx context.Context, a payment.Attempt, row payment.Cancel, ev journal.Event,
) (Cancelled, error) {
	ev.At, ev.Kind, ev.Detail = c.s.o.Now(), journal.EventCancelPending, CancelLater
	moved, err := c.write(ctx, row, journal.CancelStep{
		ID: row.ID, From: row.State, To: row.State, Code: CancelLater,
		NextCheck: c.s.o.Now().Add(c.s.backoff(row.AttemptID, 0)), Event: ev,
	})
	if err != nil {
		return c.notWritten(ctx, a, row, err)
	}
	c.ended(a, moved)
	return Cancelled{Attempt: a, Cancel: moved}, nil
}

// again answers a call for a cancel that is there already. It sends nothing; it only looks.
func (c *Canceller) again(
	ctx context.Context, a payment.Attempt, row payment.Cancel, ask CancelAsk,
) (Cancelled, error) {
	switch {
	case !sameAsk(row, ask): //guard:other-body-same-key
		return Cancelled{Attempt: a}, &payment.Problem{Code: payment.CodeKeyReused, OrderID: a.OrderID}
	case row.State.Final(), row.State == payment.CancelRequested && row.Code == "" && c.s.o.Now().Before(row.NextCheck):
		return Cancelled{Attempt: a, Cancel: row}, nil
	}
	return c.glance(ctx, a, row)
}

// glance asks the PG about an open cancel that is not ours to put off: only proof that the money went back counts.
func (c *Canceller) glance(ctx context.Context, a payment.Attempt, row payment.Cancel) (Cancelled, error) {
	w, err := c.s.take(a)
	if err != nil {
		return Cancelled{Attempt: a, Cancel: row}, nil //nolint:nilerr // the cancel is open, whoever asks
	}
	if why, _ := c.lookUpResult(ctx, w, row); why == lookUpGivenBack {
		return c.move(context.WithoutCancel(ctx), a, row, payment.CancelDone, CancelProven, journal.Event{})
	}
	return Cancelled{Attempt: a, Cancel: row}, nil
}

// closeAccount closes a virtual account that nobody has paid into: nothing is given back, the attempt ends.
func (c *Canceller) closeAccount(ctx context.Context, a payment.Attempt, ask CancelAsk) (Cancelled, error) {
	res := Cancelled{
		Attempt: a, Closed: true,
		Cancel: payment.Cancel{ID: ask.ID, AttemptID: a.ID, OrderID: a.OrderID, State: payment.CancelDone},
	}
	if ask.Amount != nil && *ask.Amount != a.Amount {
		return res, refusal(
			a, payment.CodeNotCancellable, "amount", "입금되지 않은 가상계좌는 전부만 취소할 수 있습니다",
			"an account that was not paid into is closed as a whole",
		)
	}
	if a.State == payment.StateIssued {
		r, err := c.s.CloseAccount(ctx, a.ID, payment.ReasonClosedByShop)
		if err != nil {
			return res, err
		}
		res.Attempt = r.Attempt
	}
	switch res.Attempt.State {
	case payment.StateCancelled:
		return res, nil
	case payment.StateCancelling, payment.StateUnknown:
		res.Cancel.State = payment.CancelUnknown
		return res, nil
	case payment.StateApproved:
		return res, refusal(a, payment.CodeNotCancellable, "", "그 사이 입금되었습니다. refund_account와 함께 다시 취소하세요",
			"the deposit has come in meanwhile; cancel again with a refund_account")
	case payment.StateOpened, payment.StateClaimed, payment.StateApproving, payment.StateCaptured, payment.StateIssued,
		payment.StateDeclined, payment.StateRefused, payment.StateExpired:
	}
	return res, refusal(
		a, payment.CodeNotCancellable, "", "결제 상태: "+string(res.Attempt.State), "the payment is "+string(res.Attempt.State),
	)
}
