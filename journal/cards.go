package journal

import (
	"context"
	"database/sql"
	"errors"

	"github.com/pg-gateway/pg-gateway/payment"
)

// ErrCardStored tells that the card has a billing key already, or may have one.
var ErrCardStored = errors.New("the card has a billing key")

// CardClaim takes a card for the billing key that an attempt is to have issued, where a card may have one key only.
type CardClaim struct {
	// Card and Key are hashes under a key that the journal does not hold. Key is empty where the PG names the key, and
	// is known once it is issued.
	Card, Key string
}

// StoredKey tells with an approval that a card is stored now.
type StoredKey struct {
	// Name is a CardClaim's Key; empty leaves what the claim said.
	Name string
}

// noKeyCame tells of a card that the attempt that took it ended without a key. A payment by key-in that was undone
// may have left its card stored all the same; an attempt that is removed had its key issued (Prune).
const noKeyCame = `EXISTS (SELECT 1 FROM attempts a WHERE a.id = stored_cards.attempt_id AND
	(a.state IN ('declined', 'refused', 'expired') OR a.state = 'cancelled' AND a.purpose = 'billing_key'))`

// onItsWay tells of a card that the attempt that took it has not ended.
const onItsWay = `EXISTS (SELECT 1 FROM attempts a WHERE a.id = stored_cards.attempt_id AND a.next_check > 0)`

// claimCard takes a card for an attempt. It fails with ErrCardStored while another key has it or may have it; the same
// key may be issued for its card again.
func (j *Journal) claimCard(x *txn, a payment.Attempt, c *CardClaim) error {
	if c == nil {
		return nil
	}
	if _, err := x.exec(`DELETE FROM stored_cards WHERE card = ? AND `+
		noKeyCame, //guard:taken-card-is-kept
		c.Card); err != nil {
		return err
	}
	n, err := x.exec(`INSERT INTO stored_cards (card, key_name, attempt_id, created_at) VALUES (?, ?, ?, ?)
		ON CONFLICT (card) DO NOTHING`, c.Card, c.Key, a.ID, millis(a.CreatedAt))
	if err != nil || n == 1 {
		return err
	}
	rows, err := x.query(`SELECT key_name FROM stored_cards WHERE card = ?`, c.Card)
	if err != nil {
		return err
	}
	names, err := collect(rows, func(r *sql.Rows) (name string, err error) { return name, r.Scan(&name) })
	if err != nil {
		return err
	}
	if len(names) != 1 || c.Key == "" || names[0] != c.Key { //guard:one-key-per-card
		return ErrCardStored
	}
	return nil
}

// keepCard writes down which key a card has now. A card that the key had before is free again.
func keepCard(x *txn, id payment.AttemptID, k *StoredKey) error {
	if k == nil {
		return nil
	}
	if k.Name != "" {
		if _, err := x.exec(`UPDATE stored_cards SET key_name = ? WHERE attempt_id = ?`, k.Name, id); err != nil {
			return err
		}
	}
	_, err := x.exec(`DELETE FROM stored_cards WHERE attempt_id <> ? AND key_name <> ''
		AND key_name IN (SELECT s.key_name FROM stored_cards s WHERE s.attempt_id = ?)`, id, id)
	return err
}

// CardsForget frees the card of a billing key that is deleted. name is a CardClaim's Key. A card whose key is being
// issued stays taken: whatever was deleted, that one may come yet.
func (j *Journal) CardsForget(ctx context.Context, name string) error {
	return j.write(ctx, name, "forgetting a card", func(x *txn) error {
		if err := x.flush(); err != nil { // what has ended in the same batch is not on its way
			return err
		}
		_, err := x.exec(`DELETE FROM stored_cards WHERE key_name = ? AND NOT `+
			onItsWay, //guard:card-under-way-is-kept
			name)
		return err
	})
}
