//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/pg-gateway/pg-gateway/test/bench/harness"
)

// workload is a kind of request.
type workload struct {
	name, path, body string
	// holds is what a right answer has in it: a proxy that refused all would be the fastest.
	holds []string
	// by are who can do it.
	by []string
}

// origin is the page that a request comes from; an order service has none.
func (w workload) origin() string {
	if w.name == apiCall {
		return ""
	}
	return "http://localhost:8080"
}

const buyer = `"buyer":{"name":"Hong Gildong","email":"gildong@example.com","tel":"010-4242-4242"}`

// order is what a storefront posts to its own server, of 1 KB.
func order() string {
	const head = `{"goods":[{"goodsNo":"G-1001","qty":1,"option":"black","giftWrap":false}],` +
		`"payMeans":[{"payWayCd":"11"}],` +
		buyer + `,"delivery":{"receiver":"Hong Gildong","zip":"04524","address":"110 Sejong-daero, Jung-gu, Seoul","memo":"`
	const tail = `"},"agreed":true,"return_url":"http://localhost:8080/result"}`
	return head + strings.Repeat("leave it at the door; ", 60)[:1024-len(head)-len(tail)] + tail
}

// The workloads.
const (
	passThrough = "pass-through POST 1 KB"
	intercepted = "intercepted checkout"
	checkout    = "POST /checkout with order look-up"
	apiCall     = "PortOne V1 call of 1 KB, token injected"
)

func workloads() []workload {
	window := []string{`"signature"`, `"verification"`, `"mKey"`, `"merchantData"`, `INIpayTest`, `BENCH-`}
	return []workload{
		{
			name: passThrough, path: "/api/carts", body: order(), holds: []string{`"ok":true`},
			by: []string{targetNginx, targetHAProxy, targetBare, targetGateway},
		},
		{
			name: apiCall, path: "/receipts/imp_123456789012", body: order(), holds: []string{`"ok":true`},
			by: []string{targetNginx, targetGateway},
		},
		{name: intercepted, path: "/api/orders", body: order(), holds: window, by: []string{targetLua, targetGateway}},
		{
			name: checkout, path: "/checkout", holds: window, by: []string{targetLua, targetGateway},
			body: `{"order_id":"BENCH-#","amount":64900,"payments":[{"method":"card","amount":64900}],` + buyer +
				`,"site":"main","device":"pc","return_url":"http://localhost:8080/result"}`,
		},
	}
}

// turn is what one proxy did in one turn.
type turn struct {
	round            int
	target, workload string
	// cpu is the processor time of a request, p50 and p99 how long one took.
	cpu, p50, p99 time.Duration
	perSecond     float64
	requests      int64
	// memory is the most that the proxy held.
	memory harness.Held
}

// pair is a proxy that does a workload.
type pair struct {
	w workload
	t *harness.Target
}

// pairs are all of them, in an order of chance.
func (b *bench) pairs() (list []pair) {
	for _, w := range workloads() {
		for _, name := range w.by {
			list = append(list, pair{w, b.targets[name]})
		}
	}
	//nolint:gosec // nobody gains by knowing the order
	rand.Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
	return list
}

// takeTurns measures each proxy at each workload that it can do, round by round, in an order of chance.
func (b *bench) takeTurns(ctx context.Context) (list []turn, err error) {
	for _, p := range b.pairs() {
		if err := check(ctx, p.t, b.at(p.w, p.t), p.w); err != nil {
			return nil, err
		}
	}
	// Round 0 warms up.
	for round := range b.rounds + 1 {
		for _, p := range b.pairs() {
			got, err := b.turn(ctx, p.w, p.t, b.conns, nil)
			if err != nil {
				return nil, err
			}
			if got.round = round; round > 0 {
				list = append(list, got)
			}
		}
		fmt.Fprintf(os.Stderr, "bench: round %d of %d is done\n", round, b.rounds)
	}
	return list, nil
}

// crowds measures what each holds while many are connected.
func (b *bench) crowds(ctx context.Context) (list []turn, err error) {
	for _, p := range b.pairs() {
		var most harness.Held
		got, err := b.turn(ctx, p.w, p.t, b.crowd, &most)
		if err != nil {
			return nil, err
		}
		got.memory = most
		list = append(list, got)
	}
	return list, nil
}

// turn is one run of wrk. Where memory is not nil the most that the proxy holds meanwhile goes there; to look at that
// takes processor time, so it is another run's business than to measure that.
func (b *bench) turn(
	ctx context.Context, w workload, t *harness.Target, conns int, memory *harness.Held,
) (turn, error) {
	body := filepath.Join(b.Dir, "request.json")
	if err := os.WriteFile(body, []byte(w.body), 0o600); err != nil {
		return turn{}, fmt.Errorf("writing a body: %w", err)
	}
	before, err := t.CPU()
	if err != nil {
		return turn{}, err
	}
	ended := make(chan struct{})
	var watching sync.WaitGroup
	if memory != nil {
		watching.Go(func() { *memory = mostMemory(t, ended) })
	}
	argv := b.Pinned(harness.LoadCore,
		"wrk", "-t1", "-c"+strconv.Itoa(conns), "-d"+strconv.Itoa(int(b.each.Seconds()))+"s", "--latency",
		"-s", filepath.Join(b.Dir, "wrk.lua"), "http://"+b.at(w, t)+w.path, "--", w.path, body, w.origin())
	out, err := exec.CommandContext(ctx, argv[0], argv[1:]...).CombinedOutput() //nolint:gosec // our own words
	close(ended)
	watching.Wait()
	got := turn{target: t.Name, workload: w.name}
	if err != nil {
		return turn{}, fmt.Errorf("loading %s: %w\n%s", t.Name, err, out)
	}
	after, err := t.CPU()
	if err != nil {
		return turn{}, err
	}
	err = got.read(string(out), after-before)
	return got, err
}

// read takes wrk's figures.
func (t *turn) read(out string, cpu time.Duration) error {
	var took, p50, p99, requests, errs int64
	_, line, _ := strings.Cut(out, "figures ")
	if _, err := fmt.Sscan(line, &took, &p50, &p99, &requests, &errs); err != nil {
		return fmt.Errorf("reading what wrk says of %s: %w\n%s", t.target, err, out)
	}
	if errs > 0 || requests == 0 {
		return fmt.Errorf("%s failed %d of %d requests of %s, so its figures mean nothing\n%s",
			t.target, errs, requests, t.workload, out)
	}
	t.p50, t.p99 = time.Duration(p50)*time.Microsecond, time.Duration(p99)*time.Microsecond
	t.requests, t.perSecond = requests, float64(requests)/(float64(took)/1e6)
	t.cpu = cpu / time.Duration(requests)
	return nil
}

// mostMemory looks at what a proxy holds, now and then until told to stop.
func mostMemory(t *harness.Target, until <-chan struct{}) (most harness.Held) {
	again := time.NewTicker(400 * time.Millisecond)
	defer again.Stop()
	for {
		select {
		case <-until:
			return most
		case <-again.C:
			if m, err := t.Memory(); err == nil {
				most = harness.Held{All: max(most.All, m.All), Own: max(most.Own, m.Own)}
			}
		}
	}
}

// check sends one request of a workload and looks whether the work was done.
func check(ctx context.Context, t *harness.Target, at string, w workload) error {
	body := strings.Replace(w.body, "#", "000000000", 1)
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+at+w.path, strings.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	if origin := w.origin(); origin != "" {
		req.Header.Set("Origin", origin)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return t.Fault(err)
	}
	text, err := io.ReadAll(res.Body)
	if err := errors.Join(err, res.Body.Close()); err != nil {
		return t.Fault(err)
	}
	for _, part := range w.holds {
		if res.StatusCode != http.StatusOK || !strings.Contains(string(text), part) {
			return t.Fault(fmt.Errorf("%s is answered %d without %s: %s", w.name, res.StatusCode, part, text))
		}
	}
	return nil
}
