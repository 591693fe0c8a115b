package journal

import (
	"context"
	"database/sql"
	"runtime"
	"sync"

	"github.com/pg-gateway/pg-gateway/payment"
)

// Writer is the pool with the one connection that writes.
func (j *Journal) Writer() *sql.DB { return j.w.db }

// Recall has the journal remember its orders now.
func (j *Journal) Recall(ctx context.Context) error {
	err := j.recall(ctx)
	j.known.complete.Store(err == nil)
	return err
}

// CloseReaders takes away the connections that read.
func (j *Journal) CloseReaders() error { return j.r.db.Close() }

// Orders is a set of orders as the journal remembers them.
type Orders struct{ *orderSet }

// NewOrders makes one.
func NewOrders() Orders { return Orders{newOrderSet()} }

// Add puts an order in.
func (o Orders) Add(order payment.OrderID) { o.add(order) }

// Has tells whether an order is in, or may be.
func (o Orders) Has(order payment.OrderID) bool { return o.has(order) }

// Size is how many bytes it takes.
func (o Orders) Size() (bytes int) {
	for _, l := range o.layers {
		bytes += 8 * len(l.words)
	}
	return bytes
}

// OpenAt opens a journal as a program that knows the first n migrations and then those of more would.
func OpenAt(ctx context.Context, cfg Config, n int, more ...string) (*Journal, error) {
	d, err := driver(cfg.Driver)
	if err != nil {
		return nil, err
	}
	steps, err := migrations(cfg.Driver)
	if err != nil {
		return nil, err
	}
	steps = steps[:n]
	for _, text := range more {
		steps = append(steps, migration{version: len(steps) + 1, name: "test.sql", text: text})
	}
	return openWith(ctx, cfg, d, steps)
}

// CommitTogether inserts attempts in one batch and returns the answer of each.
func (j *Journal) CommitTogether(attempts ...payment.Attempt) []error {
	batch := make([]*op, len(attempts))
	for i, a := range attempts {
		batch[i] = &op{done: make(chan error, 1), run: func(x *txn) error {
			if _, err := j.insert(x, a); err != nil {
				return err
			}
			return j.addEvent(x, a.ID, "", payment.StateOpened, Event{Kind: "opened"})
		}}
	}
	j.commitBatch(batch)
	errs := make([]error, len(batch))
	for i, o := range batch {
		errs[i] = answered("committing", <-o.done)
	}
	return errs
}

// MoveTogether moves approving attempts in one batch and returns the answer of each.
func (j *Journal) MoveTogether(to payment.State, ids ...payment.AttemptID) []error {
	batch := make([]*op, len(ids))
	for i, id := range ids {
		batch[i] = &op{done: make(chan error, 1), run: func(x *txn) error {
			r, err := one(x, id)
			if err != nil {
				return err
			}
			_, err = j.put(x, r, Transition{To: to})
			return err
		}}
	}
	j.commitBatch(batch)
	errs := make([]error, len(batch))
	for i, o := range batch {
		errs[i] = <-o.done
	}
	return errs
}

// AsOne runs calls, each of which writes once, in one batch: it holds the journal's writer until all are queued,
// in their order, as far as there is room.
func (j *Journal) AsOne(calls ...func()) {
	held, release := make(chan struct{}), make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		_ = j.write(context.Background(), "", "holding the writer", func(*txn) error {
			close(held)
			<-release
			return nil
		})
	})
	<-held
	for i, call := range calls {
		wg.Go(call)
		for len(j.ops)+len(j.patient) <= i && len(j.ops) < cap(j.ops) {
			runtime.Gosched()
		}
	}
	close(release)
	wg.Wait()
}

// Setting is a setting of PostgreSQL's as a write has it.
func (j *Journal) Setting(ctx context.Context, name string) (value string, err error) {
	err = j.write(ctx, "", "reading a setting", func(x *txn) error {
		rows, err := x.query(`SELECT current_setting(?)`, name)
		if err != nil {
			return err
		}
		list, err := collect(rows, func(r *sql.Rows) (s string, err error) {
			err = r.Scan(&s)
			return s, err
		})
		if err == nil {
			value = list[0]
		}
		return err
	})
	return value, err
}

// Plan returns the steps that SQLite takes for every statement that a busy journal runs.
func (j *Journal) Plan(ctx context.Context) (map[string][]string, error) {
	j.r.mu.Lock()
	j.w.mu.Lock()
	defer j.r.mu.Unlock()
	defer j.w.mu.Unlock()
	plans := map[string][]string{}
	for _, known := range []map[string]prepared{j.r.known, j.w.known} {
		for query, p := range known {
			args := make([]any, countMarks(p.text))
			rows, err := j.r.db.QueryContext(ctx, `EXPLAIN QUERY PLAN `+p.text, args...)
			if err != nil {
				return nil, err
			}
			plans[query], err = collect(rows, func(r *sql.Rows) (step string, err error) {
				var a, b, c int
				err = r.Scan(&a, &b, &c, &step)
				return step, err
			})
			if err != nil {
				return nil, err
			}
		}
	}
	return plans, nil
}

func countMarks(query string) int {
	n := 0
	for _, c := range query {
		if c == '?' {
			n++
		}
	}
	return n
}

// Reader is the pool that reads.
func (j *Journal) Reader() *sql.DB { return j.r.db }
