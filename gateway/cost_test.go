package gateway

import (
	"bytes"
	"io"
	"net"
	"strconv"
	"strings"
	"sync"
	"testing"
)

// wireBuffer is larger than any request or answer of these tests, in bytes.
const wireBuffer = 32 << 10

// costlyAPICall is a call at the door that is PortOne V1's API; the others are at the public one.
const costlyAPICall = "PortOne V1 call of 1 KB, token injected"

// costlyPaths are the ways through the gateway whose cost is watched, by the names of docs/performance.md.
func costlyPaths() map[string][]byte {
	order := `{"goods":[{"goodsNo":"G-1001","qty":1}],"payMeans":[{"payWayCd":"11"}],` +
		`"buyer":{"name":"홍길동","email":"gildong@example.com","tel":"010-4242-4242"},"memo":"` + strings.Repeat("x", 768) +
		`","return_url":"http://localhost:8080/result"}`
	post := func(path, body string) []byte {
		return []byte("POST " + path + " HTTP/1.1\r\nHost: localhost:8080\r\n" +
			"User-Agent: bench\r\nOrigin: http://localhost:8080\r\n" +
			"Content-Type: application/json\r\nContent-Length: " + strconv.Itoa(len(body)) + "\r\n\r\n" + body)
	}
	return map[string][]byte{
		"pass-through POST 1 KB":            post("/api/carts", order),
		"intercepted checkout":              post("/api/orders", order),
		"POST /checkout with order look-up": post("/checkout", benchBody),
		costlyAPICall:                       apiCallOf1KB(),
	}
}

// frugalShop is an order service on loopback that allocates nothing for a request, so that what is counted is the
// gateway's. Taking a connection costs it a little.
type frugalShop struct{ buffers chan *[2][wireBuffer]byte }

// frugalConns is how many connections the shop has buffers for.
const frugalConns = 4

func newFrugalShop(tb testing.TB) string {
	tb.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		tb.Fatal(err)
	}
	s := &frugalShop{buffers: make(chan *[2][wireBuffer]byte, frugalConns)}
	for range frugalConns {
		s.buffers <- new([2][wireBuffer]byte)
	}
	var serving sync.WaitGroup
	serving.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			serving.Go(func() { s.serve(c) })
		}
	})
	tb.Cleanup(func() {
		if err := l.Close(); err != nil {
			tb.Error(err)
		}
		serving.Wait()
	})
	return "http://" + l.Addr().String()
}

func (s *frugalShop) serve(c net.Conn) {
	b := <-s.buffers
	defer func() { s.buffers <- b }()
	defer func() { _ = c.Close() }()
	for {
		n, err := readMessage(c, b[0][:])
		if err != nil {
			return
		}
		if _, err := c.Write(frugalAnswer(b[1][:0], b[0][:n])); err != nil {
			return
		}
	}
}

// frugalAnswer appends the answer to a request.
func frugalAnswer(to, request []byte) []byte {
	const head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: "
	const order = `,"amount":64900,"tax_free":0,"currency":"KRW","order_name":"노르웨이 회전 의자",` +
		`"status":"waiting","pg_amount":60000}`
	switch line, _, _ := bytes.Cut(request, []byte(" HTTP/1.1\r\n")); {
	case bytes.HasPrefix(line, []byte("GET /orders/")):
		id := line[len("GET /orders/"):]
		to = append(to, head...)
		to = strconv.AppendInt(to, int64(len(`{"order_id":""`)+len(id)+len(order)), 10)
		to = append(to, "\r\n\r\n{\"order_id\":\""...)
		to = append(to, id...)
		return append(append(to, '"'), order...)
	case bytes.Equal(line, []byte("POST /portone/v1/users/getToken")):
		const token = `{"code":0,"message":null,"response":{"access_token":"0123456789abcdef0123456789abcdef01234567",` +
			`"now":1764374400,"expired_at":1764376200}}`
		return append(append(strconv.AppendInt(append(to, head...), int64(len(token)), 10), "\r\n\r\n"...), token...)
	case bytes.Equal(line, []byte("POST /api/orders")):
		const made = `{"code":"0000","payload":{"ordNo":"BENCH-20261201-0001",` +
			`"goodsNm":"chair","payAmt":64900,"pgAmt":64900,"taxFreeAmt":0}}`
		return append(append(strconv.AppendInt(append(to, head...), int64(len(made)), 10), "\r\n\r\n"...), made...)
	}
	const done = `{"ok":true,"items":3}`
	return append(append(strconv.AppendInt(append(to, head...), int64(len(done)), 10), "\r\n\r\n"...), done...)
}

// readMessage reads one request or answer, which says how long it is, and returns its length. It allocates nothing.
func readMessage(from io.Reader, b []byte) (int, error) {
	for n := 0; ; {
		got, err := from.Read(b[n:])
		if n += got; err != nil {
			return n, err
		}
		if head := bytes.Index(b[:n], []byte("\r\n\r\n")); head >= 0 && n >= head+4+bodyLength(b[:head]) {
			return n, nil
		}
	}
}

func bodyLength(head []byte) int {
	const name = "\r\nContent-Length: "
	_, after, found := bytes.Cut(head, []byte(name))
	if !found {
		return 0
	}
	n := 0
	for _, digit := range after {
		if digit < '0' || digit > '9' {
			break
		}
		n = 10*n + int(digit-'0')
	}
	return n
}

// caller is one connection to a gateway that serves on loopback as it does in production.
type caller struct {
	conn net.Conn
	in   [wireBuffer]byte
}

// newCaller is a caller at the door that a path is at.
func newCaller(tb testing.TB, path string) *caller {
	tb.Helper()
	g := benchGatewayWith(tb, newFrugalShop(tb), nil)
	app := g.publicApp()
	if path == costlyAPICall {
		app = g.apiApp("portone1")
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		tb.Fatal(err)
	}
	var served sync.WaitGroup
	served.Go(func() {
		if err := serve(app, g.newDoor(l, "public", g.publicRoom), "public"); err != nil {
			tb.Error(err)
		}
	})
	c := &caller{}
	if c.conn, err = net.Dial("tcp", l.Addr().String()); err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		_ = c.conn.Close()
		if err := app.Shutdown(); err != nil {
			tb.Error(err)
		}
		served.Wait()
		g.shops.closeIdle()
	})
	return c
}

// ask sends a request and returns its answer, which is the caller's until the next one.
func (c *caller) ask(tb testing.TB, request []byte) []byte {
	if _, err := c.conn.Write(request); err != nil {
		tb.Fatal(err)
	}
	n, err := readMessage(c.conn, c.in[:])
	if err != nil {
		tb.Fatal(err)
	}
	if !bytes.HasPrefix(c.in[:n], []byte("HTTP/1.1 200 ")) {
		tb.Fatalf("answered %s", c.in[:n])
	}
	return c.in[:n]
}

// BenchmarkWire is what docs/performance.md calls by the same names, on loopback and in one process; for profiles.
func BenchmarkWire(b *testing.B) {
	for name, request := range costlyPaths() {
		b.Run(name, func(b *testing.B) {
			c := newCaller(b, name)
			b.ReportAllocs()
			for b.Loop() {
				c.ask(b, request)
			}
		})
	}
}

// apiCallOf1KB is a call that is handed on with our token and changes no payment.
func apiCallOf1KB() []byte {
	body := `{"identifier":"010-0000-0000","memo":"` + strings.Repeat("x", 980) + `"}`
	return []byte("POST /receipts/imp_123456789012 HTTP/1.1\r\nHost: localhost:8083\r\nUser-Agent: bench\r\n" +
		"Content-Type: application/json\r\nContent-Length: " + strconv.Itoa(len(body)) + "\r\n\r\n" + body)
}
