package cli

import (
	"bytes"
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/pg-gateway/pg-gateway/journal"
	"github.com/pg-gateway/pg-gateway/payment"
	"github.com/pg-gateway/pg-gateway/test/fixture"
)

// toldOrder puts messages of a new order into the outbox and has the first of them delivered.
func toldOrder(t *testing.T, j *journal.Journal, order string, delivered int, messages ...payment.Message) {
	t.Helper()
	a := payment.Attempt{ID: payment.AttemptID("a-" + order), OrderID: payment.OrderID(order), CreatedAt: time.Now(), ExpiresAt: time.Now()}
	if err := j.Insert(t.Context(), a, journal.Event{Kind: "opened"}); err != nil {
		t.Fatal(err)
	}
	_, err := j.Move(t.Context(), journal.Transition{
		ID: a.ID, From: []payment.State{payment.StateOpened}, To: payment.StateDeclined, Messages: messages,
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range messages[:delivered] {
		if err := j.OutboxDone(t.Context(), m.ID); err != nil {
			t.Fatal(err)
		}
	}
}

// made is a message that was made at a time.
func made(id, kind string, at time.Time) payment.Message {
	return payment.Message{ID: id, Type: kind, Body: []byte("{}"), CreatedAt: at}
}

// runOn runs a command on a configuration and returns what it printed and its error's text.
func runOn(ctx context.Context, config string, args ...string) (out, failed string) {
	c := rootCommand("dev")
	var b bytes.Buffer
	c.SetOut(&b)
	c.SetArgs(append(args, "--config.file="+config))
	if err := c.ExecuteContext(ctx); err != nil {
		failed = err.Error()
	}
	return b.String(), failed
}

// Delivered messages are put in line again while a gateway runs on the journal: those that were asked for, and once.
func TestOutboxReplay(t *testing.T) {
	t.Parallel()
	config := filepath.Join(t.TempDir(), "config.yaml")
	put(t, config, fixture.Text())
	// The gateway's.
	j, err := journal.Open(t.Context(), journal.Config{
		Driver: journal.DriverSQLite, Path: filepath.Join(filepath.Dir(config), "data", "journal.db"), Alone: true,
	})
	if err != nil {
		t.Fatal(err)
	}
	defer j.Close()
	day := time.Date(2026, 11, 1, 0, 0, 0, 0, payment.KST())
	toldOrder(t, j, "O1", 2, made("m-1", payment.MessageConfirmed, day), made("m-2", payment.MessageCancelled, day.Add(24*time.Hour-1)))
	toldOrder(t, j, "O2", 1, made("m-3", payment.MessageConfirmed, day.Add(24*time.Hour)), made("m-4", payment.MessageCancelled, day.Add(25*time.Hour)))
	toldOrder(t, j, "O3", 0, made("m-5", payment.MessageFailed, day))
	if err := j.OutboxPark(t.Context(), "m-5", "gave_up"); err != nil {
		t.Fatal(err)
	}
	waiting := func() string {
		t.Helper()
		var ids []string
		err := j.OutboxEach(t.Context(), journal.MessagePending, func(m journal.WaitingMessage) error {
			ids = append(ids, m.ID)
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		return strings.Join(ids, " ")
	}
	for _, tt := range []struct {
		name, args           string
		want, fails, waiting string
	}{
		{"a day is a whole day", "--since=2026-11-01 --until=2026-11-01 --dry-run", "m-1 m-2 2 messages would be put in line again; 1 more were given up", "", "m-4"},
		{"a moment is not", "--since=2026-11-01T00:00:01+09:00 --until=2026-11-02T00:00:00+09:00 --dry-run", "m-2 1 messages would", "", "m-4"},
		{"more than the limit", "--since=2026-11-01 --limit=2", "", "3 delivered messages match and --limit is 2: nothing is sent; narrow it with --until", "m-4"},
		{"of one type", "--since=2026-11-02 --type=payment.confirmed", "1 messages put in line again", "", "m-3 m-4"},
		{"what waits is not doubled", "--since=2026-11-02", "0 messages put in line again; 2 more wait anyway and are not doubled", "", "m-3 m-4"},
		{"of an order", "--order=O1", "2 messages put in line again; the shop may see them twice, and knows them by their id", "", "m-1 m-2 m-3 m-4"},
		{"nothing there", "--since=2026-11-05", "no message matches", "", "m-1 m-2 m-3 m-4"},
		{"nothing of that type", "--order=O1 --type=payment.failed", "no message matches", "", "m-1 m-2 m-3 m-4"},
		{"an order that is gone", "--order=O9", "", "--order O9: the journal has nothing of this order; messages are gone: what ended longer than 1825 days ago is removed", "m-1 m-2 m-3 m-4"},
		{"longer ago than it is kept", "--since=2001-01-01 --type=billing_key.issued", "no message matches; messages of what ended before; are gone: it was removed after 1825 days (journal.retention)", "", "m-1 m-2 m-3 m-4"},
	} {
		out, failed := runOn(t.Context(), config, append([]string{"outbox", "replay"}, strings.Fields(tt.args)...)...)
		for want := range strings.SplitSeq(tt.want, "; ") {
			if !inSequence(out, want) {
				t.Errorf("%s: printed %q, want %q", tt.name, out, want)
			}
		}
		for want := range strings.SplitSeq(tt.fails, "; ") {
			if !strings.Contains(failed, want) || want == "" && failed != "" {
				t.Errorf("%s: failed with %q, want %q", tt.name, failed, want)
			}
		}
		if got := waiting(); got != tt.waiting {
			t.Errorf("%s: %s wait, want %s", tt.name, got, tt.waiting)
		}
	}
	if faults, err := j.Check(t.Context()); err != nil || len(faults) > 0 {
		t.Errorf("faults %v, %v", faults, err)
	}
}

// inSequence tells whether the words of want stand in text one after the other, whatever stands between those that
// begin with m-.
func inSequence(text, want string) bool {
	for strings.HasPrefix(want, "m-") {
		var id string
		id, want, _ = strings.Cut(want, " ")
		_, after, found := strings.Cut(text, id)
		if !found {
			return false
		}
		text = after
	}
	return strings.Contains(text, want)
}

// What was taken out of the journal, or put in line by somebody else, between reading and writing is told.
func TestAReplayTellsWhatHappenedMeanwhile(t *testing.T) {
	t.Parallel()
	j := emptyJournal(t)
	toldOrder(t, j, "O1", 2, made("m-1", payment.MessageConfirmed, time.Now()), made("m-2", payment.MessageCancelled, time.Now()))
	list, err := j.OutboxDelivered(t.Context(), journal.MessageFilter{}, 10)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := j.OutboxReplay(t.Context(), "O1", list[:1]); err != nil {
		t.Fatal(err)
	}
	gone := list[1]
	gone.ID = "m-gone"
	var out bytes.Buffer
	if err := again(t.Context(), j, append(list, gone), &out); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"1 messages put in line again", "1 were put in line by somebody else meanwhile, and not doubled", "m-gone is gone: it was removed",
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("printed %q, want %q", out.String(), want)
		}
	}
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	if err := again(t.Context(), j, list, &out); err == nil || !strings.Contains(err.Error(), "stopped at order O1; call it again for the rest") {
		t.Errorf("got %v", err)
	}
}

func TestTheMessagesOfAnOrderComeTogether(t *testing.T) {
	t.Parallel()
	var list []journal.DeliveredMessage
	for i, order := range []payment.OrderID{"b", "a", "b", "c", "a"} {
		list = append(list, journal.DeliveredMessage{Message: payment.Message{ID: fmt.Sprint(i), OrderID: order}})
	}
	var got []string
	for _, of := range byOrder(list) {
		for _, m := range of {
			got = append(got, m.ID)
		}
	}
	if text := strings.Join(got, ""); text != "02143" {
		t.Errorf("got %s", text)
	}
}
