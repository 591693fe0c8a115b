package onewrite_test

import (
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/pg-gateway/pg-gateway/adapters/onewrite"
)

// TestReadsAtOnceShareTheirConnections holds that a burst of look-ups does not connect anew at every burst.
func TestReadsAtOnceShareTheirConnections(t *testing.T) {
	t.Parallel()
	const burst, bursts = 64, 5
	var opened atomic.Int64
	var together sync.WaitGroup
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		// Nobody is answered before all have asked, so that every request of a burst needs its own connection.
		together.Done()
		together.Wait()
		_, _ = io.WriteString(w, "{}")
	}))
	server.Config.ConnState = func(_ net.Conn, s http.ConnState) {
		if s == http.StateNew {
			opened.Add(1)
		}
	}
	server.Start()
	defer server.Close()
	transport := onewrite.NewTransport(onewrite.Options{})
	defer transport.CloseIdleConnections()
	client := &http.Client{Transport: transport}
	for range bursts {
		together.Add(burst)
		var wg sync.WaitGroup
		for range burst {
			wg.Go(func() {
				res, err := client.Get(server.URL)
				if err != nil {
					t.Error(err)
					return
				}
				defer res.Body.Close()
				if _, err := io.Copy(io.Discard, res.Body); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
	}
	// A connection may come back a moment too late for the next burst, so a few more are fine.
	if n := opened.Load(); n > burst*bursts/2 {
		t.Errorf("%d bursts of %d reads opened %d connections", bursts, burst, n)
	}
}
