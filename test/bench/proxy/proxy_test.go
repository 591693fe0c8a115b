//go:build linux

package main

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/pg-gateway/pg-gateway/test/bench/harness"
)

// made is a report whose figures are easy to follow. Round 2 was slow for all, which must not move a ratio.
func made(allocated map[string]allocations) report {
	r := report{options: options{rounds: 3, each: time.Second, conns: 64, crowd: 256, rate: 2000}, allocations: allocated}
	for round, slow := range []time.Duration{1, 3, 1} {
		for _, w := range workloads() {
			for _, name := range w.by {
				cpu, wait := 10*time.Microsecond, 100*time.Microsecond
				if name == targetGateway {
					cpu, wait = 15*time.Microsecond, 140*time.Microsecond
				}
				r.turns = append(r.turns, turn{round: round, target: name, workload: w.name, cpu: slow * cpu, perSecond: 1e5})
				r.paced = append(r.paced, pacedTurn{target: name, workload: w.name, p50: slow * wait, p99: 2 * slow * wait})
			}
		}
	}
	for _, w := range workloads() {
		for _, name := range w.by {
			r.crowds = append(r.crowds, turn{target: name, workload: w.name, memory: harness.Held{All: 20e6, Own: 5e6}})
		}
	}
	return r
}

func TestTheReport(t *testing.T) {
	t.Chdir(filepath.Join("..", "..", ".."))
	allocated, err := committedAllocations()
	if err != nil {
		t.Fatal(err)
	}
	for _, w := range workloads() {
		if allocated[w.name].Allocations == 0 {
			t.Errorf("%s knows no allocations of %q", committedFile, w.name)
		}
	}
	text := made(map[string]allocations{
		passThrough: {Allocations: 7, Bytes: 512}, intercepted: {Allocations: 9, Bytes: 1}, checkout: {Allocations: 9, Bytes: 1},
	}).markdown()
	for _, line := range []string{
		"| pass-through POST 1 KB | nginx, plain | 10.0 | 1.00 |  |  | 100000 | 0.00 |",
		"|  | **pg-gateway** | 15.0 | **1.50** | 1.15 | 1.00 | 100000 | 0.00 |",
		"| PortOne V1 call of 1 KB, token injected | nginx, plain | 10.0 | 1.00 |  |  | 100000 | 0.00 |",
		"|  | **pg-gateway** | 15.0 | **1.50** | 1.15 |  | 100000 | 0.00 |",
		"|  | **pg-gateway** | **20** | 25 | 5 |  |  |  |",
		"| intercepted checkout | nginx with Lua | 10.0 | 1.00 |",
		"|  | **pg-gateway** | 15.0 | **1.50** | 2.5 | 1.5 |",
		"|  | **pg-gateway** | 140 | 280 | **+40** | 10 | **+80** | 50 |",
		"|  | **pg-gateway** | **20** | 25 | 5 | **7** | 0 | 512 |",
	} {
		if !strings.Contains(text, line) {
			t.Errorf("the report lacks %q:\n%s", line, text)
		}
	}
}

func TestTheTableOfMemory(t *testing.T) {
	t.Parallel()
	text := flatTable([]part{
		{requests: 1_000_000, most: harness.Held{All: 70e6, Own: 45e6}}, {requests: 1_100_000, most: harness.Held{All: 71e6, Own: 46e6}},
	}, 256, 90*time.Second, "1.00 at the beginning and 2.00")
	const want = "From 256 connections, in turns of each kind, 1m30s in all; load average 1.00 at the beginning and 2.00 at the end.\n\n" +
		"| million requests | most MB | without its program |\n|---|---|---|\n| 1.0 | 70 | 45 |\n| 2.1 | 71 | 46 |\n"
	if text != want {
		t.Errorf("got\n%s\nwant\n%s", text, want)
	}
}
