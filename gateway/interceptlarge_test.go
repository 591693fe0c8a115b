package gateway

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
)

// largeOrder is a shop's answer that is too large to be read, as its bytes.
func largeOrder() string {
	return `{"payload":{"ordNo":"O-1","payAmt":64900,"goodsNm":"x","x":"` + strings.Repeat("0123456789", maxIntercepted/4) + `"}}`
}

// inChunks is a text in chunks of some size, without the last.
func inChunks(s string, size int) string {
	var b strings.Builder
	for len(s) > 0 {
		n := min(size, len(s))
		fmt.Fprintf(&b, "%x\r\n%s\r\n", n, s[:n])
		s = s[n:]
	}
	return b.String()
}

// TestALargeAnswerOfUnknownLengthPassesWhole: the order exists, whatever its answer looks like, so that nobody may be
// told that the shop cannot be reached.
func TestALargeAnswerOfUnknownLengthPassesWhole(t *testing.T) {
	t.Parallel()
	body := largeOrder()
	const head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Encoding: odd\r\nRepr-Digest: sha-256=:x:\r\n" +
		"ETag: \"v1\"\r\n"
	chunked := head + "Transfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n"
	for _, tt := range []struct{ name, proto, answer, trailer string }{
		{"chunks", "HTTP/1.1", chunked + inChunks(body, 9001) + "0\r\nX-Sum: 9\r\n\r\n", "9"},
		{"one chunk", "HTTP/1.1", chunked + inChunks(body, len(body)) + "0\r\nX-Sum: 9\r\n\r\n", "9"},
		{"to the end of the connection", "HTTP/1.1", head + "Connection: close\r\n\r\n" + body, ""},
		{"chunks, for a client that knows none", "HTTP/1.0", chunked + inChunks(body, 9001) + "0\r\n\r\n", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			shop := newRawShop(t, func(_ string, c net.Conn) {
				_, _ = io.WriteString(c, tt.answer)
				if tt.trailer == "" {
					_ = c.Close()
				}
			})
			h := newHouse(t, shopAt(shop.url))
			client := dialRaw(t, listening(t, h.app))
			client.send("POST /api/orders " + tt.proto + "\r\nHost: shop\r\nContent-Type: application/json\r\n" +
				fmt.Sprintf("Content-Length: %d\r\n\r\n%s", len(plainOrder), plainOrder))
			res, got := client.answer(http.MethodPost)
			if res.StatusCode != http.StatusOK || got != body || res.Header.Get(headerUnchanged) != answerTooLarge {
				t.Fatalf("got %d %v and %d bytes, want %d", res.StatusCode, res.Header, len(got), len(body))
			}
			if res.Header.Get("Content-Encoding") != "odd" || res.Header.Get("ETag") == "" || res.Header.Get("Repr-Digest") == "" {
				t.Errorf("got %v", res.Header)
			}
			if got := res.Trailer.Get("X-Sum"); got != tt.trailer {
				t.Errorf("the trailer is %q, want %q", got, tt.trailer)
			}
			if !h.counted(`pg_gateway_intercepts_total{name="order",result="too_large"} 1`) {
				t.Error("it is not counted")
			}
		})
	}
}

// TestALargeAnswerThatBreaksOffIsNotWhole: what the buyer got of it by then must not look like all of it.
func TestALargeAnswerThatBreaksOffIsNotWhole(t *testing.T) {
	t.Parallel()
	body := largeOrder()
	for _, proto := range []string{"HTTP/1.1", "HTTP/1.0"} {
		shop := newRawShop(t, func(_ string, c net.Conn) {
			_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"+inChunks(body, 9001))
			_ = c.Close()
		})
		h := newHouse(t, shopAt(shop.url))
		client := dialRaw(t, listening(t, h.app))
		client.send("POST /api/orders " + proto + "\r\nHost: shop\r\n" +
			fmt.Sprintf("Content-Length: %d\r\n\r\n%s", len(plainOrder), plainOrder))
		res, err := http.ReadResponse(client.r, nil)
		if err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(res.Body)
		if err == nil || res.StatusCode != http.StatusOK || !strings.HasPrefix(body, string(got)) {
			t.Errorf("%s: got %d, %d bytes and %v", proto, res.StatusCode, len(got), err)
		}
	}
}

// TestAnUnchangedAnswerKeepsItsTrailers, though it was read whole.
func TestAnUnchangedAnswerKeepsItsTrailers(t *testing.T) {
	t.Parallel()
	const page = "<p>order O-9</p>"
	shop := newRawShop(t, func(_ string, c net.Conn) {
		_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n"+inChunks(page, 5)+
			"0\r\nX-Sum: 9\r\n\r\n")
	})
	h := newHouse(t, shopAt(shop.url))
	client := dialRaw(t, listening(t, h.app))
	client.send(fmt.Sprintf(
		"POST /api/orders HTTP/1.1\r\nHost: shop\r\nContent-Length: %d\r\n\r\n%s", len(plainOrder), plainOrder))
	res, got := client.answer(http.MethodPost)
	if got != page || res.Header.Get(headerUnchanged) != answerNotJSON || res.Trailer.Get("X-Sum") != "9" {
		t.Errorf("got %q %v %v", got, res.Header, res.Trailer)
	}
}

// TestAnEventStreamOfAnInterceptedRouteFlows: it is not waited for until there is a MiB of it.
func TestAnEventStreamOfAnInterceptedRouteFlows(t *testing.T) {
	t.Parallel()
	goOn := make(chan struct{})
	shop := newRawShop(t, func(_ string, c net.Conn) {
		_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream; charset=utf-8\r\n"+
			"Transfer-Encoding: chunked\r\n\r\n"+inChunks("data: 1\n\n", 100))
		<-goOn
		_, _ = io.WriteString(c, "0\r\n\r\n")
	})
	h := newHouse(t, shopAt(shop.url))
	client := dialRaw(t, listening(t, h.app))
	client.send(fmt.Sprintf(
		"POST /api/orders HTTP/1.1\r\nHost: shop\r\nContent-Length: %d\r\n\r\n%s", len(plainOrder), plainOrder))
	res, err := http.ReadResponse(client.r, nil)
	if err != nil {
		close(goOn)
		t.Fatal(err)
	}
	first := make([]byte, 9)
	_, err = io.ReadFull(res.Body, first)
	close(goOn)
	rest, end := io.ReadAll(res.Body)
	if err != nil || end != nil || string(first) != "data: 1\n\n" || len(rest) > 0 || res.Header.Get(headerUnchanged) != answerNotJSON {
		t.Errorf("got %q and %q, %v %v %v", first, rest, err, end, res.Header)
	}
}
