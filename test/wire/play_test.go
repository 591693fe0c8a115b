package wire

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// patience is how long anything may take before it counts as hanging. No case that comes out as wanted waits for its end.
const patience = 10 * time.Second

// noPatience is for peers that are known to hang.
const noPatience = 200 * time.Millisecond

// play is one case at one peer.
type play struct {
	t    *testing.T
	c    *wireCase
	peer *peer

	conn net.Conn
	r    *bufio.Reader
	// aside are the sends that may have to wait for the other side to read.
	aside sync.WaitGroup

	answers []sight
	// end is known when reading showed it.
	end string

	mu        sync.Mutex
	exchanges []*exchange
	events    map[string]chan struct{}
	// said are the statuses that the shop has answered with.
	said  map[string]bool
	notes []sight
}

// perform plays c at a peer and tells what came of it.
func perform(t *testing.T, c *wireCase, at *peer) outcome {
	t.Helper()
	at.turn.Lock()
	defer at.turn.Unlock()
	p := &play{t: t, c: c, peer: at, events: map[string]chan struct{}{}, said: map[string]bool{}}
	at.shop.plays(p)
	p.dial("127.0.0.1")
	defer func() { _ = p.conn.Close() }()
	if c.client != nil {
		c.client(p)
	} else {
		p.all()
	}
	p.aside.Wait()
	p.settle()
	p.probeAgain()
	p.settle() // more may have come
	return p.outcome()
}

// all is what most clients do.
func (p *play) all() {
	p.send(p.c.send)
	reads := p.c.reads
	if reads == nil {
		method, _, _ := strings.Cut(p.c.send, " ")
		reads = []string{method}
	}
	for _, method := range reads {
		p.read(method)
	}
}

// dial makes the client's connection, from one of this machine's addresses.
func (p *play) dial(from string) {
	p.t.Helper()
	if p.conn != nil {
		_ = p.conn.Close()
	}
	d := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(from)}}
	conn, err := d.Dial("tcp", p.peer.addr)
	if err != nil {
		p.t.Fatal(err)
	}
	if err := conn.SetDeadline(time.Now().Add(p.patience())); err != nil {
		p.t.Fatal(err)
	}
	p.conn, p.r, p.end = conn, bufio.NewReaderSize(conn, 64<<10), ""
}

func (p *play) patience() time.Duration {
	if r := p.c.differs[p.peer.name]; r != nil && r.hangs {
		return noPatience
	}
	return patience
}

// send sends bytes, however slowly they are read. That the other side has closed is seen when reading.
func (p *play) send(bytes string) {
	conn := p.conn
	if len(bytes) > 32<<10 {
		p.aside.Go(func() { _, _ = io.WriteString(conn, bytes) })
		return
	}
	_, _ = io.WriteString(conn, bytes)
}

// read reads one answer to a request of a method, and the interim answers before it. It returns nil when none came.
func (p *play) read(method string) *message {
	for {
		m, err := readHead(p.r)
		if err != nil {
			p.answers = append(p.answers, sight{first: p.without(err)})
			return nil
		}
		if m.status() == 0 {
			p.answers = append(p.answers, sight{first: "what is no answer: " + shownBody([]byte(m.start))})
			p.end = endClosed
			return nil
		}
		m.readBody(p.r, m.bodyless(method), true)
		if m.status() < 200 && m.status() != 101 {
			if has(p.c.shows, "1xx") {
				p.answers = append(p.answers, p.shownAnswer(m))
			}
			continue
		}
		p.answers = append(p.answers, p.shownAnswer(m))
		if m.framing == "close" || m.broken != nil {
			p.end = endClosed
		}
		return m
	}
}

// readInterim reads one interim answer.
func (p *play) readInterim() {
	m, err := readHead(p.r)
	if err != nil {
		p.answers = append(p.answers, sight{first: p.without(err)})
		return
	}
	m.framing = "none"
	p.answers = append(p.answers, p.shownAnswer(m))
}

// without says how the connection is that brought no answer.
func (p *play) without(err error) string {
	if ended(err) {
		p.end = endClosed
		return "nothing"
	}
	p.end = "hanging"
	return "no answer yet"
}

// shownAnswer is an answer as outcomes show it. What the proxy says for itself is shown by its status alone.
func (p *play) shownAnswer(m *message) sight {
	status := strconv.Itoa(m.status())
	if m.status() >= 400 && !p.shopSaid(status) {
		p.peer.checkRefusal(p, m)
		return sight{first: status + " by the proxy"}
	}
	for i, h := range m.headers {
		name, value, _ := strings.Cut(h, ":")
		if strings.EqualFold(name, "date") && strings.TrimSpace(value) != shopsDate {
			m.headers[i] = name + ": of its own"
		}
	}
	return m.seen(status, func(name string) bool { return !has(p.c.shows, name) && leftOutOfAnswers(name) })
}

// shopsDate is the only Date that a shop of these cases sends.
const shopsDate = "Tue, 01 Dec 2026 00:00:00 GMT"

func leftOutOfAnswers(name string) bool {
	switch name {
	case "date", "server", "connection", "keep-alive", "content-length", "transfer-encoding", "trailer", "x-request-id":
		return true
	}
	return strings.HasPrefix(name, "x-pg-gateway-")
}

func leftOutOfRequests(name string) bool {
	switch name {
	case "host", "connection", "content-length", "transfer-encoding", "x-request-id", "x-real-ip", "forwarded", "expect":
		return true
	}
	return strings.HasPrefix(name, "x-forwarded-")
}

// shopSaid tells whether the shop has answered with a status.
func (p *play) shopSaid(status string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.said[status]
}

// event is what one side does and the other waits for.
func (p *play) event(name string) chan struct{} {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.events[name] == nil {
		p.events[name] = make(chan struct{})
	}
	return p.events[name]
}

// tell makes an event happen, once.
func (p *play) tell(name string) { close(p.event(name)) }

// await waits for an event of the other side.
func (p *play) await(name string) {
	select {
	case <-p.event(name):
	case <-time.After(p.patience()):
		p.note("waited in vain for: " + name)
	}
}

// note adds a line to what was seen at the shop.
func (p *play) note(text string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.notes = append(p.notes, sight{first: text})
}

// arrived takes a request at the shop.
func (p *play) arrived(m *message, c net.Conn, r *bufio.Reader) *exchange {
	p.mu.Lock()
	defer p.mu.Unlock()
	x := &exchange{message: m, p: p, conn: c, r: r, done: make(chan struct{}), reply: say(ok("ok"))}
	if n := len(p.exchanges); n < len(p.c.shop) {
		x.reply = p.c.shop[n]
	}
	p.exchanges = append(p.exchanges, x)
	return x
}

// settle waits for the shop to have done all that it does about the requests that came.
func (p *play) settle() {
	p.mu.Lock()
	begun := append([]*exchange(nil), p.exchanges...)
	p.mu.Unlock()
	for _, x := range begun {
		select {
		case <-x.done:
		case <-time.After(p.patience()):
			p.note("the shop has not come to the end of " + x.start)
		}
	}
}

// probeAgain sees how the connection stands. Whatever it was, other clients must get their own answers.
func (p *play) probeAgain() {
	if p.end == "" {
		p.end = p.probe(p.conn, p.r)
	}
	for range 2 {
		c, err := net.Dial("tcp", p.peer.addr)
		if err != nil {
			p.t.Fatal(err)
		}
		_ = c.SetDeadline(time.Now().Add(patience))
		if end := p.probe(c, bufio.NewReader(c)); end != endOpen {
			p.note("another client's connection is " + end)
		}
		_ = c.Close()
	}
}

// probe sends one more request and tells what its connection is.
func (p *play) probe(conn net.Conn, r *bufio.Reader) string {
	name := fmt.Sprintf("%s-%d", p.peer.name, p.peer.probes.Add(1))
	_, _ = io.WriteString(conn, get(probes+name))
	m, err := readHead(r)
	switch {
	case err != nil && ended(err):
		return endClosed
	case err != nil:
		return "hanging"
	}
	m.readBody(r, false, true)
	switch {
	case m.status() == 200 && string(m.body) == name:
		return endOpen
	case m.status() == 400 && len(m.values("Connection")) > 0:
		return "answered by 400"
	}
	p.wrong("the next request of the connection got " + shownBody(m.body))
	return endClosed
}

// wrong notes what must never be.
func (p *play) wrong(what string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.notes = append(p.notes, sight{first: what, lines: []string{"wrong"}})
}

// outcome is what came of it. A request that broke off on its way is none: what the shop makes of it is to drop it.
func (p *play) outcome() outcome {
	p.mu.Lock()
	defer p.mu.Unlock()
	o := outcome{answers: p.answers, end: p.end}
	for _, x := range p.exchanges {
		if strings.Contains(x.start, "SMUGGLED") {
			o.wrong = append(o.wrong, "the shop saw "+x.start)
		}
		if s, whole := x.shown(); whole {
			o.requests = append(o.requests, s)
		}
	}
	for _, n := range p.notes {
		if len(n.lines) > 0 {
			o.wrong = append(o.wrong, n.first)
			continue
		}
		o.requests = append(o.requests, n)
	}
	return o
}
