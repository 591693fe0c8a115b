package lifecycle_test

import (
	"context"
	"database/sql"
	"log/slog"
	"path/filepath"
	"runtime"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pg-gateway/pg-gateway/adapters"
	"github.com/pg-gateway/pg-gateway/journal"
	"github.com/pg-gateway/pg-gateway/journal/pgtest"
	"github.com/pg-gateway/pg-gateway/lifecycle"
	"github.com/pg-gateway/pg-gateway/payment"
)

// willing is a PG that approves at once, and a shop that says yes at once.
type willing struct{ fakePG }

func (*willing) Approve(_ context.Context, r adapters.ApproveRequest) (adapters.Result, error) {
	return approvedAs(string(r.Attempt.ID), r.Attempt.Amount), nil
}

func (*willing) Confirm(context.Context, payment.Attempt) lifecycle.Answer {
	return lifecycle.Answer{Yes: true}
}

func onSQLite(b *testing.B) journal.Config {
	b.Helper()
	return journal.Config{Driver: journal.DriverSQLite, Path: filepath.Join(b.TempDir(), "j.db")}
}

// settling returns what concludes one new attempt of one new order per call, on a journal with every commit synced
// to the disk.
func settling(b *testing.B, cfg journal.Config) (one func() error, commits func() float64) {
	b.Helper()
	j, err := journal.Open(b.Context(), cfg)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = j.Close() })
	both := &willing{}
	acc := adapters.Account{
		PG:       &payment.PG{ID: "pg", Driver: "fake", ApproveTimeout: time.Second, ReadTimeout: time.Second},
		Merchant: &payment.Merchant{ID: "m", PG: "pg", MID: "MID", Mode: payment.ModeTest},
	}
	s := lifecycle.New(lifecycle.Options{
		Journal: j, Drivers: map[payment.DriverName]adapters.Driver{"fake": both},
		Account: func(payment.Attempt) (adapters.Account, error) { return acc, nil },
		Shop:    both, Sealer: plainSeal{}, Observer: quiet{}, Log: slog.New(slog.DiscardHandler),
		Now: time.Now, Wake: func() {},
	})
	var n atomic.Int64
	commits = func() float64 {
		_, c := j.Commits()
		return float64(c)
	}
	return func() error {
		now, id := time.Now(), "A"+strconv.FormatInt(n.Add(1), 10)
		_, err := s.Authenticated(context.Background(), payment.Attempt{
			ID: payment.AttemptID(id), OrderID: payment.OrderID("O" + id), PG: "pg", Driver: "fake", Merchant: "m", MID: "MID",
			Method: "card", Amount: 50000, OrderAmount: 50000, Currency: payment.CurrencyKRW, Test: true,
			CreatedAt: now, ExpiresAt: now.Add(30 * time.Minute), State: payment.StateOpened, NextCheck: now.Add(2 * time.Minute),
		}, adapters.Proof{AuthToken: payment.Secret("token-" + id), IDC: "stg", AuthenticatedAt: now})
		return err
	}, commits
}

// BenchmarkConclude takes one attempt from the return to approved: claim, the shop's yes, approval, comparison,
// the message to the shop. Its time is the disk's: three commits after one another (claim, intent, result).
func BenchmarkConclude(b *testing.B) {
	one, _ := settling(b, onSQLite(b))
	b.ReportAllocs()
	for b.Loop() {
		if err := one(); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkConcludeTogether concludes 64 at once: commits are shared.
func BenchmarkConcludeTogether(b *testing.B) {
	one, commits := settling(b, onSQLite(b))
	together(b, one, commits)
}

// BenchmarkConcludeTogetherPostgres does so on PostgreSQL, and counts how often it syncs its log to the disk.
func BenchmarkConcludeTogetherPostgres(b *testing.B) {
	server, err := pgtest.Start()
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = server.Close() })
	dsn := server.Database(b)
	one, commits := settling(b, journal.Config{Driver: journal.DriverPostgres, DSN: dsn})
	raw, err := sql.Open("pgx", dsn)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = raw.Close() })
	syncs := func() (n int64) {
		// What a server process counts it publishes at most once a second.
		time.Sleep(1500 * time.Millisecond)
		if err := raw.QueryRowContext(context.Background(), `SELECT wal_sync FROM pg_stat_wal`).Scan(&n); err != nil {
			b.Error(err)
		}
		return n
	}
	before := syncs()
	b.ResetTimer()
	together(b, one, commits)
	b.StopTimer()
	b.ReportMetric(float64(syncs()-before)/float64(b.N), "fsyncs/op")
}

func together(b *testing.B, one func() error, commits func() float64) {
	b.Helper()
	b.ReportAllocs()
	before := commits()
	defer func() { b.ReportMetric((commits()-before)/float64(b.N), "commits/op") }()
	b.SetParallelism(64 / runtime.GOMAXPROCS(0))
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if err := one(); err != nil {
				b.Error(err)
				return
			}
		}
	})
}
