package gateway

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/gofiber/fiber/v2"

	"github.com/pg-gateway/pg-gateway/test/fixture"
)

// behindDoor serves app behind a door, as Run does, and returns its address.
func behindDoor(t *testing.T, app *fiber.App, patience time.Duration, change ...func(*door)) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	d := newDoor(l, func() doorRoom { return doorRoom{} }, func(string, error) {}, nil)
	d.patience = patience
	for _, do := range change {
		do(d)
	}
	var served sync.WaitGroup
	served.Go(func() {
		if err := app.Listener(d); err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(func() {
		d.closeSilent()
		if err := app.ShutdownWithTimeout(time.Second); err != nil && !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Log(err)
		}
		served.Wait()
	})
	return l.Addr().String()
}

// bytesShop is a shop that sees requests as bytes: the head of each, and the connection behind it.
func bytesShop(t *testing.T, answer func(head string, r *bufio.Reader, c net.Conn) (goOn bool)) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var serving sync.WaitGroup
	var mu sync.Mutex
	var open []net.Conn
	t.Cleanup(func() {
		_ = l.Close()
		mu.Lock()
		for _, c := range open {
			_ = c.Close()
		}
		mu.Unlock()
		serving.Wait()
	})
	serving.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			mu.Lock()
			open = append(open, c)
			mu.Unlock()
			serving.Go(func() {
				defer func() { _ = c.Close() }()
				r := bufio.NewReader(c)
				for {
					var head strings.Builder
					for !strings.HasSuffix(head.String(), "\r\n\r\n") {
						line, err := r.ReadString('\n')
						if err != nil {
							return
						}
						head.WriteString(line)
					}
					if !answer(head.String(), r, c) {
						return
					}
				}
			})
		}
	})
	return "http://" + l.Addr().String()
}

// readUntil reads what comes until it ends with end.
func readUntil(t *testing.T, r io.Reader, end string) string {
	t.Helper()
	var got bytes.Buffer
	one := make([]byte, 1)
	for !bytes.HasSuffix(got.Bytes(), []byte(end)) {
		if _, err := r.Read(one); err != nil {
			t.Fatalf("read %q and then %v", got.String(), err)
		}
		got.Write(one)
	}
	return got.String()
}

// withoutID takes out the line of the request id, which is ours and new each time.
func withoutID(t *testing.T, head string) string {
	t.Helper()
	before, rest, found := strings.Cut(head, headerRequestID+": ")
	_, after, ended := strings.Cut(rest, "\r\n")
	if !found || !ended || strings.Contains(after, headerRequestID) {
		t.Errorf("no request id, or two, in %q", head)
	}
	return before + after
}

// TestTheShopsHeadIsHandedOnByteForByte: its lines in their order and spelling, and nothing invented.
func TestTheShopsHeadIsHandedOnByteForByte(t *testing.T) {
	t.Parallel()
	const lines = "sErVeR:  Apache\r\ndate: Sat, 28 Nov 2026 12:00:00 GMT\r\nSet-Cookie: a=\"b\\073 c\"; Path=/\r\nset-cookie: cart={\"items\":1, \"x\":\"y\"}; HttpOnly\r\n" +
		"X-Empty:\r\nX-Tab:\ta\t\r\nSet-Cookie: a=second\r\nX-Korean: 한글\r\nVary: Origin\r\nvary: Accept-Encoding\r\nETag: W/\"1\"\r\n"
	for _, tt := range []struct{ name, method, answer, want string }{
		{"a length", "GET", "HTTP/1.1 200 Alles Gut\r\n" + lines + "Content-Length: 2\r\n\r\nok", "HTTP/1.1 200 Alles Gut\r\n" + lines + "Content-Length: 2\r\n"},
		{"chunks", "GET", "HTTP/1.1 200 OK\r\n" + lines + "Transfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n", "HTTP/1.1 200 OK\r\n" + lines + "Transfer-Encoding: chunked\r\n"},
		{"a type", "GET", "HTTP/1.1 200 OK\r\ncontent-type: TEXT/html; charset=EUC-KR\r\n" + lines + "Content-Length: 2\r\n\r\nok", "HTTP/1.1 200 OK\r\ncontent-type: TEXT/html; charset=EUC-KR\r\n" + lines + "Content-Length: 2\r\n"},
		{"no reason", "GET", "HTTP/1.1 299 \r\n" + lines + "Content-Length: 2\r\n\r\nok", "HTTP/1.1 299 \r\n" + lines + "Content-Length: 2\r\n"},
		{"a coding", "GET", "HTTP/1.1 200 OK\r\nContent-Encoding: br\r\n" + lines + "Content-Length: 2\r\n\r\nok", "HTTP/1.1 200 OK\r\nContent-Encoding: br\r\n" + lines + "Content-Length: 2\r\n"},
		{"HEAD", "HEAD", "HTTP/1.1 200 OK\r\n" + lines + "Content-Length: 1234\r\n\r\n", "HTTP/1.1 200 OK\r\n" + lines + "Content-Length: 1234\r\n"},
		{"HEAD of chunks", "HEAD", "HTTP/1.1 200 OK\r\n" + lines + "Transfer-Encoding: chunked\r\n\r\n", "HTTP/1.1 200 OK\r\n" + lines},
		{"304", "GET", "HTTP/1.1 304 Not Modified\r\n" + lines + "Content-Length: 1234\r\n\r\n", "HTTP/1.1 304 Not Modified\r\n" + lines + "Content-Length: 1234\r\n"},
		{"204", "GET", "HTTP/1.1 204 No Content\r\n" + lines + "\r\n", "HTTP/1.1 204 No Content\r\n" + lines},
		{"nothing", "GET", "HTTP/1.1 404 Not Found\r\n" + lines + "Content-Length: 0\r\n\r\n", "HTTP/1.1 404 Not Found\r\n" + lines + "Content-Length: 0\r\n"},
		{"those of the hop", "GET", "HTTP/1.1 200 OK\r\nConnection: keep-alive, X-Hop\r\nKeep-Alive: timeout=5\r\nX-Hop: 1\r\nX-Request-Id: the-shops\r\n" + lines + "Content-Length: 2\r\n\r\nok", "HTTP/1.1 200 OK\r\n" + lines + "Content-Length: 2\r\n"},
	} {
		shop := bytesShop(t, func(_ string, _ *bufio.Reader, c net.Conn) bool {
			_, err := io.WriteString(c, tt.answer)
			return err == nil
		})
		h := newHouse(t, shopAt(shop))
		c := dialRaw(t, behindDoor(t, h.app, time.Minute))
		for range 2 {
			c.send(tt.method + " / HTTP/1.1\r\nHost: x\r\n\r\n")
			if got := withoutID(t, readUntil(t, c.r, "\r\n\r\n")); got != tt.want+"\r\n" {
				t.Errorf("%s:\n got %q\nwant %q", tt.name, got, tt.want+"\r\n")
			}
			switch {
			case strings.Contains(tt.want, "chunked"):
				readUntil(t, c.r, "2\r\nok\r\n0\r\n\r\n")
			case strings.HasSuffix(tt.answer, "\r\n\r\nok"):
				readUntil(t, c.r, "ok")
			}
		}
	}
}

// TestTheBuyersRequestIsHandedOnByteForByte, but for what is of the hop or ours to say.
func TestTheBuyersRequestIsHandedOnByteForByte(t *testing.T) {
	t.Parallel()
	heads := make(chan string, 1)
	shop := bytesShop(t, func(head string, r *bufio.Reader, c net.Conn) bool {
		if strings.Contains(head, "Content-Length: 5") {
			_, _ = io.CopyN(io.Discard, r, 5)
		}
		heads <- head
		_, err := io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
		return err == nil
	})
	h := newHouse(t, shopAt(shop))
	c := dialRaw(t, behindDoor(t, h.app, time.Minute))
	const lines = "cookie: sid=1; s=\"provider=oidc\\073state=x\"; cart={\"items\":1,\"sum\":64900}; z=\r\naccept:  */*\r\nX-Two: 1\r\nx-two:2\r\nX-Korean: 한글\r\nX-Empty:\r\n" +
		"Content-Type: application/x-www-form-urlencoded; charset=euc-kr\r\nUser-Agent: A B\r\n"
	for _, method := range []string{"GET", "POST", "PUT"} {
		body := ""
		if method != "GET" {
			body = "hello"
		}
		length := ""
		if body != "" {
			length = "Content-Length: 5\r\n"
		}
		c.send(method + " /a/b?x=%2F+%zz&y=한 HTTP/1.1\r\nHost: shop.example\r\nConnection: keep-alive, X-Hop\r\nX-Hop: 1\r\nX-Forwarded-For: 6.6.6.6\r\n" + lines + length + "\r\n" + body)
		got := <-heads
		readUntil(t, c.r, "\r\n\r\nok")
		line, rest, _ := strings.Cut(got, "\r\n")
		if want := method + " /a/b?x=%2F+%zz&y=한 HTTP/1.1"; line != want {
			t.Errorf("the shop got %q, want %q", line, want)
		}
		want := "Host: shop.example\r\n" + lines +
			"X-Forwarded-For: 127.0.0.1\r\nX-Forwarded-Host: shop.example\r\nX-Forwarded-Proto: http\r\n" +
			"Forwarded: for=127.0.0.1;host=shop.example;proto=http\r\n" + length + "\r\n"
		if got := withoutID(t, rest); got != want {
			t.Errorf("%s:\nthe shop got %q\n        want %q", method, got, want)
		}
	}
}

// TestTrailersAreHandedOn behind the chunks that they came behind.
func TestTrailersAreHandedOn(t *testing.T) {
	t.Parallel()
	shop := bytesShop(t, func(_ string, _ *bufio.Reader, c net.Conn) bool {
		_, err := io.WriteString(c, "HTTP/1.1 200 OK\r\nTrailer: X-Sum\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\nX-Sum: 1\r\nX-Sum: 2\r\nContent-Length: 5\r\n\r\n")
		return err == nil
	})
	h := newHouse(t, shopAt(shop))
	c := dialRaw(t, behindDoor(t, h.app, time.Minute))
	for range 2 {
		c.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
		if head := readUntil(t, c.r, "\r\n\r\n"); !strings.Contains(head, "\r\nTrailer: X-Sum\r\n") {
			t.Errorf("got %q", head)
		}
		if body := readUntil(t, c.r, "\r\n\r\n"); body != "2\r\nok\r\n0\r\nX-Sum: 1\r\nX-Sum: 2\r\n\r\n" {
			t.Errorf("got %q", body)
		}
	}
}

// TestAClientOfHTTP10 gets no chunks: what has no length ends with its connection, and what broke off is broken.
func TestAClientOfHTTP10(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		answer, want string
		broken       bool
	}{
		"chunks":      {"HTTP/1.1 200 OK\r\nX-A: 1\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n3\r\n, 3\r\n0\r\n\r\n", "ok, 3", false},
		"until close": {"HTTP/1.1 200 OK\r\nX-A: 1\r\n\r\nok, 3", "ok, 3", false},
		"a length":    {"HTTP/1.1 200 OK\r\nX-A: 1\r\nContent-Length: 5\r\n\r\nok, 3", "ok, 3", false},
		"broken off":  {"HTTP/1.1 200 OK\r\nX-A: 1\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\nzz", "", true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			shop := bytesShop(t, func(_ string, _ *bufio.Reader, c net.Conn) bool { _, _ = io.WriteString(c, tt.answer); return false })
			h := newHouse(t, shopAt(shop))
			c := dialRaw(t, behindDoor(t, h.app, time.Minute))
			c.send("GET / HTTP/1.0\r\n\r\n")
			all, err := io.ReadAll(c.r)
			if tt.broken {
				if err == nil {
					t.Errorf("half an answer came out whole: %q", all)
				}
				return
			}
			head, body, _ := strings.Cut(string(all), "\r\n\r\n")
			if err != nil || body != tt.want || strings.Contains(head, "chunked") || !strings.Contains(head, "X-A: 1") || !strings.Contains(head, headerRequestID) {
				t.Errorf("got %v %q", err, all)
			}
		})
	}
}

// TestAnotherProtocolPassesBothWays, with what comes right behind the answer, and ends when the gateway leaves.
func TestAnotherProtocolPassesBothWays(t *testing.T) {
	t.Parallel()
	heads := make(chan string, 1)
	shop := bytesShop(t, func(head string, r *bufio.Reader, c net.Conn) bool {
		heads <- head
		_, _ = io.WriteString(c, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: x\r\nConnection: Upgrade\r\n\r\nhello ")
		_, _ = io.Copy(c, r)
		return false
	})
	h := newHouse(t, shopAt(shop))
	c := dialRaw(t, behindDoor(t, h.app, time.Minute))
	c.send("GET /ws HTTP/1.1\r\nHost: x\r\nConnection: keep-alive, Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: y\r\n\r\nwor")
	if head := <-heads; !strings.Contains(head, "Connection: Upgrade\r\nUpgrade: websocket\r\n") || !strings.Contains(head, "Sec-WebSocket-Key: y\r\n") {
		t.Errorf("the shop got %q", head)
	}
	if head := readUntil(t, c.r, "\r\n\r\n"); head != "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: x\r\n\r\n" {
		t.Errorf("got %q", head)
	}
	readUntil(t, c.r, "hello wor")
	c.send("ld")
	readUntil(t, c.r, "ld")
	h.g.tunnels.end(20 * time.Second)
	if rest, ended := c.ends(); !ended || rest != "" {
		t.Errorf("the connection stays open behind %q", rest)
	}
}

// TestTunnelsHaveTheirShare: connections that were upgraded stay for long, and take no page's place; one client has no
// more than its share of them.
func TestTunnelsHaveTheirShare(t *testing.T) {
	t.Parallel()
	shop := bytesShop(t, func(head string, r *bufio.Reader, c net.Conn) bool {
		if !strings.Contains(head, "Upgrade: websocket") {
			_, err := io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
			return err == nil
		}
		_, _ = io.WriteString(c, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n")
		_, _ = io.Copy(c, r)
		return false
	})
	h := newHouse(t, shopAt(shop), func(c *fixture.Config) {
		c.Limits.InFlight = map[string]int{"tunnels": 4, "forwarded": 2}
	})
	at := behindDoor(t, h.app, time.Minute)
	upgrade := func() (*rawClient, int) {
		c := dialRaw(t, at)
		c.send("GET /ws HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n")
		res, err := http.ReadResponse(c.r, nil)
		if err != nil {
			t.Fatal(err)
		}
		_ = res.Body.Close()
		return c, res.StatusCode
	}
	first, status := upgrade()
	if _, other := upgrade(); status != http.StatusSwitchingProtocols || other != status {
		t.Fatalf("got %d and %d", status, other)
	}
	if _, status := upgrade(); status != http.StatusServiceUnavailable {
		t.Errorf("beyond the client's share: %d", status)
	}
	if !h.counted(`pg_gateway_requests_shed_total{reason="client",room="tunnels"} 1`) ||
		!h.counted(`pg_gateway_in_flight_requests{room="tunnels"} 2`) {
		t.Error("the metrics do not say so")
	}
	page := dialRaw(t, at)
	page.send("GET /page HTTP/1.1\r\nHost: x\r\n\r\n")
	if res, body := page.answer("GET"); res == nil || body != "ok" {
		t.Errorf("a page beside them: %v %q", res, body)
	}
	_ = first.c.Close()
	eventually(t, "its seat to be given back", func() bool { return h.counted(`pg_gateway_in_flight_requests{room="tunnels"} 1`) })
	if _, status := upgrade(); status != http.StatusSwitchingProtocols {
		t.Errorf("with a seat given back: %d", status)
	}
}

// TestATunnelsSeatIsGivenBack on every way out, and once.
func TestATunnelsSeatIsGivenBack(t *testing.T) {
	t.Parallel()
	const (
		ask  = "GET /ws HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"
		take = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n"
	)
	reset := func(c *rawClient) {
		_ = c.c.(*net.TCPConn).SetLinger(0) //nolint:forcetypeassert // it is TCP
		_ = c.c.Close()
	}
	for name, tt := range map[string]struct {
		answer string
		// stays tells that the shop keeps the connection.
		stays, panics bool
		// early is what the client does before the shop answers, late after.
		early, late func(*rawClient, *Gateway)
	}{
		"the shop says no":        {answer: "HTTP/1.1 426 No\r\nContent-Length: 2\r\n\r\nno", stays: true},
		"the shop hangs up":       {},
		"a 101 that is none":      {answer: "HTTP/1.1 101 \x01\r\nUpgrade: websocket\r\n\r\n"},
		"only the shop ends it":   {answer: take},
		"the client ends it":      {answer: take, stays: true, late: func(c *rawClient, _ *Gateway) { _ = c.c.Close() }},
		"the client breaks it":    {answer: take, stays: true, late: func(c *rawClient, _ *Gateway) { reset(c) }},
		"the client did not wait": {answer: take, stays: true, early: func(c *rawClient, _ *Gateway) { reset(c) }},
		"the gateway leaves":      {answer: take, stays: true, late: func(_ *rawClient, g *Gateway) { g.tunnels.end(time.Second) }},
		"a panic behind it":       {answer: take, panics: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			asked, goOn := make(chan struct{}, 1), make(chan struct{})
			shop := bytesShop(t, func(_ string, r *bufio.Reader, c net.Conn) bool {
				asked <- struct{}{}
				<-goOn
				_, _ = io.WriteString(c, tt.answer)
				if tt.stays {
					_, _ = io.Copy(io.Discard, r)
				}
				return false
			})
			h := newHouse(t, shopAt(shop))
			app := h.g.newApp(true)
			app.Use(h.g.observe, func(c *fiber.Ctx) error {
				err := h.g.forward(c, h.g.view())
				if tt.panics {
					panic("PLANTED")
				}
				return err
			})
			c := dialRaw(t, behindDoor(t, app, time.Second))
			c.send(ask)
			<-asked
			if !h.counted(`pg_gateway_in_flight_requests{room="tunnels"} 1`) {
				t.Error("it has no seat")
			}
			if !h.counted(`pg_gateway_in_flight_requests{room="forwarded"} 1`) {
				t.Error("it takes a connection to the shop that is not counted among those of pages")
			}
			if tt.early != nil {
				tt.early(c, h.g)
			}
			close(goOn)
			if tt.late != nil {
				readUntil(t, c.r, "\r\n\r\n")
				tt.late(c, h.g)
			}
			eventually(t, "its seat to be given back", func() bool { return h.counted(`pg_gateway_in_flight_requests{room="tunnels"} 0`) })
			if !h.counted(`pg_gateway_in_flight_requests{room="forwarded"} 0`) {
				t.Error("a page's seat is taken")
			}
		})
	}
}

// TestAnotherProtocolThatTheShopDoesNotSpeak is refused by the shop's own answer, on a connection that stays.
func TestAnotherProtocolThatTheShopDoesNotSpeak(t *testing.T) {
	t.Parallel()
	shop := bytesShop(t, func(_ string, _ *bufio.Reader, c net.Conn) bool {
		_, err := io.WriteString(c, "HTTP/1.1 426 Upgrade Required\r\nContent-Length: 2\r\n\r\nno")
		return err == nil
	})
	h := newHouse(t, shopAt(shop))
	c := dialRaw(t, behindDoor(t, h.app, time.Minute))
	for range 2 {
		c.send("GET /ws HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: other\r\n\r\n")
		if res, body := c.answer("GET"); res == nil || res.StatusCode != http.StatusUpgradeRequired || body != "no" {
			t.Errorf("got %v %q", res, body)
		}
	}
}

// TestAnAnswerBeforeTheBodyWasSent reaches who is still sending, and his connection ends.
func TestAnAnswerBeforeTheBodyWasSent(t *testing.T) {
	t.Parallel()
	for _, framing := range []string{"Content-Length: 10000000\r\n\r\n", "Transfer-Encoding: chunked\r\n\r\n186a0\r\n"} {
		for _, answer := range []string{"HTTP/1.1 413 Too Large\r\nContent-Length: 3\r\n\r\nbig", "HTTP/1.1 413 Too Large\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nbig\r\n0\r\n\r\n", "HTTP/1.1 403 No\r\nContent-Length: 0\r\n\r\n"} {
			t.Run(framing+answer, func(t *testing.T) {
				t.Parallel()
				shop := bytesShop(t, func(head string, r *bufio.Reader, c net.Conn) bool {
					_, _ = io.WriteString(c, answer)
					if strings.HasPrefix(head, "GET") {
						return true
					}
					_, _ = io.Copy(io.Discard, r)
					return false
				})
				h := newHouse(t, shopAt(shop))
				c := dialRaw(t, behindDoor(t, h.app, time.Minute))
				c.send("POST /up HTTP/1.1\r\nHost: x\r\n" + framing + strings.Repeat("x", 50_000))
				res, body := c.answer("POST")
				if res == nil || res.StatusCode/100 != 4 || !res.Close || body != "big" && res.StatusCode == 413 {
					t.Errorf("got %v %q", res, body)
				}
				c.send(strings.Repeat("x", 50_000) + smuggled)
				if rest, ended := c.ends(); !ended || rest != "" {
					t.Errorf("the connection stays open behind %q", rest)
				}
			})
		}
	}
}

// TestBothWaysAtOnce: a shop that answers while it reads; neither side waits for the other to have ended.
func TestBothWaysAtOnce(t *testing.T) {
	t.Parallel()
	const size = 16 << 20
	shop := bytesShop(t, func(_ string, r *bufio.Reader, c net.Conn) bool {
		_, _ = fmt.Fprintf(c, "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n", size)
		_, _ = io.CopyN(c, r, size)
		return false
	})
	h := newHouse(t, shopAt(shop))
	c := dialRaw(t, behindDoor(t, h.app, time.Minute))
	c.send("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: " + strconv.Itoa(size) + "\r\n\r\n")
	var sending sync.WaitGroup
	sending.Go(func() { c.send(strings.Repeat("x", size)) })
	if res, body := c.answer("POST"); res == nil || res.StatusCode != http.StatusOK || len(body) != size {
		t.Errorf("got %v and %d bytes", res, len(body))
	}
	sending.Wait()
}

// TestWhatGoesOnIsNotCut, however long it takes, and what stands still is: an upload, and a download that nobody reads.
func TestWhatGoesOnIsNotCut(t *testing.T) {
	t.Parallel()
	const patience = 4 * time.Second
	broke := make(chan error, 1)
	shop := bytesShop(t, func(head string, r *bufio.Reader, c net.Conn) bool {
		if strings.HasPrefix(head, "GET /huge") {
			_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n")
			_, err := io.CopyN(c, zeros{}, 1_000_000_000)
			broke <- err
			return false
		}
		if _, err := io.CopyN(io.Discard, r, 9020); err != nil {
			return false
		}
		_, err := io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
		return err == nil
	})
	h := newHouse(t, shopAt(shop))
	at := behindDoor(t, h.app, patience, func(d *door) { d.headTime = patience })
	c := dialRaw(t, at)
	long := strings.Repeat("x", 9000) // more than is read ahead
	c.send("POST /up HTTP/1.1\r\nHost: x\r\nContent-Length: 9020\r\n\r\n" + long)
	for range 20 {
		time.Sleep(patience / 8)
		c.send("x")
	}
	if res, body := c.answer("POST"); res == nil || body != "ok" {
		t.Errorf("a slow upload got %v %q", res, body)
	}
	c.send("POST /up HTTP/1.1\r\nHost: x\r\nContent-Length: 9020\r\n\r\n" + long)
	if res, _ := c.answer("POST"); res != nil && res.StatusCode == http.StatusOK {
		t.Errorf("an upload that stands still got %v", res)
	}
	if _, ended := c.ends(); !ended {
		t.Error("its connection stays open")
	}
	reader := dialRaw(t, at)
	reader.send("GET /huge HTTP/1.1\r\nHost: x\r\n\r\n")
	if err := <-broke; err == nil {
		t.Error("the shop could send all of what nobody reads")
	}
}

// TestWhatMustComeAtOnceHasOneTime, however steadily its bytes come: a head, one that began behind the request before
// it, and a body that is read whole.
func TestWhatMustComeAtOnceHasOneTime(t *testing.T) {
	t.Parallel()
	shop := bytesShop(t, func(string, *bufio.Reader, net.Conn) bool { return false })
	h := newHouse(t, shopAt(shop))
	at := behindDoor(t, h.app, time.Minute, func(d *door) { d.headTime = time.Second })
	const checkout = "POST /checkout HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: "
	for name, first := range map[string]string{
		"head":                              "GET / HTTP/1.1\r\nHost: x\r\nX: ",
		"head behind one":                   checkout + "2\r\n\r\n{}GET / HTTP/1.1\r\nHost: x\r\nX: ",
		"short body":                        checkout + "1000\r\n\r\n{",
		"long body":                         checkout + "10000\r\n\r\n{" + strings.Repeat(" ", 9000),
		"what is read ahead of a long body": "POST /up HTTP/1.1\r\nHost: x\r\nContent-Length: 10000\r\n\r\nx",
		"what a client waits to send":       checkout + "10000\r\nExpect: 100-continue\r\n\r\n{",
		"too long a body":                   checkout + "100000000\r\n\r\n{" + strings.Repeat(" ", 9000),
		"chunks of a checkout": strings.Replace(checkout, "Content-Length: ", "Transfer-Encoding: chunked\r\n\r\n", 1) +
			"1000\r\n{",
		"a length in chunks that does not end": strings.Replace(checkout, "Content-Length: ", "Transfer-Encoding: chunked\r\n\r\n", 1),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := dialRaw(t, at)
			c.send(first)
			began := time.Now()
			go func() {
				for range 100 {
					time.Sleep(100 * time.Millisecond)
					if _, err := c.c.Write([]byte("1")); err != nil {
						return
					}
				}
			}()
			if _, err := io.Copy(io.Discard, c.r); err != nil && !errors.Is(err, syscall.ECONNRESET) {
				t.Fatal(err)
			}
			if took := time.Since(began); took > 5*time.Second {
				t.Errorf("it ended after %v", took)
			}
		})
	}
}

// TestAnAnswerThatIsNotWholeIsCounted for who broke off.
func TestAnAnswerThatIsNotWholeIsCounted(t *testing.T) {
	t.Parallel()
	shop := bytesShop(t, func(head string, _ *bufio.Reader, c net.Conn) bool {
		_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\nhalf")
		if strings.HasPrefix(head, "GET /left") {
			_, _ = io.CopyN(c, zeros{}, 1_000_000_000)
		}
		return false
	})
	for target, by := range map[string]string{"/left": "client", "/broken": "order_service"} {
		h := newHouse(t, shopAt(shop))
		c := dialRaw(t, behindDoor(t, h.app, time.Minute))
		c.send("GET " + target + " HTTP/1.1\r\nHost: x\r\n\r\n")
		readUntil(t, c.r, "half")
		if target == "/left" {
			_ = c.c.Close()
		}
		for began := time.Now(); !h.counted(`pg_gateway_forwarded_unfinished_total{by="` + by + `"} 1`); {
			if time.Since(began) > 20*time.Second {
				t.Fatalf("%s is not counted", target)
			}
			time.Sleep(5 * time.Millisecond)
		}
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { return len(p), nil }

// TestAnAnswerComesAsItIsSent: each piece at once, with a length or in chunks.
func TestAnAnswerComesAsItIsSent(t *testing.T) {
	t.Parallel()
	next := make(chan struct{})
	shop := bytesShop(t, func(head string, _ *bufio.Reader, c net.Conn) bool {
		pieces := []string{"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\n", "a1", "b2", "c3"}
		if strings.HasPrefix(head, "GET /chunks") {
			pieces = []string{"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", "2\r\na1\r\n", "2\r\nb2\r\n", "2\r\nc3\r\n0\r\n\r\n"}
		}
		for _, piece := range pieces {
			if _, err := io.WriteString(c, piece); err != nil {
				return false
			}
			<-next
		}
		return true
	})
	h := newHouse(t, shopAt(shop))
	c := dialRaw(t, behindDoor(t, h.app, time.Minute))
	for _, target := range []string{"/length", "/chunks"} {
		c.send("GET " + target + " HTTP/1.1\r\nHost: x\r\n\r\n")
		for _, want := range []string{"\r\n\r\n", "a1", "b2", "c3"} {
			if target == "/chunks" && want == "\r\n\r\n" {
				// The head of chunks goes out with the first of them.
				next <- struct{}{}
				continue
			}
			readUntil(t, c.r, want)
			next <- struct{}{}
		}
		if target == "/chunks" {
			readUntil(t, c.r, "0\r\n\r\n")
		}
	}
}

// TestOwnAnswersSayTheTime, those of the server included.
func TestOwnAnswersSayTheTime(t *testing.T) {
	t.Parallel()
	h := newHouse(t, nil)
	for name, app := range map[string]*fiber.App{"public": h.app, "sidecar": h.sidecar, "admin": h.admin} {
		at := listening(t, app)
		for _, request := range []string{"GET /nothing HTTP/1.1\r\nHost: x\r\n\r\n", "GET /livez HTTP/1.1\r\nHost: x\r\n\r\n", "no request\r\n\r\n", "POST /checkout HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}"} {
			c := dialRaw(t, at)
			c.send(request)
			if res, _ := c.answer("GET"); res == nil || len(res.Header.Values("Date")) != 1 {
				t.Errorf("%s: %q was answered with %v", name, request, res)
			}
		}
	}
}

// TestAPanicBehindTheShopsAnswer leaves nothing of that answer in ours, and gives its place at the shop back.
func TestAPanicBehindTheShopsAnswer(t *testing.T) {
	t.Parallel()
	shop := bytesShop(t, func(_ string, _ *bufio.Reader, c net.Conn) bool {
		_, err := io.WriteString(c, pageOfA)
		return err == nil
	})
	h := newHouse(t, shopAt(shop))
	h.g.shops = newShops(shopsOptions{conns: 1, lookUps: 1, metrics: h.g.metrics, log: h.g.log})
	app := h.g.newApp(true)
	app.Use(h.g.observe, func(c *fiber.Ctx) error {
		if err := h.g.forward(c, h.g.view()); err != nil {
			return err
		}
		panic("PLANTED")
	})
	c := dialRaw(t, behindDoor(t, app, time.Minute))
	for range 3 {
		c.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
		head := readUntil(t, c.r, "\r\n\r\n")
		if !strings.HasPrefix(head, "HTTP/1.1 500 Internal Server Error\r\nDate: ") || strings.Count(head, "\r\nDate:") != 1 || strings.Contains(head, "session=A") {
			t.Errorf("got %q", head)
		}
		_, length, _ := strings.Cut(head, "Content-Length: ")
		length, _, _ = strings.Cut(length, "\r\n")
		n, err := strconv.Atoi(length)
		if err != nil {
			t.Fatal(err)
		}
		body := make([]byte, n)
		if _, err := io.ReadFull(c.r, body); err != nil || strings.Contains(string(body), "PRIVATE") {
			t.Errorf("got %v %q", err, body)
		}
	}
}
