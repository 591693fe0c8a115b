package cli

import (
	"context"
	"fmt"
	"time"

	"github.com/pg-gateway/pg-gateway/journal"
	"github.com/pg-gateway/pg-gateway/payment"
)

// onTheClock is a moment as the lists of commands print it: by Korea's clock, whatever the clock of the container is.
func onTheClock(t time.Time) string { return t.In(payment.KST()).Format(time.DateTime + " MST") }

// happened is one event of an attempt's history, as the lists print it in JSON. Its members are the journal's.
type happened struct {
	At     time.Time     `json:"at,omitzero"`
	Kind   string        `json:"kind"`
	From   payment.State `json:"from,omitempty"`
	To     payment.State `json:"to,omitempty"`
	Actor  string        `json:"actor,omitempty"`
	Reason string        `json:"reason,omitempty"`
	Code   string        `json:"code,omitempty"`
	PGTxID string        `json:"pg_tx_id,omitempty"`
	Detail string        `json:"detail,omitempty"`
	Times  int           `json:"times,omitempty"`
	LastAt time.Time     `json:"last_at,omitzero"`
}

// remember reads an attempt's history into a line of the desk's list. What the line is about happened last where
// about says so.
func (r *unknownRow) remember(ctx context.Context, j *journal.Journal, id payment.AttemptID, about func(happened) bool) error {
	events, err := j.Events(ctx, id)
	if err != nil {
		return fmt.Errorf("reading the history of attempt %s: %w", id, err)
	}
	for _, e := range events {
		h := happened{
			At: e.At, Kind: e.Kind, From: e.From, To: e.To, Actor: e.Actor, Reason: e.Reason, Code: e.Code, PGTxID: e.PGTxID,
			Detail: e.Detail, Times: e.Times, LastAt: e.LastAt,
		}
		r.History = append(r.History, h)
		if about(h) {
			r.Last = h
		}
	}
	return nil
}
