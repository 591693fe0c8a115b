package gateway

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gofiber/fiber/v2"
)

// rawShop is a shop that answers every request with exactly the bytes that answer writes. It keeps connections
// open for as long as its caller does.
type rawShop struct {
	url string

	mu   sync.Mutex
	seen []string
}

func newRawShop(t *testing.T, answer func(target string, c net.Conn)) *rawShop {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &rawShop{url: "http://" + l.Addr().String()}
	var serving sync.WaitGroup
	t.Cleanup(func() {
		if err := l.Close(); err != nil {
			t.Error(err)
		}
		serving.Wait()
	})
	serving.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			serving.Go(func() { s.serve(c, answer) })
		}
	})
	return s
}

func (s *rawShop) serve(c net.Conn, answer func(string, net.Conn)) {
	defer func() { _ = c.Close() }()
	r := bufio.NewReader(c)
	for {
		req, err := http.ReadRequest(r)
		if err != nil {
			return
		}
		if _, err := io.Copy(io.Discard, req.Body); err != nil {
			return
		}
		s.mu.Lock()
		s.seen = append(s.seen, req.Method+" "+req.RequestURI)
		s.mu.Unlock()
		answer(req.RequestURI, c)
	}
}

func (s *rawShop) requests() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]string(nil), s.seen...)
}

// listening serves app on a port of its own and returns its address.
func listening(t *testing.T, app *fiber.App) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var served sync.WaitGroup
	served.Go(func() {
		if err := app.Listener(l); err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(func() {
		if err := app.ShutdownWithTimeout(time.Second); err != nil {
			t.Error(err)
		}
		served.Wait()
	})
	return l.Addr().String()
}

// rawClient speaks bytes on one connection.
type rawClient struct {
	t *testing.T
	c net.Conn
	r *bufio.Reader
}

func dialRaw(t *testing.T, addr string) *rawClient {
	t.Helper()
	c, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	if err := c.SetDeadline(time.Now().Add(20 * time.Second)); err != nil {
		t.Fatal(err)
	}
	return &rawClient{t: t, c: c, r: bufio.NewReader(c)}
}

func (c *rawClient) send(bytes string) {
	c.t.Helper()
	// A server that closed already is what some of the tests are about.
	_, _ = io.WriteString(c.c, bytes)
}

// answer reads one answer to a request of method; nil when the connection ended before it.
func (c *rawClient) answer(method string) (*http.Response, string) {
	c.t.Helper()
	res, err := http.ReadResponse(c.r, &http.Request{Method: method})
	if err != nil {
		return nil, ""
	}
	b, err := io.ReadAll(res.Body)
	if err != nil {
		return res, string(b) + "<" + err.Error() + ">"
	}
	return res, string(b)
}

// ends tells whether the server has ended the connection, and what it sent before that.
func (c *rawClient) ends() (string, bool) {
	b, err := io.ReadAll(c.r)
	var timeout net.Error
	return string(b), !errors.As(err, &timeout) || !timeout.Timeout()
}

const pageOfA = "HTTP/1.1 200 OK\r\nContent-Length: 17\r\nSet-Cookie: session=A\r\n\r\nPRIVATE PAGE OF A"

// TestOnesPageNeverReachesAnother is design promise 9 against a shop that sends more than one answer, or less than
// one: whatever comes besides the answer, at once or late, ends with its connection.
func TestOnesPageNeverReachesAnother(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, method string
		answer       []string // late parts follow once the caller has what came before
		status       int      // 0: broken off, or refused as a fault of the shop
		body         string
	}{
		{"103 before it", "GET", []string{"HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\n", pageOfA}, 200, "PRIVATE PAGE OF A"},
		{"103 and it in one packet", "GET", []string{"HTTP/1.1 103 Early Hints\r\n\r\n" + pageOfA}, 200, "PRIVATE PAGE OF A"},
		{"100, 102, 103, 103 before it", "GET", []string{"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 102 Processing\r\n\r\n", "HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 103 Early Hints\r\n\r\n", pageOfA}, 200, "PRIVATE PAGE OF A"},
		{"103 with a length", "GET", []string{"HTTP/1.1 103 Early Hints\r\nContent-Length: 5\r\n\r\n", pageOfA}, 200, "PRIVATE PAGE OF A"},
		{"103 for a HEAD", "HEAD", []string{"HTTP/1.1 103 Early Hints\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 17\r\n\r\n"}, 200, ""},
		{"103 without end", "GET", []string{strings.Repeat("HTTP/1.1 103 Early Hints\r\n\r\n", 100) + pageOfA}, 502, ""},
		{"101 unasked", "GET", []string{"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n" + pageOfA}, 502, ""},
		{"a status below 100", "GET", []string{"HTTP/1.1 099 What\r\n\r\n" + pageOfA}, 502, ""},
		{"204 with a page behind", "GET", []string{"HTTP/1.1 204 No Content\r\n\r\n" + pageOfA}, 204, ""},
		{"204 with a page behind, late", "GET", []string{"HTTP/1.1 204 No Content\r\n\r\n", pageOfA}, 204, ""},
		{"204 with a length and a body", "GET", []string{"HTTP/1.1 204 No Content\r\nContent-Length: 96\r\n\r\n" + pageOfA}, 204, ""},
		{"304 with a page behind", "GET", []string{"HTTP/1.1 304 Not Modified\r\nContent-Length: 17\r\n\r\n" + pageOfA}, 304, ""},
		{"304 with a page behind, late", "GET", []string{"HTTP/1.1 304 Not Modified\r\n\r\n", pageOfA}, 304, ""},
		{"HEAD with a body", "HEAD", []string{pageOfA + pageOfA}, 200, ""},
		{"HEAD with a body, late", "HEAD", []string{"HTTP/1.1 200 OK\r\nContent-Length: 17\r\n\r\n", pageOfA}, 200, ""},
		{"HEAD with chunks", "HEAD", []string{"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + pageOfA}, 200, ""},
		{"longer than announced", "GET", []string{"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok" + pageOfA}, 200, "ok"},
		{"longer than announced, late", "GET", []string{"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", pageOfA}, 200, "ok"},
		{"nothing announced, a page behind", "GET", []string{"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n" + pageOfA}, 200, ""},
		{"two answers in one packet", "GET", []string{pageOfA + pageOfA}, 200, "PRIVATE PAGE OF A"},
		{"chunks with a page behind", "GET", []string{"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n" + pageOfA}, 200, "ok"},
		{"chunks with a page behind, late", "GET", []string{"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n", pageOfA}, 200, "ok"},
		{"chunks and a length", "GET", []string{"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n" + pageOfA}, 502, ""},
		{"two lengths", "GET", []string{"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nok" + pageOfA}, 502, ""},
		{"an unknown encoding of the transfer", "GET", []string{"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\nok"}, 502, ""},
		{"no HTTP", "GET", []string{"PRIVATE PAGE OF A\r\n\r\n"}, 502, ""},
		{"a bad chunk", "GET", []string{"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nok\r\n0\r\n\r\n" + pageOfA}, 0, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			sent := make(chan struct{})
			shop := newRawShop(t, func(target string, conn net.Conn) {
				if target != "/a" {
					_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\npage of B")
					return
				}
				defer close(sent)
				for i, part := range c.answer {
					if i > 0 {
						time.Sleep(30 * time.Millisecond)
					}
					_, _ = io.WriteString(conn, part)
				}
			})
			h := newHouse(t, shopAt(shop.url))
			at := listening(t, h.app)
			a := dialRaw(t, at)
			a.send(c.method + " /a HTTP/1.1\r\nHost: x\r\n\r\n")
			res, body := a.answer(c.method)
			switch {
			case c.status == 0:
				if res != nil && !strings.Contains(body, "<") && res.StatusCode != 502 {
					t.Errorf("a broken answer came out as %d %q", res.StatusCode, body)
				}
			case res == nil:
				t.Errorf("no answer, want %d", c.status)
			case res.StatusCode != c.status, c.status != 502 && body != c.body, c.status == 502 && strings.Contains(body, "PRIVATE"):
				t.Errorf("A got %d %q, want %d %q", res.StatusCode, body, c.status, c.body)
			}
			// What comes behind a whole answer when the next request is on its way already nobody can tell from its answer.
			<-sent
			for i := range 8 {
				b := a
				if i%2 == 1 || res == nil || res.Close || c.status == 0 {
					b = dialRaw(t, at)
				}
				b.send(fmt.Sprintf("GET /b%d HTTP/1.1\r\nHost: x\r\n\r\n", i))
				if res, body := b.answer("GET"); res == nil || body != "page of B" || res.Header.Get("Set-Cookie") != "" {
					t.Fatalf("B got %v %q", res, body)
				}
			}
		})
	}
}

// TestAnAnswerThatIsCutIsNotWhole: what ends before its announced length must not look complete.
func TestAnAnswerThatIsCutIsNotWhole(t *testing.T) {
	t.Parallel()
	for name, answer := range map[string]string{
		"length": "HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nhalf",
		"chunks": "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n50\r\nhalf",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			shop := newRawShop(t, func(_ string, conn net.Conn) {
				_, _ = io.WriteString(conn, answer)
				_ = conn.Close()
			})
			h := newHouse(t, shopAt(shop.url))
			c := dialRaw(t, listening(t, h.app))
			c.send("GET /a HTTP/1.1\r\nHost: x\r\n\r\n")
			if res, body := c.answer("GET"); res != nil && res.StatusCode == 200 && !strings.Contains(body, "<") {
				t.Errorf("half an answer came out whole: %q", body)
			}
			if _, ended := c.ends(); !ended {
				t.Error("the connection stays open after half an answer")
			}
		})
	}
}

// TestAnInterceptedAnswerThatIsCutOpensNoWindow: what there is of it may look complete.
func TestAnInterceptedAnswerThatIsCutOpensNoWindow(t *testing.T) {
	t.Parallel()
	shop := newRawShop(t, func(_ string, conn net.Conn) {
		_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 500\r\n\r\n"+`{"code":"0000","payload":{"ordNo":"O-1","payAmt":1000}}`)
		_ = conn.Close()
	})
	h := newHouse(t, shopAt(shop.url))
	a := h.post("/api/orders", "application/json", `{"payMeans":[{"payWayCd":"11"}],"buyer":{"name":"구매자","tel":"01000000000","email":"b@example.com"},"return_url":"`+publicURL+`/result"}`)
	if a.status != http.StatusBadGateway || len(shop.requests()) != 1 {
		t.Errorf("got %d %s after %v", a.status, a.body, shop.requests())
	}
}

// endless is a reader that would go on after its end.
type endless struct{ reads int }

func (e *endless) Read(p []byte) (int, error) {
	if e.reads++; e.reads == 1 {
		return 0, io.EOF
	}
	return copy(p, smuggled), nil
}

// TestTheEndOfABodyIsFinal: fasthttp's stream goes on with the next request after the last chunk.
func TestTheEndOfABodyIsFinal(t *testing.T) {
	t.Parallel()
	b := &wireBody{from: &endless{}}
	for range 2 {
		if got, err := io.ReadAll(b); len(got) > 0 || err != nil {
			t.Errorf("read %q %v after the end", got, err)
		}
	}
	if !b.ended() {
		t.Error("the end was not noticed")
	}
}

// TestAnAnswerUntilTheEndOfItsConnection is handed on, of either version of HTTP.
func TestAnAnswerUntilTheEndOfItsConnection(t *testing.T) {
	t.Parallel()
	for _, version := range []string{"1.0", "1.1"} {
		shop := newRawShop(t, func(_ string, conn net.Conn) {
			_, _ = io.WriteString(conn, "HTTP/"+version+" 200 OK\r\nContent-Type: text/plain\r\n\r\nall of it")
			_ = conn.Close()
		})
		h := newHouse(t, shopAt(shop.url))
		c := dialRaw(t, listening(t, h.app))
		for range 2 {
			c.send("GET /a HTTP/1.1\r\nHost: x\r\n\r\n")
			if res, body := c.answer("GET"); res == nil || body != "all of it" {
				t.Errorf("HTTP/%s: got %v %q", version, res, body)
			}
		}
	}
}

const smuggled = "GET /SMUGGLED HTTP/1.1\r\nHost: a\r\n\r\n"

// unread are requests whose body nobody reads to its end. What looks like a request in the rest of the body is
// the body's.
func unread() map[string]string {
	head := func(line, more string) string { return line + " HTTP/1.1\r\nHost: a\r\n" + more + "\r\n" }
	long := strings.Repeat("A", 8192) + smuggled
	huge := strings.Repeat("A", 600<<10) + smuggled
	chunk := func(b string) string { return fmt.Sprintf("%x\r\n%s\r\n", len(b), b) }
	length := func(b string) string { return fmt.Sprintf("Content-Length: %d\r\n", len(b)) }
	form := "--b\r\nContent-Disposition: form-data; name=\"x\"\r\n\r\n1\r\n--b--\r\n" + strings.Repeat("\r\n", 4_500) + smuggled
	all := map[string]string{}
	for _, target := range []string{
		"POST /orders/O1/confirm", "POST /checkout", "POST /hooks/portone/v1/zzz", "POST /hooks/inicis/zzz/deposit", "GET /checkout", "POST /attempts/x/cancels",
		"GET /attempts/x", "POST /nothing", "POST /-/reload", "GET /livez", "PUT /%2f", "OPTIONS /checkout", "HEAD /livez",
	} {
		all[target+" with a length"] = head(target, length(long)) + long
		all[target+" with a huge length"] = head(target, length(huge)) + huge
		all[target+" in chunks"] = head(target, "Transfer-Encoding: chunked\r\n") + chunk(long) + "0\r\n\r\n"
		all[target+" in huge chunks"] = head(target, "Transfer-Encoding: chunked\r\n") + chunk(huge) + "0\r\n\r\n"
		all[target+" in a bad chunk"] = head(target, "Transfer-Encoding: chunked\r\n") + "zz\r\n" + smuggled
		all[target+" in a chunk too long"] = head(target, "Transfer-Encoding: chunked\r\n") + "2\r\nokay\r\n0\r\n\r\n" + smuggled
		all[target+" as a form with a tail"] = head(target, "Content-Type: multipart/form-data; boundary=b\r\n"+length(form)) + form
		all[target+" after waiting to go on"] = head(target, "Expect: 100-continue\r\n"+length(long)) + long
		all[target+" with both lengths"] = head(target, length("0\r\n\r\n"+smuggled)+"Transfer-Encoding: chunked\r\n") + "0\r\n\r\n" + smuggled
		all[target+" with both lengths, turned"] = head(target, "Transfer-Encoding: chunked\r\n"+length("0\r\n\r\n"+smuggled)) + "0\r\n\r\n" + smuggled
		all[target+" with an encoding and a length"] = head(target, "Transfer-Encoding: identity\r\n"+length(long)) + long
		all[target+" in chunks of HTTP/1.0"] = target + " HTTP/1.0\r\nHost: a\r\nConnection: keep-alive\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + smuggled
	}
	return all
}

// TestAnUnreadBodyIsNoRequest on every door: the only answer to be had is the first request's.
func TestAnUnreadBodyIsNoRequest(t *testing.T) {
	t.Parallel()
	shop := newRawShop(t, func(_ string, conn net.Conn) {
		_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx")
	})
	h := newHouse(t, shopAt(shop.url))
	var wg sync.WaitGroup
	for door, app := range map[string]*fiber.App{"public": h.app, "sidecar": h.sidecar, "admin": h.admin} {
		at := listening(t, app)
		for name, request := range unread() {
			wg.Go(func() {
				c := dialRaw(t, at)
				c.send(request)
				// A connection may go on only where the next request begins at its place.
				c.send("GET /LAST HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
				got, ended := c.ends()
				if !ended {
					t.Errorf("%s: %s: the connection stays open", door, name)
				}
				finals := strings.Count(got, "HTTP/1.1 ") - strings.Count(got, "HTTP/1.1 100 ")
				if finals > 2 {
					t.Errorf("%s: %s: %d answers to two requests", door, name, finals)
				}
			})
		}
	}
	wg.Wait()
	for _, seen := range shop.requests() {
		if strings.Contains(seen, "SMUGGLED") {
			t.Errorf("the shop saw %s", seen)
		}
	}
}

// TestTwoReadersSeeOneRequest: where a request ends must not be a matter of taste, whoever stands in front of us.
func TestTwoReadersSeeOneRequest(t *testing.T) {
	t.Parallel()
	shop := newRawShop(t, func(_ string, conn net.Conn) {
		_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx")
	})
	h := newHouse(t, shopAt(shop.url))
	for door, app := range map[string]*fiber.App{"public": h.app, "sidecar": h.sidecar, "admin": h.admin} {
		at := listening(t, app)
		for _, framing := range []string{
			"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
			"Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n",
			"Transfer-Encoding: identity\r\nContent-Length: 5\r\n\r\nhello",
			"Transfer-Encoding: identity\r\n\r\n",
		} {
			c := dialRaw(t, at)
			c.send("POST /upload HTTP/1.1\r\nHost: a\r\n" + framing)
			if res, _ := c.answer("POST"); res == nil || res.StatusCode != http.StatusBadRequest || !res.Close {
				t.Errorf("%s: %q was answered with %v", door, framing, res)
			}
		}
	}
	if seen := shop.requests(); len(seen) > 0 {
		t.Errorf("the shop saw %q", seen)
	}
}

// TestABodyThatNobodyWaitsForIsToldToEnd: a sender that stalls in the middle of a body that nobody reads is told that
// its connection ends, and does not keep it until the read timeout.
func TestABodyThatNobodyWaitsForIsToldToEnd(t *testing.T) {
	t.Parallel()
	h := newHouse(t, nil)
	for door, app := range map[string]*fiber.App{"public": h.app, "sidecar": h.sidecar} {
		c := dialRaw(t, listening(t, app))
		c.send("POST /hooks/portone/v1/zzz HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel")
		if res, _ := c.answer("POST"); res == nil || !res.Close {
			t.Errorf("%s: answered with %v", door, res)
		}
	}
}

// TestABodyReadWholeKeepsItsConnection: closing is for bodies that were not.
func TestABodyReadWholeKeepsItsConnection(t *testing.T) {
	t.Parallel()
	shop := newRawShop(t, func(_ string, conn net.Conn) {
		_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx")
	})
	h := newHouse(t, shopAt(shop.url))
	c := dialRaw(t, listening(t, h.app))
	body := strings.Repeat("A", 100<<10)
	for _, request := range []string{
		fmt.Sprintf("POST /upload HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n%s", len(body), body),
		fmt.Sprintf("POST /upload HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n0\r\n\r\n", len(body), body),
		fmt.Sprintf("POST /checkout HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n%s", len(body), body),
		fmt.Sprintf("POST /orders/O1/confirm HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n0\r\n\r\n", len(body), body),
		"GET /last HTTP/1.1\r\nHost: a\r\n\r\n",
	} {
		c.send(request)
		if res, _ := c.answer("POST"); res == nil || res.Close {
			t.Errorf("the connection of %.40q was closed: %v", request, res)
		}
	}
}

// TestABodyThatBreaksOffIsNotHandedOnWhole: the shop must see that it is not all, and never what follows.
func TestABodyThatBreaksOffIsNotHandedOnWhole(t *testing.T) {
	t.Parallel()
	shop := newRawShop(t, func(_ string, conn net.Conn) {
		_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx")
	})
	h := newHouse(t, shopAt(shop.url))
	c := dialRaw(t, listening(t, h.app))
	c.send("POST /upload HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\nzz\r\n" + smuggled)
	if res, _ := c.answer("POST"); res == nil || res.StatusCode != http.StatusBadRequest || !res.Close {
		t.Errorf("got %v", res)
	}
	if seen := shop.requests(); len(seen) > 0 {
		t.Errorf("the shop took half a body for a request: %v", seen)
	}
}

// TestWhatCannotBeParsedIsAnswered400 as a problem, without a word of it, here or in the log.
func TestWhatCannotBeParsedIsAnswered400(t *testing.T) {
	t.Parallel()
	h := newHouse(t, nil)
	var log bytes.Buffer
	h.g.log = slog.New(slog.NewJSONHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	for door, app := range map[string]*fiber.App{"public": h.app, "sidecar": h.sidecar, "admin": h.admin} {
		at := listening(t, app)
		for _, broken := range []string{
			"GET /livez HTTP/1.1\r\nHost: a\r\nHost: b\r\nCookie: PLANTED\r\n\r\n", "PLANTED\r\n\r\n", "GET /livez HTTP/1.1\r\nHost: a\r\nPLANTED x: y\r\n\r\n",
			"GET /livez HTTP/9.9\r\nHost: a\r\nCookie: PLANTED\r\n\r\n", "GET /livez HTTP/1.1\r\nHost: a\r\nX: PLANTED\x00\r\n\r\n",
			"GET /livez HTTP/1.1\r\nHost: a\nX: PLANTED\r\n\r\n",
			"GET /livez HTTP/1.1\r\nHost: PLANTED@b\r\n\r\n", "GET ftp://a/livez HTTP/1.1\r\nHost: a\r\nX: PLANTED\r\n\r\n",
			"CONNECT PLANTED:443 HTTP/1.1\r\nHost: PLANTED:443\r\n\r\n", "PLANTED /livez HTTP/1.1\r\nHost: a\r\n\r\n",
		} {
			c := dialRaw(t, at)
			c.send(broken)
			res, body := c.answer("GET")
			if res == nil || res.StatusCode != http.StatusBadRequest || !strings.Contains(body, "REQUEST_UNREADABLE") || strings.Contains(body, "PLANTED") {
				t.Errorf("%s: %q: got %v %s", door, broken, res, body)
			}
			if _, ended := c.ends(); !ended {
				t.Errorf("%s: %q: the connection stays open", door, broken)
			}
		}
	}
	if strings.Contains(log.String(), "PLANTED") {
		t.Errorf("the log holds %s", log.String())
	}
}
