package rules

import "github.com/pg-gateway/pg-gateway/payment"

// adminReader reads the listener of the people on call. Whoever reaches it can change what is sold, so beyond the
// loopback interface changes want a token; in a pod that is everybody who reaches the pod.
func adminReader(c *AdminConfig) reader {
	one := func(v value) {
		var s payment.Secret
		if callerToken(&s)(v); s.IsSet() {
			c.Tokens = []payment.Secret{s}
		}
	}
	several := list(&c.Tokens, func(s *payment.Secret, _ value) reader { return callerToken(s) })
	fs := fields{
		"listen": {
			address(&c.Listen), "Address to listen on, as in 127.0.0.1:9090. Beyond the loopback interface it needs a token.",
		},
		"token": {either(one, several), "What a reload or a rollback must send, as a reference (Authorization: Bearer); " +
			"several while one is replaced. Metrics and health need none."},
	}
	return func(v value) {
		object(fs)(v)
		if v.schema == nil && len(c.Tokens) == 0 && !isLoopback(c.Listen) { //guard:admin-beyond-loopback
			v.fail(`token: "${file:/run/secrets/admin-token}", or listen: 127.0.0.1:9090`,
				"%s is not the loopback interface, so reloads and rollbacks need a token", clip(c.Listen))
		}
	}
}
