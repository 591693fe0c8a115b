package journal_test

import (
	"context"
	"database/sql"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pg-gateway/pg-gateway/journal"
	"github.com/pg-gateway/pg-gateway/journal/journaltest"
	"github.com/pg-gateway/pg-gateway/payment"
)

// act is one write of a batch: the key that batches are sorted by, and how to make it.
type act struct {
	key string
	do  func(j *journal.Journal) error
}

// anAct is some write to one of a few attempts.
func anAct(t *testing.T, rng *rand.Rand, round int) act {
	t.Helper()
	order := fmt.Sprintf("m%d-%d", round, rng.IntN(2))
	a := journaltest.Attempt(fmt.Sprintf("%c%d-%s", "az"[rng.IntN(2)], round, order), order)
	states := payment.States()
	from, to := []payment.State{payment.StateOpened, payment.StateApproving, states[rng.IntN(6)]}[rng.IntN(3)], states[rng.IntN(len(states))]
	switch rng.IntN(8) {
	case 0:
		return act{order, func(j *journal.Journal) error { return j.Insert(t.Context(), a, journal.Event{Kind: "opened"}) }}
	case 1, 2:
		c := journal.Claim{To: payment.StateApproving, ProofHash: fmt.Sprintf("%d-%d", round, rng.IntN(6)), SealedProof: []byte("sealed")}
		return act{order, func(j *journal.Journal) error { return j.Claim(t.Context(), a, c) }}
	case 3:
		l := journal.LookUp{ID: a.ID, State: from, Checks: rng.IntN(2), NextCheck: a.NextCheck.Add(time.Minute), NotOwned: rng.IntN(3) == 0}
		l.Event = journal.Event{Kind: "looked_up", Detail: "<\x00&\"조회\">"}
		return act{string(a.ID), func(j *journal.Journal) error { return j.Touch(t.Context(), l) }}
	case 4:
		return act{string(a.ID), func(j *journal.Journal) error { return j.Note(t.Context(), a.ID, journal.Event{Kind: "noted"}) }}
	}
	tr := journal.Transition{
		ID: a.ID, From: []payment.State{from}, To: to, PGTxID: []string{"", "tx\\\"1"}[rng.IntN(2)], Reason: "why",
		Messages: []payment.Message{{ID: "m-" + string(a.ID), Type: payment.MessageConfirmed, Body: []byte{0, 1}}},
	}
	if rng.IntN(2) == 0 {
		tr.Receipt = &payment.Receipt{ApprovalNumber: fmt.Sprint(rng.IntN(9)), CardCompany: "\x00<\\\"신한\">"}
	}
	if rng.IntN(3) == 0 {
		tr.SealedProof = []byte("another")
	}
	return act{string(a.ID), func(j *journal.Journal) error { _, err := j.Move(t.Context(), tr); return err }}
}

// A batch answers and leaves behind what its writes would have one by one.
func TestABatchIsItsWritesOneByOne(t *testing.T) {
	t.Parallel()
	const rounds = 300
	eachDatabase(t, func(t *testing.T, cfg journal.Config, _ *sql.DB) {
		cfg.Now = func() time.Time { return time.Date(2026, 3, 2, 10, 0, 0, 0, time.UTC) }
		other := cfg
		if cfg.Driver == journal.DriverSQLite {
			other.Path += ".other"
		} else {
			other.DSN = database(t)
		}
		together, apart := mustOpen(t, cfg), mustOpen(t, other)
		refused := map[string]int{}
		for round := range rounds {
			rng := rand.New(rand.NewPCG(7, uint64(round)))
			acts := make([]act, 2+rng.IntN(9))
			for i := range acts {
				acts[i] = anAct(t, rng, round/2)
			}
			got, want := make([]string, len(acts)), make([]string, len(acts))
			var calls []func()
			for i, a := range acts {
				calls = append(calls, func() { got[i] = verdict(a.do(together)) })
			}
			together.AsOne(calls...)
			sorted := make([]int, len(acts))
			for i := range sorted {
				sorted[i] = i
			}
			slices.SortStableFunc(sorted, func(a, b int) int { return strings.Compare(acts[a].key, acts[b].key) })
			for _, i := range sorted {
				want[i] = verdict(acts[i].do(apart))
				refused[want[i]]++
			}
			if d := cmp.Diff(want, got); d != "" {
				t.Fatalf("round %d answers (-apart +together)\n%s", round, d)
			}
			if d := cmp.Diff(leftBy(t, apart, round/2), leftBy(t, together, round/2)); d != "" {
				t.Fatalf("round %d leaves (-apart +together)\n%s", round, d)
			}
		}
		for _, v := range []string{"ok", "state", "move", "claimed", "replay", "owner", "not found"} {
			if refused[v] == 0 {
				t.Errorf("no write was answered %q: %v", v, refused)
			}
		}
	})
}

// leftBy is what the journal has of a round's attempts.
func leftBy(t *testing.T, j *journal.Journal, round int) map[string]any {
	t.Helper()
	all := map[string]any{}
	for _, order := range []string{fmt.Sprintf("m%d-0", round), fmt.Sprintf("m%d-1", round)} {
		list, err := j.AttemptsOf(t.Context(), payment.OrderID(order))
		if err != nil {
			t.Fatal(err)
		}
		for _, a := range list {
			_, sealed, err := j.Attempt(t.Context(), a.ID)
			if err != nil {
				t.Fatal(err)
			}
			events, err := j.Events(t.Context(), a.ID)
			if err != nil {
				t.Fatal(err)
			}
			all[string(a.ID)], all[string(a.ID)+" sealed"], all[string(a.ID)+" events"] = a, string(sealed), events
		}
	}
	return all
}

// An attempt that was read for the batch and is then claimed by way of its order is read again.
func TestABatchSeesItsOwnClaims(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, cfg journal.Config, _ *sql.DB) {
		j := mustOpen(t, cfg)
		for id, order := range map[string]string{"a": "m-1", "z": "m-2"} {
			if err := j.Insert(t.Context(), journaltest.Attempt(id, order), journal.Event{}); err != nil {
				t.Fatal(err)
			}
		}
		errs := make([]error, 3)
		j.AsOne(
			func() { errs[0] = j.Touch(t.Context(), journal.LookUp{ID: "a", State: payment.StateOpened}) },
			func() {
				errs[1] = j.Claim(t.Context(), journaltest.Attempt("z", "m-2"), journal.Claim{To: payment.StateApproving, ProofHash: "p"})
			},
			func() {
				_, errs[2] = j.Move(t.Context(), journal.Transition{
					ID: "z", From: []payment.State{payment.StateApproving}, To: payment.StateDeclined,
				})
			},
		)
		for i, err := range errs {
			if err != nil {
				t.Errorf("write %d: %v", i, err)
			}
		}
	})
}

// A write that a buyer waits for does not queue behind those that are in no hurry.
func TestPatientWritesLetOthersGoFirst(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, cfg journal.Config, raw *sql.DB) {
		j := mustOpen(t, cfg)
		for _, id := range []string{"a", "b"} {
			if err := j.Insert(t.Context(), journaltest.Attempt(id, "o-"+id), journal.Event{}); err != nil {
				t.Fatal(err)
			}
		}
		note := func(ctx context.Context, id payment.AttemptID) func() {
			return func() {
				if err := j.Note(ctx, id, journal.Event{Kind: journal.EventKind("noted " + id)}); err != nil {
					t.Error(err)
				}
			}
		}
		calls := slices.Repeat([]func(){note(journal.Patient(t.Context()), "a")}, 120)
		calls = append(calls, slices.Repeat([]func(){note(t.Context(), "b")}, 100)...)
		_, before := j.Commits()
		j.AsOne(calls...)
		if _, after := j.Commits(); after-before > 3 {
			t.Errorf("220 writes and the one before them took %d commits", after-before)
		}
		var first, last int
		err := raw.QueryRowContext(t.Context(), `SELECT (SELECT count(*) FROM events e WHERE e.kind = 'noted a' AND e.seq < b.least),
			(SELECT count(*) FROM events e WHERE e.kind = 'noted a' AND e.seq < b.most)
			FROM (SELECT min(seq) AS least, max(seq) AS most FROM events WHERE kind = 'noted b') AS b`).Scan(&first, &last)
		if err != nil {
			t.Fatal(err)
		}
		// The first commit has 96 of those in a hurry and 32 patient ones, the second the rest of both. Either kind may
		// begin a commit.
		if first < 32 || first > 33 || last != 120 {
			t.Errorf("%d patient writes went before the first and %d before the last in a hurry, want 32 and 120", first, last)
		}
	})
}
