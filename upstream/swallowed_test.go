package upstream_test

import (
	"errors"
	"net"
	"testing"
	"time"

	"github.com/pg-gateway/pg-gateway/upstream"
)

// TestWhatAKeptConnectionSwallowedWasSent, even where the second try finds nobody: whoever asks elsewhere must not take
// it for unsent.
func TestWhatAKeptConnectionSwallowedWasSent(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	over := make(chan struct{})
	go func() {
		defer close(over)
		c, err := l.Accept()
		if err != nil {
			return
		}
		defer c.Close()
		b := make([]byte, 4096)
		if _, err := c.Read(b); err != nil {
			return
		}
		write(c, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
		// The next one is read, and then nobody is there any more.
		_, _ = c.Read(b)
		_ = l.Close()
	}()
	c, err := upstream.New(upstream.Options{Address: l.Addr().String(), Timeout: 10 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.CloseIdle)
	if got := ask(c, request("GET", "/one")); got.err != nil {
		t.Fatal(got.err)
	}
	got := ask(c, request("GET", "/two"))
	<-over
	if !errors.Is(got.err, upstream.ErrHungUp) || errors.Is(got.err, upstream.ErrNotSent) {
		t.Errorf("got %v", got.err)
	}
}

// TestWhatCannotBeWrittenAgainWasSent once: a request that a kept connection swallowed, and that makes no second one.
func TestWhatCannotBeWrittenAgainWasSent(t *testing.T) {
	t.Parallel()
	s := serve(t, func(r seen, c net.Conn) bool {
		return r.line != "GET /two HTTP/1.1" && write(c, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
	})
	c := s.client(t)
	if got := ask(c, request("GET", "/one")); got.err != nil {
		t.Fatal(got.err)
	}
	r := request("GET", "/two")
	r.Lines = []byte("X: y\r\n")
	r.Drop = func([]byte) bool {
		r.Target = nil // behind the first line, so that only a second request lacks it
		return false
	}
	got := ask(c, r)
	if !errors.Is(got.err, upstream.ErrHungUp) || errors.Is(got.err, upstream.ErrNotSent) {
		t.Errorf("got %v", got.err)
	}
}
