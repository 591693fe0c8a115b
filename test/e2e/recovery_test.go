package e2e

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"database/sql"
	"encoding/base64"
	"flag"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pg-gateway/pg-gateway/adapters/inicis"
	"github.com/pg-gateway/pg-gateway/adapters/portonev1"
	"github.com/pg-gateway/pg-gateway/adapters/portonev2"
	"github.com/pg-gateway/pg-gateway/journal"
	"github.com/pg-gateway/pg-gateway/payment"
)

var recoveryAttempts = flag.Int("recovery.attempts", 2000, "how many attempts TestRecovery leaves open")

// leftover is a kind of attempt that a gateway leaves behind when it dies.
type leftover struct {
	name string
	// share is how many of a hundred are of this kind.
	share int
	state payment.State
	by    payment.DriverName
	// proof tells that the journal keeps a sealed proof of it.
	proof bool
	// end is what a look makes of it; state itself, when only time will tell.
	end payment.State
}

func leftovers() []leftover {
	const inicis, v1, v2 = inicis.Name, portonev1.Name, portonev2.Name
	return []leftover{
		{"window-v2", 35, payment.StateOpened, v2, false, payment.StateOpened},
		{"window-v1", 5, payment.StateOpened, v1, false, payment.StateOpened},
		{"claimed", 10, payment.StateClaimed, inicis, true, payment.StateRefused},
		{"netcancel", 20, payment.StateApproving, inicis, true, payment.StateCancelled},
		{"approving-v2", 10, payment.StateApproving, v2, true, payment.StateApproved},
		{"unknown", 10, payment.StateUnknown, v2, true, payment.StateUnknown},
		{"cancelling", 5, payment.StateCancelling, inicis, false, payment.StateCancelled},
		{"captured", 5, payment.StateCaptured, v2, false, payment.StateApproved},
	}
}

// attempt is the n-th attempt of this kind, authenticated a minute ago in a window that is over.
func (l leftover) attempt(n int, now time.Time) payment.Attempt {
	id := fmt.Sprintf("%s%s-%d", leftPrefix, l.name, n)
	a := payment.Attempt{
		ID: payment.AttemptID(id), OrderID: payment.OrderID(id), PG: "inicis", Driver: l.by, Merchant: "1001", MID: "INIpayTest",
		Method: "card", Amount: 15_000, OrderAmount: 15_000, Currency: payment.CurrencyKRW, Test: true, Device: payment.DevicePC,
		Site: "main", Purpose: payment.PurposeOneTime, OrderName: "연필 세 자루", ReturnURL: "http://localhost:8080/result",
		RulesVersion: "before", CreatedAt: now.Add(-time.Hour), ExpiresAt: now.Add(-30 * time.Minute),
		NextCheck: now.Add(-time.Second - rand.N(10*time.Minute)),
	}
	if l.by == portonev1.Name {
		a.PG, a.Merchant, a.Method = "portone1", "2101", "tosspay"
	}
	if l.by == portonev2.Name {
		a.PG, a.Merchant, a.Method, a.ManualConfirm = "portone", "2001", "kakaopay", true
	}
	return a
}

// leave writes the attempt as the gateway that died had it.
func (l leftover) leave(ctx context.Context, j *journal.Journal, a payment.Attempt, now time.Time) error {
	c := journal.Claim{To: l.state, NextCheck: a.NextCheck, Event: journal.Event{Kind: "left"}}
	if l.proof {
		sealed, err := sealedProof(a.ID, now.Add(-time.Minute))
		if err != nil {
			return err
		}
		c.ProofHash, c.SealedProof = "hash of "+string(a.ID), sealed
	}
	if l.state == payment.StateOpened {
		return j.Insert(ctx, a, journal.Event{Kind: "opened"})
	}
	if l.state == payment.StateCancelling {
		c.To = payment.StateUnknown
		if err := j.Claim(ctx, a, c); err != nil {
			return err
		}
		_, err := j.Move(ctx, journal.Transition{
			ID: a.ID, From: []payment.State{c.To}, To: l.state, Reason: "approval_answer_lost", NextCheck: a.NextCheck,
		})
		return err
	}
	if l.state == payment.StateUnknown {
		a.Reason = "approval_answer_lost"
	}
	return j.Claim(ctx, a, c)
}

// sealedProof seals a proof with sharedKey, as a gateway that has this token_key does.
func sealedProof(id payment.AttemptID, at time.Time) ([]byte, error) {
	key, err := base64.StdEncoding.DecodeString(sharedKey)
	if err != nil {
		return nil, err
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		return nil, err
	}
	plain := fmt.Sprintf(`{"t":"token-%s","i":"stg","a":%d}`, id, at.UnixMilli())
	return aead.Seal(nil, nil, []byte(plain), []byte("proof:"+id)), nil
}

// fill leaves n attempts in the journal and tells how many of each kind.
func fill(t *testing.T, cfg journal.Config, n int, now time.Time) map[string]int {
	t.Helper()
	var wg sync.WaitGroup
	work := make(chan func(*journal.Journal) error, 256)
	writers := 1
	if cfg.Driver == journal.DriverPostgres {
		writers = 4
	}
	for range writers {
		j, err := journal.Open(t.Context(), cfg)
		if err != nil {
			t.Fatal(err)
		}
		defer j.Close()
		// Few, so that what shares a commit is written within the journal's patience on the slowest disk.
		for range 16 {
			wg.Go(func() {
				for do := range work {
					if err := do(j); err != nil {
						t.Error(err)
					}
				}
			})
		}
	}
	kinds := map[string]int{}
	for i := range n {
		at := i % 100
		for _, l := range leftovers() {
			if at -= l.share; at >= 0 {
				continue
			}
			kinds[l.name]++
			work <- func(j *journal.Journal) error { return l.leave(t.Context(), j, l.attempt(i, now), now) }
			break
		}
	}
	close(work)
	wg.Wait()
	return kinds
}

// A gateway that starts on a journal with many open attempts looks at every one soon, while buyers buy.
func TestRecovery(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"sqlite", "postgres"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			db := onSQLite()
			if name == "postgres" {
				db = onPostgres(t, startPostgres(t))
			}
			// With the timeouts as shipped: on a busy machine an answer that is prompt may take seconds.
			p := prepare(t, apart, db.use, withSharedKey)
			front := p.sandbox
			p.sandbox = freePort(t)
			p.runSandbox()
			prompt := servePrompt(t, front, p.sandbox)
			now := time.Now()
			kinds := fill(t, db.open(p), *recoveryAttempts, now)
			t.Logf("%d attempts were left in %s: %v", *recoveryAttempts, time.Since(now).Round(time.Second), kinds)
			p.recover(db, now)
			p.stop()
			t.Logf("the gateway used %s of processor time", (p.cmd.ProcessState.UserTime() + p.cmd.ProcessState.SystemTime()).Round(time.Second))
			if again := prompt.repeated(); again != "" {
				t.Errorf("money was asked to move again for %s", again)
			}
			mustHaveEnded(t, db.open(p), kinds)
			if strings.Contains(p.log.String(), "a proof cannot be opened") {
				t.Error("the proofs of this test cannot be opened")
			}
		})
	}
}

// recover starts the gateway and waits until everything that was due by then was looked at.
func (p *gatewayProcess) recover(db database, due time.Time) {
	p.t.Helper()
	raw, err := sql.Open(db.raw(p))
	if err != nil {
		p.t.Fatal(err)
	}
	defer raw.Close()
	began := time.Now()
	p.run()
	p.t.Cleanup(p.stop)
	ready := time.Since(began)
	shoppers := goShopping(p)
	query := fmt.Sprintf(`SELECT count(*) FROM attempts WHERE next_check > 0 AND next_check <= %d`, due.UnixMilli())
	for left := -1; left != 0; time.Sleep(100 * time.Millisecond) {
		if err := raw.QueryRowContext(p.t.Context(), query).Scan(&left); err != nil {
			p.t.Fatal(err)
		}
		if time.Since(began) > 10*time.Minute {
			p.t.Fatalf("after %s %d attempts were not looked at", time.Since(began), left)
		}
	}
	took := time.Since(began)
	p.t.Logf("ready after %s; every attempt was looked at after %s; meanwhile: %s",
		ready.Round(time.Millisecond), took.Round(100*time.Millisecond), shoppers.leave())
	p.waitFor("the shop to hear of everything", 5*time.Minute, func() bool {
		var left int
		if err := raw.QueryRowContext(p.t.Context(), `SELECT count(*) FROM outbox WHERE status <> 'done'`).Scan(&left); err != nil {
			p.t.Fatal(err)
		}
		return left == 0
	})
	p.t.Logf("the shop had heard of everything after %s", time.Since(began).Round(100*time.Millisecond))
}

// shoppers buy steadily and take the time of it.
type shoppers struct {
	wg   sync.WaitGroup
	stop context.CancelFunc
	mu   sync.Mutex
	took map[string][]time.Duration
	t    *testing.T
}

func goShopping(p *gatewayProcess) *shoppers {
	ctx, stop := context.WithCancel(p.t.Context())
	s := &shoppers{stop: stop, took: map[string][]time.Duration{}, t: p.t}
	for _, method := range []string{"card", "kakaopay"} {
		b := p.buyer(method)
		s.wg.Go(func() {
			for ctx.Err() == nil {
				if err := s.buy(context.WithoutCancel(ctx), b); err != nil {
					s.t.Errorf("buying while the gateway recovers: %v", err)
				}
				time.Sleep(20 * time.Millisecond)
			}
		})
	}
	return s
}

func (s *shoppers) buy(ctx context.Context, b *buyer) error {
	o, err := b.order(ctx)
	if err != nil {
		return err
	}
	began := time.Now()
	w, err := b.checkout(ctx, o)
	if err != nil {
		return err
	}
	s.add("checkout by "+b.method, time.Since(began))
	r, err := b.play(ctx, w, "pay")
	if err != nil {
		return err
	}
	began = time.Now()
	out, err := b.bring(ctx, r)
	if err == nil && out.status != "approved" {
		err = fmt.Errorf("a purchase ended as %+v", out)
	}
	s.add("settle by "+b.method, time.Since(began))
	return err
}

func (s *shoppers) add(what string, took time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.took[what] = append(s.took[what], took)
}

// leave ends the shopping and tells how long things took.
func (s *shoppers) leave() string {
	s.stop()
	s.wg.Wait()
	var lines []string
	for _, what := range slices.Sorted(maps.Keys(s.took)) {
		took := s.took[what]
		slices.Sort(took)
		lines = append(lines, fmt.Sprintf("%s: %d, p50 %s, p99 %s, longest %s", what, len(took), took[len(took)/2].Round(100*time.Microsecond),
			took[len(took)*99/100].Round(100*time.Microsecond), took[len(took)-1].Round(100*time.Microsecond)))
	}
	return strings.Join(lines, "; ")
}

// mustHaveEnded checks that every attempt became what the PG's answer makes of it.
func mustHaveEnded(t *testing.T, cfg journal.Config, kinds map[string]int) {
	t.Helper()
	j, err := journal.Open(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	defer j.Close()
	open := map[payment.State]int{}
	for _, l := range leftovers() {
		if !l.end.Final() {
			open[l.end] += kinds[l.name]
		}
	}
	stats, err := j.Stats(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range stats.Open {
		if s.Count != open[s.State] {
			t.Errorf("%d attempts are %s, want %d", s.Count, s.State, open[s.State])
		}
	}
	if faults, err := j.Check(t.Context()); err != nil || len(faults) > 0 {
		t.Errorf("the journal is not sound: %v %v", faults, err)
	}
	for i := range *recoveryAttempts / max(1, *recoveryAttempts/200) {
		at := i % 100
		for _, l := range leftovers() {
			if at -= l.share; at >= 0 {
				continue
			}
			id := payment.AttemptID(fmt.Sprintf("%s%s-%d", leftPrefix, l.name, i))
			if a, _, err := j.Attempt(t.Context(), id); err != nil || a.State != l.end || !l.end.Final() && a.Checks == 0 {
				t.Errorf("attempt %s is %s after %d checks, want %s: %v", id, a.State, a.Checks, l.end, err)
			}
			break
		}
	}
}
