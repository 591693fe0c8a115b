package lifecycle

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/pg-gateway/pg-gateway/adapters"
	"github.com/pg-gateway/pg-gateway/journal"
	"github.com/pg-gateway/pg-gateway/payment"
)

// undo records the intent to give the money back and tries to, once. What is not proven by the PG's answer
// stays cancelling; the sweep goes on from there.
func (s *Machine) undo(ctx context.Context, w *work, reason payment.Reason) (Result, error) {
	now := s.o.Now()
	next := now.Add(w.acc.PG.ApproveTimeout + slack)
	ev := journal.Event{At: now, Kind: journal.EventUndo, Detail: string(reason)}
	if w.a.State == payment.StateCancelling {
		if err := s.touch(ctx, w, next, ev); err != nil {
			return s.lostHold(ctx, w, err)
		}
		w.a.Checks++
		w.lease = time.Time{}
		return s.giveBack(ctx, w)
	}
	err := s.move(ctx, w, journal.Transition{
		From:   []payment.State{w.a.State},
		To:     payment.StateCancelling,
		Reason: reason, PGTxID: w.a.PGTxID,
		Event:     ev,
		NextCheck: next,
		WipeProof: w.spent, //guard:refused-proof-is-wiped
	})
	if err != nil { //guard:intent-before-undo
		return s.lostHold(ctx, w, err)
	}
	return s.giveBack(ctx, w)
}

// giveBack undoes an attempt in state cancelling: by net cancel while its window is open, else by a cancel of
// the transaction.
func (s *Machine) giveBack(ctx context.Context, w *work) (Result, error) {
	if nc, ok := w.driver.(adapters.NetCanceller); ok && s.canNetCancel(w) {
		callCtx, cancel := context.WithTimeout(ctx, w.acc.PG.ApproveTimeout)
		defer cancel()
		of := w.charged() //guard:net-cancel-names-what-was-charged
		// With another window's token it was that one's payment.
		of.ID = cmp.Or(w.seen.OrderRef, of.ID) //guard:net-cancel-names-whose-payment-it-was
		r, err := s.call(ctx, w, payment.OperationNetCancel, func(now time.Time) (adapters.Result, error) {
			return nc.NetCancel(callCtx, adapters.ApproveRequest{Account: w.acc, Proof: w.proof, Now: now, Attempt: of})
		})
		if err == nil && r.Outcome == payment.OutcomeCancelled { //guard:net-cancel-is-confirmed
			return s.finish(ctx, w, payment.StateCancelled, w.a.Reason)
		}
		s.o.Log.WarnContext(
			ctx, "a net cancel was not confirmed", w.a.LogAttr(), slog.Any("code", r.Code), slog.Any("err", err),
		)
		return s.notProven(ctx, w)
	}
	if w.method() == payment.MethodVBank { //guard:account-money-goes-nowhere
		return s.closeAccount(ctx, w)
	}
	if w.a.PGTxID == "" && netCancels(w) {
		// Inicis cancels by transaction id only; the sweep asks for it.
		return s.notProven(ctx, w)
	}
	return s.refund(ctx, w)
}

func (s *Machine) canNetCancel(w *work) bool {
	return w.proof.AuthToken.IsSet() && s.o.Now().Sub(w.proof.AuthenticatedAt) < netCancelWindow
}

// refund cancels the whole transaction.
func (s *Machine) refund(ctx context.Context, w *work) (Result, error) {
	callCtx, cancel := context.WithTimeout(ctx, w.acc.PG.ApproveTimeout)
	defer cancel()
	charged := w.charged()
	taxFree, vat := taxesOf(w.statedAs(), w.standing())
	r, err := s.call(ctx, w, payment.OperationCancel, func(now time.Time) (adapters.Result, error) {
		return w.driver.Cancel(callCtx, adapters.CancelRequest{
			Account: w.acc, Attempt: charged, PGTxID: w.txID(), Key: w.proof.Key,
			Amount: w.standing(), Remaining: w.standing(), TaxFree: taxFree, VAT: vat, VATSet: w.a.VATSet,
			Unstated: unstated(w.a.Checks / 2), Reason: "approval withdrawn", OperationID: undoID(w), Now: now,
		})
	})
	if err == nil && r.Outcome == payment.OutcomeCancelled {
		return s.finish(ctx, w, payment.StateCancelled, w.a.Reason)
	}
	s.o.Log.WarnContext(ctx, "a cancel was not confirmed", w.a.LogAttr(), slog.Any("code", r.Code), slog.Any("err", err))
	return s.notProven(ctx, w)
}

// statedAs is the attempt with the tax-free part that the PG says was stated at the payment, be it another than
// decided.
func (w *work) statedAs() payment.Attempt {
	a := w.a
	if w.seen.Taxes.TaxFreeKnown { //guard:back-whole-states-what-was-stated
		a.TaxFree = w.seen.Taxes.TaxFree
	}
	return a
}

// taxesOf are the tax-free part and the value added tax of an amount that is given back whole, which need not be the
// amount that was decided: what was stated at the payment must be stated here (portone.md §6.5).
func taxesOf(a payment.Attempt, amount payment.Won) (taxFree, vat payment.Won) {
	taxFree = min(a.TaxFree, amount)
	return taxFree, min(a.VAT, (amount-taxFree+10)/11)
}

// unstated tells whether a try at giving everything back leaves the parts to the PG: by turns, as nobody tells which
// ones a buyer stated who changed them in his window. The first try states what was decided.
func unstated(tries int) bool { return tries%2 == 1 } //guard:refused-undo-leaves-parts-to-pg

// undoID names one try at giving back what an attempt holds. Every try is an operation of its own: it is made
// only after the PG said that the money is still there.
func undoID(w *work) string { return fmt.Sprintf("undo-%s-%d", w.a.ID, w.a.Checks) }

// txID is what the PG finds the attempt by: a billing key by itself, which is not written down.
func (w *work) txID() string {
	if w.a.PGTxID == "" && isKey(w.a) {
		return w.seen.BillingKey.Reveal()
	}
	return w.a.PGTxID
}

// notProven leaves an attempt cancelling, to be looked up again.
func (s *Machine) notProven(ctx context.Context, w *work) (Result, error) {
	s.o.Observer.Concluded(ctx, w.a)
	return s.later(ctx, w, lookUpUndoNotProven)
}

// park leaves an approval as unknown, with a next check. Unknown is never failed.
func (s *Machine) park(ctx context.Context, w *work, reason payment.Reason) (Result, error) {
	err := s.move(ctx, w, journal.Transition{
		From:   []payment.State{w.a.State},
		To:     payment.StateUnknown,
		Reason: reason, PGTxID: w.a.PGTxID,
		Event:     journal.Event{Kind: journal.EventUnknown, Detail: string(reason)},
		NextCheck: s.o.Now().Add(s.backoff(w.a.ID, w.a.Checks)),
	})
	if err != nil {
		return s.lostHold(ctx, w, err)
	}
	s.o.Observer.Concluded(ctx, w.a)
	return w.result(), nil
}

// finish takes an attempt to a final state; what the shop must hear goes into the outbox in the same write.
func (s *Machine) finish(ctx context.Context, w *work, to payment.State, reason payment.Reason) (Result, error) {
	recovered, err := s.isRecovered(ctx, w, to)
	if err != nil {
		return s.lostHold(ctx, w, err)
	}
	if to == payment.StateApproved {
		// An account's bank was told when it was issued, the rest with the deposit.
		w.a.Receipt = w.seen.Receipt.Over(w.a.Receipt)
	}
	var msgs []payment.Message
	if !recovered { //guard:recovered-decline-is-told-once
		msgs, err = s.messages(w, to, reason)
	}
	if err != nil {
		return w.result(), err
	}
	kept, err := s.sealIssued(w, to)
	if err != nil {
		return w.result(), err
	}
	err = s.move(ctx, w, journal.Transition{
		From:   []payment.State{w.a.State},
		To:     to,
		Reason: reason, PGTxID: w.a.PGTxID,
		Event:     journal.Event{Kind: journal.EventEnd(to), Detail: string(reason)},
		WipeProof: kept == nil, SealedProof: kept, KeepProof: kept != nil,
		Messages: msgs, //guard:message-with-the-state
		Receipt:  w.a.Receipt,
		Stored:   s.stored(w, to),
	})
	if err != nil {
		return s.lostHold(ctx, w, err)
	}
	s.o.Observer.Concluded(ctx, w.a)
	if len(msgs) > 0 {
		s.o.Wake()
	}
	return w.result(), nil
}

// move writes a transition, trying again for a while when the journal cannot be written: a transition moves
// no money, so it may be repeated, and its guard makes a repeat harmless.
func (s *Machine) move(ctx context.Context, w *work, t journal.Transition) error {
	t.ID = w.a.ID
	deadline := s.o.Now().Add(journalPatience)
	for wait := 50 * time.Millisecond; ; wait *= 2 {
		t.Event.At = s.o.Now()
		a, err := s.o.Journal.Move(ctx, t)
		if err == nil {
			w.a, w.notOwned, w.quiet, w.lease = a, false, false, time.Time{}
			return nil
		}
		if !errors.Is(err, journal.ErrUnavailable) || s.o.Now().Add(wait).After(deadline) || ctx.Err() != nil {
			return err
		}
		s.o.Log.ErrorContext(
			ctx, "the journal cannot be written; trying again", w.a.LogAttr(), slog.Any("to", t.To), slog.Any("err", err),
		)
		if !sleep(ctx, wait) {
			return err
		}
	}
}

// lostHold answers when a transition was refused: either somebody else took the attempt over, and the journal
// knows better, or the journal is down, and the sweep will find the attempt by its last written state.
func (s *Machine) lostHold(ctx context.Context, w *work, err error) (Result, error) {
	if errors.Is(err, journal.ErrConflict) {
		return s.await(ctx, w.a.ID)
	}
	s.o.Log.ErrorContext(
		ctx, "a transition was not written; the sweep takes over", w.a.LogAttr(), slog.Any("state", w.a.State),
		slog.Any("err", err),
	)
	if w.a.State == payment.StateClaimed || w.a.State == payment.StateOpened {
		return w.result(), journalProblem(err)
	}
	res := w.result()
	res.Attempt.State = payment.StateUnknown
	return res, nil
}

// Known returns what an attempt has come to, and waits for whoever has it in hand; known is false when the journal
// has no such attempt. Errors are *payment.Problem.
func (s *Machine) Known(ctx context.Context, id payment.AttemptID) (res Result, known bool, err error) {
	a, _, err := s.o.Journal.Attempt(ctx, id)
	switch {
	case errors.Is(err, journal.ErrNotFound):
		return Result{}, false, nil
	case err != nil:
		return Result{}, false, journalProblem(err)
	}
	res, err = s.awaitRow(ctx, a)
	return res, err == nil, err
}

// await waits for the result of whoever owns the attempt.
func (s *Machine) await(ctx context.Context, id payment.AttemptID) (Result, error) {
	a, _, err := s.o.Journal.Attempt(ctx, id)
	if err != nil {
		return Result{}, journalProblem(err)
	}
	return s.awaitRow(ctx, a)
}

// awaitRow is await from a row that was just read.
func (s *Machine) awaitRow(ctx context.Context, a payment.Attempt) (Result, error) {
	deadline := s.o.Now().Add(awaitLimit)
	for wait := 20 * time.Millisecond; ; wait = min(wait*2, 500*time.Millisecond) {
		if a.State.Final() || a.State == payment.StateUnknown || a.State == payment.StateIssued ||
			a.State == payment.StateOpened ||
			a.State == payment.StateCancelling && a.Checks > 0 {
			return Result{Attempt: a}, nil
		}
		if s.o.Now().Add(wait).After(deadline) || !sleep(ctx, wait) {
			return Result{Attempt: a}, nil
		}
		var err error
		if a, _, err = s.o.Journal.Attempt(ctx, a.ID); err != nil {
			return Result{}, journalProblem(err)
		}
	}
}

func sleep(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// backoff spaces the look-ups of what is open: 30 s, doubling, at most an hour, each a fifth longer or shorter by the
// attempt's id, so that what an outage left behind does not come due in one moment again.
func (s *Machine) backoff(id payment.AttemptID, checks int) time.Duration {
	return s.o.Spread(string(id), checks, min(30*time.Second<<min(checks, 10), time.Hour))
}
