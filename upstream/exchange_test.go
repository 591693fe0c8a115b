package upstream_test

import (
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/pg-gateway/pg-gateway/upstream"
)

const (
	pageOfA = "HTTP/1.1 200 OK\r\nContent-Length: 17\r\nSet-Cookie: session=A\r\n\r\nPRIVATE PAGE OF A"
	pageOfB = "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\npage of B"
)

// TestAnswers is what comes of bytes that an upstream sends: what is handed out, and whether the connection is used
// again.
func TestAnswers(t *testing.T) {
	t.Parallel()
	head := func(lines string) string { return "HTTP/1.1 200 OK\r\n" + lines + "\r\n" }
	for _, tt := range []struct {
		name, method string
		answer       string
		hangUp       bool // the upstream closes behind it
		status       int
		body         string
		err          error
		again        bool // the connection is used again
	}{
		{name: "a length", answer: pageOfA, status: 200, body: "PRIVATE PAGE OF A", again: true},
		{name: "a length of nothing", answer: head("Content-Length: 0\r\n"), status: 200, again: true},
		{name: "chunks", answer: head("Transfer-Encoding: chunked\r\n") + "3\r\nabc\r\nA\r\n0123456789\r\n0\r\n\r\n", status: 200, body: "abc0123456789", again: true},
		{name: "no chunk", answer: head("Transfer-Encoding: chunked\r\n") + "0\r\n\r\n", status: 200, again: true},
		{name: "chunks in capitals", answer: head("TRANSFER-ENCODING: Chunked\r\n") + "1\r\na\r\n0\r\n\r\n", status: 200, body: "a", again: true},
		{name: "a chunk with an extension", answer: head("Transfer-Encoding: chunked\r\n") + "3;a=\"b c\"\r\nabc\r\n0;last\r\n\r\n", status: 200, body: "abc", again: true},
		{name: "a trailer", answer: head("Transfer-Encoding: chunked\r\n") + "3\r\nabc\r\n0\r\nX-Sum: 1\r\n\r\n", status: 200, body: "abc", again: true},
		{name: "until the end", answer: head("Content-Type: text/plain\r\n") + "until close", hangUp: true, status: 200, body: "until close"},
		{name: "until the end, nothing", answer: head(""), hangUp: true, status: 200},
		{name: "until the end, long", answer: head("") + strings.Repeat("long ", 50_000), hangUp: true, status: 200, body: strings.Repeat("long ", 50_000)},
		{name: "of HTTP/1.0", answer: "HTTP/1.0 200 OK\r\n\r\nold", hangUp: true, status: 200, body: "old"},
		{name: "of HTTP/1.0, to be kept", answer: "HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 3\r\n\r\nold", status: 200, body: "old"},
		{name: "to be closed", answer: head("Content-Length: 2\r\nConnection: close\r\n") + "ok", status: 200, body: "ok"},
		{name: "to be closed, among others", answer: head("Content-Length: 2\r\nConnection: x-hop , Close\r\n") + "ok", status: 200, body: "ok"},
		{name: "kept for no time", answer: head("Content-Length: 2\r\nKeep-Alive: timeout=0\r\n") + "ok", status: 200, body: "ok"},
		{name: "kept for a second", answer: head("Content-Length: 2\r\nKeep-Alive: max=100, timeout=1\r\n") + "ok", status: 200, body: "ok"},
		{name: "kept for five seconds", answer: head("Content-Length: 2\r\nKeep-Alive: timeout=5\r\n") + "ok", status: 200, body: "ok", again: true},
		{name: "no reason", answer: "HTTP/1.1 200\r\nContent-Length: 2\r\n\r\nok", status: 200, body: "ok", again: true},
		{name: "an empty reason", answer: "HTTP/1.1 200 \r\nContent-Length: 2\r\n\r\nok", status: 200, body: "ok", again: true},
		{name: "a Korean reason", answer: "HTTP/1.1 200 좋음\r\nContent-Length: 2\r\n\r\nok", status: 200, body: "ok", again: true},
		{name: "a status of its own", answer: "HTTP/1.1 799 Own\r\nContent-Length: 2\r\n\r\nok", status: 799, body: "ok", again: true},
		{name: "the same length twice", answer: head("Content-Length: 2\r\nContent-Length: 2\r\n") + "ok", status: 200, body: "ok", again: true},
		{name: "an error", answer: "HTTP/1.1 500 Oops\r\nContent-Length: 2\r\n\r\nno", status: 500, body: "no", again: true},
		{name: "10 KB of headers", answer: head("Content-Length: 2\r\nX-Long: "+strings.Repeat("a", 10<<10)+"\r\n") + "ok", status: 200, body: "ok", again: true},
		{name: "63 KB of headers", answer: head("Content-Length: 2\r\n"+strings.Repeat("X-Long: "+strings.Repeat("a", 1000)+"\r\n", 63)) + "ok", status: 200, body: "ok", again: true},
		{name: "a long body", answer: head("Content-Length: 1000000\r\n") + strings.Repeat("x", 1_000_000), status: 200, body: strings.Repeat("x", 1_000_000), again: true},

		{name: "103 before it", answer: "HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\n" + pageOfA, status: 200, body: "PRIVATE PAGE OF A", again: true},
		{name: "100, 102, 103 before it", answer: "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 103 Early Hints\r\nContent-Length: 5\r\n\r\n" + pageOfA, status: 200, body: "PRIVATE PAGE OF A", again: true},
		{name: "32 interim answers", answer: strings.Repeat("HTTP/1.1 103 Early Hints\r\n\r\n", 32) + pageOfA, status: 200, body: "PRIVATE PAGE OF A", again: true},
		{name: "60 KB of interim answers", answer: strings.Repeat("HTTP/1.1 103 Early Hints\r\nX: "+strings.Repeat("a", 20<<10)+"\r\n\r\n", 3) + pageOfA, status: 200, body: "PRIVATE PAGE OF A", again: true},
		{name: "33 interim answers", answer: strings.Repeat("HTTP/1.1 103 Early Hints\r\n\r\n", 33) + pageOfA, err: upstream.ErrInterim},
		{name: "101 unasked", answer: "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n" + pageOfA, err: upstream.ErrUpgraded},

		{name: "204 with a page behind", answer: "HTTP/1.1 204 No Content\r\n\r\n" + pageOfA, status: 204},
		{name: "204 with a length", answer: "HTTP/1.1 204 No Content\r\nContent-Length: 17\r\n\r\nPRIVATE PAGE OF A", status: 204},
		{name: "204 with chunks", answer: "HTTP/1.1 204 No Content\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n", status: 204},
		{name: "304 with a length", answer: "HTTP/1.1 304 Not Modified\r\nContent-Length: 17\r\n\r\n" + pageOfA, status: 304},
		{name: "HEAD", method: "HEAD", answer: pageOfA, status: 200},
		{name: "HEAD with chunks", method: "HEAD", answer: head("Transfer-Encoding: chunked\r\n") + "0\r\n\r\n", status: 200},
		{name: "longer than it says", answer: head("Content-Length: 2\r\n") + "ok" + pageOfA, status: 200, body: "ok"},
		{name: "a page behind nothing", answer: head("Content-Length: 0\r\n") + pageOfA, status: 200},
		{name: "a page behind chunks", answer: head("Transfer-Encoding: chunked\r\n") + "2\r\nok\r\n0\r\n\r\n" + pageOfA, status: 200, body: "ok"},
		{name: "one byte behind", answer: head("Content-Length: 2\r\n") + "ok\n", status: 200, body: "ok"},

		{name: "chunks and a length", answer: head("Content-Length: 2\r\nTransfer-Encoding: chunked\r\n") + "2\r\nok\r\n0\r\n\r\n", err: upstream.ErrAnswer},
		{name: "a length and chunks", answer: head("Transfer-Encoding: chunked\r\nContent-Length: 2\r\n") + "2\r\nok\r\n0\r\n\r\n", err: upstream.ErrAnswer},
		{name: "chunks in HTTP/1.0", answer: "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n", err: upstream.ErrAnswer},
		{name: "two lengths", answer: head("Content-Length: 2\r\nContent-Length: 3\r\n") + "ok", err: upstream.ErrAnswer},
		{name: "two lengths in one line", answer: head("Content-Length: 2, 2\r\n") + "ok", err: upstream.ErrAnswer},
		{name: "a negative length", answer: head("Content-Length: -2\r\n") + "ok", err: upstream.ErrAnswer},
		{name: "a length with a sign", answer: head("Content-Length: +2\r\n") + "ok", err: upstream.ErrAnswer},
		{name: "a length of letters", answer: head("Content-Length: 0x2\r\n") + "ok", err: upstream.ErrAnswer},
		{name: "no length in the line", answer: head("Content-Length:\r\n") + "ok", err: upstream.ErrAnswer},
		{name: "a length too long", answer: head("Content-Length: 9999999999999999999\r\n") + "ok", err: upstream.ErrAnswer},
		{name: "a coding of the transfer", answer: head("Transfer-Encoding: gzip\r\n") + "ok", err: upstream.ErrAnswer},
		{name: "two codings", answer: head("Transfer-Encoding: gzip, chunked\r\n") + "ok", err: upstream.ErrAnswer},
		{name: "chunked twice", answer: head("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n") + "ok", err: upstream.ErrAnswer},
		{name: "chunked with a tail", answer: head("Transfer-Encoding: chunked;x\r\n") + "ok", err: upstream.ErrAnswer},
		{name: "a line that continues another", answer: head("X-A: 1\r\n continued\r\n"), err: upstream.ErrAnswer},
		{name: "a space before the colon", answer: head("Content-Length : 2\r\n") + "ok", err: upstream.ErrAnswer},
		{name: "a name with a space", answer: head("X A: 1\r\n"), err: upstream.ErrAnswer},
		{name: "no name", answer: head(": 1\r\n"), err: upstream.ErrAnswer},
		{name: "no colon", answer: head("X-A\r\n"), err: upstream.ErrAnswer},
		{name: "a NUL", answer: head("X-A: 1\x002\r\n"), err: upstream.ErrAnswer},
		{name: "a return within a line", answer: head("X-A: 1\r2\r\n"), err: upstream.ErrAnswer},
		{name: "lines without a return", answer: "HTTP/1.1 200 OK\nContent-Length: 2\n\nok", err: upstream.ErrAnswer},
		{name: "one line without a return", answer: head("X-A: 1\nX-B: 2\r\n"), err: upstream.ErrAnswer},
		{name: "a status below 100", answer: "HTTP/1.1 099 What\r\n\r\n", err: upstream.ErrAnswer},
		{name: "a status of two digits", answer: "HTTP/1.1 20 OK\r\n\r\n", err: upstream.ErrAnswer},
		{name: "a status of four digits", answer: "HTTP/1.1 2000 OK\r\n\r\n", err: upstream.ErrAnswer},
		{name: "a status of letters", answer: "HTTP/1.1 2OO OK\r\n\r\n", err: upstream.ErrAnswer},
		{name: "two spaces", answer: "HTTP/1.1  200 OK\r\n\r\n", err: upstream.ErrAnswer},
		{name: "HTTP/2.0", answer: "HTTP/2.0 200 OK\r\n\r\n", err: upstream.ErrAnswer},
		{name: "HTTP/1.2", answer: "HTTP/1.2 200 OK\r\n\r\n", err: upstream.ErrAnswer},
		{name: "no HTTP", answer: "PRIVATE PAGE OF A", err: upstream.ErrAnswer},
		{name: "an empty line first", answer: "\r\n" + pageOfA, err: upstream.ErrAnswer},
		{name: "a greeting", answer: "220 smtp.example ESMTP\r\n", err: upstream.ErrAnswer},
		{name: "70 KB of headers", answer: head("Content-Length: 2\r\n"+strings.Repeat("X-Long: "+strings.Repeat("a", 1000)+"\r\n", 70)) + "ok", err: upstream.ErrHeadTooLarge},
		{name: "headers without end", answer: "HTTP/1.1 200 OK\r\nX: " + strings.Repeat("a", 200_000), err: upstream.ErrHeadTooLarge},
		{name: "nothing", hangUp: true, err: upstream.ErrHungUp},
		{name: "half a head", answer: "HTTP/1.1 200 OK\r\nContent-Le", hangUp: true, err: upstream.ErrHungUp},
		{name: "103 and no more", answer: "HTTP/1.1 103 Early Hints\r\n\r\n", hangUp: true, err: upstream.ErrHungUp},

		{name: "shorter than it says", answer: head("Content-Length: 50\r\n") + "half", hangUp: true, status: 200, body: "half", err: upstream.ErrBroken},
		{name: "half a chunk", answer: head("Transfer-Encoding: chunked\r\n") + "50\r\nhalf", hangUp: true, status: 200, body: "half", err: upstream.ErrBroken},
		{name: "no last chunk", answer: head("Transfer-Encoding: chunked\r\n") + "4\r\nhalf\r\n", hangUp: true, status: 200, body: "half", err: upstream.ErrBroken},
		{name: "half a last chunk", answer: head("Transfer-Encoding: chunked\r\n") + "4\r\nhalf\r\n0\r\n", hangUp: true, status: 200, body: "half", err: upstream.ErrBroken},
		{name: "half a trailer", answer: head("Transfer-Encoding: chunked\r\n") + "4\r\nhalf\r\n0\r\nX-Su", hangUp: true, status: 200, body: "half", err: upstream.ErrBroken},
		{name: "no size", answer: head("Transfer-Encoding: chunked\r\n") + "zz\r\nok\r\n0\r\n\r\n", status: 200, err: upstream.ErrBroken},
		{name: "a size with a sign", answer: head("Transfer-Encoding: chunked\r\n") + "+2\r\nok\r\n0\r\n\r\n", status: 200, err: upstream.ErrBroken},
		{name: "a size too long", answer: head("Transfer-Encoding: chunked\r\n") + "ffffffffffffffffff\r\nok", status: 200, err: upstream.ErrBroken},
		{name: "a size behind a space", answer: head("Transfer-Encoding: chunked\r\n") + " 2\r\nok\r\n0\r\n\r\n", status: 200, err: upstream.ErrBroken},
		{name: "a size without a return", answer: head("Transfer-Encoding: chunked\r\n") + "2\nok\r\n0\r\n\r\n", status: 200, err: upstream.ErrBroken},
		{name: "a chunk longer than it says", answer: head("Transfer-Encoding: chunked\r\n") + "2\r\nokay\r\n0\r\n\r\n", status: 200, body: "ok", err: upstream.ErrBroken},
		{name: "a trailer that is no header", answer: head("Transfer-Encoding: chunked\r\n") + "2\r\nok\r\n0\r\nX Y: 1\r\n\r\n", status: 200, body: "ok", err: upstream.ErrBroken},
		{name: "a trailer without end", answer: head("Transfer-Encoding: chunked\r\n") + "2\r\nok\r\n0\r\n" + strings.Repeat("X: "+strings.Repeat("y", 1000)+"\r\n", 20), status: 200, body: "ok", err: upstream.ErrBroken},
		{name: "an extension without end", answer: head("Transfer-Encoding: chunked\r\n") + "2;" + strings.Repeat("x", 5000), status: 200, err: upstream.ErrBroken},
		{name: "extensions without end", answer: head("Transfer-Encoding: chunked\r\n") + strings.Repeat("1;"+strings.Repeat("x", 1000)+"\r\na\r\n", 30), status: 200, body: strings.Repeat("a", 16), err: upstream.ErrBroken},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := serve(t, func(r seen, c net.Conn) bool {
				if strings.Contains(r.line, "/b") {
					return write(c, pageOfB)
				}
				return write(c, tt.answer) && !tt.hangUp
			})
			c := s.client(t)
			method := tt.method
			if method == "" {
				method = "POST"
			}
			a := ask(c, request(method, "/a"))
			if !errors.Is(a.err, tt.err) || tt.err == nil && a.err != nil {
				t.Fatalf("got error %v, want %v", a.err, tt.err)
			}
			if a.status != tt.status || a.body != tt.body {
				t.Errorf("got %d %.60q, want %d %.60q", a.status, a.body, tt.status, tt.body)
			}
			for range 3 {
				if b := ask(c, request("POST", "/b")); b.body != "page of B" || strings.Contains(b.lines, "Cookie") {
					t.Fatalf("B got %v %d %q", b.err, b.status, b.body)
				}
			}
			if got := s.requests(); len(got) != 4 || (got[0].conn == got[1].conn) != tt.again || got[1].conn != got[3].conn {
				t.Errorf("the upstream saw %v, want the first connection used again: %v", got, tt.again)
			}
		})
	}
}

// TestErrorsHoldNoBytesOfTheAnswer: they end up in the log.
func TestErrorsHoldNoBytesOfTheAnswer(t *testing.T) {
	t.Parallel()
	for _, answer := range []string{
		"PLANTED", "HTTP/1.1 PLANTED\r\n\r\n", "HTTP/1.1 200 OK\r\nSet-Cookie PLANTED\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: PLANTED\r\n\r\n",
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nPLANTED\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nPLANTED",
	} {
		s := serve(t, func(_ seen, c net.Conn) bool { write(c, answer); return false })
		if a := ask(s.client(t), request("GET", "/PLANTED")); a.err == nil || strings.Contains(a.err.Error(), "PLANTED") {
			t.Errorf("%q: %v", answer, a.err)
		}
	}
}

// TestAnAnswerInPieces: wherever the network cuts it, and whatever has been read ahead.
func TestAnAnswerInPieces(t *testing.T) {
	t.Parallel()
	whole := "HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nX-A: 1\r\n\r\n3\r\nabc\r\n10;x=y\r\n0123456789abcdef\r\n0\r\nX-Sum: 9\r\n\r\n"
	cut := make(chan int, 1)
	s := serve(t, func(_ seen, c net.Conn) bool {
		n := <-cut
		for _, part := range []string{whole[:n], whole[n:]} {
			if part != "" && !write(c, part) {
				return false
			}
			time.Sleep(time.Millisecond)
		}
		return true
	})
	c := s.client(t)
	for n := range len(whole) {
		cut <- n
		a := ask(c, request("GET", "/"))
		if a.err != nil || a.body != "abc0123456789abcdef" || a.trailers != "X-Sum: 9\r\n" || a.lines != "Transfer-Encoding: chunked\r\nX-A: 1\r\n" {
			t.Fatalf("cut at %d: %+v", n, a)
		}
	}
	if n := s.connections(); n != 1 {
		t.Errorf("%d connections, want one", n)
	}
}

// TestLateBytesReachNobody: what an upstream sends behind an answer, and behind the next one's beginning, is on a
// connection that is not used again.
func TestLateBytesReachNobody(t *testing.T) {
	t.Parallel()
	for name, answer := range map[string]string{
		"length": "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", "chunks": "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
		"204": "HTTP/1.1 204 No Content\r\n\r\n", "304": "HTTP/1.1 304 Not Modified\r\n\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			answered, late := make(chan struct{}), make(chan struct{})
			s := serve(t, func(r seen, c net.Conn) bool {
				if strings.Contains(r.line, "/b") {
					return write(c, pageOfB)
				}
				defer close(late)
				if !write(c, answer) {
					return false
				}
				<-answered
				return write(c, pageOfA)
			})
			c := s.client(t, func(o *upstream.Options) { o.Rest = time.Nanosecond })
			a := ask(c, request("GET", "/a"))
			close(answered)
			if a.err != nil {
				t.Fatal(a.err)
			}
			<-late
			for _, method := range []string{"GET", "POST", "GET"} {
				if b := ask(c, request(method, "/b")); b.err != nil || b.body != "page of B" {
					t.Errorf("B got %v %q", b.err, b.body)
				}
			}
		})
	}
}

// TestAnAnswerWithoutABodyRests: bytes that come a moment later, when the next request might be on its way already, are
// nobody's.
func TestAnAnswerWithoutABodyRests(t *testing.T) {
	t.Parallel()
	s := serve(t, func(r seen, c net.Conn) bool {
		if strings.Contains(r.line, "/b") {
			return write(c, pageOfB)
		}
		return write(c, "HTTP/1.1 304 Not Modified\r\n\r\n")
	})
	c := s.client(t, func(o *upstream.Options) { o.Rest = time.Hour; o.IdleAge = 2 * time.Hour })
	ask(c, request("GET", "/a"))
	ask(c, request("GET", "/b"))
	if got := s.requests(); got[0].conn == got[1].conn {
		t.Error("the connection was used again at once")
	}
	c = s.client(t, func(o *upstream.Options) { o.Rest = time.Nanosecond })
	ask(c, request("GET", "/a"))
	ask(c, request("GET", "/b"))
	if got := s.requests(); got[2].conn != got[3].conn {
		t.Error("the connection was not used again after its rest")
	}
}

// TestAConnectionKeptTooLongIsNotUsed, nor one that the upstream has closed.
func TestAConnectionKeptTooLongIsNotUsed(t *testing.T) {
	t.Parallel()
	s := serve(t, func(_ seen, c net.Conn) bool { return write(c, pageOfB) })
	c := s.client(t, func(o *upstream.Options) { o.IdleAge = time.Nanosecond })
	for range 3 {
		if a := ask(c, request("GET", "/")); a.err != nil {
			t.Fatal(a.err)
		}
	}
	if n := s.connections(); n != 3 {
		t.Errorf("%d connections, want three", n)
	}
}

// closing is an upstream that closes each connection after its first answer, without saying so, and tells when it has.
func closing(t *testing.T) (*rawServer, chan struct{}) {
	t.Helper()
	closed := make(chan struct{}, 16)
	return serve(t, func(_ seen, c net.Conn) bool {
		write(c, pageOfB)
		_ = c.Close()
		closed <- struct{}{}
		return false
	}), closed
}

// TestAClosedConnectionIsNotWrittenTo: a request that may be sent once only goes out on one that is open.
func TestAClosedConnectionIsNotWrittenTo(t *testing.T) {
	t.Parallel()
	s, closed := closing(t)
	c := s.client(t)
	for _, method := range []string{"GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "QUERY"} {
		if a := ask(c, request(method, "/")); a.err != nil {
			t.Errorf("%s: %v", method, a.err)
		}
		<-closed
	}
	if n := len(s.requests()); n != 8 {
		t.Errorf("the upstream saw %d requests, want 8", n)
	}
}

// racing is an upstream that answers a connection's first request and, at the second, which it takes but does not
// answer, ends the connection by end.
func racing(t *testing.T, end func(c net.Conn)) *rawServer {
	t.Helper()
	first := map[int]bool{}
	return serve(t, func(r seen, c net.Conn) bool {
		if !first[r.conn] && r.line[len(r.line)-len("/warm HTTP/1.1"):] == "/warm HTTP/1.1" {
			first[r.conn] = true
			return write(c, pageOfB)
		}
		end(c)
		return false
	})
}

// TestOneInAtMostOneOut, for every method: only a GET or HEAD may be written a second time, when its kept connection
// turned out to be closed before a byte of an answer.
func TestOneInAtMostOneOut(t *testing.T) {
	t.Parallel()
	ends := map[string]func(c net.Conn){
		"closes": func(c net.Conn) { _ = c.Close() },
		"resets": func(c net.Conn) { _ = c.(*net.TCPConn).SetLinger(0); _ = c.Close() }, //nolint:forcetypeassert // it is TCP
		"begins": func(c net.Conn) { write(c, "HTTP/1.1 2") },
	}
	for how, end := range ends {
		for _, method := range []string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "QUERY", "PROPFIND", "get"} {
			for _, kept := range []bool{false, true} {
				t.Run(fmt.Sprintf("%s %s kept %v", how, method, kept), func(t *testing.T) {
					t.Parallel()
					s := racing(t, end)
					c := s.client(t)
					if kept {
						if a := ask(c, request("POST", "/warm")); a.err != nil {
							t.Fatal(a.err)
						}
					}
					a := ask(c, request(method, "/once"))
					if !errors.Is(a.err, upstream.ErrHungUp) || errors.Is(a.err, upstream.ErrNotSent) {
						t.Errorf("got %v", a.err)
					}
					want := 1
					if kept && how != "begins" && (method == "GET" || method == "HEAD") {
						want = 2
					}
					got := 0
					for _, r := range s.requests() {
						if strings.Contains(r.line, "/once") {
							got++
						}
					}
					if got != want {
						t.Errorf("the upstream saw it %d times, want %d", got, want)
					}
				})
			}
		}
	}
}

// TestARetryIsAnswered: the second try of a GET goes out on a fresh connection.
func TestARetryIsAnswered(t *testing.T) {
	t.Parallel()
	s := serve(t, func(r seen, c net.Conn) bool {
		if r.conn == 0 && strings.Contains(r.line, "/again") {
			return false
		}
		return write(c, pageOfB)
	})
	c := s.client(t)
	ask(c, request("GET", "/"))
	if a := ask(c, request("GET", "/again")); a.err != nil || a.body != "page of B" {
		t.Errorf("got %v %q", a.err, a.body)
	}
}

// TestWhatIsWritten is the request as the upstream gets it.
func TestWhatIsWritten(t *testing.T) {
	t.Parallel()
	s := serve(t, func(_ seen, c net.Conn) bool { return write(c, pageOfB) })
	c := s.client(t)
	for _, tt := range []struct {
		name string
		edit func(r *upstream.Request)
		line string
		head string
		body string
	}{
		{
			name: "a GET", edit: func(*upstream.Request) {}, line: "GET /%20a;b//%2F?x=%zz HTTP/1.1", head: "Host: shop.example\r\n",
		},
		{
			name: "lines as they came", line: "GET /%20a;b//%2F?x=%zz HTTP/1.1",
			edit: func(r *upstream.Request) {
				r.Drop = dropHost
				r.Lines = []byte("Host: other.example\r\ncookie:  a=\"b\\073\"; {\"c\": 1}\t\r\nX-Two: 1\r\nX-two:2\r\nX-Korean: 한글\r\nX-Empty:\r\n\r\n")
				r.More = []byte("X-Own: 1\r\n")
			},
			head: "Host: shop.example\r\ncookie:  a=\"b\\073\"; {\"c\": 1}\t\r\nX-Two: 1\r\nX-two:2\r\nX-Korean: 한글\r\nX-Empty:\r\nX-Own: 1\r\n",
		},
		{
			name: "without those of the hop", line: "GET /%20a;b//%2F?x=%zz HTTP/1.1",
			edit: func(r *upstream.Request) {
				r.Lines = []byte("Connection: keep-alive, X-Hop , content-length\r\nKeep-Alive: timeout=5\r\nX-Hop: 1\r\nTE: trailers\r\nUpgrade: h2c\r\n" +
					"Proxy-Connection: x\r\nProxy-Authorization: Basic x\r\nProxy-Authenticate: x\r\nContent-Length: 5\r\nX-End: 1\r\nConnection: X-Other\r\nX-Other: 2\r\n")
			},
			head: "Host: shop.example\r\nX-End: 1\r\n",
		},
		{
			name: "a body", edit: func(r *upstream.Request) { r.Method, r.Body = []byte("POST"), []byte("hello") },
			line: "POST /%20a;b//%2F?x=%zz HTTP/1.1", head: "Host: shop.example\r\nContent-Length: 5\r\n", body: "hello",
		},
		{
			name: "no body of a POST", edit: func(r *upstream.Request) { r.Method = []byte("POST") },
			line: "POST /%20a;b//%2F?x=%zz HTTP/1.1", head: "Host: shop.example\r\nContent-Length: 0\r\n",
		},
		{
			name: "no body of a DELETE", edit: func(r *upstream.Request) { r.Method = []byte("DELETE") },
			line: "DELETE /%20a;b//%2F?x=%zz HTTP/1.1", head: "Host: shop.example\r\n",
		},
		{
			name: "a short stream", edit: func(r *upstream.Request) {
				r.Method, r.Stream, r.Length = []byte("PUT"), strings.NewReader("hello"), 5
			},
			line: "PUT /%20a;b//%2F?x=%zz HTTP/1.1", head: "Host: shop.example\r\nContent-Length: 5\r\n", body: "hello",
		},
		{
			name: "a long body", edit: func(r *upstream.Request) { r.Method, r.Body = []byte("POST"), []byte(strings.Repeat("long ", 100_000)) },
			line: "POST /%20a;b//%2F?x=%zz HTTP/1.1", head: "Host: shop.example\r\nContent-Length: 500000\r\n", body: strings.Repeat("long ", 100_000),
		},
		{
			name: "a long stream", edit: func(r *upstream.Request) {
				r.Method, r.Stream, r.Length = []byte("POST"), strings.NewReader(strings.Repeat("long ", 100_000)), 500_000
			},
			line: "POST /%20a;b//%2F?x=%zz HTTP/1.1", head: "Host: shop.example\r\nContent-Length: 500000\r\n", body: strings.Repeat("long ", 100_000),
		},
		{
			name: "chunks", edit: func(r *upstream.Request) {
				r.Method, r.Stream, r.Length = []byte("POST"), strings.NewReader(strings.Repeat("long ", 100_000)), upstream.Chunked
			},
			line: "POST /%20a;b//%2F?x=%zz HTTP/1.1", head: "Host: shop.example\r\nTransfer-Encoding: chunked\r\n", body: strings.Repeat("long ", 100_000),
		},
		{
			name: "no chunk", edit: func(r *upstream.Request) {
				r.Method, r.Stream, r.Length = []byte("POST"), strings.NewReader(""), upstream.Chunked
			},
			line: "POST /%20a;b//%2F?x=%zz HTTP/1.1", head: "Host: shop.example\r\nTransfer-Encoding: chunked\r\n",
		},
	} {
		r := request("GET", "/%20a;b//%2F?x=%zz")
		tt.edit(r)
		if a := ask(c, r); a.err != nil {
			t.Errorf("%s: %v", tt.name, a.err)
			continue
		}
		all := s.requests()
		if got := all[len(all)-1]; got.line != tt.line || got.head != tt.head || got.body != tt.body {
			t.Errorf("%s: the upstream got %q\n%q\n%.40q (%d bytes), want %q\n%q", tt.name, got.line, got.head, got.body, len(got.body), tt.line, tt.head)
		}
	}
	if n := s.connections(); n != 1 {
		t.Errorf("%d connections, want one", n)
	}
}

// TestWhatIsNoRequestIsNotSent.
func TestWhatIsNoRequestIsNotSent(t *testing.T) {
	t.Parallel()
	s := serve(t, func(_ seen, c net.Conn) bool { return write(c, pageOfB) })
	c := s.client(t)
	for name, edit := range map[string]func(r *upstream.Request){
		"no method":              func(r *upstream.Request) { r.Method = nil },
		"a method with a space":  func(r *upstream.Request) { r.Method = []byte("GET /x") },
		"a tunnel":               func(r *upstream.Request) { r.Method = []byte("CONNECT") },
		"no target":              func(r *upstream.Request) { r.Target = nil },
		"a target with a space":  func(r *upstream.Request) { r.Target = []byte("/ HTTP/1.1") },
		"a target with an end":   func(r *upstream.Request) { r.Target = []byte("/\r\nX:1") },
		"a line without a colon": func(r *upstream.Request) { r.Lines = []byte("X\r\n") },
		"a line that continues":  func(r *upstream.Request) { r.Lines = []byte("X: 1\r\n 2\r\n") },
		"a line without an end":  func(r *upstream.Request) { r.Lines = []byte("X: 1") },
		"half an end":            func(r *upstream.Request) { r.Lines = []byte("X: 1\nY: 2\r\n") },
		"a NUL":                  func(r *upstream.Request) { r.Lines = []byte("X: \x00\r\n") },
		"too many of the hop":    func(r *upstream.Request) { r.Lines = []byte("Connection: a,b,c,d,e,f,g,h,i,j,k,l,m,n,o,p,q\r\n") },
		"a protocol with an end": func(r *upstream.Request) { r.Upgrade = []byte("a\r\nX: 1") },
	} {
		r := request("GET", "/")
		edit(r)
		if a := ask(c, r); !errors.Is(a.err, upstream.ErrNotSent) || !errors.Is(a.err, upstream.ErrRequest) {
			t.Errorf("%s: got %v", name, a.err)
		}
	}
	if n := s.connections(); n != 0 {
		t.Errorf("%d connections, want none", n)
	}
}

// TestNobodyThere is told apart from no answer.
func TestNobodyThere(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	c, err := upstream.New(upstream.Options{Address: l.Addr().String()})
	if err := errors.Join(err, l.Close()); err != nil {
		t.Fatal(err)
	}
	if a := ask(c, request("POST", "/")); !errors.Is(a.err, upstream.ErrNotSent) {
		t.Errorf("got %v", a.err)
	}
}

// TestTooManyAtOnce are refused at once.
func TestTooManyAtOnce(t *testing.T) {
	t.Parallel()
	release := make(chan struct{})
	s := serve(t, func(_ seen, c net.Conn) bool { <-release; return write(c, pageOfB) })
	c := s.client(t, func(o *upstream.Options) { o.MaxConns = 1 })
	first := make(chan answer, 1)
	go func() { first <- ask(c, request("GET", "/")) }()
	for len(s.requests()) == 0 {
		time.Sleep(time.Millisecond)
	}
	if a := ask(c, request("POST", "/")); !errors.Is(a.err, upstream.ErrBusy) || !errors.Is(a.err, upstream.ErrNotSent) {
		t.Errorf("got %v", a.err)
	}
	close(release)
	if a := <-first; a.err != nil {
		t.Error(a.err)
	}
	if a := ask(c, request("POST", "/")); a.err != nil {
		t.Errorf("its place was not given back: %v", a.err)
	}

	var x upstream.Exchange
	if err := c.Do(&x, request("GET", "/")); err != nil {
		t.Fatal(err)
	}
	if a := ask(c, request("GET", "/")); !errors.Is(a.err, upstream.ErrBusy) {
		t.Errorf("got %v", a.err)
	}
	if err := errors.Join(x.Close(), x.Close()); err != nil {
		t.Error(err)
	}
	if a := ask(c, request("GET", "/")); a.err != nil {
		t.Errorf("its place was not given back once: %v", a.err)
	}
}

// TestSilence ends an exchange; bytes that go on do not, however long it takes in all.
func TestSilence(t *testing.T) {
	t.Parallel()
	const patience = 1600 * time.Millisecond
	stop := make(chan struct{})
	s := serve(t, func(r seen, c net.Conn) bool {
		switch {
		case strings.Contains(r.line, "/mute"):
			<-stop
		case strings.Contains(r.line, "/half"):
			write(c, "HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nhalf")
			<-stop
		case strings.Contains(r.line, "/slow"):
			write(c, "HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\n")
			for range 20 {
				time.Sleep(patience / 8)
				write(c, "x")
			}
		}
		return true
	})
	t.Cleanup(func() { close(stop) })
	c := s.client(t, func(o *upstream.Options) { o.Timeout = patience })
	for _, target := range []string{"/mute", "/half"} {
		if a := ask(c, request("POST", target)); !errors.Is(a.err, upstream.ErrTimeout) || errors.Is(a.err, upstream.ErrNotSent) {
			t.Errorf("%s: got %v", target, a.err)
		}
	}
	if a := ask(c, request("POST", "/slow")); a.err != nil || len(a.body) != 20 {
		t.Errorf("/slow: got %v %q", a.err, a.body)
	}
}

// TestADeadline is kept, and forgotten by the next request of the connection.
func TestADeadline(t *testing.T) {
	t.Parallel()
	stop := make(chan struct{})
	s := serve(t, func(r seen, c net.Conn) bool {
		if strings.Contains(r.line, "/mute") {
			<-stop
		}
		return write(c, pageOfB)
	})
	t.Cleanup(func() { close(stop) })
	c := s.client(t)
	r := request("GET", "/")
	r.Deadline = time.Now().Add(150 * time.Millisecond)
	if a := ask(c, r); a.err != nil {
		t.Fatal(a.err)
	}
	time.Sleep(time.Until(r.Deadline))
	if a := ask(c, request("POST", "/")); a.err != nil || s.connections() != 1 {
		t.Errorf("got %v over %d connections", a.err, s.connections())
	}
	r = request("GET", "/mute")
	r.Deadline = time.Now().Add(50 * time.Millisecond)
	if a := ask(c, r); !errors.Is(a.err, upstream.ErrTimeout) {
		t.Errorf("got %v", a.err)
	}
}

// TestAnAnswerLeftUnread ends its connection.
func TestAnAnswerLeftUnread(t *testing.T) {
	t.Parallel()
	s := serve(t, func(r seen, c net.Conn) bool {
		if strings.Contains(r.line, "/a") {
			return write(c, pageOfA)
		}
		return write(c, pageOfB)
	})
	c := s.client(t)
	for range 4 {
		var x upstream.Exchange
		if err := c.Do(&x, request("GET", "/a")); err != nil {
			t.Fatal(err)
		}
		if _, err := x.Read(make([]byte, 3)); err != nil {
			t.Error(err)
		}
		_ = x.Close()
		if _, err := x.Read(make([]byte, 3)); err == nil {
			t.Error("read after the end of the exchange")
		}
		if b := ask(c, request("GET", "/b")); b.err != nil || b.body != "page of B" {
			t.Errorf("B got %v %q", b.err, b.body)
		}
	}
}

// TestAnUpgrade hands out the connection with what came behind the answer.
func TestAnUpgrade(t *testing.T) {
	t.Parallel()
	s := serve(t, func(_ seen, c net.Conn) bool {
		write(c, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: echo\r\nConnection: Upgrade\r\n\r\nhello ")
		_, _ = io.Copy(c, c)
		return false
	})
	c := s.client(t)
	r := request("GET", "/ws")
	r.Upgrade = []byte("echo")
	var x upstream.Exchange
	if err := c.Do(&x, r); err != nil {
		t.Fatal(err)
	}
	conn, first, ok := x.Upgraded()
	if !ok || x.Status() != 101 || string(first) != "hello " {
		t.Fatalf("got %v %d %q", ok, x.Status(), first)
	}
	if _, _, again := x.Upgraded(); again {
		t.Error("the connection was handed out twice")
	}
	_ = x.Close()
	write(conn, "world")
	got := make([]byte, 5)
	if _, err := io.ReadFull(conn, got); err != nil || string(got) != "world" {
		t.Errorf("got %v %q", err, got)
	}
	if err := conn.Close(); err != nil {
		t.Error(err)
	}
	if got := s.requests()[0].head; got != "Host: shop.example\r\nConnection: Upgrade\r\nUpgrade: echo\r\n" {
		t.Errorf("the upstream got %q", got)
	}
}

// TestManyAtOnce through one client: each gets what is his.
func TestManyAtOnce(t *testing.T) {
	t.Parallel()
	s := serve(t, func(r seen, c net.Conn) bool {
		name := strings.Fields(r.line)[1]
		switch len(name) % 4 {
		case 0:
			return write(c, fmt.Sprintf("HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s%s", len(name)+len(r.body), name, r.body))
		case 1:
			return write(c, fmt.Sprintf("HTTP/1.1 103 Early\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n%s%s\r\n0\r\n\r\n", len(name)+len(r.body), name, r.body))
		case 2:
			write(c, "HTTP/1.1 200 OK\r\n\r\n"+name+r.body)
			return false
		}
		return write(c, fmt.Sprintf("HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s%s%s", len(name)+len(r.body), name, r.body, pageOfA))
	})
	c := s.client(t)
	done := make(chan error)
	for n := range 16 {
		go func() {
			for i := range 60 {
				r := request("POST", fmt.Sprintf("/%d-%s", n, strings.Repeat("x", i%7)))
				r.Body = []byte(strings.Repeat(fmt.Sprintf("%d-%d ", n, i), 1+i*100))
				if a := ask(c, r); a.err != nil || a.body != string(r.Target)+string(r.Body) {
					done <- fmt.Errorf("%s: got %w, %d bytes instead of %d", r.Target, a.err, len(a.body), len(r.Target)+len(r.Body))
					return
				}
			}
			done <- nil
		}()
	}
	for range 16 {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
}
