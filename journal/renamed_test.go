package journal_test

import (
	"database/sql"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pg-gateway/pg-gateway/journal"
)

// Events that an older version wrote are read by the names that they have now: proofs by absence count them.
func TestEventsOfAnOlderVersionHaveTheirNewNames(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, cfg journal.Config, raw *sql.DB) {
		old, err := journal.OpenAt(t.Context(), cfg, 10)
		if err != nil {
			t.Fatal(err)
		}
		if err := old.Close(); err != nil {
			t.Fatal(err)
		}
		renamed := []struct {
			was string
			is  journal.EventKind
		}{
			{"looked", journal.EventLookedUp},
			{"cancel_looked", journal.EventCancelLookedUp},
			{"late_money", journal.EventUnmatched},
			{"late_money_returned", journal.EventUnmatchedReturned},
			{"late_money_unknown", journal.EventUnmatchedUnknown},
			{"late_money_flagged", journal.EventUnmatchedFlagged},
			{"late_money_kept", journal.EventUnmatchedKept},
			{"late_money_looked", journal.EventUnmatchedLookedUp},
			{"late_money_absent", journal.EventUnmatchedAbsent},
			{"late_money_resolution_proposed", journal.EventUnmatchedProposed},
			{"late_money_resolved_by_hand", journal.EventUnmatchedResolved},
			{"refused_payment_watched", journal.EventUnmatchedWatched},
			{"opened", journal.EventOpened},
		}
		rows := oldAttempt
		want := []journal.EventKind{journal.EventUnknown} // the one of oldAttempt
		for _, r := range renamed {
			rows += `; INSERT INTO events (attempt_id, at, kind, from_state, to_state, actor, reason, code, pg_tx_id, detail)
				VALUES ('a', 1, '` + r.was + `', '', '', '', '', '', '', '')`
			want = append(want, r.is)
		}
		if _, err := raw.ExecContext(t.Context(), rows); err != nil {
			t.Fatal(err)
		}
		j := mustOpen(t, cfg)
		events, err := j.Events(t.Context(), "a")
		if err != nil {
			t.Fatal(err)
		}
		var got []journal.EventKind
		for _, e := range events {
			got = append(got, e.Kind)
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("kinds (-want +got)\n%s", d)
		}
	})
}

// Pods of an older version write unmatched payments by the table's former name while they are replaced.
func TestAnOlderPodWritesByTheFormerName(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, cfg journal.Config, raw *sql.DB) {
		if cfg.Driver != journal.DriverPostgres {
			return // one process has an SQLite file
		}
		old, err := journal.OpenAt(t.Context(), cfg, 10)
		if err != nil {
			t.Fatal(err)
		}
		if err := old.Close(); err != nil {
			t.Fatal(err)
		}
		if _, err := raw.ExecContext(t.Context(), oldAttempt); err != nil {
			t.Fatal(err)
		}
		j := mustOpen(t, cfg)
		const take = `INSERT INTO late_money (attempt_id, pg_tx_id, won, state, tries, held_until, created_at, updated_at, next_check, checks, lease_until, pg)
			VALUES ('a', 't', 10, 'returning', 1, 0, 1, 1, 2, 0, 0, 'inicis')
			ON CONFLICT (attempt_id, pg_tx_id) DO UPDATE SET state = excluded.state, tries = late_money.tries + 1
			WHERE late_money.state IN ('unknown', 'returning')`
		for _, statement := range []string{take, take, `UPDATE late_money SET lease_until = 5 WHERE (attempt_id, pg_tx_id) IN (
			SELECT attempt_id, pg_tx_id FROM late_money WHERE next_check > 0 LIMIT 1 FOR UPDATE SKIP LOCKED)`} {
			if _, err := raw.ExecContext(t.Context(), statement); err != nil {
				t.Fatalf("%s: %v", statement, err)
			}
		}
		list, err := j.UnmatchedOpen(t.Context(), 10)
		if err != nil || len(list) != 1 || list[0].Tries != 2 || list[0].State != journal.UnmatchedReturning {
			t.Errorf("unmatched payments %+v, %v", list, err)
		}
		stats, err := j.Stats(t.Context())
		if err != nil || stats.Unmatched[0].Count != 1 || stats.Unmatched[0].Won != 10 {
			t.Errorf("counted as %+v, %v", stats.Unmatched, err)
		}
		if faults, err := j.Check(t.Context()); err != nil || len(faults) != 0 {
			t.Errorf("faults %q, %v", faults, err)
		}
		if _, err := j.UnmatchedDue(t.Context(), journal.Lane{PG: "inicis", Urgent: true}, time.Now(), 1, time.Minute); err != nil {
			t.Error(err)
		}
	})
}
