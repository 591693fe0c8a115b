package lifecycle

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"slices"
	"time"

	"github.com/pg-gateway/pg-gateway/adapters"
	"github.com/pg-gateway/pg-gateway/journal"
	"github.com/pg-gateway/pg-gateway/payment"
)

// isCharge tells whether an attempt charges a stored billing key, or a card by its data, or has an account opened
// without a window: the order service asked for it, so that its yes is there from the start, and there is no buyer.
func isCharge(a payment.Attempt) bool { return a.Purpose.ByShop() }

// errTooLate is of a charge that nobody waits for any more.
var errTooLate = fmt.Errorf("%w: the charge was not begun in time", adapters.ErrUnavailable)

// ChargeIDOf names the charge of an order that is asked for under an idempotency key. It depends on nothing else, so
// that asking again finds the same charge whatever was lost in between.
func ChargeIDOf(order payment.OrderID, key string) payment.AttemptID {
	h := sha256.New()
	for _, part := range []string{"charge", string(order), key} {
		fmt.Fprintf(h, "%d:%s", len(part), part) //guard:charges-name-is-its-key
	}
	return payment.AttemptID("r_" + hex.EncodeToString(h.Sum(nil)[:16]))
}

// ChargeAsk is a charge as it was decided.
type ChargeAsk struct {
	// Attempt is opened and on no record yet.
	Attempt payment.Attempt
	Key     payment.Secret
	// Card, VBank and Named are of a payment by key-in, see adapters.ChargeRequest.
	Card, VBank payment.Secret
	Named       string
	// Several tells that the key is at several of the PG's contracts.
	Several bool
	Buyer   payment.Buyer
	// BuyerIP is the shopper's address; not valid when he is not there.
	BuyerIP     netip.Addr
	Installment int
	// Before is until when the charge may be begun; zero for ever. Whoever is later finds out that nothing was charged,
	// and may be told so, as nobody begins it any more.
	Before time.Time
	// NoticeURL is where the PG is to report what becomes of it.
	NoticeURL string
	// SiteURL, Call: see adapters.ChargeRequest.
	SiteURL, Call string
	// Fields are the caller's own in the PG's words, see adapters.ChargeRequest.
	Fields []byte
	// Recovery is the recovery that it is made for; nil when it is not tried again.
	Recovery *journal.RecoveryTry
	// Stores is the claim of a card that is stored besides, where it may have one key only; nil otherwise.
	Stores *journal.CardClaim
	// Identity is as in IssueAsk, of a card that is stored besides.
	Identity string
}

// Charged is what a charge came to.
type Charged struct {
	Result
	// Known tells that the charge was made before, and that nothing was sent for it now.
	Known bool
	// Said is the PG's own answer, where it gave one that is about the charge. What that came to is the result's to tell,
	// whatever it says.
	Said *adapters.Said
}

// KeyContracts asks PGs through which contracts a billing key may be charged. None is a definite answer. Errors match
// adapters.ErrUnavailable: a PG that may have the key did not answer, and none of the others has it; or they are a
// *payment.Problem. A PG that tells of no keys has those that were issued here, and any other one where no other PG
// could have it.
func (s *Machine) KeyContracts(
	ctx context.Context, pgs []*payment.PG, key payment.Secret,
) ([]payment.KeyContract, error) {
	var all []payment.KeyContract
	var silent error
	pgs = slices.DeleteFunc(slices.Clone(pgs), func(pg *payment.PG) bool {
		_, ok := s.o.Drivers[pg.Driver].(adapters.Charger)
		return !ok
	})
	if at, err := s.issuedHere(ctx, pgs, key); len(at) > 0 || err != nil {
		return at, err
	}
	for _, pg := range pgs {
		charger, _ := s.o.Drivers[pg.Driver].(adapters.Charger)
		if s.keysUntold(pg) && len(pgs) > 1 { //guard:untold-key-is-the-only-pgs
			continue
		}
		at, err := s.keyContracts(ctx, pg, charger, key)
		if err != nil {
			silent = fmt.Errorf("asking PG %s for a billing key: %w", pg.ID, err)
			s.o.Log.WarnContext(ctx, "a PG was not asked for a billing key", slog.Any("pg", pg.ID), slog.Any("err", err))
		}
		all = append(all, at...)
	}
	if len(all) > 0 {
		return all, nil
	}
	return nil, silent
}

// keysUntold tells whether a PG cannot be asked about billing keys.
func (s *Machine) keysUntold(pg *payment.PG) bool {
	d, ok := s.o.Drivers[pg.Driver]
	return ok && d.Spec().KeysUntold
}

// issuedHere is the contract of a billing key that a PG issued to one of our attempts and tells nothing of; none when
// the journal knows of no such one.
func (s *Machine) issuedHere(
	ctx context.Context, pgs []*payment.PG, key payment.Secret,
) ([]payment.KeyContract, error) {
	if !slices.ContainsFunc(pgs, s.keysUntold) {
		return nil, nil
	}
	a, err := s.o.Journal.ProofOwner(ctx, proofHash(adapters.Proof{AuthToken: key}))
	switch {
	case errors.Is(err, journal.ErrNotFound):
		return nil, nil
	case err != nil:
		return nil, journalProblem(err)
	case !isKey(a) || a.State != payment.StateApproved, //guard:only-issued-keys-are-known
		!slices.ContainsFunc(pgs, func(pg *payment.PG) bool { return pg.ID == a.PG }):
		return nil, nil
	}
	return []payment.KeyContract{{PG: a.PG, MID: a.MID, Method: a.Method, Test: a.Test, TestKnown: true}}, nil
}

func (s *Machine) keyContracts(
	ctx context.Context, pg *payment.PG, charger adapters.Charger, key payment.Secret,
) (at []payment.KeyContract, err error) {
	ctx, cancel := context.WithTimeout(ctx, pg.ReadTimeout)
	defer cancel()
	w := &work{a: payment.Attempt{PG: pg.ID}}
	_, err = s.call(ctx, w, payment.OperationLookUp, func(time.Time) (_ adapters.Result, err error) {
		at, err = charger.KeyContracts(ctx, pg, key)
		return adapters.Result{}, err
	})
	return at, err
}

// KeyOf asks the PG for the billing key that an attempt issued, or opens the one that the journal keeps sealed where
// the PG tells of none. Errors are *payment.Problem.
func (s *Machine) KeyOf(ctx context.Context, id payment.AttemptID) (payment.Secret, payment.PGID, error) {
	none := &payment.Problem{Code: payment.CodeKeyNotFound, Field: "attempt_id", KeySafety: payment.NewKeyNever}
	a, sealed, err := s.o.Journal.Attempt(ctx, id)
	switch {
	case errors.Is(err, journal.ErrNotFound):
		return "", "", none
	case err != nil:
		return "", "", journalProblem(err)
	case !isKey(a) || a.State != payment.StateApproved: //guard:only-the-shops-keys-are-charged
		return "", "", none
	}
	w, err := s.take(a)
	if err != nil {
		return "", "", err
	}
	if _, ok := w.driver.(adapters.Charger); !ok {
		return "", "", &payment.Problem{Code: payment.CodeKeyNotUsable, Field: "attempt_id", KeySafety: payment.NewKeySafe}
	}
	if w.keepsKey() {
		if w.proof, err = s.unseal(id, sealed); err != nil || !w.proof.Key.IsSet() {
			s.o.Log.ErrorContext(
				ctx, "a billing key cannot be opened; is token_key another one?", a.LogAttr(), slog.Any("err", err),
			)
			return "", "", none
		}
		if w.driver.Spec().KeysUntold {
			return w.proof.Key, a.PG, nil
		}
	}
	r, err := s.lookUp(ctx, w)
	switch {
	case err != nil:
		return "", "", notCharged(a.OrderID, err)
	case r.Outcome != payment.OutcomeApproved || !r.BillingKey.IsSet():
		return "", "", none
	}
	return r.BillingKey, a.PG, nil
}

// notCharged is what is told when a PG could not be asked before anything was sent. Nothing is on record, so that who
// asks again with the same key goes on where this ended; another request with that key may be charging meanwhile.
func notCharged(order payment.OrderID, err error) error {
	return fmt.Errorf("%w: %w", &payment.Problem{
		Code: payment.CodePGUnavailable, OrderID: order,
		KeySafety: payment.NewKeyUnsafe, //guard:unrecorded-charge-is-not-safe
	}, err)
}

// KnownCharge finds a charge that was asked for before by its id, and asks the PG once more while its outcome is not
// known. Of a, what the shop asks for is compared. Errors are *payment.Problem.
func (s *Machine) KnownCharge(ctx context.Context, a payment.Attempt) (c Charged, known bool, err error) {
	had, _, err := s.o.Journal.Attempt(ctx, a.ID)
	switch {
	case errors.Is(err, journal.ErrNotFound):
		return Charged{}, false, nil
	case err != nil:
		return Charged{}, false, journalProblem(err)
	//guard:known-charge-is-the-same
	case !isCharge(had) || had.Purpose != a.Purpose || had.OrderID != a.OrderID || had.Amount != a.Amount ||
		had.TaxFree != a.TaxFree || had.VAT != a.VAT || had.VATSet != a.VATSet ||
		(had.Method == payment.MethodVBank) != (a.Method == payment.MethodVBank):
		return Charged{}, false, &payment.Problem{
			Code: payment.CodeChargeIDUsed, OrderID: a.OrderID, KeySafety: payment.NewKeySafe,
			DetailKo: "다른 내용의 결제에 쓰인 번호입니다", DetailEn: "the id was used for something else",
		}
	}
	res, err := s.awaitRow(ctx, had)
	if err == nil && res.Attempt.State == payment.StateUnknown {
		res, err = s.askAgain(ctx, res.Attempt)
	}
	return Charged{Result: res, Known: true}, true, err
}

// askAgain looks a charge up whose answer was lost, for whoever asks about it. It belongs to the sweep, which goes on
// by itself: nothing is written down but what the PG shows.
func (s *Machine) askAgain(ctx context.Context, a payment.Attempt) (Result, error) {
	w, err := s.take(a)
	if err != nil || a.Reason != payment.ReasonLost {
		return Result{Attempt: a}, nil //nolint:nilerr // nobody can be asked: it stays unknown, and the sweep logs why
	}
	w.notOwned, w.quiet, w.asked = true, true, true
	r, err := s.lookUp(ctx, w)
	if err != nil {
		return w.result(), nil //nolint:nilerr // nothing is known that was not
	}
	after := context.WithoutCancel(ctx)
	switch {
	case r.Outcome == payment.OutcomeApproved && r.CancelPending == 0:
		return s.approved(after, w, r)
	case r.Outcome == payment.OutcomeIssued: //guard:unknown-account-is-found
		return s.issued(after, w, r)
	case r.Outcome == payment.OutcomeDeclined:
		return s.finish(after, w, payment.StateDeclined, declined(r))
	case r.Outcome == payment.OutcomeCancelled:
		w.a.PGTxID = r.PGTxID
		return s.finish(after, w, payment.StateCancelled, payment.ReasonCancelledAtPG)
	}
	return w.result(), nil
}

// Charge charges a stored billing key, once. An id that is known to us is not charged again: what became of it is
// told. One that only the PG knows is refused, since what the PG says of it later could not be told from what it says
// of this charge. Errors are *payment.Problem, or an adapters error; nothing was sent then.
func (s *Machine) Charge(ctx context.Context, ask ChargeAsk) (Charged, error) {
	w, err := s.take(ask.Attempt)
	if err != nil {
		return Charged{}, err
	}
	charger, ok := w.driver.(adapters.Charger)
	if !ok {
		return Charged{}, fmt.Errorf("charging a billing key by driver %s: %w", w.a.Driver, adapters.ErrUnsupported)
	}
	if c, known, err := s.KnownCharge(ctx, w.a); known || err != nil {
		return c, err
	}
	req := adapters.ChargeRequest{
		Account: w.acc, Attempt: w.a, Key: ask.Key, Card: ask.Card, VBank: ask.VBank, Named: ask.Named,
		Several: ask.Several, Buyer: ask.Buyer, BuyerIP: ask.BuyerIP, Installment: ask.Installment, NoticeURL: ask.NoticeURL,
		SiteURL: ask.SiteURL, Call: ask.Call, Fields: ask.Fields,
		OperationID: string(w.a.ID),
	}
	// Before anything is on record: a charge that cannot be sent has taken no order and used no id.
	if err := charger.CheckCharge(req); err != nil {
		return Charged{}, err
	}
	if err := s.unusedAtPG(ctx, w); err != nil {
		return Charged{}, err
	}
	// The clock of the charge starts before the intent is written, as an approval's.
	ctx, cancel := context.WithTimeout(ctx, w.acc.PG.ApproveTimeout+journalPatience)
	defer cancel()
	now := s.o.Now()
	claiming := ctx
	if !ask.Before.IsZero() {
		if !now.Before(ask.Before) { //guard:late-charge-is-not-begun
			return Charged{}, notCharged(w.a.OrderID, errTooLate)
		}
		var stop context.CancelFunc
		claiming, stop = context.WithTimeout(ctx, ask.Before.Sub(now))
		defer stop()
	}
	if ask.Recovery != nil {
		ask.Recovery.NextCheck = now.Add(w.acc.PG.ApproveTimeout + journalPatience + slack)
	}
	err = s.o.Journal.Claim(claiming, w.a, journal.Claim{
		To:        payment.StateApproving,
		Event:     journal.Event{At: now, Kind: journal.EventIntended, Detail: intent(w.a)},
		NextCheck: now.Add(w.acc.PG.ApproveTimeout + journalPatience + slack),
		Recovery:  ask.Recovery, Card: ask.Stores,
		ProofHash: ask.Identity, //guard:stored-verification-is-used-once
	})
	if err != nil { //guard:charge-after-its-intent
		return s.chargeNotClaimed(ctx, w, err)
	}
	w.a.State, w.asked = payment.StateApproving, true
	return s.charge(ctx, w, charger, req)
}

// intent says in the journal what a charge is of.
func intent(a payment.Attempt) string {
	switch {
	case a.Purpose != payment.PurposeKeyIn:
		return "of a billing key's charge"
	case a.Method == payment.MethodVBank:
		return "of an account without a window"
	}
	return "of a charge by key-in"
}

// ScheduleGrace is how long after its time a charge that the PG makes by itself is still awaited.
const ScheduleGrace = time.Hour

// UnusedAtPG tells whether the PG has nothing under the id of a charge that it is to make by itself later. Errors are
// as Charge's.
func (s *Machine) UnusedAtPG(ctx context.Context, a payment.Attempt) error {
	w, err := s.take(a)
	if err != nil {
		return err
	}
	return s.unusedAtPG(ctx, w)
}

// unusedAtPG tells whether the PG has nothing under the attempt's id. V1 takes several payments under one merchant_uid,
// and V2 several tries under one paymentId: the decline of an earlier one would be taken for this one's.
func (s *Machine) unusedAtPG(ctx context.Context, w *work) error {
	r, err := s.lookUp(ctx, w)
	w.seen = adapters.Result{}
	switch {
	case errors.Is(err, adapters.ErrUnsupported):
		return nil // nobody can be asked, now or later
	case err != nil: //guard:charge-of-an-unasked-id
		return notCharged(w.a.OrderID, err)
	case r.Outcome == payment.OutcomeNotFound:
		return nil
	}
	s.o.Log.WarnContext(ctx, "a charge's id is used at the PG", w.a.LogAttr(), slog.Any("shows", r.Outcome))
	p := &payment.Problem{
		Code: payment.CodeChargeIDUsed, OrderID: w.a.OrderID, KeySafety: payment.NewKeyUnsafe,
		DetailKo: "결제사에 이 번호의 결제가 이미 있습니다", DetailEn: "the PG has a payment under this id already",
	}
	//guard:charge-id-of-paid-is-not-safe
	if r.Outcome == payment.OutcomeDeclined || r.Outcome == payment.OutcomeCancelled {
		p.KeySafety = payment.NewKeySafe
	}
	return p
}

// chargeNotClaimed answers a charge that did not get its order.
func (s *Machine) chargeNotClaimed(ctx context.Context, w *work, err error) (Charged, error) {
	if taken, ok := errors.AsType[*journal.ClaimedError](err); ok {
		return Charged{}, claimedCharge(w.a.OrderID, taken.State)
	}
	if _, ok := errors.AsType[*journal.RecoveringError](err); ok {
		return Charged{}, &payment.Problem{
			Code: payment.CodeRecovering, OrderID: w.a.OrderID, KeySafety: payment.NewKeyWait,
		}
	}
	if isReplay(err) {
		return Charged{}, usedIdentity(w.a.OrderID)
	}
	if errors.Is(err, journal.ErrCardStored) {
		return Charged{}, &payment.Problem{
			Code: payment.CodeCardHasKey, OrderID: w.a.OrderID, KeySafety: payment.NewKeySafe,
		}
	}
	if errors.Is(err, journal.ErrConflict) {
		// The same charge came twice at once.
		c, known, err := s.KnownCharge(ctx, w.a)
		if known || err != nil {
			return c, err
		}
	}
	return Charged{}, journalProblem(err)
}

// claimedCharge says that another attempt has the order. While that one is not certain, a charge of the same order
// under another number could be the second one.
func claimedCharge(order payment.OrderID, state payment.State) error {
	err := claimedProblem(order, state)
	if p, ok := payment.AsProblem(err); ok {
		p.KeySafety = payment.NewKeyUnsafe
		if state == payment.StateApproved {
			p.KeySafety = payment.NewKeyNever
		}
	}
	return err
}

// charge sends the one request that moves the money.
func (s *Machine) charge(
	ctx context.Context, w *work, charger adapters.Charger, req adapters.ChargeRequest,
) (Charged, error) {
	callCtx, cancel := context.WithTimeout(ctx, w.acc.PG.ApproveTimeout)
	defer cancel()
	r, err := s.call(ctx, w, payment.OperationCharge, func(now time.Time) (adapters.Result, error) {
		req.Attempt, req.Now = w.a, now
		return charger.Charge(callCtx, req)
	})
	said := ownWord(r, err)
	res, err := s.answered(ctx, w, r, err)
	return Charged{Result: res, Said: said}, err
}

// ownWord is the PG's own answer to one that is carried out once. One that says nothing of what was asked for, or
// something of another, is nobody's to hand on: what it came to was looked up, and may be what the answer denies.
func ownWord(r adapters.Result, err error) *adapters.Said {
	if err != nil && !errors.Is(err, adapters.ErrRejected) { //guard:disbelieved-answer-is-not-handed-on
		return nil
	}
	return r.Said
}
