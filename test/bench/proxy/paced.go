//go:build linux

package main

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/pg-gateway/pg-gateway/test/bench/harness"
)

// pacedTurn is what one proxy did in one turn of the open loop.
type pacedTurn struct {
	target, workload string
	p50, p99         time.Duration
}

// paced measures how long requests take that come at their own pace, whatever becomes of those before them: wrk sends
// the next when the last is answered, so that it spares whoever is slow.
func (b *bench) paced(ctx context.Context) (list []pacedTurn, err error) {
	if err := b.PushOut(); err != nil {
		return nil, err
	}
	for round := range b.rounds + 1 {
		for _, p := range b.pairs() {
			if err := ctx.Err(); err != nil {
				return nil, err
			}
			pace := harness.Pace{Rate: b.rate, Lasting: b.each, Alone: b.Alone}
			took, err := harness.OpenLoop(b.at(p.w, p.t), p.w.request(b.at(p.w, p.t)), pace)
			if err != nil {
				return nil, p.t.Fault(err)
			}
			if round > 0 {
				list = append(list, pacedTurn{target: p.t.Name, workload: p.w.name, p50: took.At(0.5), p99: took.At(0.99)})
			}
		}
	}
	fmt.Fprintln(os.Stderr, "bench: the open loop is done")
	return list, nil
}

// request is the workload's bytes on the wire, always of one order.
func (w workload) request(host string) []byte {
	body := strings.Replace(w.body, "#", "000000000", 1)
	origin := ""
	if from := w.origin(); from != "" {
		origin = "Origin: " + from + "\r\n"
	}
	return []byte("POST " + w.path + " HTTP/1.1\r\nHost: " + host + "\r\n" +
		"Content-Type: application/json\r\n" + origin +
		"Content-Length: " + strconv.Itoa(len(body)) + "\r\n\r\n" + body)
}
