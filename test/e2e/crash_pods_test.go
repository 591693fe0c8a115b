package e2e

import (
	"context"
	"math/rand/v2"
	"net"
	"slices"
	"testing"

	"github.com/pg-gateway/pg-gateway/test/fixture"
)

// crashPods is how many gateways share a journal in TestCrash/pods.
const crashPods = 3

// sharedKey lets every pod open what another one sealed.
const sharedKey = "cG9kcyBzaGFyZSB0aGlzIGtleSBpbiB0aGVzZSB0ZXM="

func withSharedKey(c *fixture.Config) { c.Server.Public.TokenKey = sharedKey }

// startPods runs gateways on one configuration, with one sandbox in a process of its own. Several of them stand
// behind the address of the first.
func startPods(t *testing.T, n int, edits ...fixture.Edit) []*gatewayProcess {
	t.Helper()
	if n == 1 {
		return []*gatewayProcess{startApart(t, edits...)}
	}
	first := startApart(t, append(edits, withSharedKey)...)
	pods := []*gatewayProcess{first}
	for range n - 1 {
		p := &gatewayProcess{
			t: t, dir: t.TempDir(), public: freePort(t), admin: freePort(t), side: freePort(t), sandbox: first.sandbox, log: &syncBuffer{},
		}
		p.edits = append(slices.Clone(first.edits), func(c *fixture.Config) {
			c.Server.Public.Listen, c.Server.Admin.Listen, c.Server.Sidecar.Listen = p.public, p.admin, p.side
		})
		p.write(p.text())
		p.run()
		t.Cleanup(p.stop)
		pods = append(pods, p)
	}
	first.dial = balancer(pods)
	return pods
}

// balancer takes each connection to the first pod's address to any of the pods that answers.
func balancer(pods []*gatewayProcess) func(ctx context.Context, network, address string) (net.Conn, error) {
	return func(ctx context.Context, network, address string) (conn net.Conn, err error) {
		var d net.Dialer
		if address != pods[0].public {
			return d.DialContext(ctx, network, address)
		}
		for _, n := range rand.Perm(len(pods)) {
			if conn, err = d.DialContext(ctx, network, pods[n].public); err == nil {
				return conn, nil
			}
		}
		return nil, err
	}
}
