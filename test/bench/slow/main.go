//go:build linux

// Command slow measures what slow others cost a buyer: how long POST /checkout takes alone, beside approvals that a
// slow PG has not answered, and in a crowd of clients that send slowly or nothing. The gateway, with its sandbox for a
// PG, has one processor, the load and the shop the other; all is on loopback and in a folder that is removed in the
// end. The three have their turns in an order of chance, round by round, and what counts is the ratio to a buyer alone.
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

	rounds    int
	each      time.Duration
	rate      int
	approvals int
	delay     time.Duration
	crowd     crowd
}

func main() {
	var o options
	flag.IntVar(&o.rounds, "rounds", 7, "how often each has its turn")
	flag.DurationVar(&o.each, "each", 2*time.Second, "how long a turn is")
	flag.IntVar(&o.rate, "rate", 300, "checkouts a second of the open loop")
	flag.IntVar(&o.approvals, "approvals", 200, "how many approvals the PG has not answered; at most 250")
	flag.DurationVar(&o.delay, "delay", 5*time.Second, "how long the PG takes for one; longer than a turn")
	flag.IntVar(&o.crowd.heads, "heads", 2000, "how many of the crowd send the head of a request byte by byte")
	flag.IntVar(&o.crowd.idle, "idle", 5000, "how many of the crowd say nothing")
	flag.IntVar(&o.crowd.uploads, "uploads", 1024, "how many of the crowd send a body byte by byte")
	o.Flags()
	flag.Parse()
	harness.Main(&o.Common, "make bench-slow DOCS=1", o.measure)
}

// measure takes the turns, and returns the tables.
func (o *options) measure(ctx context.Context) (string, error) {
	b, err := newBench(ctx, *o)
	if err != nil {
		return "", err
	}
	defer b.Close()
	r := report{options: *o, began: harness.Load()}
	if r.turns, err = b.takeTurns(ctx); err != nil {
		return "", err
	}
	r.ended = harness.Load()
	return r.markdown(), nil
}
