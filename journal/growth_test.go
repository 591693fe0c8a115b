package journal_test

import (
	"context"
	"database/sql"
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pg-gateway/pg-gateway/journal"
	"github.com/pg-gateway/pg-gateway/journal/journaltest"
	"github.com/pg-gateway/pg-gateway/payment"
)

// Sizes of TestGrowth. The everyday run is small and only sees that everything works; `make bench-growth` is of the
// size of a shop that has grown.
var (
	growthMessages = flag.Int("growth.messages", 500, "how many messages wait behind another of their order")
	growthOpen     = flag.Int("growth.open", 500, "how many windows are open")
	growthOld      = flag.Int("growth.old", 500, "how many attempts have ended long ago")
	growthPayments = flag.Int("growth.payments", 200, "how many payments are made to see what one costs on disk")
	growthFor      = flag.Duration("growth.for", 300*time.Millisecond, "how long returns come in for each figure")
	growthRate     = flag.Int("growth.rate", 100, "how many returns come in each second")
)

// TestGrowth reports what a return takes, at the rate of a busy shop, while much waits, is open or is removed beside
// it; what the statistics and lists cost; and what a payment costs on disk.
func TestGrowth(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, cfg journal.Config, raw *sql.DB) {
		g := &growth{scale: &scale{t: t, cfg: cfg, raw: raw, now: time.Now()}, j: mustOpen(t, cfg)}
		g.disk()
		g.report("alone", g.returns(nil))
		g.template()
		g.wait(*growthMessages)
		g.report(fmt.Sprintf("beside %d messages that wait behind others", *growthMessages), g.returns(nil))
		g.windows(*growthOpen)
		g.report(fmt.Sprintf("beside %d open windows, with statistics", *growthOpen), g.returns(g.statistics))
		g.lists()
		g.grow(*growthOld)
		removed := 0
		g.report("beside pruning", g.returns(func(ctx context.Context) { removed = g.prune(ctx) }))
		t.Logf("%d attempts were removed meanwhile, %.0f each second", removed, float64(removed)/growthFor.Seconds())
	})
}

// growth is a journal that much has happened to.
type growth struct {
	*scale
	j    *journal.Journal
	made int
}

func (g *growth) report(what string, took durations) {
	g.t.Logf("a return %-50s p50 %9s  p99 %9s", what, took[len(took)/2].Round(10*time.Microsecond), took[len(took)*99/100].Round(10*time.Microsecond))
}

// returns makes payments at a steady rate, each when its time has come and not when the one before is done, delivers
// their messages, and returns what each took. beside runs meanwhile.
func (g *growth) returns(beside func(context.Context)) durations {
	g.t.Helper()
	ctx, cancel := context.WithTimeout(g.t.Context(), *growthFor)
	defer cancel()
	var others, wg sync.WaitGroup
	wake := make(chan struct{}, 1)
	others.Go(func() { g.deliver(ctx, wake) })
	if beside != nil {
		others.Go(func() { beside(ctx) })
	}
	var mu sync.Mutex
	var took durations
	tick := time.NewTicker(time.Second / time.Duration(*growthRate))
	defer tick.Stop()
	for ctx.Err() == nil {
		g.made++
		id := fmt.Sprintf("return-%d", g.made)
		wg.Go(func() {
			began := time.Now()
			if err := concludeOne(g.t.Context(), g.j, id); err != nil {
				g.t.Error(err)
			}
			d := time.Since(began)
			mu.Lock()
			took = append(took, d)
			mu.Unlock()
			select {
			case wake <- struct{}{}:
			default:
			}
		})
		select {
		case <-tick.C:
		case <-ctx.Done():
		}
	}
	wg.Wait()
	others.Wait()
	slices.Sort(took)
	return took
}

// deliver takes messages and marks them as done as the gateway does, to a shop that answers at once.
func (g *growth) deliver(ctx context.Context, wake <-chan struct{}) {
	for {
		select {
		case <-wake:
		case <-ctx.Done():
			return
		}
		list, err := g.j.OutboxDue(g.t.Context(), journal.OutboxLane{}, time.Now(), 64, time.Minute)
		if err != nil {
			g.t.Error(err)
			return
		}
		for _, m := range list {
			if err := g.j.OutboxDone(g.t.Context(), m.ID); err != nil {
				g.t.Error(err)
			}
		}
	}
}

// statistics asks for them all the time, and says what they took.
func (g *growth) statistics(ctx context.Context) {
	var took durations
	for ctx.Err() == nil {
		began := time.Now()
		stats, err := g.j.Stats(g.t.Context())
		if err != nil || stats.Open[0].Count < *growthOpen || stats.Pending < *growthMessages {
			g.t.Errorf("stats %+v, %v", stats, err)
		}
		took = append(took, time.Since(began))
		select {
		case <-time.After(*growthFor / 10):
		case <-ctx.Done():
		}
	}
	slices.Sort(took)
	g.t.Logf("statistics of %d open windows: %s", *growthOpen, took[len(took)/2].Round(10*time.Microsecond))
}

// lists says how long the first page of what is unknown and of what waits takes.
func (g *growth) lists() {
	g.t.Helper()
	ctx := g.t.Context()
	began := time.Now()
	if err := g.j.EachOpen(ctx, func(payment.Attempt) error { return nil }, payment.StateUnknown, payment.StateCancelling, payment.StateIssued); err != nil {
		g.t.Fatal(err)
	}
	g.t.Logf("listing what is unknown among %d open windows: %s", *growthOpen, time.Since(began).Round(10*time.Microsecond))
}

// prune removes what is old as the gateway does, and returns how much.
func (g *growth) prune(ctx context.Context) (removed int) {
	var mark journal.PruneMark
	for more := true; more && ctx.Err() == nil; {
		began := time.Now()
		n, next, again, err := g.j.Prune(journal.Patient(g.t.Context()), time.UnixMilli(1<<40), mark, 32)
		if err != nil {
			g.t.Error(err)
			return removed
		}
		removed, mark, more = removed+n, next, again
		select {
		case <-time.After(max(9*time.Since(began), 20*time.Millisecond)):
		case <-ctx.Done():
		}
	}
	return removed
}

// wait fills the outbox with orders of which the first message is to be tried later and fifty wait behind it.
func (g *growth) wait(messages int) {
	g.t.Helper()
	const each = 50
	for o := range messages/each + 1 {
		id := fmt.Sprintf("waiting-%d", o)
		if err := g.j.Insert(g.t.Context(), journaltest.Attempt(id, id), journal.Event{}); err != nil {
			g.t.Fatal(err)
		}
		var list []payment.Message
		for n := range each + 1 {
			list = append(list, payment.Message{ID: fmt.Sprintf("%s-%d", id, n), Type: payment.MessageFailed, Body: []byte("{}"), CreatedAt: time.UnixMilli(1)})
		}
		_, err := g.j.Move(g.t.Context(), journal.Transition{
			ID: payment.AttemptID(id), From: []payment.State{payment.StateOpened}, To: payment.StateDeclined, Messages: list,
		})
		if err == nil {
			err = g.j.OutboxRetry(g.t.Context(), id+"-0", time.Now().Add(24*time.Hour), "not acknowledged")
		}
		if err != nil {
			g.t.Fatal(err)
		}
	}
}

// windows leaves so many windows open, by copies of one.
func (g *growth) windows(n int) {
	g.t.Helper()
	a := journaltest.Attempt("window", "window")
	a.NextCheck = time.Now().Add(24 * time.Hour)
	if err := g.j.Insert(g.t.Context(), a, journal.Event{}); err != nil {
		g.t.Fatal(err)
	}
	conn, err := g.raw.Conn(g.t.Context())
	if err != nil {
		g.t.Fatal(err)
	}
	defer conn.Close()
	number, series := g.numbers()
	g.exec(conn, fmt.Sprintf(series, 1, n)+g.copies("attempts", "id = 'window'", map[string]string{
		"id": `'w' || ` + number, "order_id": `'wo' || ` + number, "created_at": "t.created_at + n",
	}))
	g.exec(conn, `ANALYZE`)
}

// disk says what a payment and an abandoned window cost on disk.
func (g *growth) disk() {
	g.t.Helper()
	ctx := g.t.Context()
	body := []byte(strings.Repeat("x", 420)) // a payment.confirmed
	payments := g.size(*growthPayments, func(id string) error {
		a := journaltest.Attempt(id, "ORDER-"+id)
		c := journal.Claim{To: payment.StateClaimed, ProofHash: strings.Repeat("0", 64-len(id)) + id, SealedProof: make([]byte, 240), Event: journal.Event{Kind: "authenticated"}}
		if err := g.j.Claim(ctx, a, c); err != nil {
			return err
		}
		if _, err := g.j.Move(ctx, journal.Transition{ID: a.ID, From: []payment.State{payment.StateClaimed}, To: payment.StateApproving, Event: journal.Event{Kind: "approval_intended"}}); err != nil {
			return err
		}
		_, err := g.j.Move(ctx, journal.Transition{
			ID: a.ID, From: []payment.State{payment.StateApproving}, To: payment.StateApproved, Reason: "approved", PGTxID: "StdpayCARDINIpayTest20261201093000123456",
			WipeProof: true, Event: journal.Event{Kind: "approved", Detail: "approved"},
			Messages: []payment.Message{{ID: "msg_" + id + "_approved", Type: payment.MessageConfirmed, Body: body}},
		})
		if err == nil {
			err = g.j.OutboxDone(ctx, "msg_"+id+"_approved")
		}
		return err
	})
	windows := g.size(*growthPayments, func(id string) error {
		a := journaltest.Attempt(id, "ORDER-"+id)
		if err := g.j.Insert(ctx, a, journal.Event{Kind: "opened"}); err != nil {
			return err
		}
		for n := range 10 {
			l := journal.LookUp{ID: a.ID, State: payment.StateOpened, Checks: n, NextCheck: a.NextCheck, Event: journal.Event{Kind: "looked_up", Detail: "never_paid", Fold: true}}
			if err := g.j.Touch(ctx, l); err != nil {
				return err
			}
		}
		_, err := g.j.Move(ctx, journal.Transition{ID: a.ID, From: []payment.State{payment.StateOpened}, To: payment.StateExpired, Reason: "never_paid", Event: journal.Event{Kind: "expired"}})
		return err
	})
	g.t.Logf("on disk: %d bytes for a payment, %d for a window that was abandoned", payments, windows)
}

// size is by how much the journal grows by each of n that are made.
func (g *growth) size(n int, one func(id string) error) int64 {
	g.t.Helper()
	before := g.bytes()
	room := make(chan struct{}, 32)
	var wg sync.WaitGroup
	for range n {
		g.made++
		id := fmt.Sprintf("0193e5a0c1d27f3e8a%014d", g.made)
		room <- struct{}{}
		wg.Go(func() {
			defer func() { <-room }()
			if err := one(id); err != nil {
				g.t.Error(err)
			}
		})
	}
	wg.Wait()
	return (g.bytes() - before) / int64(n)
}

// bytes is what the journal takes on disk.
func (g *growth) bytes() int64 {
	g.t.Helper()
	if g.cfg.Driver == journal.DriverPostgres {
		var n int64
		if err := g.raw.QueryRowContext(g.t.Context(), `SELECT sum(pg_total_relation_size(oid))::bigint FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace`).Scan(&n); err != nil {
			g.t.Fatal(err)
		}
		return n
	}
	if _, err := g.raw.ExecContext(g.t.Context(), `PRAGMA wal_checkpoint(TRUNCATE)`); err != nil {
		g.t.Fatal(err)
	}
	info, err := os.Stat(g.cfg.Path)
	if err != nil {
		g.t.Fatal(err)
	}
	return info.Size()
}
