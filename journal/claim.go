package journal

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/pg-gateway/pg-gateway/payment"
)

// Claim says how an attempt takes hold of its order.
type Claim struct {
	// To is the state to take: claimed, approving, captured or unknown.
	To payment.State
	// ProofHash names the proof that the browser brought (a hash of the auth token), so that it is used once;
	// empty when there is none. SealedProof is the proof itself, encrypted by the caller.
	ProofHash   string
	SealedProof []byte
	Event       Event
	// NextCheck is when the sweep looks at the attempt; zero means soon.
	NextCheck time.Time
	PGTxID    string
	// Recovery is the recovery that a charge is made for; nil for all others.
	Recovery *RecoveryTry
	// Card is the card whose key is to be issued, where it may have one only; nil for all others.
	Card *CardClaim
}

var errNotAClaim = errors.New("the state does not hold an order")

// Claim moves an attempt from opened to c.To, recording it first when it is new. In one transaction with
// that, it fails with
//
//   - ConflictError (state) when this attempt is beyond opened already, (content) when the id has other content;
//   - ConflictError (replay) when the proof was used before, by whichever attempt;
//   - ClaimedError when another attempt of the order holds it or is being cancelled, RecoveringError when the order of a
//     charge is being recovered by others, ConflictError (recovery) when c.Recovery is not where the caller thought;
//   - ErrCardStored when the card has a billing key, or may have one.
//
// A claim that fails leaves nothing behind, not even a new attempt.
func (j *Journal) Claim(ctx context.Context, a payment.Attempt, c Claim) error {
	if !c.To.Holds() || !payment.CanMove(payment.StateOpened, c.To) {
		return fmt.Errorf("claiming order %s as %s: %w", a.OrderID, c.To, errNotAClaim)
	}
	a = normal(a)
	return j.write(ctx, string(a.OrderID), "claiming an order", func(x *txn) error {
		// A window that carries its attempt through the browser has no row before its buyer comes back.
		if _, err := j.insert(x, a); err != nil {
			return err
		}
		siblings, err := lockOrder(x, a.OrderID)
		if err != nil {
			return err
		}
		own, ok := siblings[a.ID]
		if !ok {
			// The id is there, but under another order.
			return contentConflict(x, a.ID)
		}
		if err := sameContent(own.Attempt, a); err != nil {
			return err
		}
		if own.State != payment.StateOpened {
			return &ConflictError{Kind: ConflictState, ID: a.ID, State: own.State}
		}
		// Before the others of the order: a replay is called a replay, whoever holds the order.
		if err := unusedProof(x, c.ProofHash); err != nil {
			return err
		}
		if err := unblocked(siblings, a.ID); err != nil { //guard:claim-asks-who-holds
			return err
		}
		if err := j.claimRecovery(x, a, c.Recovery); err != nil {
			return err
		}
		if err := j.claimCard(x, a, c.Card); err != nil {
			return err
		}
		own.proofHash, own.sealedProof, own.proven = c.ProofHash, c.SealedProof, true
		// A row that another pod has not committed cannot be seen above. Then the unique index of holders refuses this
		// one, and guarded runs it again with the winner to be seen.
		_, err = j.put(x, own, Transition{To: c.To, Event: c.Event, NextCheck: c.NextCheck, PGTxID: c.PGTxID})
		return err
	})
}

// lockOrder reads and locks every attempt of an order, in one fixed sequence so that two pods cannot wait
// for each other.
func lockOrder(x *txn, order payment.OrderID) (map[payment.AttemptID]row, error) {
	rows, err := x.query(`SELECT `+attemptColumns+`, proof_hash, sealed_proof FROM attempts WHERE order_id = ?
		ORDER BY id /*lock*/`, order)
	if err != nil {
		return nil, err
	}
	list, err := collect(rows, scanRow)
	if err != nil {
		return nil, err
	}
	siblings := make(map[payment.AttemptID]row, len(list))
	for _, r := range list {
		siblings[r.ID] = r
	}
	return siblings, nil
}

func contentConflict(x *txn, id payment.AttemptID) error {
	have, err := one(x, id)
	if err != nil {
		return err
	}
	return &ConflictError{Kind: ConflictContent, ID: id, State: have.State}
}

// unblocked fails when an attempt other than own stands in the way. A holder is named before one that is
// only being cancelled.
func unblocked(siblings map[payment.AttemptID]row, own payment.AttemptID) error {
	var found *ClaimedError
	for id, s := range siblings {
		if id == own || !s.State.Blocks() {
			continue
		}
		if found == nil || s.State.Holds() {
			found = &ClaimedError{Winner: id, State: s.State}
		}
	}
	if found == nil {
		return nil
	}
	return found
}

// unusedProof fails when a proof with this hash was used before.
func unusedProof(x *txn, hash string) error {
	if hash == "" { //guard:proof-once
		return nil
	}
	// The second condition is the partial index's: without it SQLite reads the whole table.
	rows, err := x.query(`SELECT id, state FROM attempts WHERE proof_hash = ? AND proof_hash <> ''`, hash)
	if err != nil {
		return err
	}
	used, err := collect(rows, func(r *sql.Rows) (*ConflictError, error) {
		e := &ConflictError{Kind: ConflictReplay}
		return e, r.Scan(&e.ID, &e.State)
	})
	if err != nil || len(used) == 0 {
		return err
	}
	return used[0]
}
