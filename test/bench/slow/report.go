//go:build linux

package main

import (
	"fmt"
	"strings"
	"time"

	"github.com/pg-gateway/pg-gateway/test/bench/harness"
)

// report is all that was measured.
type report struct {
	options
	began, ended string
	turns        []turn
}

// markdown is the report as it stands in the document.
func (r report) markdown() string {
	var doc strings.Builder
	fmt.Fprintf(&doc, "%d rounds of %s, medians; load average %s at the beginning and %s at the end.\n\n"+
		"| `POST /checkout`, %d/s, open loop | p50 µs | p99 µs | p50 x alone | p99 x alone |\n|---|---|---|---|---|\n",
		r.rounds, r.each, r.began, r.ended, r.rate)
	for _, row := range []struct {
		beside beside
		says   string
	}{
		{besideNothing, "alone"},
		{besideApprovals, fmt.Sprintf("beside %d approvals that take %s", r.approvals, r.delay)},
		{besideCalls, fmt.Sprintf("beside %d calls of PortOne V1's API that take %s", r.approvals, r.delay)},
		{besideCrowd, fmt.Sprintf("in a crowd of %d slow heads, %d idle connections and %d slow uploads",
			r.crowd.heads, r.crowd.idle, r.crowd.uploads)},
	} {
		mine := r.of(row.beside)
		p50 := func(t turn) float64 { return float64(t.p50) }
		p99 := func(t turn) float64 { return float64(t.p99) }
		micro := func(figure func(turn) float64) float64 {
			return harness.Median(mine, figure) / float64(time.Microsecond)
		}
		fmt.Fprintf(&doc, "| %s | %.0f | %.0f | %.2f | **%.2f** |\n",
			row.says, micro(p50), micro(p99), r.ratio(mine, p50), r.ratio(mine, p99))
	}
	return doc.String()
}

func (r report) of(what beside) (list []turn) {
	for _, t := range r.turns {
		if t.beside == what {
			list = append(list, t)
		}
	}
	return list
}

// ratio is a figure in that of a buyer alone, formed within each round.
func (r report) ratio(mine []turn, figure func(turn) float64) float64 {
	return harness.Median(mine, func(t turn) float64 {
		for _, alone := range r.of(besideNothing) {
			if alone.round == t.round {
				return figure(t) / figure(alone)
			}
		}
		return 0
	})
}
