package e2e

import (
	"context"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/pg-gateway/pg-gateway/test/fixture"
)

var sigterms = flag.Int("leaving.sigterms", 5, "how many times TestLeavingFailsNoRequest ends a gateway under load")

// endpoints are gateways behind a load balancer, which sends requests to those that are ready and looks ten times a
// second, as a kubelet and the proxies of its cluster do more slowly.
type endpoints struct {
	all   []*gatewayProcess
	ready [2]atomic.Bool
	next  atomic.Int64
}

func (e *endpoints) watch(ctx context.Context) {
	client := &http.Client{Timeout: 5 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}}
	for ctx.Err() == nil {
		for i, p := range e.all {
			res, err := client.Get("http://" + p.admin + "/readyz")
			ok := err == nil && res.StatusCode == http.StatusOK
			if err == nil {
				res.Body.Close()
			}
			e.ready[i].Store(ok)
		}
		time.Sleep(100 * time.Millisecond)
	}
}

// pick is the next gateway that is ready.
func (e *endpoints) pick() string {
	for {
		n := int(e.next.Add(1)) % len(e.all)
		if e.ready[n].Load() {
			return e.all[n].public
		}
		if e.ready[1-n].Load() {
			return e.all[1-n].public
		}
		time.Sleep(time.Millisecond)
	}
}

// load sends requests by kept connections until ctx ends: pages and checkouts, as fast as they are answered.
func (e *endpoints) load(ctx context.Context, sent *atomic.Int64, fail func(error)) {
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 4}, Timeout: 20 * time.Second}
	defer client.CloseIdleConnections()
	for n := 0; ctx.Err() == nil; n++ {
		at, want := "http://"+e.pick(), http.StatusOK
		method, path, body := http.MethodGet, "/", ""
		if n%2 == 1 {
			method, path, body, want = http.MethodPost, "/checkout", "{}", http.StatusBadRequest
		}
		req, err := http.NewRequest(method, at+path, strings.NewReader(body))
		if err != nil {
			fail(err)
			return
		}
		req.Header.Set("Content-Type", "application/json")
		res, err := client.Do(req)
		if err != nil {
			fail(err)
			continue
		}
		answer, err := io.ReadAll(res.Body)
		res.Body.Close()
		if err != nil || res.StatusCode != want {
			fail(fmt.Errorf("%s %s: %d %.200s: %w", method, path, res.StatusCode, answer, err))
		}
		sent.Add(1)
	}
}

// TestLeavingFailsNoRequest ends one of two gateways after the other, under load and without any preStop: whoever follows
// /readyz has no request that fails.
func TestLeavingFailsNoRequest(t *testing.T) {
	slow := func(c *fixture.Config) { c.Server.DrainDelay = "2s" }
	e := &endpoints{all: []*gatewayProcess{start(t, slow), start(t, slow)}}
	ctx, cancel := context.WithCancel(t.Context())
	var busy sync.WaitGroup
	busy.Go(func() { e.watch(ctx) })
	var sent, failures atomic.Int64
	for range 4 {
		busy.Go(func() {
			e.load(ctx, &sent, func(err error) {
				if failures.Add(1) <= 10 {
					t.Error(err)
				}
			})
		})
	}
	isReady := func(n int) func() bool { return func() bool { return e.ready[n].Load() } }
	for n := range *sigterms {
		i := n % 2
		p := e.all[i]
		p.waitFor("both to be ready", 30*time.Second, isReady(0))
		p.waitFor("both to be ready", 30*time.Second, isReady(1))
		before := sent.Load()
		p.waitFor("some load", 30*time.Second, func() bool { return sent.Load() > before+20 })
		if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
			t.Fatal(err)
		}
		// All its listeners serve on while it is not ready, and end their connections.
		if n == 0 {
			p.servesWhileUnready()
		}
		select {
		case <-p.exited:
		case <-time.After(30 * time.Second):
			t.Fatalf("SIGTERM %d: it does not end:\n%s", n, p.log.tail())
		}
		if !p.cmd.ProcessState.Success() {
			t.Errorf("SIGTERM %d: %s\n%s", n, p.cmd.ProcessState, p.log.tail())
		}
		p.run()
	}
	cancel()
	busy.Wait()
	t.Logf("%d SIGTERMs, %d requests, %d failed", *sigterms, sent.Load(), failures.Load())
	if sent.Load() < int64(*sigterms)*20 {
		t.Errorf("%d requests only: the test proves nothing", sent.Load())
	}
}

// servesWhileUnready checks that a page is answered on a new connection, which ends with the answer, while /readyz is
// 503.
func (p *gatewayProcess) servesWhileUnready() {
	p.t.Helper()
	// A busy machine takes a moment to hand the signal over.
	p.waitFor("/readyz to be 503 after SIGTERM", 20*time.Second, func() bool {
		res, err := http.Get("http://" + p.admin + "/readyz")
		if err != nil {
			p.t.Fatal(err)
		}
		res.Body.Close()
		return res.StatusCode == http.StatusServiceUnavailable
	})
	conn, err := net.Dial("tcp", p.public)
	if err != nil {
		p.t.Fatal(err)
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(10 * time.Second)); err != nil {
		p.t.Fatal(err)
	}
	if _, err := fmt.Fprintf(conn, "GET / HTTP/1.1\r\nHost: %s\r\n\r\n", p.public); err != nil {
		p.t.Fatal(err)
	}
	answer, err := io.ReadAll(conn)
	if err != nil {
		p.t.Fatalf("the connection was not ended: %v", err)
	}
	head, _, _ := strings.Cut(string(answer), "\r\n\r\n")
	if !strings.HasPrefix(head, "HTTP/1.1 200 ") || !strings.Contains(head, "\r\nConnection: close") {
		p.t.Errorf("while it leaves a page is answered with %s", head)
	}
}
