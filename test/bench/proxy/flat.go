//go:build linux

package main

import (
	"context"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/pg-gateway/pg-gateway/test/bench/harness"
)

// flatParts is into how many parts the requests are told of.
const flatParts = 10

// part is a share of the requests, and the most that the gateway held meanwhile.
type part struct {
	requests int64
	most     harness.Held
}

// flat sends the gateway many requests of all kinds from a crowd, and tells what it held as they went on: what leaks a
// little with each shows here.
func (o *options) flat(ctx context.Context) (string, error) {
	b, err := newBench(ctx, *o)
	if err != nil {
		return "", err
	}
	defer b.Close()
	began, since := harness.Load(), time.Now()
	var parts []part
	var all int64
	for len(parts) < flatParts {
		p, err := b.flatPart(ctx, o.requests/flatParts)
		if err != nil {
			return "", err
		}
		all += p.requests
		parts = append(parts, p)
		fmt.Fprintf(os.Stderr, "bench: %d of %d requests are done\n", all, o.requests)
	}
	return flatTable(parts, o.crowd, time.Since(since), began+" at the beginning and "+harness.Load()), nil
}

// flatPart sends at least that many requests, kind by kind.
func (b *bench) flatPart(ctx context.Context, requests int64) (p part, err error) {
	for p.requests < requests {
		for _, w := range workloads() {
			var most harness.Held
			got, err := b.turn(ctx, w, b.targets[targetGateway], b.crowd, &most)
			if err != nil {
				return p, err
			}
			p.requests += got.requests
			p.most = harness.Held{All: max(p.most.All, most.All), Own: max(p.most.Own, most.Own)}
		}
	}
	return p, nil
}

// flatTable is the report as it stands in the document.
func flatTable(parts []part, crowd int, took time.Duration, load string) string {
	var doc strings.Builder
	fmt.Fprintf(&doc, "From %d connections, in turns of each kind, %s in all; load average %s at the end.\n\n",
		crowd, took.Round(time.Second), load)
	doc.WriteString("| million requests | most MB | without its program |\n|---|---|---|\n")
	var all int64
	for _, p := range parts {
		all += p.requests
		fmt.Fprintf(&doc, "| %.1f | %.0f | %.0f |\n", float64(all)/1e6, float64(p.most.All)/1e6, float64(p.most.Own)/1e6)
	}
	return doc.String()
}
