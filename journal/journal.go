package journal

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"
)

// The drivers.
const (
	DriverSQLite   = "sqlite"
	DriverPostgres = "postgres"
)

// Config says where the journal is.
type Config struct {
	// Driver is DriverSQLite or DriverPostgres.
	Driver string
	// Path is the SQLite file; its folder is created when missing.
	Path string
	// DSN is PostgreSQL's connection string. It is secret.
	DSN string
	// MustExist opens a journal that is there, with the schema that this program knows, and neither makes nor changes
	// one: it is for those who only look after it. Errors match ErrNoJournal and ErrSchemaTooOld.
	MustExist bool
	// Alone makes this process the only one that serves from the SQLite file, for as long as the journal is open: another
	// one gets ErrUnavailable, and Waiting has it wait. It may then answer from memory what orders have no attempts.
	// Those who only look after a journal leave it out, and may come and go. PostgreSQL is for several, whatever this says.
	Alone bool
	// Now is the clock; nil means time.Now.
	Now func() time.Time
	// Waiting lets Open return although the database is away. It hears why each try failed, and nil when the journal
	// can be used; until then everything fails with ErrUnavailable. Without it Open fails.
	Waiting func(err error)
}

// Journal is an open journal. Its methods are safe for concurrent use.
type Journal struct {
	d    dialect
	path string
	now  func() time.Time
	// exists tells that the journal is neither to be made nor brought up to date.
	exists bool
	// w is the one connection that writes, r the pool that reads.
	w *statements
	r *statements
	// lock and known are nil where other processes may serve from the journal too.
	lock  *alone
	known *known

	ops     chan *op
	patient chan *op
	closing chan struct{}
	stopped chan struct{}
	once    sync.Once
	waiting sync.WaitGroup

	// identity is nil until the database was reached and its schema is ours.
	identity atomic.Pointer[Identity]

	writes  atomic.Uint64
	commits atomic.Uint64
}

// Open opens the journal, bringing its schema up to date first. Errors match ErrSchemaTooNew when a newer program has
// written it, and ErrUnavailable when the database does not answer: see Config.Waiting. Close must be called.
func Open(ctx context.Context, cfg Config) (*Journal, error) {
	d, err := driver(cfg.Driver)
	if err != nil {
		return nil, err
	}
	steps, err := migrations(cfg.Driver)
	if err != nil {
		return nil, err
	}
	return openWith(ctx, cfg, d, steps)
}

func driver(name string) (dialect, error) {
	switch name {
	case DriverSQLite:
		return sqliteDialect{}, nil
	case DriverPostgres:
		return postgresDialect{}, nil
	}
	return nil, fmt.Errorf("opening the journal: driver %q is not %s or %s", name, DriverSQLite, DriverPostgres)
}

func openWith(ctx context.Context, cfg Config, d dialect, steps []migration) (*Journal, error) {
	now := cfg.Now
	if now == nil {
		now = time.Now
	}
	write, read, err := d.open(ctx, cfg)
	if err != nil {
		return nil, err
	}
	j := &Journal{
		d:       d,
		exists:  cfg.MustExist,
		path:    cfg.Path,
		now:     now,
		ops:     make(chan *op, maxBatch),
		patient: make(chan *op, maxBatch),
		closing: make(chan struct{}),
		stopped: make(chan struct{}),
	}
	j.w = &statements{db: write, d: d, ready: j.ready}
	j.r = &statements{db: read, d: d, ready: j.ready}
	if cfg.Alone && d.oneProcess() {
		j.lock, j.known = &alone{path: cfg.Path + "-lock"}, &known{orders: newOrderSet()}
	}
	err = j.prepare(ctx, steps)
	// Only what may heal by itself is waited for. A wrong password or another schema ends the start.
	if err != nil && (cfg.Waiting == nil || !errors.Is(err, ErrUnavailable) || !d.away(err)) {
		return nil, errors.Join(err, write.Close(), read.Close(), j.unlock())
	}
	if err != nil {
		cfg.Waiting(err)
		j.waiting.Go(func() { j.await(steps, cfg.Waiting) }) //nolint:contextcheck // it outlives Open; Close ends it
	}
	go j.commitLoop() //nolint:contextcheck // the loop outlives the context of Open; Close ends it
	return j, nil
}

// The waiting for a database that is away.
const (
	// awaitEvery is the pause between two tries.
	awaitEvery = time.Second
	// awaitTry bounds one try.
	awaitTry = 10 * time.Second
)

// errWaiting is what calls fail with until the database was reached for the first time.
var errWaiting = errors.New("the database has not been reached yet")

// prepare reaches the database and brings its schema up to date.
func (j *Journal) prepare(ctx context.Context, steps []migration) error {
	if j.lock != nil {
		if err := j.lock.take(); err != nil { //guard:one-process-serves-a-file
			return err
		}
	}
	if err := j.d.reach(ctx, j.w.db); err != nil {
		return err
	}
	id, err := migrate(ctx, j.w.db, j.d, steps, j.now(), j.exists)
	if err != nil {
		return err
	}
	j.identity.Store(&id)
	if j.known != nil {
		j.waiting.Go(j.remember)
	}
	return nil
}

// unlock lets another process have the journal.
func (j *Journal) unlock() error {
	if j.lock == nil {
		return nil
	}
	return j.lock.release()
}

// await tries until the journal can be used, or is closed. A schema that is too new is waited out as well: the
// program that wrote it may be taken back, and nothing is read or written meanwhile.
func (j *Journal) await(steps []migration, tell func(error)) {
	tick := time.NewTicker(awaitEvery)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
		case <-j.closing:
			return
		}
		ctx, cancel := context.WithTimeout(context.Background(), awaitTry)
		// Close does not wait for a connection that hangs.
		j.waiting.Go(func() {
			select {
			case <-j.closing:
				cancel()
			case <-ctx.Done():
			}
		})
		err := j.prepare(ctx, steps)
		cancel()
		tell(err)
		if err == nil {
			return
		}
	}
}

// ready is nil once the journal can be used.
func (j *Journal) ready() error {
	if j.identity.Load() == nil {
		return errWaiting
	}
	return nil
}

// Close finishes the writes that were begun, refuses later ones and closes the database.
func (j *Journal) Close() error {
	j.once.Do(func() { close(j.closing) })
	<-j.stopped
	j.waiting.Wait()
	j.known.forget()
	if err := errors.Join(j.r.close(), j.w.close(), j.unlock()); err != nil {
		return fmt.Errorf("closing the journal: %w", err)
	}
	return nil
}

// Ping writes a row, to see that the journal can be written.
func (j *Journal) Ping(ctx context.Context) error {
	return j.write(ctx, "", "writing the journal's heartbeat", func(x *txn) error {
		_, err := x.exec(`INSERT INTO heartbeat (id, at) VALUES (1, ?) ON CONFLICT (id) DO UPDATE SET at = excluded.at`,
			j.now().UnixMilli())
		return err
	})
}
