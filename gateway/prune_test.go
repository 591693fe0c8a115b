package gateway

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/pg-gateway/pg-gateway/journal"
	"github.com/pg-gateway/pg-gateway/payment"
	"github.com/pg-gateway/pg-gateway/test/fixture"
)

// twoSteps is more than what two steps of pruning take.
const twoSteps = 2*32 + 1

// The gateway itself removes what ended longer ago than the configured retention, and nothing that somebody waits for.
func TestTheRetentionActs(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, retention string
		after           time.Duration
		gone            bool
	}{
		{"within it", "480h", 19 * 24 * time.Hour, false},
		{"beyond it", "480h", 21 * 24 * time.Hour, true},
		{"five years when left out", "", 4 * 365 * 24 * time.Hour, false},
		{"more than five years", "", 6 * 365 * 24 * time.Hour, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t, func(c *fixture.Config) { c.Journal.Retention = tt.retention })
			put := func(id string, to ...payment.State) {
				a := payment.Attempt{
					ID: payment.AttemptID(id), OrderID: payment.OrderID("o-" + id), PG: "inicis", Amount: 1000, OrderAmount: 1000,
					Currency: payment.CurrencyKRW, CreatedAt: time.Now(), ExpiresAt: time.Now(),
				}
				if err := h.journal.Insert(t.Context(), a, journal.Event{Kind: "opened"}); err != nil {
					t.Fatal(err)
				}
				from := payment.StateOpened
				for _, s := range to {
					m := journal.Transition{ID: a.ID, From: []payment.State{from}, To: s}
					if id == "untold" {
						m.Messages = []payment.Message{{ID: "m-" + id, Type: payment.MessageFailed, Body: []byte("{}")}}
					}
					if _, err := h.journal.Move(t.Context(), m); err != nil {
						t.Fatal(err)
					}
					from = s
				}
			}
			for n := range twoSteps {
				put("ended"+strings.Repeat("x", n), payment.StateRefused)
			}
			put("untold", payment.StateDeclined)
			put("unknown", payment.StateUnknown)
			put("opened")
			h.g.now = func() time.Time { return time.Now().Add(tt.after) }
			h.g.worker.Prune(t.Context())
			there := func(id string) bool {
				_, _, err := h.journal.Attempt(t.Context(), payment.AttemptID(id))
				if err != nil && !errors.Is(err, journal.ErrNotFound) {
					t.Fatal(err)
				}
				return err == nil
			}
			for n := range twoSteps {
				if id := "ended" + strings.Repeat("x", n); there(id) == tt.gone {
					t.Fatalf("ended attempt %d: there %v", n, !tt.gone)
				}
			}
			for _, id := range []string{"untold", "unknown", "opened"} {
				if !there(id) {
					t.Errorf("%s is gone", id)
				}
			}
		})
	}
}
