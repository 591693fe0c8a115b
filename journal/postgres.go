package journal

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"
)

const (
	// postgresReaders is how many connections read at once.
	postgresReaders = 8
	// postgresConnect bounds the wait for a connection, so that a dead server is noticed by the request.
	postgresConnect = 3 * time.Second
	// postgresLifetime bounds how long a connection is used, so that a name that leads elsewhere by now, or a server
	// that went back to its old role, is noticed by those that are idle too.
	postgresLifetime = 5 * time.Minute
	// postgresMigrationLock is the advisory lock that migrations take.
	postgresMigrationLock = 7_319_002_417
)

type postgresDialect struct{}

func (postgresDialect) prepares() bool { return false }

func (postgresDialect) oneProcess() bool { return false }

func (postgresDialect) rewrite(query string) string {
	query = strings.ReplaceAll(query, "/*lock*/", "FOR UPDATE")
	query = strings.ReplaceAll(query, "/*skip*/", "FOR UPDATE SKIP LOCKED")
	query = strings.ReplaceAll(query, "/*in*/", "= ANY (ARRAY(SELECT json_array_elements_text(CAST(? AS json))))")
	query = strings.ReplaceAll(query, "/*each*/", "json_array_elements(CAST(? AS json)) WITH ORDINALITY AS e (value, key)")
	return numbered(query)
}

func (postgresDialect) open(_ context.Context, cfg Config) (write, read *sql.DB, err error) {
	if cfg.DSN == "" {
		return nil, nil, errors.New("opening the journal: dsn is empty")
	}
	// The parser's error may quote the DSN, password and all: it is not passed on.
	pc, err := pgx.ParseConfig(cfg.DSN)
	if err != nil {
		return nil, nil, errors.New("opening the journal: dsn cannot be read")
	}
	if pc.ConnectTimeout == 0 {
		pc.ConnectTimeout = postgresConnect
	}
	if pc.RuntimeParams["application_name"] == "" {
		pc.RuntimeParams["application_name"] = "pg-gateway"
	}
	if !strings.Contains(cfg.DSN, "default_query_exec_mode") {
		// Nothing is kept in the session, so that a pooler may give every transaction another one.
		pc.DefaultQueryExecMode = pgx.QueryExecModeExec //guard:nothing-in-a-session
	}
	if len(pc.Fallbacks) > 0 && pc.ValidateConnect == nil {
		// Of several servers only one takes writes.
		pc.ValidateConnect = pgconn.ValidateConnectTargetSessionAttrsReadWrite
	}
	follow := newFailover(pc)
	pool := func(conns int) *sql.DB {
		db := stdlib.OpenDB(*pc, stdlib.OptionAfterConnect(follow.connected), stdlib.OptionResetSession(follow.reused))
		db.SetMaxOpenConns(conns)
		db.SetMaxIdleConns(conns)
		db.SetConnMaxLifetime(postgresLifetime)
		return db
	}
	return pool(1), pool(postgresReaders), nil
}

func (postgresDialect) hasSchema(ctx context.Context, tx *sql.Tx) (there bool, err error) {
	err = tx.QueryRowContext(ctx, `SELECT to_regclass('schema_migrations') IS NOT NULL`).Scan(&there)
	return there, err
}

// reach asks for an answer. The error of a connection that fails names user and database, so it is told without.
func (postgresDialect) reach(ctx context.Context, db *sql.DB) error {
	if err := db.PingContext(ctx); err != nil {
		return unavailable("opening the journal", redactConnect(err))
	}
	return nil
}

// away tells whether a server may come back by itself: it cannot be reached, it is starting, stopping, full or
// read-only, or a pooler before it has lost it. A wrong password or a missing database does not heal by waiting.
func (postgresDialect) away(err error) bool {
	if answered, ok := errors.AsType[*answeredError](err); ok {
		return awayCode(answered.code)
	}
	e, ok := errors.AsType[*pgconn.PgError](err)
	// Without a code it was no server that answered.
	return !ok || awayCode(e.Code)
}

func awayCode(code string) bool {
	// Connection, rolled back, no room, not in that state, operator, system.
	for _, class := range []string{"08", "40", "53", "55", "57", "58"} {
		if strings.HasPrefix(code, class) {
			return true
		}
	}
	return code == codeReadOnly
}

// answeredError is what a server answered, without the text that names user and database.
type answeredError struct{ code string }

// Error implements error.
func (e *answeredError) Error() string { return "PostgreSQL answered " + e.code }

// redactConnect keeps the cause of a failed connection and drops the text around it, which names user and
// database.
func redactConnect(err error) error {
	if e, ok := errors.AsType[*pgconn.PgError](err); ok {
		return &answeredError{code: e.Code}
	}
	if ce, ok := errors.AsType[*pgconn.ConnectError](err); ok && ce.Unwrap() != nil {
		return errors.New("PostgreSQL cannot be reached")
	}
	return err
}

// begin bounds the wait for locks, beyond the second after which PostgreSQL looks for deadlocks, and how long a
// transaction holds its own while nothing is heard of a pod that was frozen or cut off; a live one gives up sooner.
// It makes every commit durable even where the server's default is not. The server's statistics of what is due are
// always of yesterday: with them it would read and sort all that is due for the first few, so it is told to go by
// index. What it can do by no index then looks so costly to it that it would compile the query, which takes longer
// than our writes.
func (postgresDialect) begin(ctx context.Context, tx *sql.Tx) error {
	_, err := tx.ExecContext(ctx, `SELECT set_config('lock_timeout', '2s', true), `+
		`set_config('idle_in_transaction_session_timeout', '15s', true), `+ //guard:frozen-pods-locks-end
		`set_config('synchronous_commit',
		CASE current_setting('synchronous_commit') WHEN 'off' THEN 'on' ELSE current_setting('synchronous_commit') END, true),
		set_config('enable_bitmapscan', 'off', true), set_config('enable_seqscan', 'off', true), set_config('jit', 'off', true)`)
	return err
}

func (postgresDialect) lockMigrations(ctx context.Context, tx *sql.Tx) error {
	_, err := tx.ExecContext(ctx, `SELECT pg_advisory_xact_lock($1)`, int64(postgresMigrationLock))
	return err
}

func (postgresDialect) nameLock() string {
	return `SELECT pg_advisory_xact_lock(hashtextextended(CAST(? AS text), 7319002418))`
}

// gather adds to writer 0 what was counted by connections that the server does not have any more.
func (postgresDialect) gather() string {
	return `WITH gone AS (DELETE FROM tallies WHERE writer <> 0 AND writer NOT IN (SELECT pid FROM pg_stat_activity) RETURNING what, state, n, won)
		INSERT INTO tallies (what, state, writer, n, won) SELECT what, state, 0, sum(n)::bigint, sum(won)::bigint FROM gone GROUP BY what, state
		ON CONFLICT (what, state, writer) DO UPDATE SET n = tallies.n + excluded.n, won = tallies.won + excluded.won`
}

// classify goes by SQLSTATE: 40 is a rolled back transaction, 22 and 23 are about the row's values, 55P03 is a
// lock not got in time, P0001 is raised by our triggers.
func (postgresDialect) classify(err error) failure {
	e, ok := errors.AsType[*pgconn.PgError](err)
	if !ok {
		return failDown
	}
	switch {
	case e.Code == "23505":
		return failUnique
	case strings.HasPrefix(e.Code, "40"):
		return failRetry
	case strings.HasPrefix(e.Code, "22"), strings.HasPrefix(e.Code, "23"), e.Code == "55P03", e.Code == "P0001":
		return failRow
	}
	return failDown
}

func (postgresDialect) integrity(context.Context, *sql.DB) ([]string, error) { return nil, nil }

func (postgresDialect) backup(context.Context, *Journal, string) error {
	return fmt.Errorf("backing up the journal: %w: use pg_dump", ErrUnsupported)
}
