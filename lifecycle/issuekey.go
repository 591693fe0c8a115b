package lifecycle

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/pg-gateway/pg-gateway/adapters"
	"github.com/pg-gateway/pg-gateway/journal"
	"github.com/pg-gateway/pg-gateway/payment"
)

// issuePrefix begins the ids of attempts that issue a billing key without a window.
const issuePrefix = "k_"

// isIssue tells whether an attempt has a billing key issued for card data that the order service sent: it asked for it
// itself, and hears in the answer what came of it.
func isIssue(a payment.Attempt) bool {
	return isKey(a) && strings.HasPrefix(string(a.ID), issuePrefix)
}

// IssueIDOf names the nth issue of a key under a name that the order service chose. It depends on nothing else, so that
// of two at once, on whichever pods, one is written down.
func IssueIDOf(pg payment.PGID, key payment.Secret, n int) payment.AttemptID {
	h := sha256.New()
	for _, part := range []string{"issue", string(pg), key.Reveal(), fmt.Sprint(n)} {
		fmt.Fprintf(h, "%d:%s", len(part), part)
	}
	return payment.AttemptID(issuePrefix + hex.EncodeToString(h.Sum(nil)[:16]))
}

// UnnamedIssueIDOf names the nth try at the issue of a key that the PG names itself, by what tells it from any other.
func UnnamedIssueIDOf(pg payment.PGID, by string, n int) payment.AttemptID {
	return IssueIDOf(pg, payment.Secret("unnamed "+by), n)
}

// IssueAsk is an issue as it was decided.
type IssueAsk struct {
	// Attempt is opened and on no record yet.
	Attempt payment.Attempt
	// Key and Mark are as in adapters.LookUpRequest.
	Key    payment.Secret
	Mark   string
	Fields payment.Secret
	// Card is the card's claim, where it may have one key only; nil otherwise.
	Card *journal.CardClaim
	// Identity names the identity verification that it is issued with, which is used once; empty for none.
	Identity string
}

// FreeIssue is the id of the next issue of a key. While an earlier one is not certain, it is looked up, and there is
// none: whatever that one may still do would be done to the next one's card. Errors are *payment.Problem.
func (s *Machine) FreeIssue(ctx context.Context, pg payment.PGID, key payment.Secret) (payment.AttemptID, error) {
	for n := 1; ; n++ {
		id := IssueIDOf(pg, key, n)
		if _, known, err := s.KnownIssue(ctx, id); !known || err != nil {
			return id, err
		}
	}
}

// KnownIssue finds an issue that was asked for before, by its id. While it is not certain what became of it, it is
// looked up. Errors are *payment.Problem.
func (s *Machine) KnownIssue(ctx context.Context, id payment.AttemptID) (a payment.Attempt, known bool, err error) {
	a, sealed, err := s.o.Journal.Attempt(ctx, id)
	switch {
	case errors.Is(err, journal.ErrNotFound):
		return payment.Attempt{}, false, nil
	case err != nil:
		return payment.Attempt{}, false, journalProblem(err)
	case a.State.Final():
		return a, true, nil
	}
	if a, err = s.issueAgain(ctx, a, sealed); err != nil {
		return a, true, err
	}
	if !a.State.Final() { //guard:unknown-issue-is-the-last
		return a, true, unknownIssue(a)
	}
	return a, true, nil
}

func unknownIssue(a payment.Attempt) error {
	return &payment.Problem{Code: payment.CodeKeyUnknown, AttemptID: a.ID, KeySafety: payment.NewKeyUnsafe}
}

// issueAgain looks an issue up whose answer was lost, for whoever asks for another. It belongs to the sweep: nothing is
// written down but that the key is there.
func (s *Machine) issueAgain(ctx context.Context, a payment.Attempt, sealed []byte) (payment.Attempt, error) {
	if a.State != payment.StateUnknown || a.Reason != payment.ReasonLost {
		return a, nil
	}
	w, err := s.take(a)
	if err != nil {
		return a, err
	}
	if w.proof, err = s.unseal(a.ID, sealed); err != nil {
		return a, err
	}
	w.notOwned, w.quiet = true, true
	r, err := s.lookUp(ctx, w)
	if err != nil || r.Outcome != payment.OutcomeApproved {
		return a, nil //nolint:nilerr // nothing is known that was not
	}
	res, err := s.approved(context.WithoutCancel(ctx), w, r)
	return res.Attempt, err
}

// IssueKey has a billing key issued, once. Of its attempt nothing is sent a second time, whoever asks. Errors are
// *payment.Problem, or an adapters error; nothing was sent then.
func (s *Machine) IssueKey(ctx context.Context, ask IssueAsk) (Charged, error) {
	w, err := s.take(ask.Attempt)
	if err != nil {
		return Charged{}, err
	}
	issuer, ok := w.driver.(adapters.KeyIssuer)
	if !ok {
		return Charged{}, fmt.Errorf("issuing a billing key by driver %s: %w", w.a.Driver, adapters.ErrUnsupported)
	}
	now := s.o.Now()
	w.proof = adapters.Proof{Key: ask.Key, Mark: ask.Mark, AuthenticatedAt: now}
	req := adapters.IssueRequest{Account: w.acc, Attempt: w.a, Key: ask.Key, Fields: ask.Fields}
	if err := issuer.CheckIssue(req); err != nil {
		return Charged{}, err
	}
	sealed, err := s.seal(w)
	if err != nil {
		return Charged{}, err
	}
	ctx, cancel := context.WithTimeout(ctx, w.acc.PG.ApproveTimeout+journalPatience)
	defer cancel()
	err = s.o.Journal.Claim(ctx, w.a, journal.Claim{
		To: payment.StateApproving, SealedProof: sealed,
		Event:     journal.Event{At: now, Kind: journal.EventIntended, Detail: "to issue a billing key"},
		NextCheck: now.Add(w.acc.PG.ApproveTimeout + journalPatience + slack),
		Card:      ask.Card,
		ProofHash: ask.Identity, //guard:verification-is-used-once
	})
	if isReplay(err) {
		return Charged{}, usedIdentity("")
	}
	if errors.Is(err, journal.ErrCardStored) {
		return Charged{}, &payment.Problem{Code: payment.CodeCardHasKey, KeySafety: payment.NewKeySafe}
	}
	if err != nil { //guard:issue-after-its-intent
		if errors.Is(err, journal.ErrConflict) {
			return Charged{}, unknownIssue(w.a) // the same name came twice at once
		}
		return Charged{}, journalProblem(err)
	}
	w.a.State = payment.StateApproving
	callCtx, stop := context.WithTimeout(ctx, w.acc.PG.ApproveTimeout)
	defer stop()
	r, err := s.call(ctx, w, payment.OperationIssueKey, func(now time.Time) (adapters.Result, error) {
		req.Attempt, req.Now = w.a, now
		return issuer.IssueKey(callCtx, req)
	})
	said := ownWord(r, err)
	if r.BillingKey.IsSet() {
		w.proof.Key = r.BillingKey // from now on it is found by itself
	}
	res, err := s.answered(ctx, w, r, err)
	return Charged{Result: res, Said: said}, err
}

// keepsKey tells whether the journal keeps the billing key of an attempt, sealed: its PG issued it without a window, or
// tells of no key that it issued.
func (w *work) keepsKey() bool {
	return isKey(w.a) && (isIssue(w.a) || w.driver.Spec().KeysUntold)
}

// sealIssued is the key that an attempt came to, sealed for the journal, which keeps it with its attempt: it is what
// the attempt's key is charged by. nil for any other attempt or end.
func (s *Machine) sealIssued(w *work, to payment.State) ([]byte, error) {
	if !w.keepsKey() || to != payment.StateApproved {
		return nil, nil
	}
	kept := &work{a: w.a, proof: adapters.Proof{Key: w.seen.BillingKey, AuthenticatedAt: w.proof.AuthenticatedAt}}
	return s.seal(kept)
}

// KeyName names a billing key in the journal, which holds none.
func (s *Machine) KeyName(pg payment.PGID, key payment.Secret) string {
	return s.o.Sealer.Print("key", string(pg), key.Reveal())
}

// stored tells the journal that a card is stored with an approval; nil where none is.
func (s *Machine) stored(w *work, to payment.State) *journal.StoredKey {
	switch {
	case to != payment.StateApproved:
	case isIssue(w.a):
		return &journal.StoredKey{Name: s.KeyName(w.a.PG, w.seen.BillingKey)}
	case w.a.Purpose == payment.PurposeKeyIn:
		return &journal.StoredKey{} // its name was known before
	}
	return nil
}

// isReplay tells that an identity verification was used before.
func isReplay(err error) bool {
	c, ok := errors.AsType[*journal.ConflictError](err)
	return ok && c.Kind == journal.ConflictReplay
}

func usedIdentity(order payment.OrderID) error {
	return &payment.Problem{
		Code: payment.CodeIdentityRefused, OrderID: order, KeySafety: payment.NewKeySafe,
		DetailKo: "이미 쓴 본인인증입니다", DetailEn: "the identity verification was used before",
	}
}
