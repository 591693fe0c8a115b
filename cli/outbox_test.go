package cli

import (
	"bytes"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/pg-gateway/pg-gateway/journal"
	"github.com/pg-gateway/pg-gateway/payment"
	"github.com/pg-gateway/pg-gateway/test/fixture"
)

// Whatever waits is listed to the last, and brought back in bulk.
func TestTheOutboxIsListedToTheLast(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	j := emptyJournal(t)
	list := func() string {
		t.Helper()
		var out bytes.Buffer
		if err := listOutbox(ctx, j, &out); err != nil {
			t.Fatal(err)
		}
		return out.String()
	}
	if got := list(); got != "no message waits and none is parked\n" {
		t.Errorf("listed %q", got)
	}
	// More than one page of the journal and one step of the commands.
	const orders, each = 260, 5
	now := time.Now()
	for o := range orders {
		a := payment.Attempt{ID: payment.AttemptID(fmt.Sprintf("A%03d", o)), OrderID: payment.OrderID(fmt.Sprintf("O%03d", o)), CreatedAt: now, ExpiresAt: now}
		if err := j.Insert(ctx, a, journal.Event{Kind: "opened"}); err != nil {
			t.Fatal(err)
		}
		var messages []payment.Message
		for n := range each {
			messages = append(messages, payment.Message{ID: fmt.Sprintf("m-%03d-%d", o, n), Type: payment.MessageFailed, Body: []byte("{}"), CreatedAt: now})
		}
		if _, err := j.Move(ctx, journal.Transition{ID: a.ID, From: []payment.State{payment.StateOpened}, To: payment.StateDeclined, Messages: messages}); err != nil {
			t.Fatal(err)
		}
	}
	for o := range orders {
		if err := j.OutboxPark(ctx, fmt.Sprintf("m-%03d-0", o), "gave_up"); err != nil {
			t.Fatal(err)
		}
	}
	if got := list(); strings.Count(got, "\n") != 1+orders*each || strings.Count(got, "parked") != orders || strings.Count(got, "behind another") != orders*(each-1) {
		t.Errorf("%d lines, %d parked", strings.Count(got, "\n"), strings.Count(got, "parked"))
	}
	if n, err := inSteps(func(limit int) (int, error) { return j.OutboxUnparkAll(ctx, limit) }); err != nil || n != orders {
		t.Errorf("%d were taken up again, %v", n, err)
	}
	for o := range orders {
		if err := j.OutboxRetry(ctx, fmt.Sprintf("m-%03d-0", o), now.Add(time.Hour), "no"); err != nil {
			t.Fatal(err)
		}
	}
	if n, err := inSteps(func(limit int) (int, error) { return j.OutboxPush(ctx, now, limit) }); err != nil || n != orders {
		t.Errorf("%d were brought forward, %v", n, err)
	}
}

// An outbox retry says what it needs, and push says how many it brought forward.
func TestOutboxCommands(t *testing.T) {
	t.Parallel()
	config := filepath.Join(t.TempDir(), "config.yaml")
	put(t, config, fixture.Text())
	j, err := journal.Open(t.Context(), journal.Config{Driver: journal.DriverSQLite, Path: filepath.Join(filepath.Dir(config), "data", "journal.db")})
	if err != nil {
		t.Fatal(err)
	}
	a := payment.Attempt{ID: "A1", OrderID: "O1", CreatedAt: time.Now(), ExpiresAt: time.Now()}
	if err := j.Insert(t.Context(), a, journal.Event{Kind: "opened"}); err != nil {
		t.Fatal(err)
	}
	told := payment.Message{ID: "m-1", Type: payment.MessageFailed, Body: []byte("{}"), CreatedAt: time.Now()}
	if _, err := j.Move(t.Context(), journal.Transition{ID: "A1", From: []payment.State{payment.StateOpened}, To: payment.StateDeclined, Messages: []payment.Message{told}}); err != nil {
		t.Fatal(err)
	}
	if err := j.OutboxPark(t.Context(), "m-1", "gave_up"); err != nil {
		t.Fatal(err)
	}
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		args []string
		want string
	}{
		{[]string{"outbox", "retry"}, "name a message, or say --all"},
		{[]string{"outbox", "retry", "m", "--all"}, "name a message, or say --all"},
		{[]string{"outbox", "retry", "m"}, "message m: not in the journal"},
		{[]string{"outbox", "list"}, "parked"},
		{[]string{"outbox", "retry", "m-1"}, "taken up again\n"},
		{[]string{"outbox", "list"}, "pending"},
		{[]string{"outbox", "retry", "--all"}, "0 messages taken up again"},
		{[]string{"outbox", "push"}, "0 messages brought forward"},
	} {
		c := rootCommand("dev")
		var out bytes.Buffer
		c.SetOut(&out)
		c.SetArgs(append(tt.args, "--config.file="+config))
		err := c.ExecuteContext(t.Context())
		if got := fmt.Sprint(out.String(), err); !strings.Contains(got, tt.want) {
			t.Errorf("%v said %q, want %q", tt.args, got, tt.want)
		}
	}
}
