package e2e

import (
	"sync"
	"testing"
)

// Behind a PgBouncer that gives every transaction another session, every buyer gets through, many at once too.
func TestBuyersBehindAPooler(t *testing.T) {
	t.Parallel()
	server := startPostgres(t)
	dsn := server.Pooler(t, server.Database(t))
	p := start(t, journalAt(dsn))
	var wg sync.WaitGroup
	for _, method := range []string{"card", "kakaopay", "tosspay", "card"} {
		b := p.buyer(method)
		wg.Go(func() {
			for range 5 {
				if v, err := b.buy(t.Context(), "pay"); err != nil || v.out.status != "approved" {
					t.Errorf("%s: %s, %v", method, v.out.status, err)
				}
			}
		})
	}
	wg.Wait()
	if got := p.readiness(); got != "200 pass" {
		t.Errorf("readyz says %s", got)
	}
}
