package journal

import (
	"context"
	"slices"
	"time"

	"github.com/pg-gateway/pg-gateway/payment"
)

// Transition says how an attempt moves on.
type Transition struct {
	ID payment.AttemptID
	// From lists the states that the caller reckons with; the move fails from every other one.
	From []payment.State
	To   payment.State
	// Event is recorded with the move.
	Event Event
	// Reason is how the attempt came to To; empty keeps the former one.
	Reason payment.Reason
	// PGTxID is the PG's transaction id, when it became known; empty keeps the former one.
	PGTxID string
	// Receipt is what the shop prints of it; nil keeps the former one.
	Receipt *payment.Receipt
	// NextCheck is when the sweep looks at the attempt; zero means soon. A final state has none.
	NextCheck time.Time
	// SealedProof replaces the sealed proof; nil keeps it. WipeProof removes it, as every final state does.
	SealedProof []byte
	WipeProof   bool
	// KeepProof keeps it in a final state: it is the billing key that the attempt issued, which nothing else tells.
	KeepProof bool
	// Messages go into the outbox. A message whose id is there already is not added again.
	Messages []payment.Message
	// Stored tells that a card is stored with it; nil for none.
	Stored *StoredKey
}

// Move moves an attempt on: state, event and messages in one transaction, or nothing of it. It returns the
// attempt as it is then. It fails with
//
//   - ErrNotFound when there is no such attempt;
//   - ConflictError (state) when it is not in one of t.From, (move) when the state machine has no such move;
//   - ClaimedError when it would take hold of an order that another attempt blocks.
func (j *Journal) Move(ctx context.Context, t Transition) (payment.Attempt, error) {
	var moved payment.Attempt
	err := j.writeTo(ctx, t.ID, "moving an attempt", func(x *txn) error {
		r, err := one(x, t.ID)
		if err != nil {
			return err
		}
		if !slices.Contains(t.From, r.State) { //guard:move-from-the-expected-state
			return &ConflictError{Kind: ConflictState, ID: t.ID, State: r.State}
		}
		if !payment.CanMove(r.State, t.To) { //guard:final-is-final
			return &ConflictError{Kind: ConflictMove, ID: t.ID, State: r.State}
		}
		// Who holds the order already keeps it; only who takes hold anew has to ask the others.
		if t.To.Holds() && !r.State.Holds() {
			siblings, err := lockOrder(x, r.OrderID)
			if err != nil {
				return err
			}
			if err := unblocked(siblings, t.ID); err != nil {
				return err
			}
		}
		moved, err = j.put(x, r, t)
		return err
	})
	if err != nil {
		return payment.Attempt{}, err
	}
	return moved, nil
}

// put writes the move of r, its event and its messages.
func (j *Journal) put(x *txn, r row, t Transition) (payment.Attempt, error) {
	from := r.State
	// In the form in which the database gives it back.
	r.State, r.UpdatedAt = t.To, at(millis(j.now()))
	if t.PGTxID != "" {
		r.PGTxID = cleanText(t.PGTxID)
	}
	if t.Reason != "" {
		r.Reason = payment.Reason(cleanText(string(t.Reason)))
	}
	if t.Receipt != nil {
		r.Receipt = t.Receipt
	}
	if t.SealedProof != nil {
		r.sealedProof, r.proven = t.SealedProof, true
	}
	if t.WipeProof || t.To.Final() && !t.KeepProof {
		r.sealedProof = nil
	}
	r.NextCheck = j.nextCheck(t.To, t.NextCheck)
	if err := update(x, r, from); err != nil {
		return payment.Attempt{}, err
	}
	ev := t.Event
	if ev.PGTxID == "" {
		ev.PGTxID = t.PGTxID
	}
	if ev.Reason == "" {
		ev.Reason = string(t.Reason)
	}
	if err := j.addEvent(x, r.ID, from, t.To, ev); err != nil {
		return payment.Attempt{}, err
	}
	if err := keepCard(x, r.ID, t.Stored); err != nil {
		return payment.Attempt{}, err
	}
	return r.Attempt, j.addMessages(x, r.Attempt, t.Messages) //guard:outbox-with-the-move
}

// update writes what put made of r. The state in the condition is what the guards were checked against.
func update(x *txn, r row, from payment.State) error {
	x.forget(r.ID) //guard:claimed-in-a-batch-is-read-again
	receipt, err := receiptText(r.Receipt)
	if err != nil {
		return err
	}
	// A new proof is bytes, which the batch's JSON cannot carry: it is written alone.
	if x.joint != nil && !r.proven {
		wipe := 0
		if r.sealedProof == nil {
			wipe = 1
		}
		x.joint.moves = append(x.joint.moves, []any{
			r.ID, from, r.State, r.PGTxID, r.Reason, millis(r.UpdatedAt), millis(r.NextCheck), wipe,
			receipt,
		})
		x.wrote = true
		return nil
	}
	n, err := x.exec(`UPDATE attempts SET state = ?, pg_tx_id = ?, reason = ?, updated_at = ?, next_check = ?,
		lease_until = 0, proof_hash = ?, sealed_proof = ?, receipt = ? WHERE id = ? AND state = ?`,
		r.State, r.PGTxID, r.Reason, millis(r.UpdatedAt), millis(r.NextCheck), r.proofHash, r.sealedProof, receipt, r.ID, from)
	if err == nil && n != 1 {
		err = &ConflictError{Kind: ConflictState, ID: r.ID, State: from}
	}
	return err
}

// nextCheck makes sure that nothing open is without a next check.
func (j *Journal) nextCheck(to payment.State, wanted time.Time) time.Time {
	switch {
	case to.Final():
		return time.Time{}
	case wanted.IsZero():
		return at(millis(j.now().Add(defaultCheck))) //guard:unknown-has-a-next-check
	}
	return at(millis(wanted))
}

// LookUp is a look-up of an attempt that changed nothing.
type LookUp struct {
	ID payment.AttemptID
	// State and Checks are the attempt's as the looker read it.
	State  payment.State
	Checks int
	// Lease is the end of the lease that Due gave to the looker; zero for one that holds none.
	Lease time.Time
	// NotOwned tells that the looker does not own the attempt: it came along with a browser or a webhook.
	NotOwned  bool
	NextCheck time.Time
	Event     Event
}

// Touch records a look-up that changed nothing. Its owner's sets the next check, ends the lease and is one more in
// Checks; one by somebody who does not own the attempt may only bring the next check forward. When the attempt has
// moved on since it was read, or somebody else has taken it up, nothing is written and Touch fails with a
// ConflictError.
func (j *Journal) Touch(ctx context.Context, l LookUp) error {
	return j.writeTo(ctx, l.ID, "scheduling the next check", func(x *txn) error {
		r, err := one(x, l.ID)
		if err != nil {
			return err
		}
		if r.State != l.State || r.State.Final() { //guard:look-up-of-another-state
			return &ConflictError{Kind: ConflictState, ID: l.ID, State: r.State}
		}
		next := j.nextCheck(r.State, l.NextCheck)
		if l.NotOwned {
			// Who does not own it may wake the owner earlier. It puts nothing off and ends nobody's lease.
			if next.Before(r.NextCheck) { //guard:look-up-of-no-owner-puts-nothing-off
				_, err = x.exec(`UPDATE attempts SET next_check = ? WHERE id = ?`, millis(next), l.ID)
			}
		} else {
			err = j.touchOwn(x, l, next)
		}
		if err != nil {
			return err
		}
		return j.addEvent(x, l.ID, r.State, r.State, l.Event)
	})
}

// touchOwn sets the next check of an attempt that the looker owns. The count of checks tells two owners without a
// lease apart.
func (j *Journal) touchOwn(x *txn, l LookUp, next time.Time) error {
	if x.joint != nil {
		x.joint.looks, x.wrote = append(x.joint.looks, []any{l.ID, millis(next), l.Checks, millis(l.Lease)}), true
		return nil
	}
	n, err := x.exec(`UPDATE attempts SET next_check = ?, checks = checks + 1, lease_until = 0
		WHERE id = ? AND checks = ? AND `+
		`lease_until = ?`, //guard:former-owners-look-up
		millis(next), l.ID, l.Checks, millis(l.Lease))
	if err == nil && n != 1 {
		err = &ConflictError{Kind: ConflictOwner, ID: l.ID, State: l.State}
	}
	return err
}
