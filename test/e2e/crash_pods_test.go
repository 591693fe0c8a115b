package e2e

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"strings"
	"testing"
)

// crashPods is how many gateways share a journal in TestCrash/pods.
const crashPods = 3

// sharedKey lets every pod open what another one sealed.
const sharedKey = "cG9kcyBzaGFyZSB0aGlzIGtleSBpbiB0aGVzZSB0ZXM="

func withSharedKey(config string) string {
	return swap("trusted_proxies: []", fmt.Sprintf("trusted_proxies: []\n    token_key: %q", sharedKey))(config)
}

// startPods runs gateways on one configuration, with one sandbox in a process of its own. Several of them stand
// behind the address of the first.
func startPods(t *testing.T, n int, edits ...edit) []*gatewayProcess {
	t.Helper()
	if n == 1 {
		return []*gatewayProcess{startApart(t, edits...)}
	}
	first := startApart(t, append(edits, withSharedKey)...)
	pods := []*gatewayProcess{first}
	for range n - 1 {
		p := &gatewayProcess{
			t: t, dir: t.TempDir(), public: freePort(t), admin: freePort(t), sandbox: first.sandbox, log: &syncBuffer{},
		}
		p.write(strings.NewReplacer(`listen: "`+first.public, `listen: "`+p.public, first.admin, p.admin).Replace(first.read()))
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
