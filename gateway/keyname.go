package gateway

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/pg-gateway/pg-gateway/journal"
	"github.com/pg-gateway/pg-gateway/payment"
)

// nameHold is how long a name stays taken by a call of which nobody knows how it ended: by then PortOne is believed
// that nothing was stored.
const nameHold = 15 * time.Minute

// nameClaim is the right of one call, on whichever pod, to have a card stored under a name that the order service chose
// (V1's customer_uid). Of two that find the name unused at once, the one would overwrite the other's card.
type nameClaim struct {
	scope, key string
	by         payment.AttemptID
	until      time.Time
}

// claimName takes a name for an attempt that is to store a card under it. The name is in the journal as a hash. It must
// be read at the PG after it was taken, and given back with leaveName. Errors are *payment.Problem, or the journal's.
func (g *Gateway) claimName(
	ctx context.Context, pg payment.PGID, name payment.Secret, by payment.AttemptID,
) (nameClaim, error) {
	sum := sha256.Sum256([]byte(name.Reveal()))
	n := nameClaim{scope: "customer_uid " + string(pg), key: hex.EncodeToString(sum[:]), by: by}
	for range 2 {
		kept, begun, err := g.keys.KeyBegin(ctx, n.scope, n.key, string(by), g.now(), nameHold)
		if err != nil {
			return n, err
		}
		if n.until = kept.HeldUntil; begun {
			return n, nil
		}
		holder := payment.AttemptID(kept.Fingerprint)
		over, err := g.isOver(ctx, holder)
		switch {
		case err != nil:
			return n, err
		case !over && g.now().Before(kept.HeldUntil): //guard:one-card-at-once-under-a-name
			return n, nameTaken(holder, by)
		}
		// Its holder ended without giving it back.
		if err := g.keys.KeyDrop(ctx, n.scope, n.key, kept.HeldUntil); err != nil {
			return n, err
		}
	}
	return n, nameTaken("", by)
}

func nameTaken(holder, by payment.AttemptID) error {
	p := &payment.Problem{
		Code: payment.CodeKeyUnknown, AttemptID: holder, KeySafety: payment.NewKeySafe,
		DetailKo: "같은 customer_uid에 카드를 등록하는 다른 요청이 끝나지 않았습니다",
		DetailEn: "another call that stores a card under this customer_uid has not ended",
	}
	if holder == by {
		p.KeySafety = payment.NewKeyUnsafe // the same charge came twice
	}
	return p
}

// isOver tells whether an attempt is on record and has ended for certain.
func (g *Gateway) isOver(ctx context.Context, id payment.AttemptID) (bool, error) {
	a, _, err := g.journal.Attempt(ctx, id)
	if errors.Is(err, journal.ErrNotFound) {
		return false, nil
	}
	return err == nil && a.State.Final(), err
}

// leaveName gives a name back whose call has ended. It stays taken while nobody knows what became of the card.
func (g *Gateway) leaveName(ctx context.Context, n nameClaim) {
	ctx = context.WithoutCancel(ctx)
	a, _, err := g.journal.Attempt(ctx, n.by)
	switch {
	case errors.Is(err, journal.ErrNotFound): // nothing was sent
		err = nil
	case err == nil && !a.State.Final(): //guard:unknown-card-keeps-its-name
		return
	}
	if err == nil {
		err = g.keys.KeyDrop(ctx, n.scope, n.key, n.until)
	}
	if err != nil {
		g.log.Error("the name of a billing key stays taken until its hold ends", slog.Any("attempt_id", n.by),
			slog.Any("err", fmt.Errorf("giving back a name: %w", err)))
	}
}
