package journal_test

import (
	"testing"

	"github.com/pg-gateway/pg-gateway/journal"
	"github.com/pg-gateway/pg-gateway/journal/journaltest"
)

// Behind a pooler that gives every transaction another session the journal is all that it is without.
func TestPostgresConformsBehindAPooler(t *testing.T) {
	t.Parallel()
	journaltest.Run(t, func(t *testing.T) *journal.Journal { return openPostgres(t, postgres.Pooler(t, database(t))) })
}
