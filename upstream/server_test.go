package upstream_test

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/pg-gateway/pg-gateway/upstream"
)

func TestMain(m *testing.M) {
	code := m.Run()
	if err := goleak.Find(); err != nil && code == 0 {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

// rawServer is an upstream of bytes: each request that it can read whole is counted and given to answer, which may
// write whatever it likes.
type rawServer struct {
	at string
	// gone tells that a connection has ended on this side.
	mu    sync.Mutex
	seen  []seen
	conns int
}

// seen is a request as the server read it.
type seen struct {
	conn int
	line string
	head string
	body string
}

// answerer answers a request on its connection; false closes that.
type answerer func(s seen, c net.Conn) bool

func serve(t testing.TB, answer answerer) *rawServer {
	t.Helper()
	return serveConns(t, func(s *rawServer, n int, c net.Conn) {
		r := bufio.NewReader(c)
		for {
			got, err := readRequest(r)
			if err != nil {
				return
			}
			got.conn = n
			s.mu.Lock()
			s.seen = append(s.seen, got)
			s.mu.Unlock()
			if !answer(got, c) {
				return
			}
		}
	})
}

// serveConns gives each connection to handle, and closes it after that.
func serveConns(t testing.TB, handle func(s *rawServer, n int, c net.Conn)) *rawServer {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &rawServer{at: l.Addr().String()}
	var serving sync.WaitGroup
	var open []net.Conn
	serving.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			s.mu.Lock()
			n := s.conns
			s.conns++
			open = append(open, c)
			s.mu.Unlock()
			serving.Go(func() {
				defer func() { _ = c.Close() }()
				handle(s, n, c)
			})
		}
	})
	t.Cleanup(func() {
		if err := l.Close(); err != nil {
			t.Error(err)
		}
		s.mu.Lock()
		for _, c := range open {
			_ = c.Close()
		}
		s.mu.Unlock()
		serving.Wait()
	})
	return s
}

// readRequest reads a request as bytes: what matters is what stood on the wire.
func readRequest(r *bufio.Reader) (seen, error) {
	var head bytes.Buffer
	for {
		line, err := r.ReadBytes('\n')
		if err != nil {
			return seen{}, err
		}
		head.Write(line)
		if len(line) == 2 {
			break
		}
	}
	req, err := http.ReadRequest(bufio.NewReader(io.MultiReader(bytes.NewReader(head.Bytes()), r)))
	if err != nil {
		return seen{}, err
	}
	line, rest, _ := bytes.Cut(head.Bytes(), []byte("\r\n"))
	got := seen{line: string(line), head: string(rest[:len(rest)-2])}
	switch {
	case len(req.TransferEncoding) > 0:
		b, err := io.ReadAll(chunked(r))
		got.body = string(b)
		return got, err
	case req.ContentLength > 0:
		b := make([]byte, req.ContentLength)
		_, err := io.ReadFull(r, b)
		got.body = string(b)
		return got, err
	}
	return got, nil
}

// chunked reads a chunked body with its end, by net/http, and leaves r where that ends.
func chunked(r *bufio.Reader) io.Reader {
	res, err := http.ReadResponse(bufio.NewReaderSize(io.MultiReader(bytes.NewReader([]byte("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")), byByte{r}), 16), nil)
	if err != nil {
		panic(err)
	}
	return res.Body
}

// byByte gives one byte at a time, so that nobody reads ahead.
type byByte struct{ r io.Reader }

func (b byByte) Read(p []byte) (int, error) { return b.r.Read(p[:min(len(p), 1)]) }

func (s *rawServer) requests() []seen {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]seen(nil), s.seen...)
}

func (s *rawServer) connections() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.conns
}

// client makes a client of s with short patience.
func (s *rawServer) client(t testing.TB, edit ...func(*upstream.Options)) *upstream.Client {
	t.Helper()
	o := upstream.Options{Address: s.at, Timeout: 10 * time.Second}
	for _, e := range edit {
		e(&o)
	}
	c, err := upstream.New(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.CloseIdle)
	return c
}

func request(method, target string) *upstream.Request {
	return &upstream.Request{Method: []byte(method), Target: []byte(target), Host: []byte("shop.example")}
}

// answer is what came of a request.
type answer struct {
	status   int
	reason   string
	lines    string
	body     string
	trailers string
	// err is that of Do, or that of reading the body.
	err  error
	done bool
}

// ask sends r and reads its answer to the end.
func ask(c *upstream.Client, r *upstream.Request) answer {
	var x upstream.Exchange
	if err := c.Do(&x, r); err != nil {
		return answer{err: err}
	}
	b, err := io.ReadAll(&x)
	a := answer{
		status: x.Status(), reason: string(x.Reason()), lines: string(x.Lines()), body: string(b), trailers: string(x.Trailers()),
		err: err, done: true,
	}
	a.err = errors.Join(err, x.Close())
	return a
}

func write(c net.Conn, s string) bool {
	_, err := io.WriteString(c, s)
	return err == nil
}
