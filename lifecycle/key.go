package lifecycle

import (
	"context"

	"github.com/pg-gateway/pg-gateway/adapters"
	"github.com/pg-gateway/pg-gateway/journal"
	"github.com/pg-gateway/pg-gateway/payment"
)

// isKey tells whether an attempt issues a billing key: no money moves, and approved means that the key is issued
// and that the shop has it in its outbox.
func isKey(a payment.Attempt) bool { return a.Purpose == payment.PurposeBillingKey }

// KeyIssued concludes an attempt whose buyer came back from an Inicis window with a billing key (inicis.md §4). The
// attempt comes from our own sealed token. The key is as good as a card: until the shop has said yes it is on
// record sealed, and without its yes it is forgotten, so that nobody can charge it.
func (s *Machine) KeyIssued(ctx context.Context, a payment.Attempt, key payment.Secret, tid string) (Result, error) {
	w, err := s.take(a)
	if err != nil {
		return Result{Attempt: a}, err
	}
	now := s.o.Now()
	w.proof = adapters.Proof{AuthToken: key, AuthenticatedAt: now}
	sealed, err := s.seal(w)
	if err != nil {
		return w.result(), err
	}
	err = s.o.Journal.Claim(ctx, w.a, journal.Claim{
		To: payment.StateClaimed, ProofHash: proofHash(w.proof), SealedProof: sealed, PGTxID: tid,
		Event:     journal.Event{At: now, Kind: journal.EventKeyIssued},
		NextCheck: now.Add(gateBudget + slack),
	})
	if err != nil {
		return s.notClaimed(ctx, w, err)
	}
	w.a.State, w.a.PGTxID = payment.StateClaimed, tid
	if w.answer = s.o.Shop.Confirm(ctx, w.a); !w.answer.Yes { //guard:no-forgets-a-key
		return s.finish(ctx, w, payment.StateRefused, w.answer.Reason)
	}
	w.asked = true
	err = s.move(ctx, w, journal.Transition{
		From: []payment.State{payment.StateClaimed}, To: payment.StateApproving,
		Event: journal.Event{Kind: journal.EventKeyTaken}, NextCheck: now.Add(gateBudget + slack),
	})
	if err != nil {
		return s.lostHold(ctx, w, err)
	}
	return s.keepKey(ctx, w)
}

// keepKey ends an attempt whose key came to us sealed in its proof and that the shop has said yes to.
func (s *Machine) keepKey(ctx context.Context, w *work) (Result, error) {
	w.seen.BillingKey = w.proof.AuthToken
	return s.finish(context.WithoutCancel(ctx), w, payment.StateApproved, payment.ReasonApproved)
}

// readKey asks the PG for a key that was taken in before, by whoever died over it.
func (s *Machine) readKey(ctx context.Context, w *work) bool {
	if !isKey(w.a) || w.seen.BillingKey.IsSet() {
		return true
	}
	r, err := s.lookUp(ctx, w)
	return err == nil && r.Outcome == payment.OutcomeApproved && r.BillingKey.IsSet()
}

// sealHint keeps what a key can be found by at the PG, as PortOne V2's own key: it is a secret, unlike a payment's
// id. Payments have none.
func (s *Machine) sealHint(w *work) ([]byte, error) {
	if !isKey(w.a) || w.proof.PGTxID == "" {
		return nil, nil
	}
	return s.seal(w)
}

// keyMessage tells the shop of a key, sealed: the journal holds no keys.
func (s *Machine) keyMessage(w *work) (payment.Message, error) {
	data := dataOf(w.a)
	data.BillingKey = w.seen.BillingKey.Reveal()
	m, err := messageOf(
		"msg_"+string(w.a.ID)+"_"+string(payment.StateApproved), payment.MessageBillingKey, w.a.OrderID, data, s.o.Now(),
	)
	if err != nil {
		return payment.Message{}, err
	}
	return s.sealed(m)
}
