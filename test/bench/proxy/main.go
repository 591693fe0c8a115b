//go:build linux

// Command proxy measures what the gateway costs beside nginx, HAProxy, a bare fasthttp proxy, and nginx with Lua that
// does the work of a checkout, all in one run and in turns. The proxies have one processor, the load and the shop the
// other; all is on loopback and in a folder that is removed in the end. Times say more about the machine than about
// the gateway, so what counts is how often nginx's.
package main

import (
	"context"
	"flag"
	"time"

	"github.com/pg-gateway/pg-gateway/test/bench/harness"
)

// options are what a run is made of.
type options struct {
	harness.Common

	rounds int
	each   time.Duration
	conns  int
	crowd  int
	rate   int
	// requests are those of a run that only looks whether memory stays flat; 0 for a run that measures the rest.
	requests int64
}

func main() {
	var o options
	flag.IntVar(&o.rounds, "rounds", 5, "how often each proxy has its turn")
	flag.DurationVar(&o.each, "each", 2*time.Second, "how long a turn is")
	flag.IntVar(&o.conns, "connections", 64, "how many connections the load has")
	flag.IntVar(&o.crowd, "crowd", 256, "how many connections the memory is measured at")
	flag.IntVar(&o.rate, "rate", 2000, "requests a second of the open loop")
	flag.Int64Var(&o.requests, "flat", 0, "send the gateway so many requests of all kinds, and only look at its memory")
	o.Flags()
	flag.Parse()
	if o.requests > 0 {
		harness.Main(&o.Common, "make bench-flat DOCS=1", o.flat)
		return
	}
	harness.Main(&o.Common, "make bench-proxy DOCS=1", o.measure)
}

// measure takes the turns, and returns the tables.
func (o *options) measure(ctx context.Context) (string, error) {
	b, err := newBench(ctx, *o)
	if err != nil {
		return "", err
	}
	defer b.Close()
	r := report{options: *o, versions: b.versions(ctx), began: harness.Load()}
	if r.turns, err = b.takeTurns(ctx); err != nil {
		return "", err
	}
	if r.crowds, err = b.crowds(ctx); err != nil {
		return "", err
	}
	if r.paced, err = b.paced(ctx); err != nil {
		return "", err
	}
	if r.allocations, err = committedAllocations(); err != nil {
		return "", err
	}
	r.ended = harness.Load()
	return r.markdown(), nil
}
