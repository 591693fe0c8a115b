package journal_test

import (
	"context"
	"database/sql"
	"flag"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pg-gateway/pg-gateway/journal"
	"github.com/pg-gateway/pg-gateway/journal/journaltest"
	"github.com/pg-gateway/pg-gateway/payment"
)

// The everyday tests only see that every call works on a journal that has grown; times are for machines that do
// nothing else.
var (
	scaleAttempts = flag.Int("scale.attempts", 3000, "how many closed attempts TestScale works among")
	scaleLimit    = flag.Duration("scale.limit", 0, "what half of the look-ups must stay below; 0 for no limit")
)

// fewAttempts is what the busy calls are compared with.
const fewAttempts = 10_000

// What the busy calls cost must not depend on how many attempts are closed.
func TestScale(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, cfg journal.Config, raw *sql.DB) {
		s := &scale{t: t, cfg: cfg, raw: raw, now: time.Now()}
		s.template()
		s.grow(min(fewAttempts, *scaleAttempts))
		few := s.measure()
		began := time.Now()
		s.grow(*scaleAttempts)
		t.Logf("%d closed attempts with two events and a delivered message each; filled in %s", s.size, time.Since(began).Round(time.Second))
		many := s.measure()
		t.Logf("%-22s %28s | %28s", "", fmt.Sprintf("among %d", fewAttempts), fmt.Sprintf("among %d", s.size))
		t.Logf("%-22s %9s %9s %9s| %9s %9s %9s", "", "p50", "p99", "longest", "p50", "p99", "longest")
		for _, name := range slices.Sorted(maps.Keys(many)) {
			a, b := few[name], many[name]
			t.Logf("%-22s %s| %s", name, a, b)
			if *scaleLimit > 0 && b[len(b)/2] > *scaleLimit && !strings.HasPrefix(name, "write") {
				t.Errorf("%s takes %s", name, b[len(b)/2])
			}
		}
	})
}

// durations are sorted times of one call.
type durations []time.Duration

func (d durations) String() string {
	var b strings.Builder
	for _, at := range []int{len(d) / 2, len(d) * 99 / 100, len(d) - 1} {
		fmt.Fprintf(&b, "%9s ", d[at].Round(10*time.Microsecond))
	}
	return b.String()
}

// scale is a journal that grows by copies of one closed attempt.
type scale struct {
	t    *testing.T
	cfg  journal.Config
	raw  *sql.DB
	now  time.Time
	size int
	made int
	// pruned is how many of the copies are gone again, the oldest first.
	pruned int
}

// template makes the attempt that the others are copies of, the way it comes about.
func (s *scale) template() {
	s.t.Helper()
	j := mustOpen(s.t, s.cfg)
	if err := concludeOne(s.t.Context(), j, "template"); err != nil {
		s.t.Fatal(err)
	}
	if err := j.OutboxDone(s.t.Context(), "m-template"); err != nil {
		s.t.Fatal(err)
	}
}

// grow copies the template until there are so many attempts.
func (s *scale) grow(size int) {
	s.t.Helper()
	speed := []string{`SET synchronous_commit = off`}
	if s.cfg.Driver == journal.DriverSQLite {
		speed = []string{`PRAGMA synchronous = OFF`, `PRAGMA cache_size = -500000`}
	}
	conn, err := s.raw.Conn(s.t.Context())
	if err != nil {
		s.t.Fatal(err)
	}
	defer conn.Close()
	for _, statement := range speed {
		s.exec(conn, statement)
	}
	number, series := s.numbers()
	for s.size < size {
		to := min(s.size+100_000, size)
		numbers := fmt.Sprintf(series, s.size+1, to)
		s.exec(conn, numbers+s.copies("attempts", "id = 'template'", map[string]string{
			"id": `'a' || ` + number, "order_id": `'o' || ` + number, "proof_hash": `'p' || ` + number, "updated_at": "n", "created_at": "n",
		}))
		s.exec(conn, numbers+s.copies("events", "attempt_id = 'template' AND t.to_state <> 'claimed'", map[string]string{
			"seq": "", "attempt_id": `'a' || ` + number,
		}))
		s.exec(conn, numbers+s.copies("outbox", "id = 'm-template'", map[string]string{
			"seq": "", "id": `'m' || ` + number, "attempt_id": `'a' || ` + number, "order_id": `'o' || ` + number, "done_at": "n",
		}))
		s.size = to
	}
	s.exec(conn, `ANALYZE`)
}

// numbers are a number as text, and the statement's beginning that counts from one to another.
func (s *scale) numbers() (number, series string) {
	if s.cfg.Driver == journal.DriverPostgres {
		return `lpad(n::text, 8, '0')`, `WITH s (n) AS (SELECT * FROM generate_series(%d, %d)) `
	}
	return `printf('%08d', n)`, `WITH RECURSIVE s (n) AS (SELECT %d UNION ALL SELECT n + 1 FROM s WHERE n < %d) `
}

// copies is the statement that copies rows of a table once for every n, with some columns changed; a column
// changed to nothing is left to the database.
func (s *scale) copies(table, which string, changed map[string]string) string {
	s.t.Helper()
	rows, err := s.raw.QueryContext(s.t.Context(), `SELECT * FROM `+table+` LIMIT 0`)
	if err != nil {
		s.t.Fatal(err)
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		s.t.Fatal(err)
	}
	var into, values []string
	for _, c := range columns {
		value, ok := changed[c]
		if !ok {
			value = "t." + c
		}
		if value != "" {
			into, values = append(into, c), append(values, value)
		}
	}
	return fmt.Sprintf(`INSERT INTO %s (%s) SELECT %s FROM s, %s t WHERE t.%s`,
		table, strings.Join(into, ", "), strings.Join(values, ", "), table, which)
}

func (s *scale) exec(conn *sql.Conn, statement string) {
	s.t.Helper()
	if _, err := conn.ExecContext(s.t.Context(), statement); err != nil {
		s.t.Fatalf("%s: %v", statement, err)
	}
}

// measure times every call that a busy journal makes.
func (s *scale) measure() map[string]durations {
	s.t.Helper()
	j, err := journal.Open(s.t.Context(), s.cfg)
	if err != nil {
		s.t.Fatal(err)
	}
	defer j.Close()
	took := map[string]durations{}
	calls := 60
	if *scaleAttempts > 1_000_000 {
		calls = 500
	}
	time1 := func(name string, call func(n int) error) {
		for n := range calls {
			began := time.Now()
			err := call(n)
			took[name] = append(took[name], time.Since(began))
			if err != nil {
				s.t.Fatalf("%s: %v", name, err)
			}
		}
		slices.Sort(took[name])
	}
	ctx := s.t.Context()
	some := func(letter string) string {
		return fmt.Sprintf("%s%08d", letter, s.pruned+1+rand.IntN(s.size-s.pruned))
	}
	s.made++
	s.leaveDue(ctx, j)
	s.readers(ctx, j, time1, some)
	s.writers(ctx, j, time1)
	s.queues(ctx, j, time1)
	s.closeDue(ctx, j)
	return took
}

// dueAttempts is how many attempts are open while the calls are timed.
const dueAttempts = 100

func (s *scale) dueID(n int) string { return fmt.Sprintf("due-%d-%d", s.made, n) }

func (s *scale) leaveDue(ctx context.Context, j *journal.Journal) {
	s.t.Helper()
	for n := range dueAttempts {
		if err := j.Insert(ctx, journaltest.Attempt(s.dueID(n), s.dueID(n)), journal.Event{}); err != nil {
			s.t.Fatal(err)
		}
	}
}

func (s *scale) closeDue(ctx context.Context, j *journal.Journal) {
	s.t.Helper()
	for n := range dueAttempts {
		end := journal.Transition{ID: payment.AttemptID(s.dueID(n)), From: []payment.State{payment.StateOpened}, To: payment.StateExpired}
		if _, err := j.Move(ctx, end); err != nil {
			s.t.Fatal(err)
		}
	}
}

type timer func(name string, call func(n int) error)

// readers are the look-ups outside of a transaction.
func (s *scale) readers(ctx context.Context, j *journal.Journal, time1 timer, some func(string) string) {
	time1("Attempt", func(int) error { _, _, err := j.Attempt(ctx, payment.AttemptID(some("a"))); return err })
	time1("AttemptsOf", func(int) error { _, err := j.AttemptsOf(ctx, payment.OrderID(some("o"))); return err })
	time1("Events", func(int) error { _, err := j.Events(ctx, payment.AttemptID(some("a"))); return err })
	time1("Stats", func(int) error { _, err := j.Stats(ctx); return err })
	time1("EachOpen", func(int) error {
		return j.EachOpen(ctx, func(payment.Attempt) error { return nil }, payment.StateUnknown)
	})
	time1("OutboxEach", func(int) error {
		return j.OutboxEach(ctx, journal.MessageParked, func(journal.WaitingMessage) error { return nil })
	})
}

// writers are the writes of a purchase. Each waits for the disk.
func (s *scale) writers(ctx context.Context, j *journal.Journal, time1 timer) {
	id := func(n int) string { return fmt.Sprintf("new-%d-%d", s.made, n) }
	time1("write: Claim", func(n int) error {
		c := journal.Claim{To: payment.StateClaimed, ProofHash: id(n), SealedProof: make([]byte, 120), NextCheck: s.now.Add(time.Hour)}
		return j.Claim(ctx, journaltest.Attempt(id(n), id(n)), c)
	})
	time1("write: Move", func(n int) error {
		_, err := j.Move(ctx, journal.Transition{
			ID: payment.AttemptID(id(n)), From: []payment.State{payment.StateClaimed}, To: payment.StateApproving, NextCheck: s.now.Add(time.Hour),
		})
		return err
	})
	time1("write: Move to the end", func(n int) error {
		m := payment.Message{ID: "m-" + id(n), Type: payment.MessageConfirmed, Body: make([]byte, 300)}
		_, err := j.Move(ctx, journal.Transition{
			ID: payment.AttemptID(id(n)), From: []payment.State{payment.StateApproving}, To: payment.StateApproved, Messages: []payment.Message{m},
		})
		return err
	})
	time1("write: OutboxDone", func(n int) error { return j.OutboxDone(ctx, "m-"+id(n)) })
	time1("write: KeyBegin", func(n int) error {
		_, _, err := j.KeyBegin(ctx, "scope", id(n), "fingerprint", s.now, time.Minute)
		return err
	})
}

// queues are the calls of the sweep and the delivery, and pruning.
func (s *scale) queues(ctx context.Context, j *journal.Journal, time1 timer) {
	// A transaction that changes no row is not written.
	time1("Due, nothing due", func(int) error {
		_, err := j.Due(ctx, journal.Lane{PG: "inicis"}, time.UnixMilli(1), 64, time.Minute)
		return err
	})
	time1("OutboxDue, nothing due", func(int) error { _, err := j.OutboxDue(ctx, journal.OutboxLane{}, s.now, 64, time.Minute); return err })
	now := s.now
	time1("write: Due, 64 of 100", func(int) error {
		now = now.Add(time.Hour)
		due, err := j.Due(ctx, journal.Lane{PG: "inicis"}, now, 64, time.Minute)
		if err == nil && len(due) != 64 {
			err = fmt.Errorf("%d attempts were due", len(due))
		}
		return err
	})
	var mark journal.PruneMark
	time1("write: Prune 10", func(int) error {
		gone, next, _, err := j.Prune(ctx, time.UnixMilli(int64(s.size)), mark, 10)
		if err == nil && gone != 10 {
			err = fmt.Errorf("%d attempts were pruned", gone)
		}
		s.pruned, mark = s.pruned+gone, next
		return err
	})
}
