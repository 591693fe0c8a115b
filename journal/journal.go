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
	// Now is the clock; nil means time.Now.
	Now func() time.Time
}

// Journal is an open journal. Its methods are safe for concurrent use.
type Journal struct {
	d    dialect
	path string
	now  func() time.Time
	// w is the one connection that writes, r the pool that reads.
	w *statements
	r *statements

	ops     chan *op
	patient chan *op
	closing chan struct{}
	stopped chan struct{}
	once    sync.Once

	identity atomic.Pointer[Identity]

	writes  atomic.Uint64
	commits atomic.Uint64
}

// Open opens the journal, bringing its schema up to date first. Errors match ErrSchemaTooNew when a newer
// program has written it, and ErrUnavailable when the database does not answer. Close must be called.
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
	id, err := migrate(ctx, write, d, steps, now())
	if err != nil {
		return nil, errors.Join(err, write.Close(), read.Close())
	}
	j := &Journal{
		d:       d,
		path:    cfg.Path,
		now:     now,
		w:       &statements{db: write, d: d},
		r:       &statements{db: read, d: d},
		ops:     make(chan *op, maxBatch),
		patient: make(chan *op, maxBatch),
		closing: make(chan struct{}),
		stopped: make(chan struct{}),
	}
	j.identity.Store(&id)
	go j.commitLoop() //nolint:contextcheck // the loop outlives the context of Open; Close ends it
	return j, nil
}

// Driver returns the name of the database's driver.
func (j *Journal) Driver() string { return j.d.name() }

// Close finishes the writes that were begun, refuses later ones and closes the database.
func (j *Journal) Close() error {
	j.once.Do(func() { close(j.closing) })
	<-j.stopped
	if err := errors.Join(j.r.close(), j.w.close()); err != nil {
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
