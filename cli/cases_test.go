package cli

import (
	"bytes"
	"encoding/json"
	"errors"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/pg-gateway/pg-gateway/journal"
	"github.com/pg-gateway/pg-gateway/lifecycle"
	"github.com/pg-gateway/pg-gateway/payment"
	"github.com/pg-gateway/pg-gateway/test/fixture"
)

// Money that came in for an attempt that had ended stands in the list of cases until it is proven to be back.
func TestCasesListUnmatchedPayments(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	j := emptyJournal(t)
	list := func(asJSON bool) string {
		t.Helper()
		var out bytes.Buffer
		if err := listCases(ctx, j, &out, asJSON); err != nil {
			t.Fatal(err)
		}
		return out.String()
	}
	a := payment.Attempt{ID: "A1", OrderID: "O1", PG: "portone", Amount: 15_000, CreatedAt: time.Now(), ExpiresAt: time.Now()}
	if err := j.Insert(ctx, a, journal.Event{Kind: "opened"}); err != nil {
		t.Fatal(err)
	}
	if _, err := j.Move(ctx, journal.Transition{ID: "A1", From: []payment.State{payment.StateOpened}, To: payment.StateExpired}); err != nil {
		t.Fatal(err)
	}
	if got := list(false); !strings.Contains(got, "no case is open") {
		t.Errorf("listed %s", got)
	}
	if got := list(true); got != "[]\n" {
		t.Errorf("an empty list is %q", got)
	}
	unmatched, _, err := j.UnmatchedTake(ctx, journal.Unmatched{AttemptID: "A1", PGTxID: "imp_1", Won: 14_000}, time.Now(), time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	if err := j.UnmatchedEnd(ctx, unmatched, journal.UnmatchedUnknown, journal.Event{Kind: "unmatched_payment_unknown"}); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"A1", "O1", "unmatched_unknown", "14000", "unmatched_payment_unknown", " imp_1 "} {
		if got := list(false); !strings.Contains(got, want) {
			t.Errorf("%q is missing in\n%s", want, got)
		}
	}
	open, err := j.UnmatchedOpen(ctx, 1)
	if err != nil || len(open) != 1 || !strings.Contains(list(false), open[0].NextCheck.In(payment.KST()).Format(time.DateTime)+" KST") {
		t.Errorf("the next check of %+v is missing in\n%s", open, list(false))
	}
	if got := list(true); !strings.Contains(got, `"pg_tx_id": "imp_1"`) {
		t.Errorf("listed %s", got)
	}
	if err := j.UnmatchedEnd(ctx, unmatched, journal.UnmatchedReturned, journal.Event{Kind: "unmatched_payment_returned"}); err != nil {
		t.Fatal(err)
	}
	if got := list(false); !strings.Contains(got, "no case is open") {
		t.Errorf("listed %s", got)
	}
}

// TestTheListAndTheGaugeMeanTheSameMoney puts an attempt into every state, with unmatched payments, and compares the list's total
// with what the gauge is set to.
func TestTheListAndTheGaugeMeanTheSameMoney(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	j := emptyJournal(t)
	now := time.Now()
	put := func(id payment.AttemptID, won payment.Won, path ...payment.State) {
		t.Helper()
		a := payment.Attempt{ID: id, OrderID: payment.OrderID("O-" + id), PG: "inicis", Method: "card", Amount: won, CreatedAt: now, ExpiresAt: now, DepositDue: now.Add(-48 * time.Hour)}
		if err := j.Insert(ctx, a, journal.Event{Kind: "opened"}); err != nil {
			t.Fatal(err)
		}
		from := payment.StateOpened
		for _, to := range path {
			if _, err := j.Move(ctx, journal.Transition{ID: id, From: []payment.State{from}, To: to, NextCheck: now.Add(time.Hour)}); err != nil {
				t.Fatalf("%s to %s: %v", id, to, err)
			}
			from = to
		}
	}
	put("opened", 1)
	put("approving", 2, payment.StateApproving)
	put("captured", 4, payment.StateApproving, payment.StateCaptured)
	put("issued", 8, payment.StateApproving, payment.StateIssued)
	put("unknown", 100, payment.StateApproving, payment.StateUnknown)
	put("cancelling", 1000, payment.StateApproving, payment.StateCancelling)
	put("paid", 90_000, payment.StateApproving, payment.StateApproved)
	put("given-back", 16, payment.StateApproving, payment.StateCancelling, payment.StateCancelled)
	for id, state := range map[string]journal.UnmatchedState{"late-1": journal.UnmatchedUnknown, "late-2": journal.UnmatchedFlagged} {
		l, _, err := j.UnmatchedTake(ctx, journal.Unmatched{AttemptID: "given-back", PGTxID: id, Won: map[journal.UnmatchedState]payment.Won{journal.UnmatchedUnknown: 10_000, journal.UnmatchedFlagged: 32}[state]}, now, time.Minute)
		if err != nil {
			t.Fatal(err)
		}
		if err := j.UnmatchedEnd(ctx, l, state, journal.Event{Kind: "unmatched_payment"}); err != nil {
			t.Fatal(err)
		}
	}
	stats, err := j.Stats(ctx)
	if err != nil {
		t.Fatal(err)
	}
	cancels, err := j.CancelStats(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if u := lifecycle.UnknownOf(stats, cancels); u.Count != 3 || u.Won != 11_100 {
		t.Errorf("the gauge says %d payments of %d won, want 3 of 11100", u.Count, u.Won)
	}
	cancels[0].Count, cancels[0].Won, cancels[1].Count, cancels[1].Won = 1, 5, 2, 7
	if u := lifecycle.UnknownOf(journal.Stats{}, cancels); cancels[1].State != payment.CancelUnknown || u.Count != 2 || u.Won != 7 {
		t.Errorf("of the cancels %+v, %+v are unknown", cancels, u)
	}
	var out bytes.Buffer
	if err := listCases(ctx, j, &out, false); err != nil {
		t.Fatal(err)
	}
	if want := "3 unknown, 11100 won; 2 more wait for the PG or a person, 40 won\n"; !strings.HasSuffix(out.String(), want) {
		t.Errorf("the list ends otherwise than %s%s", want, out.String())
	}
}

// An unknown cancel stands in the list of cases until two people, or the PG, have said what became of it.
func TestCasesListAndResolveCancels(t *testing.T) {
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
		if err := listCases(ctx, j, &out, asJSON); err != nil {
			t.Fatal(err)
		}
		return out.String()
	}
	c := payment.Cancel{ID: "c_1", AttemptID: "A1", OrderID: "O1", Amount: 4_000, Remaining: 15_000, Reason: "returned", Origin: payment.CancelByShop}
	if _, _, err := j.CancelBegin(ctx, c, journal.Event{Kind: "cancel_intended"}); err != nil {
		t.Fatal(err)
	}
	if got := list(false); !strings.Contains(got, "no case is open") {
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
	if got := list(false); !strings.Contains(got, "no case is open") {
		t.Errorf("listed %s", got)
	}
}

// Scripts that call the command by the name that it had before do the same as ever.
func TestUnknownIsAnotherNameOfCases(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	config := filepath.Join(dir, "config.yaml")
	put(t, config, fixture.Text())
	j, err := journal.Open(t.Context(), journal.Config{Driver: journal.DriverSQLite, Path: filepath.Join(dir, "data", "journal.db")})
	if err != nil {
		t.Fatal(err)
	}
	a := payment.Attempt{ID: "A1", OrderID: "O1", PG: "inicis", Amount: 15_000, CreatedAt: time.Now(), ExpiresAt: time.Now()}
	if err := j.Claim(t.Context(), a, journal.Claim{To: payment.StateUnknown, ProofHash: "p", NextCheck: time.Now()}); err != nil {
		t.Fatal(err)
	}
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	for _, step := range []struct{ line, want string }{
		{"unknown list --json", `"state": "unknown"`},
		{"unknown list", "1 unknown, 15000 won\n"},
		{"cases list", "1 unknown, 15000 won\n"},
		{"unknown resolve A1 --as not-charged --by kim --reason seen", "noted; a second person must find the same\n"},
		{"cases resolve A1 --as not-charged --by lee --reason seen", "resolved\n"},
		{"unknown list", "no case is open\n"},
		{"unknown list --json", "[]\n"},
	} {
		if out, err := run(t, config, strings.Fields(step.line)...); err != nil || !strings.Contains(out, step.want) {
			t.Errorf("%s: %v, %q, want %q", step.line, err, out, step.want)
		}
	}
	for _, name := range []string{"unknown", "cases"} {
		_, err := run(t, config, name, "resolve", "A1", "--transaction", "imp_1", "--as", "charged", "--by", "kim", "--reason", "seen")
		if !errors.Is(err, lifecycle.ErrFinding) || !strings.Contains(err.Error(), "an unmatched payment is closed as given-back") {
			t.Errorf("%s ended with %v", name, err)
		}
		_, err = run(t, config, name, "resolve", "A1", "--late", "imp_1", "--as", "given-back", "--by", "kim", "--reason", "seen")
		if !errors.Is(err, lifecycle.ErrNotUnknown) || !strings.Contains(err.Error(), "the unmatched payment of attempt A1") {
			t.Errorf("%s ended with %v", name, err)
		}
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

// A declined charge that no process tries again, an hour after its time, is somebody's case, and shows nothing sealed.
func TestCasesListOverdueRecoveries(t *testing.T) {
	t.Parallel()
	j := emptyJournal(t)
	now := time.Now()
	for id, next := range map[payment.AttemptID]time.Time{"R1": now.Add(-2 * time.Hour), "R2": now.Add(-30 * time.Minute), "R3": now.Add(time.Hour)} {
		a := payment.Attempt{
			ID: id, OrderID: "O-" + payment.OrderID(id), PG: "portone", Amount: 9_900, Purpose: payment.PurposeRecurring, CreatedAt: now, ExpiresAt: now,
		}
		try := &journal.RecoveryTry{New: true, NextCheck: now, Row: payment.Recovery{ID: id, Sealed: []byte("sealed-request")}}
		if err := j.Claim(t.Context(), a, journal.Claim{To: payment.StateApproving, Event: journal.Event{Kind: journal.EventIntended}, Recovery: try}); err != nil {
			t.Fatal(err)
		}
		_, err := j.Move(t.Context(), journal.Transition{ID: id, From: []payment.State{payment.StateApproving}, To: payment.StateDeclined})
		if err != nil {
			t.Fatal(err)
		}
		r, err := j.RecoveryOf(t.Context(), a.OrderID)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := j.RecoveryMove(t.Context(), journal.RecoveryStep{Row: r, To: payment.RecoveryWaiting, NextCheck: next}); err != nil {
			t.Fatal(err)
		}
	}
	var text, rows bytes.Buffer
	if err := errors.Join(listCases(t.Context(), j, &text, false), listCases(t.Context(), j, &rows, true)); err != nil {
		t.Fatal(err)
	}
	if got := text.String(); !strings.Contains(got, "recovery_waiting") || !strings.Contains(got, "O-R1") || strings.Contains(got, "R2") ||
		strings.Contains(got, "R3") || !strings.Contains(got, "0 unknown, 0 won; 1 more wait") {
		t.Errorf("listed %s", got)
	}
	var list []struct {
		Recovery struct{ State string }
	}
	if err := json.Unmarshal(rows.Bytes(), &list); err != nil || len(list) != 1 || list[0].Recovery.State != "waiting" || strings.Contains(rows.String(), "ealed") {
		t.Errorf("as JSON: %v %s", err, rows.String())
	}
}
