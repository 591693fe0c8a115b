package journal

import (
	"context"
	"database/sql"
	"errors"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/pg-gateway/pg-gateway/payment"
)

const (
	// maxBatch is how many writes share one commit at most.
	maxBatch = 128
	// writeTimeout bounds one batch, so that a database that hangs is an unavailable one.
	writeTimeout = 10 * time.Second
	// maxRuns bounds how often one write is run again when the database gives it up for another's sake.
	maxRuns = 4
)

// The states of a queued write.
const (
	opQueued int32 = iota
	opTaken
	opAbandoned
)

// op is one write waiting for the next commit. run may be called more than once, each time in a transaction
// in which nothing of its former runs is left.
type op struct {
	key string
	// attempt is the one that run reads first, when it is known.
	attempt payment.AttemptID
	run     func(*txn) error
	state   atomic.Int32
	done    chan error
}

var errClosed = errors.New("the journal is closed")

// write queues run for the next commit and waits for it (group commit: everything that waits while one
// commit reaches the disk shares the next). Writes are sorted by key within a batch, so that two pods lock
// rows in the same order. A write that was taken is waited for even when ctx ends: the caller gets the truth.
func (j *Journal) write(ctx context.Context, key, doing string, run func(*txn) error) error {
	return j.queue(ctx, doing, &op{key: key, run: run, done: make(chan error, 1)})
}

// writeTo is write for a run that begins by reading this attempt: those of a batch are read at once.
func (j *Journal) writeTo(ctx context.Context, id payment.AttemptID, doing string, run func(*txn) error) error {
	return j.queue(ctx, doing, &op{key: string(id), attempt: id, run: run, done: make(chan error, 1)})
}

// patient is the context key of Patient.
type patient struct{}

// Patient makes the writes under ctx wait behind all others: they fill what room is left in a commit.
func Patient(ctx context.Context) context.Context { return context.WithValue(ctx, patient{}, true) }

func (j *Journal) queue(ctx context.Context, doing string, o *op) error {
	queue := j.ops
	if ctx.Value(patient{}) != nil {
		queue = j.patient //guard:buyers-writes-go-first
	}
	// Asked by itself first: of two cases that are ready a select takes either.
	select {
	case <-j.closing:
		return unavailable(doing, errClosed)
	default:
	}
	select {
	case queue <- o:
	case <-ctx.Done():
		return unavailable(doing, ctx.Err())
	case <-j.closing:
		return unavailable(doing, errClosed)
	}
	var gaveUp error
	select {
	case err := <-o.done:
		return answered(doing, err)
	case <-ctx.Done():
		gaveUp = ctx.Err()
	case <-j.stopped:
		gaveUp = errClosed
	}
	// Not taken yet: surely nothing was written. Once it is taken its fate is waited for.
	if o.state.CompareAndSwap(opQueued, opAbandoned) {
		return unavailable(doing, gaveUp)
	}
	return answered(doing, <-o.done)
}

func answered(doing string, err error) error {
	if err == nil {
		return nil
	}
	return unavailable(doing, err)
}

// commitLoop commits batches until the journal is closed and nothing waits.
func (j *Journal) commitLoop() {
	defer close(j.stopped)
	for {
		select {
		case o := <-j.ops:
			j.commitBatch(j.gather(o))
		case o := <-j.patient:
			j.commitBatch(j.gather(o))
		case <-j.closing:
			// What was queued before the end is written: its callers wait for the truth.
			for batch := j.gather(); len(batch) > 0; batch = j.gather() {
				j.commitBatch(batch)
			}
			return
		}
	}
}

// gather takes what else is waiting, without waiting for more. The patient get what room is left, and some room in
// any case, so that they come to their turn however busy it is.
func (j *Journal) gather(first ...*op) []*op {
	// On one processor nobody else has had a turn since the first write came: without this it would be committed
	// alone.
	runtime.Gosched()
	batch := make([]*op, 0, 16)
	take := func(o *op) {
		if o.state.CompareAndSwap(opQueued, opTaken) {
			batch = append(batch, o)
		}
	}
	for _, o := range first {
		take(o)
	}
	fill := func(queue chan *op, most int) {
		for len(batch) < most {
			select {
			case o := <-queue:
				take(o)
			default:
				return
			}
		}
	}
	fill(j.ops, maxBatch*3/4)
	fill(j.patient, maxBatch)
	fill(j.ops, maxBatch)
	slices.SortStableFunc(batch, func(a, b *op) int { return strings.Compare(a.key, b.key) })
	return batch
}

// commitBatch answers every op of the batch. When the database gave the transaction up for another's sake,
// each write is committed alone.
func (j *Journal) commitBatch(batch []*op) {
	if len(batch) == 0 {
		return
	}
	results, err := j.transact(batch, true)
	if errors.Is(err, errSpoiled) {
		results, err = j.transact(batch, false)
	}
	j.known.committed(err)
	if err == nil {
		for i, o := range batch {
			o.done <- results[i]
		}
		return
	}
	for _, o := range batch {
		if j.d.classify(err) == failRetry {
			o.done <- j.commitAlone(o)
			continue
		}
		o.done <- err
	}
}

// commitAlone commits one write by itself, again when the database gave it up for another's sake.
func (j *Journal) commitAlone(o *op) error {
	for run := 1; ; run++ {
		results, err := j.transact([]*op{o}, false)
		if err == nil {
			return results[0]
		}
		if j.d.classify(err) != failRetry || run == maxRuns {
			return err
		}
	}
}

// transact runs the batch in one transaction: all writes together, or each in a savepoint of its own, so that one
// that is refused leaves the others alone. The error is the transaction's; the results are the writes'.
func (j *Journal) transact(batch []*op, asOne bool) ([]error, error) {
	// No caller's context: one who leaves must not undo what the others write.
	ctx, cancel := context.WithTimeout(context.Background(), writeTimeout)
	defer cancel()
	if err := j.ready(); err != nil { //guard:unreached-journal-answers-nothing
		return nil, err
	}
	j.w.prepareWanted(ctx)
	tx, err := j.w.db.BeginTx(ctx, nil)
	if err != nil {
		return nil, err
	}
	defer tx.Rollback() //nolint:errcheck // after Commit it does nothing
	if err := j.d.begin(ctx, tx); err != nil {
		return nil, err
	}
	x := &txn{ctx: ctx, tx: tx, s: j.w}
	run := x.runApart
	if asOne {
		run = x.runTogether
	}
	results, wrote, err := run(batch)
	if err != nil {
		return nil, err
	}
	// A batch that changed nothing needs no sync of the disk.
	if !wrote {
		return results, nil
	}
	if err := tx.Commit(); err != nil {
		return nil, err
	}
	j.commits.Add(1)
	j.writes.Add(uint64(len(batch)))
	return results, nil
}

// Commits tells how many writes were made and how many commits they took.
func (j *Journal) Commits() (writes, commits uint64) { return j.writes.Load(), j.commits.Load() }

// txn is what a write works with.
type txn struct {
	ctx context.Context //nolint:containedctx // lives exactly as long as the transaction
	tx  *sql.Tx
	s   *statements
	// wrote tells that the write that runs has changed a row; joint is what the batch does as one, nil when its
	// writes are kept apart.
	wrote bool
	joint *together
}

// runApart runs each write of the batch in a savepoint of its own.
func (x *txn) runApart(batch []*op) (results []error, wrote bool, err error) {
	results = make([]error, len(batch))
	for i, o := range batch {
		if results[i], err = x.guarded(x.s.d, o.run); err != nil {
			return nil, false, err
		}
		wrote = wrote || results[i] == nil
	}
	return results, wrote, nil
}

// guarded runs one write in a savepoint. A write that is refused, by us or by a constraint, is undone and
// answered while the others go on. One that loses to a unique index is run once more: what it lost to can be
// seen now, and is named in the answer.
func (x *txn) guarded(d dialect, run func(*txn) error) (result, fatal error) {
	for first := true; ; first = false {
		if _, err := x.exec(`SAVEPOINT one`); err != nil {
			return nil, err
		}
		err := run(x)
		if err == nil {
			_, err = x.exec(`RELEASE SAVEPOINT one`)
			return nil, err
		}
		kind := failRow
		if !logical(err) {
			kind = d.classify(err)
		}
		if kind == failDown || kind == failRetry {
			return nil, err
		}
		if _, undo := x.exec(`ROLLBACK TO SAVEPOINT one`); undo != nil {
			return nil, errors.Join(undo, err)
		}
		if _, release := x.exec(`RELEASE SAVEPOINT one`); release != nil {
			return nil, errors.Join(release, err)
		}
		if kind != failUnique || !first {
			return err, nil
		}
	}
}

func (x *txn) exec(query string, args ...any) (int64, error) {
	p := x.s.lookUp(query)
	var res sql.Result
	var err error
	if p.stmt != nil {
		res, err = x.tx.StmtContext(x.ctx, p.stmt).ExecContext(x.ctx, args...)
	} else {
		res, err = x.tx.ExecContext(x.ctx, p.text, args...)
	}
	if err != nil {
		return 0, err
	}
	n, err := res.RowsAffected()
	x.wrote = x.wrote || n > 0
	return n, err
}

// query reads rows, and sees everything that was written before.
func (x *txn) query(query string, args ...any) (*sql.Rows, error) {
	if err := x.flush(); err != nil { //guard:batch-reads-what-it-wrote
		return nil, err
	}
	p := x.s.lookUp(query)
	if p.stmt != nil {
		return x.tx.StmtContext(x.ctx, p.stmt).QueryContext(x.ctx, args...)
	}
	return x.tx.QueryContext(x.ctx, p.text, args...)
}

// lockName makes other pods wait, until the commit, with what they lock under the same name. One database file has
// one writer anyway.
func (x *txn) lockName(name string) error {
	lock := x.s.d.nameLock()
	if lock == "" {
		return nil
	}
	rows, err := x.query(lock, name)
	if err != nil {
		return err
	}
	return rows.Close()
}
