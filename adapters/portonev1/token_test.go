package portonev1_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pg-gateway/pg-gateway/adapters"
	"github.com/pg-gateway/pg-gateway/adapters/onewrite"
	"github.com/pg-gateway/pg-gateway/adapters/portonev1"
	"github.com/pg-gateway/pg-gateway/payment"
)

// tokenPG counts what it is asked and gives out tokens t1, t2, ...
type tokenPG struct {
	fetched, reads, writes atomic.Int64
	// refuse is how many requests with a token are refused with a 401.
	refuse atomic.Int64
	// life is the life of a token in seconds.
	life atomic.Int64
	// gate, when not nil, holds every token request until it is closed.
	gate chan struct{}
	// asked, when not nil, is told of every token request.
	asked chan struct{}
}

func (p *tokenPG) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	if strings.HasSuffix(r.URL.Path, "/users/getToken") {
		if p.asked != nil {
			p.asked <- struct{}{}
		}
		if p.gate != nil {
			<-p.gate
		}
		n := p.fetched.Add(1)
		// Its clock is years away from ours: only the difference counts.
		_, _ = fmt.Fprintf(w, `{"code":0,"response":{"access_token":"t%d","now":100,"expired_at":%d}}`, n, 100+p.life.Load())
		return
	}
	if p.refuse.Add(-1) >= 0 {
		w.WriteHeader(http.StatusUnauthorized)
		_, _ = io.WriteString(w, `{"code":-1,"message":"Unauthorized","response":null}`)
		return
	}
	if r.Method == http.MethodGet {
		p.reads.Add(1)
		_, _ = io.WriteString(w, object("paid", "64900", "0", ""))
		return
	}
	p.writes.Add(1)
	_, _ = io.WriteString(w, object("cancelled", "64900", "64900", ""))
}

func newTokenPG(t *testing.T, now func() time.Time) (*tokenPG, *portonev1.Driver, adapters.Account) {
	t.Helper()
	pg := &tokenPG{}
	pg.life.Store(1800)
	srv := httptest.NewServer(pg)
	t.Cleanup(srv.Close)
	client := onewrite.New(onewrite.Options{})
	t.Cleanup(client.CloseIdleConnections)
	acc := account(srv.URL)
	acc.PG.ApproveTimeout, acc.PG.ReadTimeout = 5*time.Second, 5*time.Second
	return pg, portonev1.New(client, now), acc
}

func lookUp(t *testing.T, d *portonev1.Driver, acc adapters.Account) error {
	t.Helper()
	_, err := d.LookUp(t.Context(), adapters.LookUpRequest{Account: acc, Attempt: attempt(), PGTxID: impUID})
	return err
}

func TestTokenIsKeptForItsLifeLessTheMargin(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	pg, d, acc := newTokenPG(t, func() time.Time { return now })
	for _, tt := range []struct {
		after time.Duration
		want  int64
	}{{0, 1}, {1709 * time.Second, 1}, {1711 * time.Second, 2}, {1712 * time.Second, 2}} {
		now = time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC).Add(tt.after)
		if err := lookUp(t, d, acc); err != nil {
			t.Fatal(err)
		}
		if got := pg.fetched.Load(); got != tt.want {
			t.Errorf("after %s: %d tokens fetched, want %d", tt.after, got, tt.want)
		}
	}
}

func TestTokenNearItsEndIsNotFetchedForEveryRequest(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	pg, d, acc := newTokenPG(t, func() time.Time { return now })
	pg.life.Store(80)
	for range 3 {
		if err := lookUp(t, d, acc); err != nil {
			t.Fatal(err)
		}
	}
	if got := pg.fetched.Load(); got != 1 {
		t.Errorf("%d tokens fetched, want 1", got)
	}
	now = now.Add(21 * time.Second)
	_ = lookUp(t, d, acc)
	if got := pg.fetched.Load(); got != 2 {
		t.Errorf("%d tokens fetched after a quarter of its life, want 2", got)
	}
}

func TestOneRefreshAtATime(t *testing.T) {
	t.Parallel()
	pg, d, acc := newTokenPG(t, nil)
	pg.gate = make(chan struct{})
	var wg sync.WaitGroup
	errs := make(chan error, 20)
	for range 20 {
		wg.Go(func() { errs <- lookUp(t, d, acc) })
	}
	time.Sleep(50 * time.Millisecond)
	close(pg.gate)
	wg.Wait()
	close(errs)
	for err := range errs {
		if err != nil {
			t.Error(err)
		}
	}
	if got := pg.fetched.Load(); got != 1 {
		t.Errorf("%d tokens fetched by 20 callers, want 1", got)
	}
}

// Whoever came first may leave: the fetch goes on for those who wait, and they may leave too.
func TestACallerThatLeavesFailsNoOther(t *testing.T) {
	t.Parallel()
	for name, leaving := range map[string]int{"the first": 0, "one that waits": 1} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			pg, d, acc := newTokenPG(t, nil)
			pg.gate, pg.asked = make(chan struct{}), make(chan struct{}, 1)
			leave, cancel := context.WithCancel(t.Context())
			ctxs := []context.Context{t.Context(), t.Context()}
			ctxs[leaving] = leave
			errs := []chan error{make(chan error, 1), make(chan error, 1)}
			call := func(i int) {
				_, err := d.LookUp(ctxs[i], adapters.LookUpRequest{Account: acc, Attempt: attempt(), PGTxID: impUID})
				errs[i] <- err
			}
			go call(0)
			<-pg.asked
			go call(1)
			cancel()
			if err := <-errs[leaving]; !errors.Is(err, context.Canceled) || !errors.Is(err, adapters.ErrUnavailable) {
				t.Errorf("who left got %v", err)
			}
			close(pg.gate)
			if err := <-errs[1-leaving]; err != nil {
				t.Errorf("who stayed got %v", err)
			}
			if got := pg.fetched.Load(); got != 1 {
				t.Errorf("%d tokens fetched, want 1", got)
			}
		})
	}
}

func TestAnotherAccountHasAnotherToken(t *testing.T) {
	t.Parallel()
	pg, d, acc := newTokenPG(t, nil)
	other := *acc.PG
	other.Keys = other.Keys.WithSecret("imp_secret", "another")
	for _, p := range []*payment.PG{acc.PG, &other, acc.PG, &other} {
		if err := lookUp(t, d, adapters.Account{PG: p, Merchant: acc.Merchant}); err != nil {
			t.Fatal(err)
		}
	}
	if got := pg.fetched.Load(); got != 2 {
		t.Errorf("%d tokens fetched for 2 accounts", got)
	}
}

func TestARefusedTokenIsReplacedOnce(t *testing.T) {
	t.Parallel()
	cancel := func(d *portonev1.Driver, acc adapters.Account) error {
		_, err := d.Cancel(t.Context(), adapters.CancelRequest{
			Account: acc, Attempt: attempt(), PGTxID: impUID, Amount: 64_900, Remaining: 64_900, OperationID: "op-1",
		})
		return err
	}
	t.Run("a read", func(t *testing.T) {
		t.Parallel()
		pg, d, acc := newTokenPG(t, nil)
		pg.refuse.Store(1)
		if err := lookUp(t, d, acc); err != nil || pg.fetched.Load() != 2 {
			t.Errorf("%v after %d tokens", err, pg.fetched.Load())
		}
	})
	t.Run("a write, which a 401 says was not executed", func(t *testing.T) {
		t.Parallel()
		pg, d, acc := newTokenPG(t, nil)
		pg.refuse.Store(1)
		if err := cancel(d, acc); err != nil || pg.writes.Load() != 1 {
			t.Errorf("%v after %d writes", err, pg.writes.Load())
		}
	})
	t.Run("never twice", func(t *testing.T) {
		t.Parallel()
		pg, d, acc := newTokenPG(t, nil)
		pg.refuse.Store(100)
		if err := cancel(d, acc); !errors.Is(err, adapters.ErrRejected) || pg.fetched.Load() != 2 || pg.writes.Load() != 0 {
			t.Errorf("%v after %d tokens", err, pg.fetched.Load())
		}
	})
}

func TestWrongKeysAreRejectedNotUnknown(t *testing.T) {
	t.Parallel()
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusUnauthorized)
		_, _ = io.WriteString(w, `{"code":-1,"message":"인증에 실패하였습니다.","response":null}`)
	}))
	t.Cleanup(srv.Close)
	d := portonev1.New(onewrite.New(onewrite.Options{}), nil)
	_, err := d.Cancel(t.Context(), adapters.CancelRequest{
		Account: account(srv.URL), Attempt: attempt(), PGTxID: impUID, Amount: 1, Remaining: 1, OperationID: "op-1",
	})
	if !errors.Is(err, adapters.ErrRejected) || errors.Is(err, adapters.ErrUnknownOutcome) {
		t.Errorf("got %v", err)
	}
}
