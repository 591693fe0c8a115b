package lifecycle_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"testing"
	"time"

	"github.com/pg-gateway/pg-gateway/journal"
	"github.com/pg-gateway/pg-gateway/lifecycle"
	"github.com/pg-gateway/pg-gateway/payment"
)

// dueOnce is a journal in which these attempts are due, once.
type dueOnce struct{ attempts []payment.Attempt }

// DueLanes implements lifecycle.AttemptQueue.
func (d *dueOnce) DueLanes(context.Context, time.Time) ([]journal.Lane, error) {
	return []journal.Lane{{PG: "pg"}}, nil
}

// Due implements lifecycle.AttemptQueue.
func (d *dueOnce) Due(context.Context, journal.Lane, time.Time, int, time.Duration) ([]payment.Attempt, error) {
	list := d.attempts
	d.attempts = nil
	return list, nil
}

// triedBefore is an outbox whose messages have been tried so often.
type triedBefore struct {
	lifecycle.Outbox
	tries int
}

// OutboxDue implements lifecycle.Outbox.
func (o triedBefore) OutboxDue(ctx context.Context, l journal.OutboxLane, now time.Time, limit int, lease time.Duration) ([]payment.Message, error) {
	list, err := o.Outbox.OutboxDue(ctx, l, now, limit, lease)
	for i := range list {
		list[i].Tries = o.tries
	}
	return list, err
}

// deliveries are what a worker said of its messages.
type deliveries []lifecycle.Delivery

func (d *deliveries) Delivered(result lifecycle.Delivery) { *d = append(*d, result) }

// noKey is a sealer whose key is another one.
type noKey struct{ plainSeal }

func (noKey) Open(lifecycle.SealName, []byte) ([]byte, error) { return nil, errors.New("another key") }

// TestWhatASweepLogsCanBeJoined by attempt and order, also of an attempt that it could not go on with.
func TestWhatASweepLogsCanBeJoined(t *testing.T) {
	t.Parallel()
	h := open(t, &fakePG{})
	a := h.attempt("A1")
	if err := h.journal.Insert(t.Context(), a, journal.Event{Kind: "opened"}); err != nil {
		t.Fatal(err)
	}
	h.moves(payment.StateDeclined)
	gone := a
	gone.ID = "nobody"
	var log bytes.Buffer
	w := lifecycle.NewWorker(lifecycle.WorkerOptions{
		Machine: h.machine, Attempts: &dueOnce{[]payment.Attempt{a, gone}}, Outbox: h.journal,
		Log: slog.New(slog.NewJSONHandler(&log, nil)), Now: h.clock,
	})
	w.SweepAttempts(t.Context())
	wanted := map[string]string{"the sweep looked at an attempt": "A1", "the sweep could not go on with an attempt": "nobody"}
	for dec := json.NewDecoder(&log); dec.More(); {
		var line map[string]any
		if err := dec.Decode(&line); err != nil {
			t.Fatal(err)
		}
		if line["order_id"] != string(a.OrderID) {
			t.Errorf("a line that does not name the order: %v", line)
		}
		if msg, _ := line["msg"].(string); wanted[msg] == line["attempt_id"] {
			delete(wanted, msg)
		}
	}
	for msg, id := range wanted {
		t.Errorf("no line %q of %s", msg, id)
	}
}

// A message that was sealed with another token_key says so where an operator looks: nothing is wrong with the shop,
// and only the former key delivers it.
func TestAMessageOfAnotherKeySaysSo(t *testing.T) {
	t.Parallel()
	h := open(t, &fakePG{})
	if err := h.journal.Insert(t.Context(), h.attempt("A1"), journal.Event{Kind: "opened"}); err != nil {
		t.Fatal(err)
	}
	m := payment.Message{ID: "msg_1", OrderID: "ORDER-1", Type: payment.MessageIssued, Body: []byte("sealed with another key"), Sealed: true}
	if _, err := h.journal.Move(t.Context(), journal.Transition{
		ID: "A1", From: []payment.State{payment.StateOpened}, To: payment.StateDeclined, Messages: []payment.Message{m},
	}); err != nil {
		t.Fatal(err)
	}
	// It has been tried often enough, for more than a day.
	h.pass(25 * time.Hour)
	var heard deliveries
	lifecycle.NewWorker(lifecycle.WorkerOptions{
		Machine: h.machine, Attempts: &dueOnce{}, Outbox: triedBefore{h.journal, 32}, Sealer: noKey{}, Observer: &heard,
		Deliver: func(context.Context, payment.Message) error { t.Error("what cannot be opened was sent"); return nil },
		Log:     slog.New(slog.DiscardHandler), Now: h.clock,
	}).DeliverDue(t.Context())
	var parked []journal.WaitingMessage
	err := h.journal.OutboxEach(t.Context(), journal.MessageParked, func(m journal.WaitingMessage) error {
		parked = append(parked, m)
		return nil
	})
	const sealed = "sealed with another token_key"
	if err != nil || len(parked) != 1 || parked[0].Reason != sealed || len(heard) != 1 || heard[0] != lifecycle.DeliveryParked {
		t.Errorf("parked %+v, %v, heard %v; want one that says %q", parked, err, heard, sealed)
	}
}
