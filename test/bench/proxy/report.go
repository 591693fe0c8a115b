//go:build linux

package main

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/pg-gateway/pg-gateway/test/bench/harness"
)

// report is all that was measured.
type report struct {
	options
	versions     string
	began, ended string
	turns        []turn
	crowds       []turn
	paced        []pacedTurn
	allocations  map[string]allocations
}

// allocations are those of one request, as the gateway's test holds them.
type allocations struct {
	Allocations float64 `json:"allocations"`
	Bytes       float64 `json:"bytes"`
}

// committedFile is where the test keeps them.
const committedFile = "gateway/testdata/allocations.json"

func committedAllocations() (map[string]allocations, error) {
	text, err := os.ReadFile(committedFile)
	if err != nil {
		return nil, fmt.Errorf("reading the allocations: %w", err)
	}
	var list map[string]allocations
	if err := json.Unmarshal(text, &list); err != nil {
		return nil, fmt.Errorf("reading the allocations: %w", err)
	}
	return list, nil
}

// goal is what a figure is to be at most, and what to reach for; "" where nothing is asked for.
type goal struct{ most, reach string }

// The goals of the gateway, by workload.
func goalsOf(workload string) (cpu, allocs goal) {
	switch workload {
	case passThrough:
		return goal{"1.15", "1.00"}, goal{"0", "0"}
	case apiCall:
		return goal{"1.15", ""}, goal{}
	case intercepted:
		return goal{"2.0", "1.25"}, goal{"40", ""}
	default:
		return goal{"2.5", "1.5"}, goal{"40", ""}
	}
}

// markdown is the report as it stands in the document.
func (r report) markdown() string {
	var doc strings.Builder
	fmt.Fprintf(&doc, "%d rounds of %s, %d connections, medians, %s; "+
		"load average %s at the beginning and %s at the end.\n\n",
		r.rounds, r.each, r.conns, r.versions, r.began, r.ended)
	r.costs(&doc)
	r.latencies(&doc)
	r.holds(&doc)
	return doc.String()
}

// costs is the table of processor time.
func (r report) costs(doc *strings.Builder) {
	doc.WriteString("| processor time per request | | µs | x nginx plain | at most | reach for | requests/s | p50 ms |\n" +
		"|---|---|---|---|---|---|---|---|\n")
	for _, w := range workloads() {
		for n, name := range w.by {
			what, cpu := "", goal{}
			if n == 0 {
				what = w.name
			}
			if name == targetGateway {
				cpu, _ = goalsOf(w.name)
			}
			mine := of(r.turns, w.name, name)
			fmt.Fprintf(doc, "| %s | %s | %.1f | %s | %s | %s | %.0f | %.2f |\n", what, shown(name),
				micro(harness.Median(mine, func(t turn) float64 { return float64(t.cpu) })),
				shownAs(name, fmt.Sprintf("%.2f", r.ratio(w.name, name))),
				cpu.most, cpu.reach, harness.Median(mine, func(t turn) float64 { return t.perSecond }),
				harness.Median(mine, func(t turn) float64 { return float64(t.p50) })/float64(time.Millisecond))
		}
	}
}

// latencies is the table of the open loop. The lowest of the rounds counts: what else the machine does only adds, and
// what a proxy does by itself it does in each.
func (r report) latencies(doc *strings.Builder) {
	p50 := func(t pacedTurn) time.Duration { return t.p50 }
	p99 := func(t pacedTurn) time.Duration { return t.p99 }
	fmt.Fprintf(doc, "\n| %d requests/s, open loop, lowest of %d | | p50 µs | p99 µs | p50 over nginx | at most "+
		"| p99 over nginx | at most |\n"+
		"|---|---|---|---|---|---|---|---|\n", r.rate, r.rounds)
	plain := r.pacedOf(passThrough, targetNginx)
	for _, w := range workloads() {
		for n, name := range w.by {
			what, most50, most99 := "", "", ""
			if n == 0 {
				what = w.name
			}
			if name == targetGateway && w.name == passThrough {
				most50, most99 = "10", "50"
			}
			mine := r.pacedOf(w.name, name)
			over := func(figure func(pacedTurn) time.Duration) string {
				return shownAs(name, fmt.Sprintf("%+d", (lowest(mine, figure)-lowest(plain, figure)).Microseconds()))
			}
			fmt.Fprintf(doc, "| %s | %s | %d | %d | %s | %s | %s | %s |\n", what, shown(name), lowest(mine, p50).Microseconds(),
				lowest(mine, p99).Microseconds(), over(p50), most50, over(p99), most99)
		}
	}
}

// holds is the table of memory and allocations.
func (r report) holds(doc *strings.Builder) {
	fmt.Fprintf(doc, "\n| memory at %d connections | | MB | at most | without its program "+
		"| allocations of a request | at most | bytes allocated |\n"+
		"|---|---|---|---|---|---|---|---|\n", r.crowd)
	for _, w := range workloads() {
		for n, name := range w.by {
			what, most, count, bytes, goals := "", "", "", "", goal{}
			if n == 0 {
				what = w.name
			}
			if name == targetGateway {
				_, goals = goalsOf(w.name)
				most = "25"
				if a, held := r.allocations[w.name]; held {
					count, bytes = fmt.Sprintf("**%.0f**", a.Allocations), fmt.Sprintf("%.0f", a.Bytes)
				}
			}
			mine := of(r.crowds, w.name, name)
			all := harness.Median(mine, func(t turn) float64 { return float64(t.memory.All) / 1e6 })
			own := harness.Median(mine, func(t turn) float64 { return float64(t.memory.Own) / 1e6 })
			fmt.Fprintf(doc, "| %s | %s | %s | %s | %.0f | %s | %s | %s |\n", what, shown(name),
				shownAs(name, fmt.Sprintf("%.0f", all)), most, own, count, goals.most, bytes)
		}
	}
}

// of are the turns of a proxy at a workload.
func of(turns []turn, workload, target string) (list []turn) {
	for _, t := range turns {
		if t.workload == workload && t.target == target {
			list = append(list, t)
		}
	}
	return list
}

func (r report) pacedOf(workload, target string) (list []pacedTurn) {
	for _, t := range r.paced {
		if t.workload == workload && t.target == target {
			list = append(list, t)
		}
	}
	return list
}

// ratio is the processor time of a request in that of nginx's plain proxying, of the same request where it does that,
// formed within each round.
func (r report) ratio(workload, target string) float64 {
	same := workload
	if len(of(r.turns, same, targetNginx)) == 0 {
		same = passThrough
	}
	return harness.Median(of(r.turns, workload, target), func(t turn) float64 {
		for _, plain := range of(r.turns, same, targetNginx) {
			if plain.round == t.round {
				return float64(t.cpu) / float64(plain.cpu)
			}
		}
		return 0
	})
}

// lowest is the lowest of a figure over a list that is not empty.
func lowest(list []pacedTurn, figure func(pacedTurn) time.Duration) time.Duration {
	least := figure(list[0])
	for _, t := range list {
		least = min(least, figure(t))
	}
	return least
}

func micro(nanoseconds float64) float64 { return nanoseconds / 1e3 }

// shown is a proxy's name in a table; ours stands out.
func shown(name string) string { return shownAs(name, name) }

func shownAs(name, text string) string {
	if name == targetGateway {
		return "**" + text + "**"
	}
	return text
}
