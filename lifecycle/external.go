package lifecycle

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
	"time"
	"unicode"

	"github.com/pg-gateway/pg-gateway/adapters"
	"github.com/pg-gateway/pg-gateway/payment"
)

// maxExternalRef bounds the id of a payment that the shop is told of, in bytes.
const maxExternalRef = 200

// externalData is what the shop is told of a payment that the gateway did not make: a schedule or a charge that it
// asked PortOne for past the gateway, or one that somebody gave back in the PG's console.
type externalData struct {
	// OrderID is the id that it was paid under, as whoever made it chose.
	OrderID payment.OrderID `json:"order_id"`
	PG      payment.PGID    `json:"pg"`
	PGTxID  string          `json:"pg_tx_id"`
	// State is paid, partially_cancelled, cancelled or issued.
	State string `json:"state"`
	// Amount was paid, Cancelled of it went back by then, and Remaining is what the PG still holds; won.
	Amount    payment.Won `json:"amount"`
	Cancelled payment.Won `json:"cancelled"`
	Remaining payment.Won `json:"remaining"`
	// HappenedAt is by the PG's clock, RFC 3339; absent when it does not tell.
	HappenedAt string `json:"happened_at,omitempty"`
	Test       bool   `json:"test,omitempty"`
}

// externalMessage tells the shop of a listed payment. Its id is the same for the same thing that happened, whichever
// process lists it.
func externalMessage(pg payment.PGID, x adapters.Listed, now time.Time) (payment.Message, error) {
	data := externalData{
		OrderID: payment.OrderID(x.OrderRef), PG: pg, PGTxID: x.PGTxID, State: "paid", Amount: x.Amount,
		Cancelled: x.Cancelled, Remaining: x.Amount - x.Cancelled, Test: x.Test,
	}
	if !x.At.IsZero() {
		data.HappenedAt = x.At.UTC().Format(time.RFC3339)
	}
	switch {
	case x.Outcome == payment.OutcomeIssued:
		data.State, data.Remaining = "issued", 0
	case x.Outcome == payment.OutcomeCancelled:
		data.State, data.Cancelled, data.Remaining = "cancelled", x.Amount, 0
	case x.Cancelled > 0:
		data.State = "partially_cancelled"
	}
	h := sha256.Sum256(fmt.Appendf(nil, "%q %q %s %d", pg, x.PGTxID, data.State, data.Cancelled))
	return messageOf("msg_x_"+hex.EncodeToString(h[:16]), payment.MessageExternal, data.OrderID, data, now)
}

// tellOther tells the shop of what happened to a payment of no attempt, where its PG's rules say so.
func (l *Listing) tellOther(ctx context.Context, pg *payment.PG, x adapters.Listed, now time.Time) error {
	ref := string(x.OrderRef)
	switch {
	case pg.Listing.Strangers != payment.StrangersTell, x.Foreign:
		return nil
	case x.Test && pg.Environment == payment.EnvLive: //guard:test-money-is-not-told
		return nil
	case !x.At.IsZero() && now.Sub(x.At) > tellWithin:
		return nil
	case ref == "" || len(ref) > maxExternalRef || strings.ContainsFunc(ref, notPrinted):
		return nil
	}
	m, err := externalMessage(pg.ID, x, now)
	if err == nil {
		err = l.o.Journal.Tell(ctx, m)
	}
	if err != nil {
		return fmt.Errorf("telling the shop of a payment that is not the gateway's: %w", err)
	}
	return nil
}

func notPrinted(r rune) bool { return !unicode.IsPrint(r) }
