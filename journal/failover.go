package journal

import (
	"context"
	sqldriver "database/sql/driver"
	"sync/atomic"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// codeReadOnly is the answer of a server that takes no writes: it has become a standby.
const codeReadOnly = "25006"

// failover drops the connections that were made before a server was found to take no writes. They stay open and
// answer reads, of a past that goes on growing older, while new ones lead to the server that took over.
type failover struct{ epoch atomic.Int64 }

// epochKey is where a connection keeps the epoch that it was made in.
const epochKey = "epoch"

// newFailover has the connections that are made with pc tell of such a server.
func newFailover(pc *pgx.ConnConfig) *failover {
	f := &failover{}
	closes := pc.OnPgError
	pc.OnPgError = func(c *pgconn.PgConn, e *pgconn.PgError) bool {
		if e.Code != codeReadOnly { //guard:refusing-connection-is-dropped
			return closes(c, e)
		}
		// What was made before this one is as old or older; what comes after is new. Counting once per connection
		// keeps many that find out at the same time from dropping those that are new already.
		if made, ok := c.CustomData()[epochKey].(int64); ok {
			f.epoch.CompareAndSwap(made, made+1)
		}
		return false
	}
	return f
}

// connected notes the epoch that a connection was made in.
func (f *failover) connected(_ context.Context, c *pgx.Conn) error {
	c.PgConn().CustomData()[epochKey] = f.epoch.Load()
	return nil
}

// reused refuses a connection of an earlier epoch: the pool drops it and takes or makes another one.
func (f *failover) reused(_ context.Context, c *pgx.Conn) error {
	//guard:older-connections-are-dropped
	if made, ok := c.PgConn().CustomData()[epochKey].(int64); ok && made != f.epoch.Load() {
		return sqldriver.ErrBadConn
	}
	return nil
}
