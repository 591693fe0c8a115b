package rules

import (
	"net"
	"net/netip"
	"strings"

	"github.com/pg-gateway/pg-gateway/payment"
)

// minToken is the shortest token that is not guessed, in bytes.
const minToken = 16

// sidecarReader reads the order service's listener. Whoever reaches it can give money back, so beyond the pod's own
// loopback interface it wants tokens.
func sidecarReader(c *SidecarConfig) reader {
	fs := fields{
		"listen": {
			address(&c.Listen), "Address to listen on, as in 127.0.0.1:8081. Beyond the loopback interface it needs tokens.",
		},
		"socket": {
			checked(&c.Socket, `^/`, "the path of a Unix socket, as in /run/pg-gateway/sidecar.sock", socketPath),
			"Path of a Unix socket that is served besides, for the processes that may open it.",
		},
		"tokens": {
			list(&c.Tokens, func(s *payment.Secret, _ value) reader { return callerToken(s) }),
			"Tokens that callers must send one of, as references (Authorization: Bearer). Several while one is replaced.",
		},
	}
	return func(v value) {
		object(fs, "listen")(v)
		//guard:sidecar-beyond-loopback
		if v.schema == nil && c.Listen != "" && len(c.Tokens) == 0 && !isLoopback(c.Listen) {
			v.fail(`tokens: ["${env:SIDECAR_TOKEN}"], or listen: 127.0.0.1:8081`,
				"%s is not the loopback interface, so it needs tokens", clip(c.Listen))
		}
	}
}

// maxSocket is the longest path of a Unix socket, in bytes: the system's own bound.
const maxSocket = 107

func socketPath(s string) bool {
	return strings.HasPrefix(s, "/") && len(s) <= maxSocket && !strings.HasSuffix(s, "/")
}

// callerToken reads one token.
func callerToken(dst *payment.Secret) reader {
	return checkedSecret(dst, func(v value, s string) bool {
		if len(s) < minToken {
			v.fail("make one with: openssl rand -hex 32", "is too short for a token")
			return false
		}
		return v.plainKey(s)
	})
}

// isLoopback tells whether an address is one that only this host, or pod, can reach.
func isLoopback(address string) bool {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return false
	}
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && ip.Unmap().IsLoopback()
}
