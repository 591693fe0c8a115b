package gateway

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/pg-gateway/pg-gateway/test/fixture"
)

// running is a gateway that listens.
type running struct {
	Listeners

	// leave tells it to end; ended is what Run returned.
	leave context.CancelFunc
	ended chan error
}

func (h *house) run() *running {
	h.t.Helper()
	listen := func() net.Listener {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			h.t.Fatal(err)
		}
		return l
	}
	r := &running{Listeners: Listeners{Public: listen(), Admin: listen(), Sidecar: listen()}, ended: make(chan error, 1)}
	var ctx context.Context
	ctx, r.leave = context.WithCancel(context.Background())
	h.t.Cleanup(r.leave)
	go func() { r.ended <- h.g.Run(ctx, r.Listeners) }()
	return r
}

// ends waits for Run to return.
func (r *running) ends(t *testing.T) {
	t.Helper()
	select {
	case err := <-r.ended:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(20 * time.Second):
		t.Fatal("it does not end")
	}
}

// askOn sends a request on a connection of its own, and returns the head of the answer and whether it ended the
// connection.
func askOn(l net.Listener, path string) (head string, ended bool, err error) {
	conn, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		return "", false, err
	}
	defer conn.Close()
	if _, err := fmt.Fprintf(conn, "GET %s HTTP/1.1\r\nHost: localhost\r\n\r\n", path); err != nil {
		return "", false, err
	}
	if err := conn.SetReadDeadline(time.Now().Add(500 * time.Millisecond)); err != nil {
		return "", false, err
	}
	answer, err := io.ReadAll(conn)
	head, _, _ = strings.Cut(string(answer), "\r\n\r\n")
	return head, err == nil, nil
}

// TestAllListenersServeOnWhileUnready: after it was told to end, requests still come until everybody has looked away.
func TestAllListenersServeOnWhileUnready(t *testing.T) {
	t.Parallel()
	h := newHouse(t, func(c *fixture.Config) { c.Server.DrainDelay = "3s" })
	r := h.run()
	if head, _, err := askOn(r.Admin, "/readyz"); err != nil || !strings.HasPrefix(head, "HTTP/1.1 200") {
		t.Errorf("readiness before: %q, %v", head, err)
	} else if head, ended, err := askOn(r.Public, "/"); err != nil || !strings.HasPrefix(head, "HTTP/1.1 200") || ended {
		t.Errorf("a page before: %q, connection ended: %t, %v", head, ended, err)
	}
	start := time.Now()
	r.leave()
	for !h.g.leaving.Load() {
		time.Sleep(time.Millisecond)
	}
	for _, tt := range []struct {
		name     string
		listener net.Listener
		path     string
		want     string
		ends     bool
	}{
		{"readiness", r.Admin, "/readyz", "503", false},
		{"a page of the shop", r.Public, "/", "200", true},
		{"the sidecar", r.Sidecar, "/attempts/nobody", "404", true},
	} {
		head, ended, err := askOn(tt.listener, tt.path)
		if err != nil || !strings.HasPrefix(head, "HTTP/1.1 "+tt.want) || ended != tt.ends {
			t.Errorf("%s while it leaves: %q, connection ended: %t, %v", tt.name, head, ended, err)
		}
	}
	r.ends(t)
	if took := time.Since(start); took < 3*time.Second {
		t.Errorf("it was gone after %v", took)
	}
	for name, l := range map[string]net.Listener{"public": r.Public, "sidecar": r.Sidecar, "admin": r.Admin} {
		if _, _, err := askOn(l, "/"); err == nil {
			t.Errorf("the %s listener is open after the end", name)
		}
	}
}

// TestTheSidecarClosesLast: the order service has its way out for as long as it answers what it was handed on.
func TestTheSidecarClosesLast(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	asked, answer := make(chan struct{}), make(chan struct{})
	var r *running
	shop := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		close(asked)
		<-answer
		head, _, err := askOn(r.Sidecar, "/attempts/nobody")
		fmt.Fprintf(w, "%v %s", err, head)
	}))
	defer shop.Close()
	h.moveShop(shop.URL)
	r = h.run()
	body := make(chan string, 1)
	go func() {
		res, err := http.Get("http://" + r.Public.Addr().String() + "/page")
		if err != nil {
			body <- err.Error()
			return
		}
		defer res.Body.Close()
		b, _ := io.ReadAll(res.Body)
		body <- string(b)
	}()
	<-asked
	r.leave()
	for {
		conn, err := net.Dial("tcp", r.Public.Addr().String())
		if err != nil {
			break
		}
		conn.Close()
		time.Sleep(10 * time.Millisecond)
	}
	close(answer)
	if got := <-body; !strings.HasPrefix(got, "<nil> HTTP/1.1 404") {
		t.Errorf("the order service was answered by the sidecar: %q", got)
	}
	r.ends(t)
}
