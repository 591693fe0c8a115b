package wire

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"regexp"
	"strings"
	"sync"
	"testing"
)

// probes are requests of other clients, and of the first one afterwards. The shop answers each with its own name.
const probes = "/probe/"

// shop is the scripted shop behind a proxy. It plays one case at a time, on connections that outlive the case, as the
// proxy's pool likes it.
type shop struct {
	listener net.Listener
	serving  sync.WaitGroup

	mu      sync.Mutex
	current *play
	open    map[net.Conn]bool
}

func newShop(t *testing.T) *shop {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &shop{listener: l, open: map[net.Conn]bool{}}
	s.serving.Go(s.accept)
	t.Cleanup(s.stop)
	return s
}

func (s *shop) addr() string { return s.listener.Addr().String() }

func (s *shop) accept() {
	for {
		c, err := s.listener.Accept()
		if err != nil {
			return
		}
		s.mu.Lock()
		s.open[c] = true
		s.mu.Unlock()
		s.serving.Go(func() { s.serve(c) })
	}
}

func (s *shop) stop() {
	_ = s.listener.Close()
	s.mu.Lock()
	for c := range s.open {
		_ = c.Close()
	}
	s.mu.Unlock()
	s.serving.Wait()
}

// plays makes p the case whose requests come now.
func (s *shop) plays(p *play) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.current = p
}

func (s *shop) playing() *play {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.current
}

func (s *shop) serve(c net.Conn) {
	defer func() {
		_ = c.Close()
		s.mu.Lock()
		delete(s.open, c)
		s.mu.Unlock()
	}()
	r := bufio.NewReaderSize(c, 64<<10)
	for {
		m, err := readHead(r)
		if err != nil {
			return
		}
		if name, isProbe := strings.CutPrefix(target(m), probes); isProbe {
			if _, err := fmt.Fprintf(c, "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s", len(name), name); err != nil {
				return
			}
			continue
		}
		x := s.playing().arrived(m, c, r)
		if x.run(); x.over {
			return
		}
	}
}

func target(m *message) string {
	fields := strings.Fields(m.start)
	if len(fields) < 2 {
		return ""
	}
	return fields[1]
}

// exchange is one request at the shop.
type exchange struct {
	*message
	p    *play
	conn net.Conn
	r    *bufio.Reader
	// reply is what the case wants done.
	reply reply
	// read tells that the request has come whole.
	read bool
	over bool
	done chan struct{}
}

func (x *exchange) run() {
	defer close(x.done)
	if !x.reply.early {
		x.readBody()
	}
	if x.over {
		return
	}
	x.reply.do(x)
	if x.over {
		return
	}
	if !x.read {
		x.readBody()
	}
}

// readBody reads the request's body. One that breaks off ends the connection.
func (x *exchange) readBody() {
	x.message.readBody(x.r, false, false)
	if x.read = x.broken == nil; !x.read {
		x.close()
	}
}

// shown is the request as outcomes show it, and whether it came whole. Of one that was answered before it had come, the
// rest is between the proxy and its client.
func (x *exchange) shown() (sight, bool) {
	select {
	case <-x.done:
	default:
		return sight{}, false
	}
	line := strings.TrimSuffix(x.start, " HTTP/1.1")
	m := *x.message
	if x.reply.early {
		line += " answered early"
		m = message{start: m.start, headers: m.headers, framing: "none"}
	}
	if m.framing == "length" && len(m.body) == 0 {
		m.framing = "none" // a request without a body may say so
	}
	m.trailers = nil // a proxy may drop them (RFC 9110 §6.5.1)
	leftOut := func(name string) bool { return !has(x.p.c.shows, name) && leftOutOfRequests(name) }
	return m.seen(line, leftOut), x.read || x.reply.early
}

// statusLine finds what the shop says.
var statusLine = regexp.MustCompile(`HTTP/1\.\d (\d{3})`)

// say sends bytes. That nobody takes them any more is for the other side to be judged by.
func (x *exchange) say(bytes string) {
	x.p.mu.Lock()
	for _, m := range statusLine.FindAllStringSubmatch(bytes, -1) {
		x.p.said[m[1]] = true
	}
	x.p.mu.Unlock()
	if _, err := io.WriteString(x.conn, bytes); err != nil {
		x.close()
	}
}

func (x *exchange) close() {
	x.halfClose()
	delivered(x.conn)
	_ = x.conn.Close()
	x.over = true
}

// reset ends the connection as a crash does.
func (x *exchange) reset() {
	if tcp, isTCP := x.conn.(*net.TCPConn); isTCP {
		_ = tcp.SetLinger(0)
	}
	_ = x.conn.Close()
	x.over = true
}

// halfClose says that nothing more comes.
func (x *exchange) halfClose() {
	if tcp, isTCP := x.conn.(*net.TCPConn); isTCP {
		_ = tcp.CloseWrite()
	}
}

// take reads n bytes of what the client sends, past any framing.
func (x *exchange) take(n int) string {
	b := make([]byte, n)
	got, err := io.ReadFull(x.r, b)
	if err != nil {
		x.close()
	}
	return string(b[:got])
}
