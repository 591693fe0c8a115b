package e2e

import (
	"testing"
	"time"
)

// A gateway that starts while its database is away waits for it: the shop's pages are served, checkouts are refused,
// and purchases work as soon as the database is there, without a restart.
func TestAGatewayStartsWithoutItsDatabase(t *testing.T) {
	t.Parallel()
	server := startPostgres(t)
	db := onPostgres(t, server)
	if err := server.Stop(); err != nil {
		t.Fatal(err)
	}
	p := start(t, db.use)
	p.mustBeWithoutJournal()
	if err := server.Run(); err != nil {
		t.Fatal(err)
	}
	p.mustRecover(time.Minute)
}
