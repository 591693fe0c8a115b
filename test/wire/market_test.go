package wire

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"testing"

	"github.com/tidwall/gjson"
)

// market is a shop that many buyers ask at once. Whatever it answers has the name of who asked in it.
type market struct {
	listener net.Listener
	serving  sync.WaitGroup

	mu   sync.Mutex
	open map[net.Conn]bool
}

func newMarket(t *testing.T) *market {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	m := &market{listener: l, open: map[net.Conn]bool{}}
	m.serving.Go(m.accept)
	t.Cleanup(func() {
		_ = l.Close()
		m.mu.Lock()
		for c := range m.open {
			_ = c.Close()
		}
		m.open = nil
		m.mu.Unlock()
		m.serving.Wait()
	})
	return m
}

func (m *market) addr() string { return m.listener.Addr().String() }

func (m *market) accept() {
	for {
		c, err := m.listener.Accept()
		if err != nil {
			return
		}
		m.mu.Lock()
		if m.open == nil {
			_ = c.Close()
		} else {
			m.open[c] = true
		}
		m.mu.Unlock()
		m.serving.Go(func() { m.serve(c) })
	}
}

func (m *market) serve(c net.Conn) {
	defer func() {
		_ = c.Close()
		m.mu.Lock()
		delete(m.open, c)
		m.mu.Unlock()
	}()
	for r := bufio.NewReader(c); ; {
		asked, err := readHead(r)
		if err != nil || !(&visit{message: asked, conn: c, r: r}).answer() {
			return
		}
	}
}

// visit is one request at the market.
type visit struct {
	*message
	conn net.Conn
	r    *bufio.Reader
	// name is that of who asks.
	name string
}

// answer tells whether the connection may have a next request.
func (v *visit) answer() bool {
	method, _, _ := strings.Cut(v.start, " ")
	path := strings.Split(target(v.message), "/")
	switch {
	case method == "GET" && len(path) == 3 && path[1] == "orders":
		return v.say(ok(fmt.Sprintf(
			`{"order_id":%q,"amount":64900,"order_name":"goods","payments":[{"method":"card","amount":64900}]}`, path[2],
		), "Content-Type: application/json"))
	case len(path) == 3 && path[1] == "api":
		v.readBody(v.r, false, false)
		v.name = gjson.GetBytes(v.body, "buyer.name").String()
		return v.broken == nil && v.say(ok(fmt.Sprintf(
			`{"code":"0000","payload":{"ordNo":%q,"payAmt":64900,"goodsNm":"goods"}}`, v.name,
		), "Content-Type: application/json", "Set-Cookie: session="+v.name))
	case len(path) == 3 && path[1] == "long":
		return v.answerLong()
	case len(path) == 4 && path[1] == "page":
		v.name = path[3]
		return ways[path[2]].do(v)
	}
	v.readBody(v.r, false, false)
	return v.broken == nil && v.say(ok("who are you?"))
}

func (v *visit) say(parts ...string) bool {
	for _, part := range parts {
		if _, err := io.WriteString(v.conn, part); err != nil {
			return false
		}
	}
	return true
}

// page is what only who asked may see.
func (v *visit) page() string { return "page of " + v.name + " who said: " + string(v.body) }

// cookie is as private.
func (v *visit) cookie() string { return "Set-Cookie: session=" + v.name }

// way is how the market answers.
type way struct {
	// well tells that the answer has the buyer's page and is in order.
	well bool
	do   func(*visit) (more bool)
}

// well answers in order, when the request has come whole.
func well(do func(v *visit) bool) way {
	return way{well: true, do: func(v *visit) bool {
		v.readBody(v.r, false, false)
		return v.broken == nil && do(v)
	}}
}

// ill answers what no shop should.
func ill(do func(v *visit) bool) way {
	w := well(do)
	w.well = false
	return w
}

// ways are all of them.
var ways = map[string]way{ //nolint:gochecknoglobals // a table
	"length": well(func(v *visit) bool { return v.say(ok(v.page(), v.cookie())) }),
	"pieces": well(func(v *visit) bool {
		all := ok(v.page(), v.cookie())
		return v.say(all[:30], all[30:60], all[60:])
	}),
	"chunks": well(func(v *visit) bool {
		return v.say(answer("200 OK", chunk(v.page())+"0\r\n\r\n", v.cookie(), "Transfer-Encoding: chunked"))
	}),
	"close": well(func(v *visit) bool {
		v.say(answer("200 OK", v.page(), v.cookie()))
		return false
	}),
	"hints": well(func(v *visit) bool {
		return v.say(
			answer("103 Early Hints", "", "Link: </"+v.name+">; rel=preload"),
			answer("102 Processing", "")+answer("103 Early Hints", "", "Link: </of/"+v.name+">; rel=preload"),
			ok(v.page(), v.cookie()),
		)
	}),
	// In one write: what comes later than the next request on that connection is, by the standard, its answer.
	"behind-204": ill(func(v *visit) bool { return v.say(answer("204 No Content", "", v.cookie()) + ok(v.page())) }),
	"behind-304": ill(func(v *visit) bool { return v.say(answer("304 Not Modified", "", v.cookie()) + ok(v.page())) }),
	"twice":      ill(func(v *visit) bool { return v.say(ok(v.page(), v.cookie()) + ok(v.page())) }),
	"longer": ill(func(v *visit) bool {
		return v.say(answer("200 OK", v.page()+" and more", fmt.Sprintf("Content-Length: %d", len(v.page()))))
	}),
	"cut": ill(func(v *visit) bool {
		v.say(answer("200 OK", v.page(), v.cookie(), "Content-Length: 5000"))
		return false
	}),
	"bad-chunk": ill(func(v *visit) bool {
		return v.say(answer("200 OK", chunk(v.page())+"zz\r\n"+v.page(), v.cookie(), "Transfer-Encoding: chunked"))
	}),
	"gone": ill(func(*visit) bool { return false }),
	"early": {do: func(v *visit) bool {
		v.say(answer("413 Content Too Large", v.page(), fmt.Sprintf("Content-Length: %d", len(v.page()))))
		v.readBody(v.r, false, false)
		return v.broken == nil
	}},
}
