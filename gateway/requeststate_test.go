package gateway

import (
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"
)

// atDoor serves the public listener as the process does, behind its door, and returns the address.
func (h *house) atDoor() string {
	h.t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		h.t.Fatal(err)
	}
	app := h.g.publicApp()
	var served sync.WaitGroup
	served.Go(func() {
		if err := serve(app, h.g.newDoor(l, "public", h.g.publicRoom), "public"); err != nil {
			h.t.Error(err)
		}
	})
	h.t.Cleanup(func() {
		if err := app.ShutdownWithTimeout(time.Second); err != nil {
			h.t.Error(err)
		}
		served.Wait()
	})
	return l.Addr().String()
}

// TestEachRequestOfAConnectionHasItsOwnState: what one turned out to be must not be said of the next, sent after its
// answer or along with it.
func TestEachRequestOfAConnectionHasItsOwnState(t *testing.T) {
	t.Parallel()
	shop := newRawShop(t, func(target string, conn net.Conn) {
		status := "200 OK"
		if target == "/broken" {
			status = "500 Internal Server Error"
		}
		_, _ = io.WriteString(conn, "HTTP/1.1 "+status+"\r\nContent-Length: 1\r\n\r\nx")
	})
	h := newHouse(t, shopAt(shop.url))
	refused := "POST /checkout HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"
	passed, broken := "GET /page HTTP/1.1\r\nHost: a\r\n\r\n", "GET /broken HTTP/1.1\r\nHost: a\r\n\r\n"
	want := []struct {
		level, route string
		code         bool
	}{{"INFO", "checkout", true}, {"INFO", "shop", false}, {"INFO", "checkout", true}, {"ERROR", "shop", false}, {"INFO", "shop", false}}
	requests := []string{refused, passed, refused, broken, passed}
	for name, sends := range map[string][]string{"one after the other": requests, "all at once": {strings.Join(requests, "")}} {
		h.lines()
		c := dialRaw(t, h.atDoor())
		ids := map[string]bool{}
		for n := range want {
			if n < len(sends) {
				c.send(sends[n])
			}
			res, _ := c.answer(http.MethodPost)
			if res == nil || (res.Header.Get(headerReason) != "") != want[n].code || res.Header.Get("Date") == "" {
				t.Fatalf("%s: request %d got %v", name, n, res)
			}
			ids[res.Header.Get(headerRequestID)] = true
		}
		if len(ids) != len(want) {
			t.Errorf("%s: the answers have the ids %v", name, ids)
		}
		var at int
		for _, l := range h.lines() {
			if l["msg"] != RequestLine {
				continue
			}
			_, coded := l["code"]
			if at == len(want) || l["level"] != want[at].level || l["route"] != want[at].route || coded != want[at].code || !ids[l["request_id"].(string)] {
				t.Errorf("%s: line %d says %v", name, at, l)
			}
			at++
		}
		if at != len(want) {
			t.Errorf("%s: %d lines", name, at)
		}
	}
}

// TestFewLinesAreOfWhatPasses: of pages by the hundred ten a second are in the log, whose other lines matter more; at
// level debug all are.
func TestFewLinesAreOfWhatPasses(t *testing.T) {
	t.Parallel()
	shop := newRawShop(t, func(_ string, conn net.Conn) {
		_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx")
	})
	h := newHouse(t, shopAt(shop.url))
	c := dialRaw(t, h.atDoor())
	const pages = 200
	began := time.Now()
	for range pages {
		c.send("GET /page HTTP/1.1\r\nHost: a\r\n\r\n")
		if res, _ := c.answer(http.MethodGet); res == nil || res.StatusCode != http.StatusOK {
			t.Fatalf("got %v", res)
		}
	}
	seconds := int(time.Since(began).Seconds()) + 2
	levels := map[any]int{}
	for _, l := range h.lines() {
		if l["msg"] == RequestLine {
			levels[l["level"]]++
		}
	}
	if n := levels["INFO"]; n < maxPassedLines || n > seconds*maxPassedLines || n+levels["DEBUG"] != pages {
		t.Errorf("in %d seconds: %v", seconds, levels)
	}
}
