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

// Times of a PG's question before it approves. PortOne waits 10 seconds (portone.md §3.3); an answer that comes
// later is a no, whatever it says.
const (
	hookBudget     = 8 * time.Second
	hookShopBudget = 6 * time.Second
	// firstFollow is when the sweep looks what became of an attempt after our yes, if nobody woke us before.
	firstFollow = 30 * time.Second
)

// Question is what a PG asks just before it has a payment approved: may this be charged?
type Question struct {
	ID payment.AttemptID
	// PG is whom the question came to, by its address.
	PG     payment.PGID
	PGTxID string
	Amount payment.Won
	// Unlisted tells that nobody signed the question and that it came from an unknown address: then nothing is written
	// before the PG shows the payment as it is asked about.
	Unlisted bool
}

// Allow answers a PG's question. It says yes only when the attempt holds its order, the shop has said yes, and
// the intent is written; whatever goes wrong is a no. The same question gets the same answer.
func (s *Machine) Allow(ctx context.Context, q Question) Answer {
	ctx, cancel := context.WithTimeout(ctx, hookBudget)
	defer cancel()
	a, sealed, err := s.o.Journal.Attempt(ctx, q.ID)
	switch {
	case errors.Is(err, journal.ErrNotFound):
		return no(payment.ReasonNoSuchPayment)
	case err != nil:
		return no(payment.ReasonJournalDown)
	case a.PG != q.PG || a.ManualConfirm || q.PGTxID == "":
		return no(payment.ReasonNotAwaited)
	}
	ans := s.answer(ctx, a, sealed, q)
	if !ans.Yes && (!q.Unlisted || ans.Reason != payment.ReasonNoSuchPayment) {
		// Where the PG was just asked and showed no such payment, it is not asked once more.
		s.watchRefused(ctx, a, q) //guard:every-no-is-watched
	}
	return ans
}

// answer answers a question about an attempt of its PG.
func (s *Machine) answer(ctx context.Context, a payment.Attempt, sealed []byte, q Question) Answer {
	switch {
	case q.Amount != a.Amount: //guard:questions-amount-is-compared
		return no(payment.ReasonMismatch + "amount")
	case a.Currency != payment.CurrencyKRW:
		return no(payment.ReasonMismatch + "currency")
	case a.State != payment.StateOpened:
		return s.askedBefore(ctx, a, sealed, q)
	case s.o.Now().After(a.ExpiresAt):
		return no(payment.ReasonExpired)
	case q.Unlisted && !s.asksAbout(ctx, a, q): //guard:unlisted-question-is-read-at-pg
		return no(payment.ReasonNoSuchPayment)
	}
	return s.allow(ctx, a, q)
}

// Shown is what a PG shows of one transaction of an attempt.
type Shown struct {
	r    adapters.Result
	ours bool
	// agrees tells that nothing that it shows differs from what was decided.
	agrees bool
}

// Paid tells whether the transaction is the attempt's and was paid, be it given back since.
func (s Shown) Paid() bool {
	return s.ours && (s.r.Outcome == payment.OutcomeApproved || s.r.Outcome == payment.OutcomeCancelled)
}

// Shows asks the PG about one transaction, for messages that nobody signed.
func (s *Machine) Shows(ctx context.Context, a payment.Attempt, pgTxID string) (Shown, error) {
	w, err := s.take(a)
	if err != nil {
		return Shown{}, err
	}
	w.a.PGTxID, w.exact = pgTxID, true
	r, err := s.lookUp(ctx, w)
	return Shown{
		r: r, ours: err == nil && r.OrderRef == a.ID && r.PGTxID == pgTxID,
		agrees: adapters.Mismatch(a, w.acc.Merchant, r) == "",
	}, err
}

// asksAbout tells whether the PG shows the payment that a question is about as one that waits, as it was decided.
func (s *Machine) asksAbout(ctx context.Context, a payment.Attempt, q Question) bool {
	shown, err := s.Shows(ctx, a, q.PGTxID)
	return err == nil && shown.ours && shown.agrees && shown.r.Outcome == payment.OutcomePending
}

func no(reason payment.Reason) Answer { return Answer{Reason: reason} }

// allow claims the order for an opened attempt, asks the shop and writes the intent, in this order.
func (s *Machine) allow(ctx context.Context, a payment.Attempt, q Question) Answer {
	w, err := s.take(a)
	if err != nil {
		s.o.Log.ErrorContext(ctx, "a PG asks about an attempt whose merchant is gone", a.LogAttr(), slog.Any("err", err))
		return no(payment.ReasonNoAccount)
	}
	now := s.o.Now()
	err = s.o.Journal.Claim(ctx, a, journal.Claim{
		To: payment.StateClaimed, PGTxID: q.PGTxID, NextCheck: now.Add(hookBudget + slack),
		Event: journal.Event{At: now, Kind: journal.EventAsked},
	})
	var taken *journal.ClaimedError
	switch {
	case errors.As(err, &taken):
		return no(payment.ReasonOrderBlocked) //guard:taken-order-is-not-charged
	case errors.Is(err, journal.ErrConflict):
		// The same question came twice at once.
		return s.readAgain(ctx, q)
	case err != nil:
		s.o.Log.ErrorContext(
			ctx, "a PG's question is answered no: the claim was not written", a.LogAttr(), slog.Any("err", err),
		)
		return no(payment.ReasonJournalDown)
	}
	w.a.State, w.a.PGTxID = payment.StateClaimed, q.PGTxID
	shopCtx, cancel := context.WithTimeout(ctx, hookShopBudget)
	defer cancel()
	if w.answer = s.o.Shop.Confirm(shopCtx, w.a); !w.answer.Yes { //guard:no-is-no-to-the-pg
		if ctx.Err() != nil || s.lookedAt(ctx, w) { //guard:no-that-nobody-waits-for //guard:no-to-an-overtaken-question
			// The PG has stopped waiting, or this question was long on its way, and it may have gone on without an
			// answer: the sweep asks it before this ends.
			return w.answer
		}
		// Before the attempt ends: whoever ends it may die with the answer on its way.
		s.watch(context.WithoutCancel(ctx), a, q.PGTxID) //guard:refused-is-watched-first
		if _, err := s.finish(context.WithoutCancel(ctx), w, payment.StateRefused, w.answer.Reason); err != nil {
			s.o.Log.ErrorContext(ctx, "a refusal was not written; the sweep takes over", a.LogAttr(), slog.Any("err", err))
		}
		return w.answer
	}
	err = s.move(ctx, w, journal.Transition{
		From: []payment.State{payment.StateClaimed},
		To:   payment.StateApproving,
		Event: journal.Event{
			Kind: journal.EventIntended, Detail: "the PG was told to go on",
		},
		NextCheck: s.o.Now().Add(firstFollow),
	})
	if err != nil {
		// Should it have been written all the same, following up finds that the PG took our no for a no.
		s.o.Log.ErrorContext(
			ctx, "a PG's question is answered no: the intent was not written", a.LogAttr(), slog.Any("err", err),
		)
		return no(payment.ReasonJournalDown) //guard:intent-before-go-on
	}
	return Answer{Yes: true}
}

// lookedAt tells whether anybody looked for a payment of w before: its question is not the first that was heard of
// it.
func (s *Machine) lookedAt(ctx context.Context, w *work) bool {
	events, err := s.o.Journal.Events(ctx, w.a.ID)
	return err != nil || slices.ContainsFunc(events, func(e journal.Event) bool { return e.Kind == journal.EventLookedUp })
}

func (s *Machine) readAgain(ctx context.Context, q Question) Answer {
	a, sealed, err := s.o.Journal.Attempt(ctx, q.ID)
	if err != nil {
		return no(payment.ReasonJournalDown)
	}
	return s.askedBefore(ctx, a, sealed, q)
}

// askedBefore answers a question about an attempt that is beyond opened: as before when it is the same
// question, and no to every other one. While the first one is being answered it waits.
func (s *Machine) askedBefore(ctx context.Context, a payment.Attempt, sealed []byte, q Question) Answer {
	for wait := 20 * time.Millisecond; a.State == payment.StateClaimed; wait = min(wait*2, 250*time.Millisecond) {
		if len(sealed) > 0 || a.PGTxID != q.PGTxID || !sleep(ctx, wait) {
			break
		}
		var err error
		if a, sealed, err = s.o.Journal.Attempt(ctx, q.ID); err != nil {
			return no(payment.ReasonJournalDown)
		}
	}
	same := a.PGTxID == q.PGTxID
	switch {
	case same && (goesOnByItself(a, sealed) || a.State == payment.StateApproved):
		return Answer{Yes: true}
	case same && a.State == payment.StateRefused:
		return no(a.Reason)
	}
	return no(payment.ReasonNotAwaited)
}

// goesOnByItself tells whether an approving attempt is approved by the PG alone, after our yes to its question.
// Before a request of our own, the proof that it needs is sealed into the journal; here there is none. A charge needs
// none either.
func goesOnByItself(a payment.Attempt, sealed []byte) bool {
	return a.State == payment.StateApproving && len(sealed) == 0 &&
		!isCharge(a) //guard:charge-needs-no-proof
}

// follow finds out what became of an attempt after our yes to the PG's question. The shop has said yes, so what
// is charged is approved; while nothing is certain the order stays claimed.
func (s *Machine) follow(ctx context.Context, w *work) (Result, error) {
	w.asked = true
	r, err := s.lookUp(ctx, w)
	after := context.WithoutCancel(ctx)
	switch {
	case err != nil:
	case r.Outcome == payment.OutcomeApproved:
		return s.approved(after, w, r)
	case r.Outcome == payment.OutcomeIssued:
		return s.issued(after, w, r)
	case r.Outcome == payment.OutcomeCancelled:
		return s.finish(after, w, payment.StateCancelled, payment.ReasonCancelledAtPG)
	case r.Outcome == payment.OutcomeDeclined && r.PGTxID == w.a.PGTxID: //guard:decline-of-its-own-transaction
		// It must be the very transaction that we were asked about: an earlier one says nothing of it.
		w.buyer = r.BuyerCancelled
		return s.finish(after, w, payment.StateDeclined, declined(r))
	}
	if s.o.Now().After(w.a.ExpiresAt) && !w.quiet {
		return s.park(after, w, payment.ReasonLost)
	}
	return s.later(ctx, w, lookUpNotYet)
}

// unanswered ends an attempt whose owner died while a PG's question was open. The yes is given only after the
// attempt is approving, so the PG was refused; what it charged all the same is dealt with as found.
func (s *Machine) unanswered(ctx context.Context, w *work) (Result, error) {
	r, err := s.lookUp(ctx, w)
	if err != nil {
		return s.later(ctx, w, lookUpFailed)
	}
	switch r.Outcome {
	case payment.OutcomeApproved:
		return s.takeIn(ctx, w, r)
	case payment.OutcomeIssued:
		w.a.PGTxID = r.PGTxID
		return s.askForAccount(ctx, w, r)
	case payment.OutcomeCancelled:
		return s.finish(ctx, w, payment.StateCancelled, payment.ReasonCancelledAtPG)
	case payment.OutcomeUnknown:
		return s.later(ctx, w, lookUpUnclear)
	case payment.OutcomeDeclined:
	case payment.OutcomePending, payment.OutcomeNotFound:
		s.watch(ctx, w.a, w.a.PGTxID) //guard:dead-owners-question-is-watched
	}
	return s.finish(ctx, w, payment.StateRefused, payment.ReasonInterrupted)
}

// takeIn records that the PG has charged a claimed attempt, and asks the shop.
func (s *Machine) takeIn(ctx context.Context, w *work, r adapters.Result) (Result, error) {
	w.a.PGTxID, w.seen = r.PGTxID, r
	switch wrong, whole := s.compare(ctx, w, r); {
	case wrong != "":
		return s.undo(ctx, w, wrong)
	case !whole:
		return s.unproven(ctx, w)
	}
	err := s.move(ctx, w, journal.Transition{
		From: []payment.State{payment.StateClaimed}, To: payment.StateCaptured, PGTxID: r.PGTxID,
		Event: journal.Event{Kind: journal.EventCaptured}, NextCheck: s.o.Now().Add(gateBudget + slack),
	})
	if err != nil {
		return s.lostHold(ctx, w, err)
	}
	return s.askAfter(ctx, w)
}
