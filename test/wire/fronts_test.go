package wire

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// startHAProxy shares its connections to a gateway among all clients.
func startHAProxy(t *testing.T, upstream string) string {
	t.Helper()
	at := freePort(t)
	config := fmt.Sprintf(`global
  maxconn 256
defaults
  mode http
  timeout connect 5s
  timeout client 30s
  timeout server 30s
  http-reuse always
frontend front
  bind %s
  option accept-invalid-http-request
  default_backend gateway
backend gateway
  server gateway %s
`, at, upstream)
	file := filepath.Join(t.TempDir(), "haproxy.cfg")
	if err := os.WriteFile(file, []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	run(t, exec.Command(find(t, "haproxy"), "-f", file, "-db"), at)
	return at
}

// startAgent is a front proxy of Node with one connection for all clients.
func startAgent(t *testing.T, upstream string) string {
	t.Helper()
	at := freePort(t)
	run(t, exec.Command(find(t, "node"), filepath.Join("testdata", "agent.js"), at, upstream), at)
	return at
}

// glance is how long who sent something odd through a front waits for an answer. What it is does not matter here.
const glance = 500 * time.Millisecond

// TestFronts is design promise 9 behind proxies that share their connections: whatever one client sends, and whatever the
// shop answers to it, the next clients get their own answers.
func TestFronts(t *testing.T) { //nolint:tparallel // what the shop hears meanwhile must be one case's
	t.Parallel()
	gateway := startGateway(t)
	fronts := map[string]func(*testing.T, string) string{"HAProxy": startHAProxy, "Node": startAgent, "nginx": startNginx}
	for name, start := range fronts {
		t.Run(name, func(t *testing.T) {
			front := &peer{name: name, addr: start(t, gateway.addr), shop: gateway.shop, turn: gateway.turn}
			for _, c := range cases() {
				if c.client == nil {
					t.Run(c.String(), func(t *testing.T) { disturb(t, c, front) })
				}
			}
		})
	}
}

// disturb plays what A does in a case, and then asks as B and C.
func disturb(t *testing.T, c *wireCase, front *peer) {
	t.Helper()
	front.turn.Lock()
	defer front.turn.Unlock()
	p := &play{t: t, c: c, peer: front, events: map[string]chan struct{}{}, said: map[string]bool{}}
	front.shop.plays(p)
	p.dial("127.0.0.1")
	if err := p.conn.SetDeadline(time.Now().Add(glance)); err != nil {
		t.Fatal(err)
	}
	p.send(c.send)
	p.read(strings.Fields(c.send + " GET")[0])
	p.leave()
	p.aside.Wait()
	p.settle()
	p.probeAgain()
	for _, n := range p.notes {
		t.Error(n.first)
	}
}
