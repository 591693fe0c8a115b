package settle_test

import (
	"context"
	"log/slog"
	"path/filepath"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pg-gateway/pg-gateway/adapters"
	"github.com/pg-gateway/pg-gateway/gateway/settle"
	"github.com/pg-gateway/pg-gateway/journal"
	"github.com/pg-gateway/pg-gateway/payment"
)

// willing is a PG that approves at once, and a shop that says yes at once.
type willing struct{ fakePG }

func (*willing) Approve(_ context.Context, r adapters.ApproveRequest) (adapters.Result, error) {
	return approvedAs(string(r.Attempt.ID), r.Attempt.Amount), nil
}

func (*willing) Confirm(context.Context, payment.Attempt) settle.Answer {
	return settle.Answer{Yes: true}
}

// settling returns what settles one new attempt of one new order per call, on a SQLite journal with every
// commit synced to the disk.
func settling(b *testing.B) func() error {
	b.Helper()
	j, err := journal.Open(b.Context(), journal.Config{Driver: journal.DriverSQLite, Path: filepath.Join(b.TempDir(), "j.db")})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = j.Close() })
	both := &willing{}
	acc := adapters.Account{
		PG:       &payment.PG{ID: "pg", Driver: "fake", ApproveTimeout: time.Second, ReadTimeout: time.Second},
		Merchant: &payment.Merchant{ID: "m", PG: "pg", MID: "MID", Mode: payment.ModeTest},
	}
	s := settle.New(settle.Options{
		Journal: j, Drivers: map[payment.DriverName]adapters.Driver{"fake": both},
		Account: func(payment.Attempt) (adapters.Account, error) { return acc, nil },
		Shop:    both, Sealer: plainSeal{}, Observer: quiet{}, Log: slog.New(slog.DiscardHandler),
		Now: time.Now, Wake: func() {},
	})
	var n atomic.Int64
	return func() error {
		now, id := time.Now(), "A"+strconv.FormatInt(n.Add(1), 10)
		_, err := s.Authenticated(context.Background(), payment.Attempt{
			ID: payment.AttemptID(id), OrderID: payment.OrderID("O" + id), PG: "pg", Driver: "fake", Merchant: "m", MID: "MID",
			Method: "card", Amount: 50000, OrderAmount: 50000, Currency: payment.CurrencyKRW, Test: true,
			CreatedAt: now, ExpiresAt: now.Add(30 * time.Minute), State: payment.StateOpened, NextCheck: now.Add(2 * time.Minute),
		}, adapters.Proof{AuthToken: payment.Secret("token-" + id), IDC: "stg", AuthenticatedAt: now})
		return err
	}
}

// BenchmarkSettle takes one attempt from the return to approved: claim, the shop's yes, approval, comparison,
// the message to the shop. Its time is the disk's: three commits after one another (claim, intent, result).
func BenchmarkSettle(b *testing.B) {
	one := settling(b)
	b.ReportAllocs()
	for b.Loop() {
		if err := one(); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkSettleTogether settles 64 at once for each processor: commits are shared.
func BenchmarkSettleTogether(b *testing.B) {
	one := settling(b)
	b.ReportAllocs()
	b.SetParallelism(64)
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if err := one(); err != nil {
				b.Error(err)
				return
			}
		}
	})
}
