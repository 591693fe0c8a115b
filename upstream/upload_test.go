package upstream_test

import (
	"bufio"
	"errors"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pg-gateway/pg-gateway/upstream"
)

// slowBody is a body that comes as its test wants it to, and can be interrupted.
type slowBody struct {
	pieces chan string
	stop   chan struct{}
	once   sync.Once
}

func newSlowBody() *slowBody {
	return &slowBody{pieces: make(chan string, 16), stop: make(chan struct{})}
}

func (b *slowBody) Read(p []byte) (int, error) {
	select {
	case piece, ok := <-b.pieces:
		if !ok {
			return 0, io.EOF
		}
		return copy(p, piece), nil
	case <-b.stop:
		return 0, errors.New("interrupted")
	}
}

func (b *slowBody) Interrupt() { b.once.Do(func() { close(b.stop) }) }

func (b *slowBody) request(length int64) *upstream.Request {
	r := request("POST", "/up")
	r.Stream, r.Length = b, length
	return r
}

// rawConns serves connections whose head has been read.
func rawConns(t *testing.T, handle func(n int, r *bufio.Reader, c net.Conn)) *rawServer {
	t.Helper()
	return serveConns(t, func(_ *rawServer, n int, c net.Conn) {
		r := bufio.NewReader(c)
		for {
			line, err := r.ReadString('\n')
			if err != nil {
				return
			}
			if line == "\r\n" {
				break
			}
		}
		handle(n, r, c)
	})
}

// TestAnEarlyAnswer is handed out while the body is still being sent, and ends the connection.
func TestAnEarlyAnswer(t *testing.T) {
	t.Parallel()
	for name, length := range map[string]int64{"length": 1 << 20, "chunks": upstream.Chunked} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := rawConns(t, func(n int, _ *bufio.Reader, c net.Conn) {
				if n > 0 {
					write(c, pageOfB)
					return
				}
				write(c, "HTTP/1.1 413 Too Large\r\nContent-Length: 3\r\n\r\nbig")
				_, _ = io.Copy(io.Discard, c)
			})
			c := s.client(t)
			b := newSlowBody()
			b.pieces <- "begin"
			a := ask(c, b.request(length))
			if a.err != nil || a.status != 413 || a.body != "big" {
				t.Errorf("got %v %d %q", a.err, a.status, a.body)
			}
			if a := ask(c, request("GET", "/")); a.body != "page of B" || s.connections() != 2 {
				t.Errorf("got %q over %d connections", a.body, s.connections())
			}
		})
	}
}

// TestAnUpstreamThatStopsReading and answers: what cannot be sent any more is not waited for.
func TestAnUpstreamThatStopsReading(t *testing.T) {
	t.Parallel()
	s := rawConns(t, func(_ int, _ *bufio.Reader, c net.Conn) {
		write(c, "HTTP/1.1 401 No\r\nContent-Length: 2\r\nConnection: close\r\n\r\nno")
		time.Sleep(100 * time.Millisecond)
	})
	r := request("PUT", "/up")
	r.Body = make([]byte, 32<<20)
	if a := ask(s.client(t), r); a.err != nil || a.status != 401 || a.body != "no" {
		t.Errorf("got %v %d %q", a.err, a.status, a.body)
	}
}

// TestBothWaysAtOnce: an upstream that answers while it reads gets the whole body, and neither waits for the other.
func TestBothWaysAtOnce(t *testing.T) {
	t.Parallel()
	const size = 24 << 20
	s := rawConns(t, func(_ int, r *bufio.Reader, c net.Conn) {
		write(c, "HTTP/1.1 200 OK\r\n\r\n")
		_, _ = io.CopyN(c, r, size)
	})
	r := request("POST", "/echo")
	r.Stream, r.Length = io.LimitReader(endless{}, size), size
	a := ask(s.client(t), r)
	if a.err != nil || len(a.body) != size {
		t.Errorf("got %v, %d bytes back", a.err, len(a.body))
	}
}

type endless struct{}

func (endless) Read(p []byte) (int, error) { return len(p), nil }

// TestASlowBody may take longer than the upstream may be silent.
func TestASlowBody(t *testing.T) {
	t.Parallel()
	const patience = 300 * time.Millisecond
	for name, length := range map[string]int64{"length": 20_000, "chunks": upstream.Chunked} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := serve(t, func(r seen, c net.Conn) bool { return len(r.body) == 20_000 && write(c, pageOfB) })
			c := s.client(t, func(o *upstream.Options) { o.Timeout = patience })
			b := newSlowBody()
			go func() {
				defer close(b.pieces)
				for range 4 {
					b.pieces <- strings.Repeat("x", 5_000)
					time.Sleep(patience * 2 / 3)
				}
			}()
			for range 2 {
				a := ask(c, b.request(length))
				if a.err != nil || a.body != "page of B" {
					t.Fatalf("got %v %q", a.err, a.body)
				}
				b = newSlowBody()
				b.pieces <- strings.Repeat("y", 20_000)
				close(b.pieces)
			}
			if n := s.connections(); n != 1 {
				t.Errorf("%d connections, want one: the body was sent whole", n)
			}
		})
	}
}

// TestASilentUpstreamBehindABody is not waited for without end: its time begins when it has the body.
func TestASilentUpstreamBehindABody(t *testing.T) {
	t.Parallel()
	stop := make(chan struct{})
	s := serve(t, func(seen, net.Conn) bool { <-stop; return false })
	t.Cleanup(func() { close(stop) })
	c := s.client(t, func(o *upstream.Options) { o.Timeout = 200 * time.Millisecond })
	r := request("POST", "/up")
	r.Body = make([]byte, 100_000)
	if a := ask(c, r); !errors.Is(a.err, upstream.ErrTimeout) {
		t.Errorf("got %v", a.err)
	}
}

// broken is a body that breaks off.
type broken struct{ r io.Reader }

func (b broken) Read(p []byte) (int, error) {
	n, err := b.r.Read(p)
	if errors.Is(err, io.EOF) {
		err = errors.New("PLANTED")
	}
	return n, err
}

// TestABodyThatBreaksOff must not look whole to the upstream, and its error tells whose fault it was.
func TestABodyThatBreaksOff(t *testing.T) {
	t.Parallel()
	s := serve(t, func(_ seen, c net.Conn) bool { return write(c, pageOfB) })
	c := s.client(t)
	short, long := strings.Repeat("x", 100), strings.Repeat("x", 100_000)
	for name, r := range map[string]struct {
		body   io.Reader
		length int64
		sent   bool
	}{
		"short":           {broken{strings.NewReader(short)}, 200, false},
		"short, ends":     {strings.NewReader(short), 200, false},
		"short, goes on":  {strings.NewReader(short), 50, false},
		"long":            {broken{strings.NewReader(long)}, 200_000, true},
		"long, ends":      {strings.NewReader(long), 200_000, true},
		"long, goes on":   {strings.NewReader(long), 50_000, true},
		"long, in chunks": {broken{strings.NewReader(long)}, upstream.Chunked, true},
		"idle":            {idle{}, 100, false},
		"idle, long":      {idle{}, 100_000, true},
		"idle, in chunks": {idle{}, upstream.Chunked, true},
	} {
		req := request("POST", "/up")
		req.Stream, req.Length = r.body, r.length
		a := ask(c, req)
		if !errors.Is(a.err, upstream.ErrBody) || errors.Is(a.err, upstream.ErrNotSent) == r.sent || strings.Contains(a.err.Error(), "PLANTED") {
			t.Errorf("%s: got %v", name, a.err)
		}
	}
	if got := s.requests(); len(got) > 0 {
		t.Errorf("the upstream took %d of them for a request", len(got))
	}
	if a := ask(c, request("GET", "/")); a.err != nil {
		t.Error(a.err)
	}
}

type idle struct{}

func (idle) Read([]byte) (int, error) { return 0, nil }
