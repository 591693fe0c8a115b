package pgtest

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
)

// ErrAway is returned for a database that cannot be reached.
var ErrAway = errors.New("the database cannot be reached")

// Tables is all that a database's own schema holds, as text: the rows of each table, a line each. Errors match ErrAway.
func Tables(ctx context.Context, dsn string) (map[string]string, error) {
	c, err := pgx.ParseConfig(dsn)
	if err != nil {
		return nil, fmt.Errorf("reading the address of a database: %w", err)
	}
	// Behind a pooler the next query may go to another session, which knows nothing of what was prepared in the first.
	c.DefaultQueryExecMode = pgx.QueryExecModeExec
	db := stdlib.OpenDB(*c)
	defer func() { _ = db.Close() }()
	if err := db.PingContext(ctx); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrAway, err)
	}
	names, err := texts(ctx, db, `select quote_ident(tablename) from pg_tables where schemaname = current_schema()`)
	if err != nil {
		return nil, err
	}
	all := make(map[string]string, len(names))
	for _, name := range names {
		rows, err := texts(ctx, db, `select t::text from `+name+` t`)
		if err != nil {
			return nil, err
		}
		all[name] = strings.Join(rows, "\n")
	}
	return all, nil
}

func texts(ctx context.Context, db *sql.DB, query string) (list []string, err error) {
	rows, err := db.QueryContext(ctx, query)
	if err != nil {
		return nil, fmt.Errorf("reading a database: %w", err)
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var s string
		if err := rows.Scan(&s); err != nil {
			return nil, fmt.Errorf("reading a database: %w", err)
		}
		list = append(list, s)
	}
	return list, rows.Err()
}
