package cli

import (
	"bytes"
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/pg-gateway/pg-gateway/journal"
	"github.com/pg-gateway/pg-gateway/payment"
)

// An unknown cancel stands in the desk's list until two people, or the PG, have said what became of it.
func TestTheDeskListsAndResolvesCancels(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	j := emptyJournal(t)
	a := payment.Attempt{ID: "A1", OrderID: "O1", PG: "portone", Amount: 15_000, CreatedAt: time.Now(), ExpiresAt: time.Now()}
	if err := j.Claim(ctx, a, journal.Claim{To: payment.StateCaptured}); err != nil {
		t.Fatal(err)
	}
	if _, err := j.Move(ctx, journal.Transition{ID: "A1", From: []payment.State{payment.StateCaptured}, To: payment.StateApproved}); err != nil {
		t.Fatal(err)
	}
	list := func(asJSON bool) string {
		t.Helper()
		var out bytes.Buffer
		if err := listUnknown(ctx, j, &out, asJSON); err != nil {
			t.Fatal(err)
		}
		return out.String()
	}
	c := payment.Cancel{ID: "c_1", AttemptID: "A1", OrderID: "O1", Amount: 4_000, Remaining: 15_000, Reason: "returned", Origin: payment.CancelByShop}
	if _, _, err := j.CancelBegin(ctx, c, journal.Event{Kind: "cancel_intended"}); err != nil {
		t.Fatal(err)
	}
	if got := list(false); !strings.Contains(got, "nothing is unknown") {
		t.Errorf("a cancel that is just being sent is listed:\n%s", got)
	}
	step := journal.CancelStep{ID: "c_1", From: payment.CancelRequested, To: payment.CancelUnknown, Code: "cancel_answer_lost", Event: journal.Event{Kind: "cancel_unknown"}}
	moved, err := j.CancelMove(ctx, step)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"A1", "O1", "c_1", "cancel_unknown", " 4000 ", "cancel_answer_lost", moved.NextCheck.In(payment.KST()).Format(time.DateTime) + " KST"} {
		if got := list(false); !strings.Contains(got, want) {
			t.Errorf("%q is missing in\n%s", want, got)
		}
	}
	var rows []struct {
		Cancel struct {
			ID string `json:"cancel_id"`
		} `json:"cancel"`
		History []struct {
			Kind string `json:"kind"`
		} `json:"history"`
		Last struct {
			Kind string `json:"kind"`
		} `json:"last_event"`
	}
	if err := json.Unmarshal([]byte(list(true)), &rows); err != nil || len(rows) != 1 {
		t.Fatalf("listed %s: %v", list(true), err)
	}
	kinds := ""
	for _, h := range rows[0].History {
		kinds += h.Kind + " "
	}
	if r := rows[0]; r.Cancel.ID != "c_1" || !strings.HasSuffix(kinds, "cancel_intended cancel_unknown ") || r.Last.Kind != "cancel_unknown" {
		t.Errorf("the history is %s, listed %s", kinds, list(true))
	}
	if _, err := resolveCancel(ctx, j, "A2", "c_1", "done", "kim", "seen"); err == nil {
		t.Error("a cancel was resolved under another attempt's name")
	}
	if done, err := resolveCancel(ctx, j, "A1", "c_1", "done", "kim", "in the console"); err != nil || done {
		t.Errorf("the first hand: %v, %v", done, err)
	}
	if done, err := resolveCancel(ctx, j, "A1", "c_1", "done", "lee", "on the statement"); err != nil || !done {
		t.Errorf("the second hand: %v, %v", done, err)
	}
	if got := list(false); !strings.Contains(got, "nothing is unknown") {
		t.Errorf("listed %s", got)
	}
}

// emptyJournal is an open SQLite journal with nothing in it; it ends with the test.
func emptyJournal(t *testing.T) *journal.Journal {
	t.Helper()
	j, err := journal.Open(t.Context(), journal.Config{Driver: journal.DriverSQLite, Path: filepath.Join(t.TempDir(), "j.db")})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := j.Close(); err != nil {
			t.Error(err)
		}
	})
	return j
}
