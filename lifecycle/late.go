package lifecycle

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/pg-gateway/pg-gateway/adapters"
	"github.com/pg-gateway/pg-gateway/journal"
	"github.com/pg-gateway/pg-gateway/payment"
)

// LateJournal is what late money needs of the journal.
type LateJournal interface {
	Note(ctx context.Context, id payment.AttemptID, ev journal.Event) error
	LateTake(ctx context.Context, l journal.Late, now time.Time, hold time.Duration) (journal.Late, bool, error)
	LateEnd(ctx context.Context, l journal.Late, to journal.LateState, ev journal.Event) error
	LateFlag(ctx context.Context, l journal.Late, ev journal.Event) (bool, error)
	LateSeen(ctx context.Context, l journal.Late, ev journal.Event) (bool, error)
	LateTouch(ctx context.Context, l journal.Late, ev journal.Event) error
	LateOf(ctx context.Context, id payment.AttemptID) ([]journal.Late, error)
}

// Word is what became of a PG's word that something happened to an attempt.
type Word struct {
	Result
	// Late tells that the PG has money of an attempt that had ended without it, has it twice, or has it while the
	// attempt is being undone.
	Late bool
	// won is what the PG shows to have come in, where Late says so.
	won payment.Won
}

// Notice is a PG's word that something happened to an attempt.
type Notice struct {
	ID payment.AttemptID
	// PGTxID is the transaction that the word is about; empty when it does not tell.
	PGTxID string
	// Says is what the word says has become of it; empty when it does not tell.
	Says payment.Outcome
	// Unsigned tells that nobody signed the word. Then it writes nothing that the PG does not show.
	Unsigned bool
}

// Notified follows up a PG's word about an attempt. The word itself is a hint: an open attempt is settled as by
// every other trigger; for one that has ended, the PG is asked whether it took money afterwards. Errors match
// a *payment.Problem or an adapters error: the PG should say it again.
func (s *Settler) Notified(ctx context.Context, late LateJournal, n Notice) (Word, error) {
	a, sealed, err := s.o.Journal.Attempt(ctx, n.ID)
	if err != nil {
		return Word{}, journalProblem(err)
	}
	if a.State.Final() {
		return s.afterEnd(ctx, late, a, n.PGTxID)
	}
	pgTxID := n.PGTxID
	r, err := s.complete(ctx, a, sealed, adapters.Proof{PGTxID: pgTxID}, n.Unsigned)
	if err != nil {
		return Word{Result: r}, err
	}
	if r.Attempt.State == payment.StateClaimed || r.Attempt.State == payment.StateCaptured {
		// Whoever has it may yet end it without another look: the PG must say its word once more.
		return Word{Result: r}, &payment.Problem{Code: payment.CodePaymentUnknown, OrderID: r.Attempt.OrderID}
	}
	if r.Attempt.State.Final() && r.Attempt.State != payment.StateApproved {
		// It may have ended without a look at the payment that the word is about: by another trigger, or another payment.
		return s.afterEnd(ctx, late, r.Attempt, pgTxID)
	}
	word, err := s.besideUndo(ctx, late, Word{Result: r}, pgTxID)
	if err != nil {
		return word, err
	}
	return s.beside(ctx, late, word, pgTxID)
}

// sharesIDs tells whether the PG of an attempt can hold several payments under its id (PortOne V1).
func (s *Settler) sharesIDs(a payment.Attempt) bool { return adapters.SharesIDs(s.o.Drivers, a) }

// besideUndo looks at the PG for a word about an attempt that is being undone, or about an account whose issue is
// unknown. Its end may be proven by an answer that was given before the money came in, as into an account that was
// closed: so what is there is put on record before the word is acknowledged.
func (s *Settler) besideUndo(ctx context.Context, late LateJournal, word Word, pgTxID string) (Word, error) {
	a := word.Attempt
	undone := a.State == payment.StateCancelling || a.State == payment.StateUnknown && a.Method == payment.MethodVBank
	another := a.PGTxID != "" && pgTxID != "" && pgTxID != a.PGTxID
	if isKey(a) || !undone || another && s.sharesIDs(a) {
		return word, nil
	}
	won, err := s.lookForLate(ctx, late, a, pgTxID)
	word.Late, word.won = won > 0, won
	return word, err
}

// afterEnd follows up a word about an attempt that has ended: it looks for money that the PG took for it, and deals
// with that. What happened to the payment that the attempt was approved by is not looked at here.
func (s *Settler) afterEnd(ctx context.Context, late LateJournal, a payment.Attempt, pgTxID string) (Word, error) {
	word := Word{Result: Result{Attempt: a}}
	if isKey(a) {
		// A key moves no money, and must not be written down as a transaction's id.
		return word, nil
	}
	if a.State == payment.StateApproved && (pgTxID == "" || pgTxID == a.PGTxID || !s.sharesIDs(a)) {
		// Elsewhere than where ids are shared it is the one that was approved.
		return word, nil
	}
	var err error
	word.won, err = s.lookForLate(ctx, late, a, pgTxID)
	word.Late = word.won > 0
	return word, err
}

// lookForLate asks the PG about a payment that is not the one of its attempt, and deals with what it finds. It
// returns what came in, if any of it is still there.
func (s *Settler) lookForLate(ctx context.Context, late LateJournal, a payment.Attempt, pgTxID string) (payment.Won, error) {
	w, err := s.take(a)
	if err != nil {
		return 0, err
	}
	// What the journal knows is read before the PG is asked, so that nobody gives back on the word of an older look.
	rows, err := late.LateOf(ctx, a.ID)
	if err != nil {
		return 0, lateError(err)
	}
	w.a.PGTxID, w.exact = pgTxID, a.State == payment.StateApproved || !a.State.Final()
	r, err := s.lookUp(ctx, w)
	if err != nil {
		return 0, fmt.Errorf("looking for late money of attempt %s: %w", a.ID, err)
	}
	if s.sharesIDs(a) && pgTxID != "" && r.Outcome == payment.OutcomeNotFound {
		// One of the PG's two answers is wrong; which, only another look can show.
		return 0, fmt.Errorf("looking for late money of attempt %s: %w: the PG told of a payment and shows none", a.ID, adapters.ErrUnavailable)
	}
	if r.OrderRef != a.ID || a.State == payment.StateApproved && r.PGTxID == a.PGTxID {
		return 0, nil
	}
	l := journal.Late{AttemptID: a.ID, PGTxID: r.PGTxID}
	for _, row := range rows {
		if row.PGTxID == r.PGTxID {
			// The lease is another's, if there is one.
			l, l.Lease = row, time.Time{}
		}
	}
	held, err := s.found(context.WithoutCancel(ctx), late, a, l, r)
	if !held {
		return 0, err
	}
	return r.Amount, err
}

// found deals with what a look at a payment beside its attempt showed; l is what the journal knew of it before.
func (s *Settler) found(ctx context.Context, late LateJournal, a payment.Attempt, l journal.Late, r adapters.Result) (bool, error) {
	won := r.Amount - r.Cancelled
	switch {
	case r.Outcome == payment.OutcomeCancelled && l.State.Open():
		// Proof that late money is back.
		return false, lateError(late.LateEnd(ctx, l, journal.LateReturned, journal.Event{At: s.o.Now(), Kind: journal.EventLateReturned}))
	case r.Outcome == payment.OutcomeIssued && a.State.Final():
		return false, s.shutAccount(ctx, late, a, r)
	case r.Outcome != payment.OutcomeApproved || won <= 0:
		return false, nil
	}
	l.Won = won
	if r.CancelPending > 0 {
		// Somebody is giving it back already.
		return true, s.notSure(ctx, late, l, lookCancelPending)
	}
	if !a.State.Final() {
		// Whether it is late, nobody can say before the attempt has ended. Until then it is on record once.
		if l.State.Open() {
			return true, nil
		}
		return true, s.notSure(ctx, late, l, lookAttemptOpen)
	}
	return true, s.dealWith(ctx, late, a, l, r)
}

// dealWith gives late money back or parks it. The attempt has ended, and r shows l.Won won at the PG.
func (s *Settler) dealWith(ctx context.Context, late LateJournal, a payment.Attempt, l journal.Late, r adapters.Result) error {
	w, err := s.take(a)
	if err != nil {
		return err
	}
	s.o.Log.ErrorContext(ctx, "a PG holds money that its attempt cannot keep", a.LogAttr(),
		slog.String("state", string(a.State)), slog.Int64("amount", int64(l.Won)), slog.String("late", string(l.State)))
	if l.State == journal.LateFlagged || l.State == journal.LateReturned || l.State == journal.LateKept {
		// It waits for a person, or two of them have closed it.
		return nil
	}
	why := s.parks(a, r)
	if why == "" && a.State == payment.StateApproved {
		if why, err = s.doubts(ctx, w, r); err != nil {
			s.o.Log.WarnContext(ctx, "late money is looked at again later", a.LogAttr(), slog.Any("err", err))
			return s.notSure(ctx, late, l, lookFailed)
		}
	}
	if why != "" {
		return s.parkLate(ctx, late, l, why)
	}
	w.a.PGTxID = l.PGTxID
	return s.returnLate(ctx, late, w, l)
}

// parks says why late money of an attempt must wait for a person; empty means that it is given back.
func (s *Settler) parks(a payment.Attempt, r adapters.Result) string {
	switch {
	case a.Method == payment.MethodVBank || r.Method == payment.MethodVBank:
		return "its refund needs the buyer's account"
	case s.o.ParkLate != nil && s.o.ParkLate():
		return "limits.late_money is park"
	}
	return ""
}

// doubts says why it is not clear that r is a second payment beside the one that its attempt was approved by: then
// a person must say which of the two stands. The first one must still be there, whole.
func (s *Settler) doubts(ctx context.Context, w *work, r adapters.Result) (string, error) {
	if field := adapters.Mismatch(w.a, w.acc.Merchant, r); field != "" {
		return "beside the approved payment, with another " + field, nil
	}
	own := *w
	own.exact = true
	first, err := s.lookUp(ctx, &own)
	if err != nil {
		return "", fmt.Errorf("looking at the payment that attempt %s was approved by: %w", w.a.ID, err)
	}
	if first.Outcome != payment.OutcomeApproved || first.PGTxID != w.a.PGTxID || first.Cancelled != 0 {
		return "the approved payment does not stand whole", nil
	}
	return "", nil
}

// notSure records money of which it cannot be said yet what to do about it; the sweep looks again.
func (s *Settler) notSure(ctx context.Context, late LateJournal, l journal.Late, why look) error {
	if l.State.Open() {
		return s.laterLate(ctx, late, l, why)
	}
	now := s.o.Now()
	l.NextCheck = now.Add(s.backoff(l.AttemptID, 0))
	_, err := late.LateSeen(ctx, l, journal.Event{At: now, Kind: journal.EventLate, Detail: l.Won.String() + " won, " + string(why)})
	return lateError(err)
}

// parkLate leaves late money to a person.
func (s *Settler) parkLate(ctx context.Context, late LateJournal, l journal.Late, why string) error {
	now := s.o.Now()
	l.NextCheck = now.Add(s.o.Spread(string(l.AttemptID), l.Checks, flaggedEvery))
	ev := journal.Event{At: now, Kind: journal.EventLateFlagged, Detail: l.Won.String() + " won, " + why}
	if l.State.Open() {
		return lateError(late.LateEnd(ctx, l, journal.LateFlagged, ev))
	}
	_, err := late.LateFlag(ctx, l, ev)
	return lateError(err)
}

// returnLate gives late money back, once per look: the intent is recorded before the request, by whoever gets hold
// of it first. What is not proven stays open, with a next check.
func (s *Settler) returnLate(ctx context.Context, late LateJournal, w *work, l journal.Late) error {
	timeout := w.acc.PG.ApproveTimeout
	// The clock of the request starts before the intent is written, so that the hold outlasts it.
	callCtx, cancel := context.WithTimeout(ctx, timeout+journalPatience)
	defer cancel()
	row, taken, err := late.LateTake(callCtx, l, s.o.Now(), timeout+journalPatience+slack)
	if err != nil || !taken {
		return lateError(err)
	}
	taxFree, vat := taxesOf(w.a, l.Won)
	start := s.o.Now()
	r, err := w.driver.Cancel(callCtx, adapters.CancelRequest{
		Account: w.acc, Attempt: withAmount(w.a, l.Won), PGTxID: l.PGTxID, Amount: l.Won, Remaining: l.Won,
		TaxFree: taxFree, VAT: vat, VATSet: w.a.VATSet, Unstated: unstated(row.Tries - 1),
		Reason: "late_money", OperationID: fmt.Sprintf("late-%s-%d", w.a.ID, row.Tries), Now: start,
	})
	s.observe(ctx, w, payment.OperationCancel, r, err, start)
	to, ev := journal.LateUnknown, journal.Event{At: s.o.Now(), Kind: journal.EventLateUnknown, Code: r.Code}
	row.NextCheck = s.o.Now().Add(s.backoff(row.AttemptID, row.Tries+row.Checks))
	if err == nil && r.Outcome == payment.OutcomeCancelled {
		to, ev.Kind = journal.LateReturned, journal.EventLateReturned
	} else {
		s.o.Log.ErrorContext(ctx, "late money is not proven to be back", w.a.LogAttr(), slog.Int64("amount", int64(l.Won)), slog.Any("code", r.Code), slog.Any("err", err))
	}
	return lateError(late.LateEnd(ctx, row, to, ev))
}

// lateError is an error of the journal as a PG is told of it: it should say its word again.
func lateError(err error) error {
	if err == nil || errors.Is(err, journal.ErrNotFound) {
		return err
	}
	return fmt.Errorf("%w: %w", &payment.Problem{Code: payment.CodeJournalDown}, err)
}
