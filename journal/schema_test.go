package journal_test

import (
	"database/sql"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	_ "github.com/jackc/pgx/v5/stdlib"

	"github.com/pg-gateway/pg-gateway/journal"
	"github.com/pg-gateway/pg-gateway/journal/journaltest"
	"github.com/pg-gateway/pg-gateway/payment"
)

// eachDatabase runs a test on a journal of each kind and on a raw connection beside it.
func eachDatabase(t *testing.T, test func(t *testing.T, cfg journal.Config, raw *sql.DB)) {
	t.Helper()
	run := func(name string, cfg func(t *testing.T) (journal.Config, string)) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, source := cfg(t)
			driver := map[string]string{journal.DriverSQLite: "sqlite", journal.DriverPostgres: "pgx"}[c.Driver]
			raw, err := sql.Open(driver, source)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() {
				if err := raw.Close(); err != nil {
					t.Error(err)
				}
			})
			test(t, c, raw)
		})
	}
	run("sqlite", func(t *testing.T) (journal.Config, string) {
		path := filepath.Join(t.TempDir(), "journal.db")
		return journal.Config{Driver: journal.DriverSQLite, Path: path}, "file:" + path + "?_pragma=busy_timeout(5000)"
	})
	run("postgres", func(t *testing.T) (journal.Config, string) {
		dsn := database(t)
		return journal.Config{Driver: journal.DriverPostgres, DSN: dsn}, dsn
	})
}

func mustOpen(t *testing.T, cfg journal.Config) *journal.Journal {
	t.Helper()
	j, err := journal.Open(t.Context(), cfg)
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

// The schema itself keeps the promises, were a guard in the code to be lost.
func TestTheSchemaRefusesBrokenPromises(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, cfg journal.Config, raw *sql.DB) {
		j := mustOpen(t, cfg)
		for _, a := range []struct {
			id, order string
			to        payment.State
		}{{"held", "o-1", payment.StateUnknown}, {"closed", "o-2", payment.StateApproving}} {
			c := journal.Claim{To: a.to, ProofHash: "proof-" + a.id}
			if err := j.Claim(t.Context(), journaltest.Attempt(a.id, a.order), c); err != nil {
				t.Fatal(err)
			}
		}
		if err := j.Insert(t.Context(), journaltest.Attempt("second", "o-1"), journal.Event{}); err != nil {
			t.Fatal(err)
		}
		_, err := j.Move(t.Context(), journal.Transition{
			ID: "closed", From: []payment.State{payment.StateApproving}, To: payment.StateDeclined,
		})
		if err != nil {
			t.Fatal(err)
		}
		const cancels = `INSERT INTO cancels (id, attempt_id, order_id, amount, remaining, tax_free, vat, vat_set, reason, origin, state, code,
			created_at, updated_at, next_check, checks, lease_until) VALUES `
		const rest = `, 0, 0, false, '', 'shop', 'requested', '', 1, 1, 1, 0, 0)`
		if _, err := raw.ExecContext(t.Context(), cancels+`('c-1', 'held', 'o-1', 10, 15000`+rest); err != nil {
			t.Fatal(err)
		}
		tests := []struct{ name, statement, want string }{
			{"an attempt has two open cancels", cancels + `('c-2', 'held', 'o-1', 10, 15000` + rest, "unique"},
			{"more is cancelled than is left", cancels + `('c-2', 'closed', 'o-2', 11, 10` + rest, "check"},
			{"nothing is cancelled", cancels + `('c-2', 'closed', 'o-2', 0, 10` + rest, "check"},
			{"an open cancel has no next check", `UPDATE cancels SET next_check = 0`, "check"},
			{"an open cancel is deleted", `DELETE FROM cancels`, "open cancel"},
			{"a final state is left", `UPDATE attempts SET state = 'approving', next_check = 1 WHERE id = 'closed'`, "final state"},
			{"a final state becomes another", `UPDATE attempts SET state = 'approved' WHERE id = 'closed'`, "final state"},
			{"an order has two holders", `UPDATE attempts SET state = 'approving' WHERE id = 'second'`, "unique"},
			{"a proof is used twice", `UPDATE attempts SET proof_hash = 'proof-held' WHERE id = 'second'`, "unique"},
			{"an open attempt has no next check", `UPDATE attempts SET next_check = 0 WHERE id = 'held'`, "check"},
			{"a closed attempt has a next check", `UPDATE attempts SET next_check = 5 WHERE id = 'closed'`, "check"},
			{"an open attempt is deleted", `DELETE FROM attempts WHERE id = 'held'`, "open attempt"},
			{"a state is made up", `UPDATE attempts SET state = 'paid' WHERE id = 'held'`, "check"},
			{"an amount is negative", `UPDATE attempts SET amount = -1 WHERE id = 'held'`, "check"},
		}
		for _, tt := range tests {
			if _, err := raw.ExecContext(t.Context(), tt.statement); err == nil || !strings.Contains(strings.ToLower(err.Error()), tt.want) {
				t.Errorf("%s: got %v", tt.name, err)
			}
		}
		if faults, err := j.Check(t.Context()); err != nil || len(faults) != 0 {
			t.Errorf("faults %q, %v", faults, err)
		}
	})
}

func TestCheckFindsWhatTheSchemaCouldNotKeep(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, cfg journal.Config, raw *sql.DB) {
		j := mustOpen(t, cfg)
		for _, id := range []string{"a", "b"} {
			c := journal.Claim{To: payment.StateApproving, ProofHash: id, SealedProof: []byte(id)}
			if err := j.Claim(t.Context(), journaltest.Attempt(id, id), c); err != nil {
				t.Fatal(err)
			}
		}
		if err := j.Insert(t.Context(), journaltest.Attempt("c", "c"), journal.Event{}); err != nil {
			t.Fatal(err)
		}
		for _, damage := range []string{
			`DROP INDEX attempts_holder`, `DROP INDEX attempts_proof`,
			`UPDATE attempts SET order_id = 'a', proof_hash = 'a' WHERE id = 'b'`,
			`UPDATE attempts SET state = 'claimed' WHERE id = 'b'`,
			`DELETE FROM events WHERE attempt_id = 'c'`,
			`UPDATE attempts SET state = 'expired', next_check = 0, sealed_proof = proof_sample WHERE id = 'c'`,
		} {
			damage = strings.Replace(damage, "proof_sample", "(SELECT sealed_proof FROM attempts WHERE id = 'a')", 1)
			if _, err := raw.ExecContext(t.Context(), damage); err != nil {
				t.Fatalf("%s: %v", damage, err)
			}
		}
		got, err := j.Check(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		want := []string{
			"order a is held by more than one attempt",
			"attempt c is closed and still has its proof",
			"attempt c has no event",
			"proof of attempt a was used more than once",
			"attempt b differs from its last event",
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("faults (-want +got)\n%s", d)
		}
	})
}

func TestANewerSchemaIsRefused(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, cfg journal.Config, raw *sql.DB) {
		j, err := journal.Open(t.Context(), cfg)
		if err != nil {
			t.Fatal(err)
		}
		if err := j.Close(); err != nil {
			t.Fatal(err)
		}
		if _, err := raw.ExecContext(t.Context(), `INSERT INTO schema_migrations (version, name, applied_at) VALUES (999, 'future', 1)`); err != nil {
			t.Fatal(err)
		}
		if _, err := journal.Open(t.Context(), cfg); !errors.Is(err, journal.ErrSchemaTooNew) {
			t.Errorf("got %v", err)
		}
	})
}

// oldAttempt writes an unknown attempt and its event as the first version of the program did.
const oldAttempt = `INSERT INTO attempts (id, order_id, pg, driver, merchant, mid, method, amount, tax_free, order_amount,
	currency, test, manual_confirm, device, site, purpose, order_name, return_url, rules_version, created_at, expires_at,
	state, pg_tx_id, reason, updated_at, next_check, checks, lease_until, proof_hash, sealed_proof)
	VALUES ('a', 'o', 'inicis', 'inicis', '1001', 'INIpayTest', 'vbank', 64900, 900, 64900, 'KRW', true, false, 'pc', 'main',
	'one_time', 'chair', 'https://shop.example.com/done', 'abc', 1000, 2000, 'unknown', 'tx', 'lost', 1500, 3000, 2, 0, 'p', NULL);
	INSERT INTO events (attempt_id, at, kind, from_state, to_state, actor, reason, code, pg_tx_id, detail)
	VALUES ('a', 1500, 'outcome_unknown', 'approving', 'unknown', '', 'lost', '', 'tx', '')`

// A journal written by the first version opens in this one, keeps what it has and takes what is new; a step that
// fails leaves the older schema as it was.
func TestAnOlderJournalIsBroughtForward(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, cfg journal.Config, raw *sql.DB) {
		old, err := journal.OpenAt(t.Context(), cfg, 1)
		if err != nil {
			t.Fatal(err)
		}
		if err := old.Close(); err != nil {
			t.Fatal(err)
		}
		if _, err := raw.ExecContext(t.Context(), oldAttempt); err != nil {
			t.Fatal(err)
		}
		const half = `CREATE TABLE extra (id TEXT); ALTER TABLE attempts ADD COLUMN nonsense NO SUCH TYPE (`
		if _, err := journal.OpenAt(t.Context(), cfg, 1, half); err == nil {
			t.Fatal("a broken step was applied")
		}
		j := mustOpen(t, cfg)
		got, _, err := j.Attempt(t.Context(), "a")
		if err != nil {
			t.Fatal(err)
		}
		want := payment.Attempt{
			ID: "a", OrderID: "o", PG: "inicis", Driver: "inicis", Merchant: "1001", MID: "INIpayTest",
			Method: payment.MethodVBank, Amount: 64900, TaxFree: 900, OrderAmount: 64900, Currency: "KRW", Test: true,
			Device: payment.DevicePC, Site: "main", Purpose: payment.PurposeOneTime, OrderName: "chair",
			ReturnURL: "https://shop.example.com/done", RulesVersion: "abc", CreatedAt: time.UnixMilli(1000).UTC(),
			ExpiresAt: time.UnixMilli(2000).UTC(), State: payment.StateUnknown, PGTxID: "tx", Reason: "lost",
			UpdatedAt: time.UnixMilli(1500).UTC(), NextCheck: time.UnixMilli(3000).UTC(), Checks: 2,
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("attempt (-want +got)\n%s", d)
		}
		if events, err := j.Events(t.Context(), "a"); err != nil || len(events) != 1 {
			t.Errorf("events %v, %v", events, err)
		}
		if _, err := j.Move(t.Context(), journal.Transition{ID: "a", From: []payment.State{payment.StateUnknown}, To: payment.StateIssued}); err != nil {
			t.Errorf("taking a state that is newer than the journal: %v", err)
		}
		if faults, err := j.Check(t.Context()); err != nil || len(faults) != 0 {
			t.Errorf("faults %q, %v", faults, err)
		}
	})
}

// An unmatched payment of a journal that had no checks for it yet is looked at once this version opens it.
func TestUnmatchedMoneyOfAnOlderJournalIsDue(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, cfg journal.Config, raw *sql.DB) {
		old, err := journal.OpenAt(t.Context(), cfg, 3)
		if err != nil {
			t.Fatal(err)
		}
		if err := old.Close(); err != nil {
			t.Fatal(err)
		}
		const rows = oldAttempt + `; INSERT INTO late_money (attempt_id, pg_tx_id, won, state, tries, held_until, created_at, updated_at)
			VALUES ('a', 't-1', 10, 'returning', 1, 9, 5, 5), ('a', 't-2', 20, 'returned', 1, 0, 5, 5), ('a', 't-3', 30, 'unknown', 2, 0, 5, 6),
			('a', 't-4', 40, 'flagged', 0, 0, 5, 7)`
		if _, err := raw.ExecContext(t.Context(), rows); err != nil {
			t.Fatal(err)
		}
		j := mustOpen(t, cfg)
		due, err := j.UnmatchedDue(t.Context(), journal.Lane{PG: "inicis", Urgent: true}, time.Now(), 10, time.Minute)
		if err != nil {
			t.Fatal(err)
		}
		flagged, err := j.UnmatchedDue(t.Context(), journal.Lane{PG: "inicis"}, time.Now(), 10, time.Minute)
		due = append(due, flagged...)
		var got []string
		for _, l := range due {
			got = append(got, l.PGTxID+" "+string(l.State)+" "+l.Won.String())
		}
		if d := cmp.Diff([]string{"t-1 returning 10", "t-3 unknown 30", "t-4 flagged 40"}, got); d != "" || err != nil {
			t.Errorf("due (-want +got) %v\n%s", err, d)
		}
		for name, statement := range map[string]string{
			"an open one has no next check": `UPDATE unmatched_payments SET next_check = 0 WHERE pg_tx_id = 't-3'`,
			"a closed one has one":          `UPDATE unmatched_payments SET next_check = 1 WHERE pg_tx_id = 't-2'`,
		} {
			if _, err := raw.ExecContext(t.Context(), statement); err == nil || !strings.Contains(strings.ToLower(err.Error()), "check") {
				t.Errorf("%s: %v", name, err)
			}
		}
		if faults, err := j.Check(t.Context()); err != nil || len(faults) != 0 {
			t.Errorf("faults %q, %v", faults, err)
		}
	})
}

// Messages, unmatched payments and cancels of a journal that had neither heads, lanes nor tallies are found, counted and
// delivered in order once this version opens it.
func TestAnOlderJournalsQueuesGoOn(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, cfg journal.Config, raw *sql.DB) {
		old, err := journal.OpenAt(t.Context(), cfg, 7)
		if err != nil {
			t.Fatal(err)
		}
		if err := old.Close(); err != nil {
			t.Fatal(err)
		}
		const message = `; INSERT INTO outbox (id, attempt_id, order_id, type, body, created_at, status, tries, next_try, lease_until, last_reason, done_at)
			VALUES `
		const rows = oldAttempt +
			message + `('m-1', 'a', 'o', 'payment.failed', 'x', 10, 'done', 1, 10, 0, '', 20)` +
			message + `('m-2', 'a', 'o', 'payment.failed', 'x', 11, 'pending', 0, 11, 0, '', 0)` +
			message + `('m-3', 'a', 'o', 'payment.failed', 'x', 12, 'pending', 0, 12, 0, '', 0)` +
			message + `('n-1', 'a', 'p', 'payment.failed', 'x', 13, 'parked', 33, 13, 0, 'no', 0)` +
			message + `('n-2', 'a', 'p', 'payment.failed', 'x', 14, 'pending', 0, 14, 0, '', 0)` + `;
			INSERT INTO late_money (attempt_id, pg_tx_id, won, state, tries, held_until, created_at, updated_at, next_check, checks, lease_until)
			VALUES ('a', 't-1', 10, 'unknown', 1, 0, 5, 5, 6, 1, 0);
			INSERT INTO cancels (id, attempt_id, order_id, amount, remaining, tax_free, vat, vat_set, reason, origin, state, code,
			created_at, updated_at, next_check, checks, lease_until) VALUES ('c', 'a', 'o', 10, 64900, 0, 0, false, '', 'shop', 'unknown', '', 1, 1, 1, 9, 0)`
		if _, err := raw.ExecContext(t.Context(), strings.ReplaceAll(rows, "'x', ", body(cfg)+", ")); err != nil {
			t.Fatal(err)
		}
		j := mustOpen(t, cfg)
		stats, err := j.Stats(t.Context())
		if err != nil || stats.Pending != 3 || stats.Parked != 1 || !stats.OldestPending.Equal(time.UnixMilli(11)) {
			t.Errorf("stats %+v, %v", stats, err)
		}
		for _, row := range stats.Open {
			if want := map[payment.State]payment.Won{payment.StateUnknown: 64900}[row.State]; row.Won != want {
				t.Errorf("%+v, want %d won", row, want)
			}
		}
		if cancels, err := j.CancelStats(t.Context()); err != nil || cancels[1].Count != 1 || cancels[1].Won != 10 {
			t.Errorf("cancels %+v, %v", cancels, err)
		}
		if lanes, err := j.CancelLanes(t.Context(), time.Now()); err != nil || len(lanes) != 1 || lanes[0] != (journal.Lane{PG: "inicis"}) {
			t.Errorf("lanes of cancels %+v, %v", lanes, err)
		}
		if lanes, err := j.UnmatchedLanes(t.Context(), time.Now()); err != nil || len(lanes) != 1 || lanes[0] != (journal.Lane{PG: "inicis", Urgent: true}) {
			t.Errorf("lanes of unmatched payments %+v, %v", lanes, err)
		}
		var told []string
		for range 5 {
			list, err := j.OutboxDue(t.Context(), journal.OutboxLane{}, time.Now(), 10, time.Minute)
			if err != nil {
				t.Fatal(err)
			}
			for _, m := range list {
				told = append(told, m.ID)
				if err := j.OutboxDone(t.Context(), m.ID); err != nil {
					t.Fatal(err)
				}
			}
		}
		if d := cmp.Diff([]string{"m-2", "m-3"}, told); d != "" {
			t.Errorf("told (-want +got)\n%s", d)
		}
		// A pod of the version before goes on for a while beside this one.
		if _, err := raw.ExecContext(t.Context(), strings.ReplaceAll(message[1:]+`('q-1', 'a', 'q', 'payment.failed', 'x', 15, 'pending', 0, 15, 0, '', 0)`+
			message+`('q-2', 'a', 'q', 'payment.failed', 'x', 16, 'pending', 0, 16, 0, '', 0); UPDATE outbox SET status = 'done' WHERE id = 'q-1'`, "'x', ", body(cfg)+", ")); err != nil {
			t.Fatal(err)
		}
		list, err := j.OutboxDue(t.Context(), journal.OutboxLane{}, time.Now(), 10, time.Minute)
		if err != nil || len(list) != 1 || list[0].ID != "q-2" {
			t.Errorf("after an older pod's writes %+v, %v", list, err)
		}
		if faults, err := j.Check(t.Context()); err != nil || len(faults) != 0 {
			t.Errorf("faults %q, %v", faults, err)
		}
	})
}

// body is a message's body as a literal of the database.
func body(cfg journal.Config) string {
	if cfg.Driver == journal.DriverPostgres {
		return `'x'::bytea`
	}
	return `x'78'`
}

// What the counts and heads would say wrongly, a check says.
func TestCheckFindsWrongCountsAndHeads(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, cfg journal.Config, raw *sql.DB) {
		j := mustOpen(t, cfg)
		if err := concludeOne(t.Context(), j, "a"); err != nil {
			t.Fatal(err)
		}
		if err := j.Insert(t.Context(), journaltest.Attempt("b", "b"), journal.Event{}); err != nil {
			t.Fatal(err)
		}
		for _, damage := range []string{`UPDATE tallies SET n = n + 1 WHERE what = 'attempts' AND state = 'opened'`, `UPDATE outbox SET head = 0`} {
			if _, err := raw.ExecContext(t.Context(), damage); err != nil {
				t.Fatal(err)
			}
		}
		got, err := j.Check(t.Context())
		want := []string{"the messages of order a wait for nothing", "the count of attempts opened is wrong"}
		if d := cmp.Diff(want, got); d != "" || err != nil {
			t.Errorf("faults (-want +got) %v\n%s", err, d)
		}
	})
}

// What a recovery cannot be, a check says.
func TestCheckFindsRecoveriesThatCannotBe(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, cfg journal.Config, raw *sql.DB) {
		j := mustOpen(t, cfg)
		begin := func(id, order string, to payment.RecoveryState) {
			a := journaltest.Attempt(id, order)
			a.Purpose = payment.PurposeRecurring
			try := &journal.RecoveryTry{New: true, NextCheck: time.Now(), Row: payment.Recovery{ID: a.ID, Sealed: []byte("sealed")}}
			if err := j.Claim(t.Context(), a, journal.Claim{To: payment.StateApproving, Recovery: try}); err != nil {
				t.Fatal(err)
			}
			r, err := j.RecoveryOf(t.Context(), a.OrderID)
			if err != nil {
				t.Fatal(err)
			}
			if to != payment.RecoveryTrying {
				if _, err := j.RecoveryMove(t.Context(), journal.RecoveryStep{Row: r, To: to}); err != nil {
					t.Fatal(err)
				}
			}
		}
		begin("a", "a", payment.RecoveryRecovered)
		begin("b", "b", payment.RecoveryWaiting)
		begin("c", "c", payment.RecoveryTrying)
		begin("d", "d", payment.RecoveryTrying)
		for _, damage := range []string{
			`DROP INDEX recoveries_open`, `UPDATE recoveries SET order_id = 'c' WHERE id = 'd'`,
			`UPDATE recoveries SET sealed = (SELECT sealed FROM recoveries WHERE id = 'c') WHERE id = 'a'`,
		} {
			if _, err := raw.ExecContext(t.Context(), damage); err != nil {
				t.Fatalf("%s: %v", damage, err)
			}
		}
		got, err := j.Check(t.Context())
		slices.Sort(got)
		want := []string{
			"order c is recovered more than once",
			"recovery a is closed and still has what was asked for",
			"recovery a is paid, and its charge is not",
			"recovery b waits beside a charge that is open",
		}
		if d := cmp.Diff(want, got); d != "" || err != nil {
			t.Errorf("faults (-want +got) %v\n%s", err, d)
		}
		list, err := j.RecoveriesOverdue(t.Context(), time.Now().Add(time.Hour), 2)
		if err != nil || len(list) != 2 || list[1].NextCheck.Before(list[0].NextCheck) {
			t.Errorf("overdue are %v, %v", list, err)
		}
		if list, err = j.RecoveriesOverdue(t.Context(), time.Now().Add(-time.Hour), 2); err != nil || len(list) > 0 {
			t.Errorf("overdue are %v, %v", list, err)
		}
	})
}

// Connections come and go; what they have counted stays.
func TestTalliesOfConnectionsThatAreGone(t *testing.T) {
	t.Parallel()
	dsn := database(t)
	cfg := journal.Config{Driver: journal.DriverPostgres, DSN: dsn}
	raw, err := sql.Open("pgx", dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer raw.Close()
	const pods = 5
	for n := range pods {
		j, err := journal.Open(t.Context(), cfg)
		if err != nil {
			t.Fatal(err)
		}
		claimMany(t, j, fmt.Sprintf("pod%d", n), 3)
		if err := j.Close(); err != nil {
			t.Fatal(err)
		}
	}
	j := mustOpen(t, cfg)
	if _, _, _, err := j.Prune(t.Context(), time.Now(), journal.PruneMark{}, 10); err != nil {
		t.Fatal(err)
	}
	var writers int
	if err := raw.QueryRowContext(t.Context(), `SELECT count(DISTINCT writer) FROM tallies WHERE writer <> 0`).Scan(&writers); err != nil || writers >= pods {
		t.Errorf("%d connections' counts are apart, %v", writers, err)
	}
	stats, err := j.Stats(t.Context())
	if err != nil || stats.Open[2].State != payment.StateApproving || stats.Open[2].Count != 3*pods {
		t.Errorf("stats %+v, %v", stats, err)
	}
	if faults, err := j.Check(t.Context()); err != nil || len(faults) != 0 {
		t.Errorf("faults %q, %v", faults, err)
	}
}

func TestOneBadRowDoesNotSpoilItsBatch(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, cfg journal.Config, _ *sql.DB) {
		j := mustOpen(t, cfg)
		bad := journaltest.Attempt("bad", "bad")
		bad.Amount = -1
		errs := j.CommitTogether(journaltest.Attempt("first", "first"), bad, journaltest.Attempt("last", "last"))
		if errs[0] != nil || errs[2] != nil || !errors.Is(errs[1], journal.ErrUnavailable) {
			t.Errorf("got %v", errs)
		}
		for id, want := range map[payment.AttemptID]bool{"first": true, "bad": false, "last": true} {
			_, _, err := j.Attempt(t.Context(), id)
			if (err == nil) != want {
				t.Errorf("%s: %v", id, err)
			}
		}
	})
}
