package journal

import (
	"context"
	"database/sql"
	"errors"
	"sync"
)

// statements is a pool and the statements prepared on it. The queries are a closed set of literals of this
// package, so the map is bounded.
type statements struct {
	db *sql.DB
	d  dialect
	// ready tells why nothing can be asked yet.
	ready func() error

	mu     sync.Mutex
	known  map[string]prepared
	wanted []string
}

// prepared is a query as the database wants it, with its statement where the dialect prepares.
type prepared struct {
	text string
	stmt *sql.Stmt
}

// lookUp returns the query in the database's words, and its statement when there is one already. A statement
// that is missing is prepared by the next call of prepareWanted: not at once, because inside a transaction
// the pool's only connection is taken.
func (s *statements) lookUp(query string) prepared {
	s.mu.Lock()
	defer s.mu.Unlock()
	p, ok := s.known[query]
	if ok {
		return p
	}
	p = prepared{text: s.d.rewrite(query)}
	if s.known == nil {
		s.known = make(map[string]prepared)
	}
	s.known[query] = p
	if s.d.prepares() {
		s.wanted = append(s.wanted, query)
	}
	return p
}

// prepareWanted prepares the statements that were missed since the last call. A failure is no harm: the
// query runs unprepared until a later call succeeds.
func (s *statements) prepareWanted(ctx context.Context) {
	s.mu.Lock()
	wanted := s.wanted
	s.wanted = nil
	s.mu.Unlock()
	for i, query := range wanted {
		stmt, err := s.db.PrepareContext(ctx, s.d.rewrite(query))
		s.mu.Lock()
		if err != nil {
			s.wanted = append(s.wanted, wanted[i:]...)
			s.mu.Unlock()
			return
		}
		s.known[query] = prepared{text: s.known[query].text, stmt: stmt}
		s.mu.Unlock()
	}
}

// query reads rows outside of any transaction.
func (s *statements) query(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	if err := s.ready(); err != nil {
		return nil, err
	}
	p := s.lookUp(query)
	if p.stmt == nil {
		s.prepareWanted(ctx)
		p = s.lookUp(query)
	}
	if p.stmt != nil {
		return p.stmt.QueryContext(ctx, args...)
	}
	return s.db.QueryContext(ctx, p.text, args...)
}

func (s *statements) close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	var errs []error
	for _, p := range s.known {
		if p.stmt != nil {
			errs = append(errs, p.stmt.Close())
		}
	}
	s.known = nil
	return errors.Join(append(errs, s.db.Close())...)
}

// textRows collects a query's one text column.
func textRows(ctx context.Context, db *sql.DB, query string) ([]string, error) {
	rows, err := db.QueryContext(ctx, query)
	if err != nil {
		return nil, err
	}
	return collect(rows, func(r *sql.Rows) (s string, err error) {
		err = r.Scan(&s)
		return s, err
	})
}

// collect scans every row and closes rows.
func collect[T any](rows *sql.Rows, scan func(*sql.Rows) (T, error)) ([]T, error) {
	defer rows.Close() //nolint:errcheck // Err below tells
	var list []T
	for rows.Next() {
		v, err := scan(rows)
		if err != nil {
			return nil, err
		}
		list = append(list, v)
	}
	return list, rows.Err()
}
