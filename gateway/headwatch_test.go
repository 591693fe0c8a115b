package gateway

import (
	"net"
	"net/http"
	"strings"
	"testing"
)

func TestAHeadIsWatchedToItsEnd(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		pieces []string
		// breaks is the piece that breaks it, and ends the one that ends it; -1 for none.
		breaks, ends int
	}{
		{"whole, with a body", []string{"GET / HTTP/1.1\r\nHost: a\r\n\r\nb\n\n\x00"}, -1, 0},
		{"byte by byte", strings.Split("GET / HTTP/1.1\r\nHost: a\r\n\r\n", ""), -1, len("GET / HTTP/1.1\r\nHost: a\r\n\r\n") - 1},
		{"in two, with a body", []string{"POST / HTTP/1.1\r\nHost: a\r\n\r", "\nb\n"}, -1, 1},
		{"an empty line before it", []string{"\r\n", "GET / HTTP/1.1\r\n\r\n"}, -1, 1},
		{"bare LF for all line ends", []string{"GET / HTTP/1.1\nHost: a\n\n"}, 0, -1},
		{"bare LF behind the request line", []string{"GET / HTTP/1.1\nHost: a\r\n\r\n"}, 0, -1},
		{"bare LF behind a later line", []string{"GET / HTTP/1.1\r\n", "Host: a\n", "\r\n\r\n"}, 1, -1},
		{"bare CR for all line ends", []string{"GET / HTTP/1.1\rHost: a\r\r"}, 0, -1},
		{"bare CR between two pieces", []string{"GET / HTTP/1.1\r", "Host: a"}, 1, -1},
		{"two CRs", []string{"GET / HTTP/1.1\r\r\n"}, 0, -1},
		{"NUL", []string{"\x16\x03\x01\x00"}, 0, -1},
	} {
		var w headWatch
		broke, ended := -1, -1
		for n, p := range tt.pieces {
			see := w.more
			if n == 0 {
				see = w.begin
			}
			broken := see([]byte(p))
			if broken {
				broke = n
				break
			}
			if !w.open {
				ended = n
				break
			}
		}
		if broke != tt.breaks || ended != tt.ends || w.broken != (broke >= 0) {
			t.Errorf("%s: broken by piece %d and ended by %d, want %d and %d", tt.name, broke, ended, tt.breaks, tt.ends)
		}
	}
}

// TestAHeadThatCannotEndIsAnsweredAtOnce, on every door, and reaches nobody: what the server is given to see its end is
// not the request that was sent.
func TestAHeadThatCannotEndIsAnsweredAtOnce(t *testing.T) {
	t.Parallel()
	shop := newRawShop(t, func(string, net.Conn) {})
	h := newHouse(t, shopAt(shop.url))
	r := h.run()
	defer r.ends(t)
	defer r.leave()
	for _, pieces := range [][]string{
		{"GET / HTTP/1.1\nHost: a\n\n"},
		{"GET / HTTP/1.0\n"},
		{"GET / HTTP/1.0\nHost: a\r\n\r\n"},
		{"GET / HTTP/1.1\r\nHost: a\r\n", "X: y\n\n"},
		{"GET / HTTP/1.1\r\nHost: a\rX: y"},
		{"\x16\x03\x01\x02\x00\x01\x00"},
	} {
		for _, l := range []string{r.Public.Addr().String(), r.Sidecar.Addr().String(), r.Admin.Addr().String()} {
			c := dialRaw(t, l)
			if l == r.Admin.Addr().String() {
				// The head is not the first of its connection there.
				c.send("GET /livez HTTP/1.1\r\nHost: a\r\n\r\n")
				if res, _ := c.answer("GET"); res == nil || res.StatusCode != http.StatusOK {
					t.Fatalf("before: %v", res)
				}
			}
			for _, p := range pieces {
				c.send(p)
			}
			res, text := c.answer("GET")
			if res == nil || res.StatusCode != http.StatusBadRequest || !strings.Contains(text, `"code":"REQUEST_UNREADABLE"`) {
				t.Errorf("%q: %v %s", pieces, res, text)
			}
			if said, ended := c.ends(); said != "" || !ended {
				t.Errorf("%q: afterwards %q, ended: %t", pieces, said, ended)
			}
		}
	}
	if got := shop.requests(); len(got) > 0 {
		t.Errorf("the shop saw %q", got)
	}
}
