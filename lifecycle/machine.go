// Package lifecycle takes attempts to their end, whatever woke it: the browser's return, the SDK's callback, a
// redirect, the sweep. However many triggers there are, in whatever order and from whatever pod, an attempt
// has one result.
//
// Two rules carry all of it. The journal's guarded transitions decide who acts: whoever moved an attempt owns
// it until its next check, everybody else waits for the result. And intent is written before anything that
// moves money is sent, so that a crash leaves a trace of what may have happened.
//
// It must not know HTTP servers, YAML or databases.
package lifecycle

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/pg-gateway/pg-gateway/adapters"
	"github.com/pg-gateway/pg-gateway/adapters/wire"
	"github.com/pg-gateway/pg-gateway/journal"
	"github.com/pg-gateway/pg-gateway/payment"
)

// Journal is what the machine needs of the journal.
type Journal interface {
	Claim(ctx context.Context, a payment.Attempt, c journal.Claim) error
	Move(ctx context.Context, t journal.Transition) (payment.Attempt, error)
	Touch(ctx context.Context, l journal.LookUp) error
	Attempt(ctx context.Context, id payment.AttemptID) (payment.Attempt, []byte, error)
	ProofOwner(ctx context.Context, hash string) (payment.Attempt, error)
	Events(ctx context.Context, id payment.AttemptID) ([]journal.Event, error)
	EndChange(ctx context.Context, id payment.AttemptID, c journal.Change, done bool, now time.Time) error
	UnmatchedOf(ctx context.Context, id payment.AttemptID) ([]journal.Unmatched, error)
	UnmatchedWatch(ctx context.Context, l journal.Unmatched, ev journal.Event) (bool, error)
}

// Answer is the shop's word on whether an attempt may be charged.
type Answer struct {
	Yes bool
	// Reason is a stable code for a no: shop_refused, shop_silent.
	Reason   payment.Reason
	DetailKo string
	DetailEn string
}

// Shop is the confirm gate. It answers within its own budget; silence is a no, told by Answer.
type Shop interface {
	Confirm(ctx context.Context, a payment.Attempt) Answer
}

// Sealer encrypts what the journal keeps and must not hold in the clear, for one row alone: a proof, so that an
// approval whose answer was lost can be undone after a crash without the journal holding a usable token, and what
// tells of accounts and keys.
type Sealer interface {
	Seal(of SealName, plain []byte) ([]byte, error)
	Open(of SealName, sealed []byte) ([]byte, error)
	// Print tells parts from other ones without holding them.
	Print(parts ...string) string
}

// SealName says what is sealed, which opens under that name alone. None can be taken for another: an attempt's id is
// ours and signed, a message's begins with msg_, and of the three only a scope has a space.
type SealName string

// ProofName is that of an attempt's proof.
func ProofName(id payment.AttemptID) SealName { return SealName(id) }

// MessageName is that of the body of a message to the shop.
func MessageName(id string) SealName { return SealName(id) }

// AnswerName is that of the answer that is kept for an idempotency key.
func AnswerName(scope, key string) SealName { return SealName(scope + key) }

// Observer hears what became of attempts; it must not block.
type Observer interface {
	Concluded(ctx context.Context, a payment.Attempt)
	Upstream(pg payment.PGID, operation payment.Operation, outcome payment.CallOutcome, took time.Duration)
}

// Exit lets a request out to a PG, or keeps it back: the error matches adapters.ErrUnavailable then, and nothing may be
// sent. Whoever was let out says once what came of it. What is owed (a look-up, a net cancel, a cancel) is always let
// out: it is how money that moved is found and given back.
type Exit func(pg payment.PGID, operation payment.Operation) (came func(payment.CallOutcome), err error)

// Options are a Machine's parts. All but Spread, ParkUnmatched, Recoveries and Exit are required.
type Options struct {
	Journal Journal
	Drivers map[payment.DriverName]adapters.Driver
	// Account finds the PG and merchant of an attempt in the current rules; an error means that they are
	// gone or another contract by now.
	Account  func(a payment.Attempt) (adapters.Account, error)
	Shop     Shop
	Sealer   Sealer
	Observer Observer
	Log      *slog.Logger
	Now      func() time.Time
	// Wake tells the outbox that there is something to deliver.
	Wake func()
	// Spread is how long to wait instead of d, so that what came due at one moment does not again; nil means
	// payment.Spread.
	Spread func(id string, try int, d time.Duration) time.Duration
	// ParkUnmatched tells whether the rules leave an unmatched payment to a person; nil means that it is given back.
	ParkUnmatched func() bool
	// Recoveries are looked up when a charge has ended unpaid; nil where none is recovered.
	Recoveries interface {
		RecoveryOf(ctx context.Context, order payment.OrderID) (payment.Recovery, error)
	}
	// Exit is asked before each request to a PG; nil lets out all.
	Exit Exit
}

// Times that shape how an attempt is concluded.
const (
	// gateBudget is the longest that the confirm gate may take, with room for the journal.
	gateBudget = 20 * time.Second
	// slack is added to a PG's timeout before anybody else may take an attempt over.
	slack = 20 * time.Second
	// netCancelWindow is how long after authentication a net cancel is tried: Inicis takes it for 10 minutes
	// (inicis.md §1.12), and the buyer authenticated a moment before we heard of it.
	netCancelWindow = 9 * time.Minute
	// awaitLimit is how long a second trigger waits for the first one's result.
	awaitLimit = 10 * time.Second
	// journalPatience is how long a transition is tried again while the journal cannot be written.
	journalPatience = 8 * time.Second
)

// Result is what an attempt came to, as far as it is known now.
type Result struct {
	Attempt payment.Attempt
	// Declined tells that the PG or the buyer said no although the attempt may still be tried again.
	Declined bool
	// BuyerCancelled tells that the buyer closed the window; for wording only.
	BuyerCancelled bool
	// Why is the reason of a no that ended nothing yet, as an attempt's; for wording only.
	Why payment.Reason
	// Answer is the shop's, when it refused.
	Answer Answer
}

// Status is the word that shops and browsers see for a result.
func (r Result) Status() string {
	switch r.Attempt.State {
	case payment.StateApproved, payment.StateDeclined, payment.StateRefused, payment.StateCancelled,
		payment.StateExpired, payment.StateUnknown:
		return string(r.Attempt.State)
	case payment.StateCancelling:
		return string(payment.StateUnknown)
	case payment.StateIssued:
		return string(payment.StateIssued)
	case payment.StateOpened, payment.StateClaimed, payment.StateApproving, payment.StateCaptured:
	}
	if r.Declined {
		return string(payment.StateDeclined)
	}
	return string(statusPending)
}

// Machine concludes attempts. It is safe for concurrent use.
type Machine struct{ o Options }

// New returns a machine of these parts.
func New(o Options) *Machine {
	if o.Spread == nil {
		o.Spread = payment.Spread
	}
	if o.Exit == nil {
		o.Exit = func(payment.PGID, payment.Operation) (func(payment.CallOutcome), error) {
			return func(payment.CallOutcome) {}, nil
		}
	}
	return &Machine{o: o}
}

// work is one attempt in this machine's hands.
type work struct {
	a      payment.Attempt
	acc    adapters.Account
	driver adapters.Driver
	proof  adapters.Proof
	answer Answer
	// asked tells that the shop may have said yes to this attempt, and so may have reserved stock for it.
	asked    bool
	declined bool
	buyer    bool
	// why is the reason of a decline that ended nothing yet.
	why payment.Reason
	// notOwned tells that the attempt is somebody else's until it is moved; lease is until when the sweep's is ours.
	notOwned bool
	lease    time.Time
	// quiet leaves a look-up that decided nothing unwritten, until the attempt is moved.
	quiet bool
	// spent tells that the proof is another payment's, so that nothing may be undone with it.
	spent bool
	// exact has look-ups ask about the one transaction alone.
	exact bool
	// seen is what the PG last said it charged and gave back; a wrong amount is given back whole.
	seen adapters.Result
}

// charged is the attempt with the amount and the method that the PG really charged, which a cancel is measured by: a
// wrong amount is given back whole, be it more or less than was decided.
func (w *work) charged() payment.Attempt {
	a := withAmount(w.a, w.seen.Amount)
	a.Method = w.method() //guard:back-the-way-it-was-paid
	return a
}

// method is how the PG says it was paid, which need not be as decided; the decided one while it has not said.
func (w *work) method() payment.Method { return cmp.Or(w.seen.Method, w.a.Method) }

// withAmount is a with another charged amount; zero leaves it as it is.
func withAmount(a payment.Attempt, won payment.Won) payment.Attempt {
	if won > 0 {
		a.Amount = won
	}
	return a
}

// standing is what the PG still holds of the attempt, in won.
func (w *work) standing() payment.Won {
	if w.seen.Amount > 0 {
		return w.seen.Amount - w.seen.Cancelled
	}
	return w.a.Amount
}

func (w *work) result() Result {
	return Result{Attempt: w.a, Declined: w.declined, BuyerCancelled: w.buyer, Why: w.why, Answer: w.answer}
}

// Authenticated concludes an attempt whose buyer came back from an Inicis window with a proof. The attempt comes
// from our own sealed token. Errors are *payment.Problem for what the buyer can be told, and nothing was
// approved then.
func (s *Machine) Authenticated(ctx context.Context, a payment.Attempt, proof adapters.Proof) (Result, error) {
	w, err := s.take(a)
	if err != nil {
		return Result{Attempt: a}, err
	}
	w.proof = proof
	return s.claimAndApprove(ctx, w)
}

// Complete concludes an attempt that was journaled when its window was opened. The proof is what the browser
// says; only its AuthToken is ever used, and only to approve the very attempt.
func (s *Machine) Complete(ctx context.Context, id payment.AttemptID, proof adapters.Proof) (Result, error) {
	a, sealed, err := s.o.Journal.Attempt(ctx, id)
	if err != nil {
		return Result{}, journalProblem(err)
	}
	return s.complete(ctx, a, sealed, proof, false)
}

// complete is Complete of a row that was read; whatever happened to it since is seen where it is moved. A trigger
// that is quiet writes down nothing but what the PG shows.
func (s *Machine) complete(
	ctx context.Context, a payment.Attempt, sealed []byte, proof adapters.Proof, quiet bool,
) (Result, error) {
	follows := goesOnByItself(a, sealed)
	if isCharge(a) && a.State == payment.StateUnknown { //guard:notification-of-an-unknown-charge-is-looked-up
		return s.askAgain(ctx, a)
	}
	if a.State != payment.StateOpened && a.State != payment.StateIssued && !follows {
		return s.awaitRow(ctx, a)
	}
	w, err := s.take(a)
	if err != nil {
		return Result{Attempt: a}, err
	}
	w.proof = proof
	w.notOwned, w.quiet = true, quiet //guard:browsers-look-up-is-no-owners
	switch {
	case a.State == payment.StateIssued:
		return s.awaitDeposit(ctx, w)
	case follows:
		return s.follow(ctx, w)
	}
	if a.ManualConfirm && proof.AuthToken.IsSet() {
		if s.o.Now().After(a.ExpiresAt) {
			return Result{Attempt: a}, &payment.Problem{Code: payment.CodeReturnExpired, OrderID: a.OrderID}
		}
		return s.claimAndApprove(ctx, w)
	}
	return s.read(ctx, w)
}

// take finds the driver and account of an attempt.
func (s *Machine) take(a payment.Attempt) (*work, error) {
	acc, err := s.o.Account(a)
	if err != nil {
		return nil, fmt.Errorf("finding the merchant of attempt %s: %w", a.ID, err)
	}
	d, ok := s.o.Drivers[a.Driver]
	if !ok {
		return nil, fmt.Errorf("attempt %s: no driver %q", a.ID, a.Driver)
	}
	// The order service asked for a charge itself, so that its yes is there from the start.
	return &work{a: a, acc: acc, driver: d, asked: isCharge(a)}, nil
}

func (s *Machine) claimAndApprove(ctx context.Context, w *work) (Result, error) {
	sealed, err := s.seal(w)
	if err != nil {
		return w.result(), err
	}
	now := s.o.Now()
	err = s.o.Journal.Claim(ctx, w.a, journal.Claim{
		To:          payment.StateClaimed,
		ProofHash:   proofHash(w.proof),
		SealedProof: sealed,
		Event:       journal.Event{At: now, Kind: journal.EventAuthenticated},
		NextCheck:   now.Add(gateBudget + slack),
	})
	if err != nil {
		return s.notClaimed(ctx, w, err) //guard:nothing-without-the-claim
	}
	w.a.State = payment.StateClaimed
	return s.ask(ctx, w)
}

// notClaimed answers a trigger that did not get the claim.
func (s *Machine) notClaimed(ctx context.Context, w *work, err error) (Result, error) {
	var taken *journal.ClaimedError
	var conflict *journal.ConflictError
	switch {
	case errors.As(err, &taken):
		return w.result(), claimedProblem(w.a.OrderID, taken.State)
	case errors.As(err, &conflict) && conflict.Kind == journal.ConflictReplay && conflict.ID != w.a.ID:
		return w.result(), &payment.Problem{Code: payment.CodeReturnReplayed, OrderID: w.a.OrderID}
	case errors.Is(err, journal.ErrConflict):
		return s.await(ctx, w.a.ID)
	}
	return w.result(), journalProblem(err)
}

// ask puts the shop's yes between the claim and the approval (design flow C).
func (s *Machine) ask(ctx context.Context, w *work) (Result, error) {
	w.answer = s.o.Shop.Confirm(ctx, w.a)
	if !w.answer.Yes { //guard:no-stops-approval
		return s.finish(ctx, w, payment.StateRefused, w.answer.Reason)
	}
	w.asked = true
	// The clock of the approval starts before the intent is written: a process that was stopped in between
	// finds its time used up and sends nothing.
	timeout := w.acc.PG.ApproveTimeout
	ctx, cancel := context.WithTimeout(ctx, timeout+journalPatience)
	defer cancel()
	err := s.move(ctx, w, journal.Transition{
		From: []payment.State{payment.StateClaimed}, To: payment.StateApproving,
		Event:     journal.Event{Kind: journal.EventIntended},
		NextCheck: s.o.Now().Add(timeout + journalPatience + slack),
	})
	if err != nil { //guard:intent-before-approval
		return s.lostHold(ctx, w, err)
	}
	return s.approve(ctx, w)
}

// approve sends the one request that moves the money.
func (s *Machine) approve(ctx context.Context, w *work) (Result, error) {
	callCtx, cancel := context.WithTimeout(ctx, w.acc.PG.ApproveTimeout)
	defer cancel()
	r, err := s.call(ctx, w, payment.OperationApprove, func(now time.Time) (adapters.Result, error) {
		return w.driver.Approve(callCtx, adapters.ApproveRequest{Account: w.acc, Attempt: w.a, Proof: w.proof, Now: now})
	})
	return s.answered(ctx, w, r, err)
}

// answered takes up what became of the one request that moves the money of an approving attempt.
func (s *Machine) answered(ctx context.Context, w *work, r adapters.Result, err error) (Result, error) {
	after := context.WithoutCancel(ctx)
	switch {
	case err == nil && (r.Outcome == payment.OutcomeApproved || r.Outcome == payment.OutcomeIssued):
		return s.believe(after, w, r)
	case err == nil && r.Outcome == payment.OutcomeDeclined:
		if r.Warning != "" {
			s.o.Log.ErrorContext(ctx, "the PG's no is odd", w.a.LogAttr(), slog.String("warning", r.Warning))
		}
		w.buyer = r.BuyerCancelled
		return s.finish(after, w, payment.StateDeclined, declined(r))
	case err == nil && r.Outcome == payment.OutcomeNotFound:
		return s.refusedProof(after, w)
	case errors.Is(err, adapters.ErrUnavailable): //guard:lost-is-not-declined
		return s.finish(after, w, payment.StateDeclined, payment.ReasonNotSent)
	case errors.Is(err, adapters.ErrRejected):
		s.o.Log.ErrorContext(ctx, "the PG rejected an approval", w.a.LogAttr(), slog.Any("err", err))
		return s.finish(after, w, payment.StateDeclined, payment.ReasonRejected)
	}
	s.o.Log.WarnContext(
		ctx, "an approval's answer was lost", w.a.LogAttr(), slog.Any("amount", w.a.Amount), slog.Any("err", err),
	)
	return s.lost(after, w)
}

// approved compares what the PG did with what was decided (design promise 2) and tells the shop.
func (s *Machine) approved(ctx context.Context, w *work, r adapters.Result) (Result, error) {
	w.a.PGTxID, w.seen = r.PGTxID, r
	switch wrong, whole := s.compare(ctx, w, r); {
	case wrong != "": //guard:other-approval-not-confirmed
		return s.undo(ctx, w, wrong)
	case !whole: //guard:unproven-approval-not-confirmed
		return s.unproven(ctx, w)
	}
	return s.finish(ctx, w, payment.StateApproved, payment.ReasonApproved)
}

// lost deals with an approval of which nobody knows whether it happened.
func (s *Machine) lost(ctx context.Context, w *work) (Result, error) {
	if netCancels(w) { //guard:lost-is-net-cancelled-first
		return s.undo(ctx, w, payment.ReasonLost)
	}
	r, err := s.lookUp(ctx, w)
	switch {
	case err == nil && r.Outcome == payment.OutcomeApproved:
		return s.approved(ctx, w, r)
	case err == nil && r.Outcome == payment.OutcomeIssued:
		return s.issued(ctx, w, r)
	case err == nil && r.Outcome == payment.OutcomeDeclined:
		return s.finish(ctx, w, payment.StateDeclined, declined(r))
	}
	return s.park(ctx, w, payment.ReasonLost)
}

// lookUp reads what the PG knows of the attempt.
func (s *Machine) lookUp(ctx context.Context, w *work) (adapters.Result, error) {
	ctx, cancel := context.WithTimeout(ctx, w.acc.PG.ReadTimeout)
	defer cancel()
	txID := w.a.PGTxID
	if txID == "" {
		txID = w.proof.PGTxID
	}
	r, err := s.call(ctx, w, payment.OperationLookUp, func(now time.Time) (adapters.Result, error) {
		return w.driver.LookUp(
			ctx, adapters.LookUpRequest{
				Account: w.acc, Attempt: w.a, PGTxID: txID, Key: w.proof.Key, Mark: w.proof.Mark, Exact: w.exact, Now: now,
			},
		)
	})
	if err == nil {
		w.seen = r
	}
	return r, err
}

func (s *Machine) seal(w *work) ([]byte, error) {
	p := w.proof
	plain, err := json.Marshal(sealedProof{ //nolint:gosec // sealed right below
		p.AuthToken.Reveal(), p.IDC, p.PGTxID, p.AuthenticatedAt.UnixMilli(), p.Mobile, p.Key.Reveal(), p.Mark,
	})
	if err != nil {
		return nil, fmt.Errorf("encoding the proof of attempt %s: %w", w.a.ID, err)
	}
	sealed, err := s.o.Sealer.Seal(ProofName(w.a.ID), plain)
	if err != nil {
		return nil, fmt.Errorf("sealing the proof of attempt %s: %w", w.a.ID, err)
	}
	return sealed, nil
}

// sealedProof is a proof's plain form inside the seal.
type sealedProof struct {
	AuthToken string `json:"t"`
	IDC       string `json:"i,omitempty"`
	PGTxID    string `json:"x,omitempty"`
	At        int64  `json:"a"`
	Mobile    bool   `json:"m,omitempty"`
	Key       string `json:"k,omitempty"`
	Mark      string `json:"b,omitempty"`
}

func (s *Machine) unseal(id payment.AttemptID, sealed []byte) (adapters.Proof, error) {
	if len(sealed) == 0 {
		return adapters.Proof{}, nil
	}
	plain, err := s.o.Sealer.Open(ProofName(id), sealed)
	if err != nil {
		return adapters.Proof{}, fmt.Errorf("opening the proof of attempt %s: %w", id, err)
	}
	var p sealedProof
	if err := json.Unmarshal(plain, &p); err != nil {
		return adapters.Proof{}, fmt.Errorf("decoding the proof of attempt %s: %w", id, err)
	}
	return adapters.Proof{
		AuthToken: payment.Secret(p.AuthToken), IDC: p.IDC, PGTxID: p.PGTxID, AuthenticatedAt: time.UnixMilli(p.At),
		Mobile: p.Mobile, Key: payment.Secret(p.Key), Mark: p.Mark,
	}, nil
}

// proofHash is what makes a proof usable once.
func proofHash(p adapters.Proof) string {
	sum := sha256.Sum256([]byte(p.AuthToken.Reveal()))
	return hex.EncodeToString(sum[:])
}

// call sends w's PG one request, unless it is kept back, and tells whoever watches what came of it.
func (s *Machine) call(
	ctx context.Context, w *work, operation payment.Operation, send func(now time.Time) (adapters.Result, error),
) (adapters.Result, error) {
	came, err := s.o.Exit(w.a.PG, operation)
	if err != nil { //guard:kept-back-is-not-sent
		return adapters.Result{}, err
	}
	outcome := payment.CallUnknown // of a driver that panics
	defer func() { came(outcome) }()
	start := s.o.Now()
	r, err := send(start)
	outcome = wire.Outcome(r.Outcome, err)
	s.o.Observer.Upstream(w.a.PG, operation, outcome, s.o.Now().Sub(start))
	if err == nil && r.Outcome == payment.OutcomeDeclined {
		s.o.Log.InfoContext(ctx, "the PG said no", w.a.LogAttr(), slog.String("operation", string(operation)),
			slog.String("pg_code", payment.PGCode(r.Code)), slog.String("pg_text", payment.PGWords(r.Message)))
	}
	return r, err
}

// journalProblem is what a user is told when the journal does not answer: nothing is approved then.
func journalProblem(err error) error {
	if errors.Is(err, journal.ErrNotFound) {
		return &payment.Problem{Code: payment.CodeAttemptNotFound}
	}
	return fmt.Errorf("%w: %w", &payment.Problem{Code: payment.CodeJournalDown}, err)
}

func claimedProblem(order payment.OrderID, state payment.State) error {
	code := payment.CodeOrderInProgress
	switch state {
	case payment.StateApproved, payment.StateCaptured:
		code = payment.CodeOrderAlreadyPaid
	case payment.StateUnknown, payment.StateCancelling:
		code = payment.CodePaymentUnknown
	case payment.StateIssued:
		code = payment.CodeOrderAwaitsDeposit
	case payment.StateOpened, payment.StateClaimed, payment.StateApproving, payment.StateDeclined,
		payment.StateRefused, payment.StateCancelled, payment.StateExpired:
	}
	return &payment.Problem{Code: code, OrderID: order}
}
