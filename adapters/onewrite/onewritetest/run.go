package onewritetest

import (
	"crypto/x509"
	"fmt"
	"net/http"
	"testing"
)

// Do sends one request and returns the client's error, if any. header may be nil and is not to be kept.
// rootCAs is nil for plain TCP. A client may be kept per rootCAs and must be, for the cases with a reused
// connection to mean anything.
type Do func(t *testing.T, method, url string, header http.Header, body []byte, rootCAs *x509.CertPool) error

// Case is one row of the table.
type Case struct {
	Method string
	// Reused tells that a request was answered before, on a connection that the server keeps open.
	Reused bool
	// Key tells that the request carries Idempotency-Key, NoBody that it has no body.
	Key    bool
	NoBody bool
	TLS    bool
	Fault  Fault
}

// String names the case.
func (c Case) String() string {
	conn, key, body, net := "fresh", "without key", "with body", "tcp"
	if c.Reused {
		conn = "reused"
	}
	if c.Key {
		key = "with key"
	}
	if c.NoBody {
		body = "without body"
	}
	if c.TLS {
		net = "tls"
	}
	return fmt.Sprintf("%s on a %s connection %s %s over %s: upstream %s", c.Method, conn, key, body, net, c.Fault)
}

// Cases is the whole table: method, connection, key, body, network and fault, each with each.
func Cases() []Case {
	var all []Case
	for _, method := range []string{http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete} {
		for _, fault := range []Fault{FaultClose, FaultReset, FaultPartial, FaultHeader} {
			for bits := range 16 {
				all = append(all, Case{
					Method: method, Fault: fault,
					Reused: bits&1 != 0, Key: bits&2 != 0, TLS: bits&4 != 0, NoBody: bits&8 != 0,
				})
			}
		}
	}
	return all
}

// Run checks every case: the upstream executes the request exactly once.
func Run(
	t *testing.T,
	do func(t *testing.T, method, url string, header http.Header, body []byte, rootCAs *x509.CertPool) error,
) {
	t.Helper()
	for _, c := range Cases() {
		t.Run(c.String(), func(t *testing.T) {
			t.Parallel()
			if got := Executions(t, c, do); got != 1 {
				t.Errorf("the upstream executed the request %d times, want 1", got)
			}
		})
	}
}

// Executions plays one case and returns how often the upstream executed the request.
func Executions(t *testing.T, c Case, do Do) int64 {
	t.Helper()
	u := start(t, c.Fault, c.TLS)
	if c.Reused {
		if err := do(t, http.MethodPost, u.url+"/warm", nil, []byte(`{}`), u.pool); err != nil {
			t.Fatalf("warming up: %v", err)
		}
		if err := do(t, http.MethodGet, u.url+"/warm", nil, nil, u.pool); err != nil {
			t.Fatalf("warming up: %v", err)
		}
	}
	header := http.Header{"Content-Type": {"application/json"}}
	if c.Key {
		header.Set("Idempotency-Key", `"approve-onewritetest-1"`)
	}
	body := []byte(`{"amount":64900}`)
	if c.NoBody {
		body = nil
	}
	// The error is the client's business: a half answer may be handed on as it is.
	_ = do(t, c.Method, u.url+"/pay", header, body, u.pool)
	return u.executed.Load()
}
