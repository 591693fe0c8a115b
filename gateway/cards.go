package gateway

import (
	"context"
	"log/slog"

	"github.com/pg-gateway/pg-gateway/journal"
	"github.com/pg-gateway/pg-gateway/payment"
)

// CardStore remembers which card has a billing key; *journal.Journal has it.
type CardStore interface {
	CardsForget(ctx context.Context, name string) error
}

// cardToStore is the claim of a card that is to get a billing key, where the rules let it have one only; nil otherwise.
// What is in the claim is under a key of token_key's: nobody learns a card's number of it. named is the key where the
// order service chose it.
func (g *Gateway) cardToStore(v *view, pg payment.PGID, number, named payment.Secret) *journal.CardClaim {
	if !v.rules.Billing().OneKeyPerCard || !number.IsSet() {
		return nil
	}
	c := journal.CardClaim{Card: g.sealer.Print("card", string(pg), number.Reveal())}
	if named.IsSet() {
		c.Key = g.machine.KeyName(pg, named)
	}
	return &c
}

// forgetCard frees the card of a billing key that the PG does not have, or does not have any more.
func (g *Gateway) forgetCard(ctx context.Context, pg payment.PGID, key payment.Secret) {
	if err := g.journal.CardsForget(context.WithoutCancel(ctx), g.machine.KeyName(pg, key)); err != nil {
		g.log.Error("a card whose billing key is deleted counts as having one; delete the key once more",
			slog.Any("pg", pg), slog.Any("err", err))
	}
}
