package e2e

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// crowd is buyers who go on buying while the gateway, or what it stands on, breaks. They behave as people do:
// they come back twice, or not at all, give up, or try again in another window of the same order.
type crowd struct {
	t    *testing.T
	p    *gatewayProcess
	seed uint64
	wg   sync.WaitGroup
	ctx  context.Context
	stop context.CancelFunc
	// wishes are the clerks', where there are any.
	wishes wishes
	// keyV2 is a customer's billing key at V2, issuer the attempt that issued another one at V1.
	keyV2, issuer string

	mu     sync.Mutex
	counts map[string]int
	// told is what the gateway said of an attempt when it said something final.
	told map[string]string
}

const crowdSize = 8

// gather lets the buyers begin. Their choices depend on the seed alone; what the machine makes of them does not.
func gather(t *testing.T, p *gatewayProcess, seed uint64) *crowd {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	c := &crowd{t: t, p: p, seed: seed, ctx: ctx, stop: stop, counts: map[string]int{}, told: map[string]string{}}
	for n := range crowdSize {
		c.wg.Go(func() {
			rng := rand.New(rand.NewPCG(seed, uint64(n)))
			for ctx.Err() == nil {
				b := p.passer([]string{"card", "card", "kakaopay", "tosspay"}[rng.IntN(4)])
				b.device = []string{"pc", "mobile"}[rng.IntN(2)]
				b.http.Timeout = 30 * time.Second
				c.shopFor(ctx, b, rng)
				b.http.CloseIdleConnections()
				pause(ctx, rng, 40*time.Millisecond)
			}
		})
	}
	t.Cleanup(c.leave)
	return c
}

// leave lets the buyers finish what they are at and waits for them.
func (c *crowd) leave() {
	c.stop()
	c.wg.Wait()
}

func (c *crowd) count(what string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.counts[what]++
}

func (c *crowd) counted(what string) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.counts[what]
}

// String tells what the buyers met, most frequent words in order of the alphabet.
func (c *crowd) String() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	var parts []string
	for _, k := range slices.Sorted(maps.Keys(c.counts)) {
		parts = append(parts, fmt.Sprintf("%s %d", k, c.counts[k]))
	}
	return strings.Join(parts, ", ")
}

func pause(ctx context.Context, rng *rand.Rand, most time.Duration) {
	select {
	case <-time.After(time.Duration(rng.Int64N(int64(most)))):
	case <-ctx.Done():
	}
}

// comesBack tells whether a refusal is for a while: the gateway cannot serve now, or was asked too fast.
func comesBack(p *problem) bool { return p.Status >= 500 || p.Code == "RATE_LIMITED" }

// persist calls do until the gateway answers something: a process that is down is tried again for a while.
func persist(ctx context.Context, rng *rand.Rand, do func(context.Context) error) error {
	var err error
	for range 200 {
		// What was begun is not broken off by the end of the test.
		if err = do(context.WithoutCancel(ctx)); err == nil {
			return nil
		}
		if p, ok := problemOf(err); (ok && !comesBack(p)) || ctx.Err() != nil {
			return err
		}
		pause(ctx, rng, 200*time.Millisecond)
	}
	return err
}

// shopFor takes one order through up to three attempts.
func (c *crowd) shopFor(ctx context.Context, b *buyer, rng *rand.Rand) {
	var v visit
	err := persist(ctx, rng, func(ctx context.Context) (err error) {
		v.order, err = b.order(ctx)
		return err
	})
	if err != nil {
		c.count("no order made")
		return
	}
	c.count("orders")
	c.cheat(context.WithoutCancel(ctx), b, rng, v.order)
	for try := range 3 {
		if try > 0 {
			c.count("another window of the same order")
		}
		if !c.attempt(ctx, b, rng, &v) {
			return
		}
	}
}

// attempt opens one window, plays it and comes back or not; it tells whether the buyer tries again.
func (c *crowd) attempt(ctx context.Context, b *buyer, rng *rand.Rand, v *visit) (again bool) {
	err := persist(ctx, rng, func(ctx context.Context) (err error) {
		v.window, err = b.checkout(ctx, v.order)
		return err
	})
	if err != nil {
		if p, ok := problemOf(err); ok {
			c.count("refused " + p.Code)
			if !comesBack(p) && !slices.Contains([]string{"ORDER_ALREADY_PAID", "ORDER_IN_PROGRESS", "PAYMENT_UNKNOWN"}, p.Code) {
				c.t.Errorf("a checkout was refused: %v", p)
			}
		}
		return false
	}
	button := []string{"pay", "pay", "pay", "pay", "pay", "pay", "pay", "pay", "cancel", "fail"}[rng.IntN(10)]
	if v.ret, err = c.playTricks(context.WithoutCancel(ctx), b, rng, v.window, button); err != nil {
		if !strings.Contains(err.Error(), "PG's fault") {
			c.t.Errorf("playing the window: %v", err)
		}
		return false
	}
	return c.comeBack(ctx, b, rng, *v)
}

// comeBack brings the window's result to the gateway, in one of the ways that browsers do. The visit is a copy:
// a second click may still be on its way when the buyer has opened another window.
func (c *crowd) comeBack(ctx context.Context, b *buyer, rng *rand.Rand, v visit) (again bool) {
	once := func() (outcome, error) {
		out, err := b.bring(context.WithoutCancel(ctx), v.ret)
		c.hear(v, out, err)
		return out, err
	}
	switch rng.IntN(10) {
	case 0: // The buyer closes his browser.
		c.count("buyers who never came back")
		return false
	case 1, 2: // A double click.
		c.wg.Go(func() { _, _ = once() })
		out, err := once()
		return err != nil || out.status == "cancelled"
	case 3, 4, 5: // An error page, and the buyer does not reload it: he starts again or gives up.
		out, err := once()
		return (err != nil || out.status == "declined") && rng.IntN(2) == 0
	}
	var out outcome
	err := persist(ctx, rng, func(context.Context) (err error) {
		out, err = once()
		if err == nil && (comesBack(&problem{Status: out.http, Code: out.code}) || out.code == "JOURNAL_UNAVAILABLE" || out.status == "pending") {
			err = &problem{Status: 503, Code: out.code}
		}
		return err
	})
	return err == nil && (out.status == "cancelled" || out.status == "refused")
}

// hear remembers what the gateway said, and that it does not contradict itself.
func (c *crowd) hear(v visit, out outcome, err error) {
	if err != nil {
		c.count("returns that met a dead gateway")
		return
	}
	said := out.status
	if said == "" || out.code == "JOURNAL_UNAVAILABLE" {
		said = fmt.Sprintf("%d %s", out.http, out.code)
	}
	c.count("told " + said)
	c.mu.Lock()
	defer c.mu.Unlock()
	if out.attempt != "" && out.attempt != v.window.Attempt {
		c.t.Errorf("the return of attempt %s was answered for attempt %s", v.window.Attempt, out.attempt)
	}
	before := c.told[v.window.Attempt]
	switch {
	case out.status == "approved" && before != "" && before != "approved",
		before == "approved" && slices.Contains([]string{"declined", "refused", "cancelled", "expired"}, out.status):
		c.t.Errorf("attempt %s was told to be %s and then %s", v.window.Attempt, before, out.status)
	}
	if slices.Contains([]string{"approved", "declined", "refused", "cancelled", "expired"}, out.status) && out.code == "" {
		c.told[v.window.Attempt] = out.status
	}
}
