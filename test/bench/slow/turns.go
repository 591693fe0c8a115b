//go:build linux

package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/pg-gateway/pg-gateway/test/bench/harness"
	"github.com/pg-gateway/pg-gateway/test/slowclients"
)

// beside is what stands beside the buyers of a turn.
type beside string

const (
	besideNothing   beside = "nothing"
	besideApprovals beside = "approvals"
	besideCrowd     beside = "crowd"
	besideCalls     beside = "calls"
)

// crowd is how many clients send slowly, or nothing.
type crowd struct{ heads, idle, uploads int }

// How long it is quiet behind a turn, and before its first checkout.
const (
	between = 2 * time.Second
	before  = 500 * time.Millisecond
)

// turn is how long checkouts took in one turn.
type turn struct {
	round    int
	beside   beside
	p50, p99 time.Duration
}

// bench is what runs: the gateway, the order service behind it, and the PG's stand-in. That is the sandbox, which the
// gateway serves itself; it does nothing but wait while an approval takes its time.
type bench struct {
	*harness.Bench
	options
	gateway, pg *harness.Target
	// api is PortOne V1's, as the gateway serves it.
	api *harness.Target
	// made counts the orders of buyers who come back.
	made int
}

// newBench builds and starts everything. Close is needed only when there is no error.
func newBench(ctx context.Context, o options) (*bench, error) {
	h, err := harness.New(ctx, o.Gateway, o.Alone)
	if err != nil {
		return nil, err
	}
	b := &bench{Bench: h, options: o}
	if err := b.open(ctx); err != nil {
		b.Close()
		return nil, err
	}
	return b, nil
}

func (b *bench) open(ctx context.Context) error {
	// What this process sends while the open loop runs must not take the gateway's processor.
	if err := harness.StayOff(); err != nil {
		return err
	}
	shop, err := b.Peer(ctx, "upstream", harness.LoadCore)
	if err != nil {
		return err
	}
	at, err := harness.FreeAddress()
	if err != nil {
		return err
	}
	api, err := harness.FreeAddress()
	if err != nil {
		return err
	}
	if b.gateway, err = b.Serve(ctx, shop.At, "-pgs", at, "-api", api); err != nil {
		return err
	}
	b.api = &harness.Target{Process: b.gateway.Process, Name: "PortOne V1's API", At: api}
	b.pg = &harness.Target{Process: b.gateway.Process, Name: "the PG's stand-in", At: at}
	return b.slowDown(ctx)
}

// takeTurns measures a buyer alone, beside slow approvals and in a crowd, round by round, in an order of chance.
func (b *bench) takeTurns(ctx context.Context) (list []turn, err error) {
	if err := b.PushOut(); err != nil {
		return nil, err
	}
	// Round 0 warms up.
	for round := range b.rounds + 1 {
		order := []beside{besideNothing, besideApprovals, besideCalls, besideCrowd}
		//nolint:gosec // nobody gains by knowing the order
		rand.Shuffle(len(order), func(i, j int) { order[i], order[j] = order[j], order[i] })
		for _, what := range order {
			if err := ctx.Err(); err != nil {
				return nil, err
			}
			took, err := b.turn(ctx, what)
			if err != nil {
				return nil, b.gateway.Fault(fmt.Errorf("beside %s: %w", what, err))
			}
			// What a turn leaves to be done, as payments to be told of and connections to be closed, is not the next one's.
			time.Sleep(between)
			if round > 0 {
				list = append(list, turn{round, what, took.At(0.5), took.At(0.99)})
			}
		}
		fmt.Fprintf(os.Stderr, "bench: round %d of %d is done\n", round, b.rounds)
	}
	return list, nil
}

func (b *bench) turn(ctx context.Context, what beside) (harness.Spent, error) {
	switch what {
	case besideApprovals:
		return b.besideApprovals(ctx)
	case besideCalls:
		return b.besideCalls(ctx)
	case besideCrowd:
		return b.inACrowd()
	case besideNothing:
	}
	return b.checkouts()
}

// checkouts sends checkouts of one order at their own pace. Any that is not answered with a window ends the run.
func (b *bench) checkouts() (harness.Spent, error) {
	time.Sleep(before)
	body := checkoutOf("BENCH-000000000")
	request := []byte("POST /checkout HTTP/1.1\r\nHost: " + b.gateway.At + "\r\n" +
		"Content-Type: application/json\r\nOrigin: http://localhost:8080\r\n" +
		"Content-Length: " + strconv.Itoa(len(body)) + "\r\n\r\n" + body)
	return harness.OpenLoop(b.gateway.At, request, harness.Pace{Rate: b.rate, Lasting: b.each, Alone: b.Alone})
}

// inACrowd is checkouts with the crowd around them.
func (b *bench) inACrowd() (harness.Spent, error) {
	// As much as a server reads of a body before it hands the request on.
	begun := strings.Repeat("x", 16<<10)
	var all, slow []net.Conn
	defer func() {
		for _, c := range all {
			_ = c.Close()
		}
	}()
	for _, part := range []struct {
		n     int
		begun string
	}{
		{b.crowd.idle, ""},
		{b.crowd.heads, "GET /goods HTTP/1.1\r\nHost: shop.example\r\nX-Slow: "},
		{b.crowd.uploads, "POST /api/carts HTTP/1.1\r\nHost: shop.example\r\nContent-Length: 1000000\r\n\r\n" + begun},
	} {
		conns, err := slowclients.Gather(b.gateway.At, part.n, part.begun)
		all = append(all, conns...)
		if err != nil {
			return nil, err
		}
		if part.begun != "" {
			slow = append(slow, conns...)
		}
	}
	over := make(chan struct{})
	var dripping sync.WaitGroup
	dripping.Go(func() { slowclients.Drip(slow, over) })
	defer dripping.Wait()
	defer close(over)
	return b.checkouts()
}
