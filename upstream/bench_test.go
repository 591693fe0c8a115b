package upstream_test

import (
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/pg-gateway/pg-gateway/upstream"
)

// page is an answer of about a kilobyte, as shops send them.
var page = "HTTP/1.1 200 OK\r\nServer: nginx\r\nDate: Sat, 28 Nov 2026 12:00:00 GMT\r\nContent-Type: application/json;charset=UTF-8\r\n" +
	"Set-Cookie: JSESSIONID=0123456789abcdef; Path=/; HttpOnly\r\nCache-Control: no-store\r\nX-Frame-Options: DENY\r\nContent-Length: 1024\r\n\r\n" +
	strings.Repeat("x", 1024)

const browser = "Host: shop.example\r\nConnection: keep-alive\r\nContent-Type: application/json\r\nAccept: application/json, text/plain, */*\r\n" +
	"User-Agent: Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Safari/537.36\r\n" +
	"Accept-Language: ko-KR,ko;q=0.9,en-US;q=0.8\r\nCookie: JSESSIONID=0123456789abcdef; cart=\"a b\"\r\n\r\n"

// fixed answers whatever comes in one piece with the same bytes.
func fixed(b *testing.B, answer string) string {
	b.Helper()
	return serveConns(b, func(_ *rawServer, _ int, c net.Conn) {
		buf, out := make([]byte, 64<<10), []byte(answer)
		for {
			if _, err := c.Read(buf); err != nil {
				return
			}
			if _, err := c.Write(out); err != nil {
				return
			}
		}
	}).at
}

func dropHost(name []byte) bool { return upstream.Is(name, "host") }

func benchRequest() *upstream.Request {
	return &upstream.Request{
		Method: []byte("POST"), Target: []byte("/api/orders"), Host: []byte("shop.example"), Lines: []byte(browser), Drop: dropHost,
		More: []byte("X-Forwarded-For: 192.0.2.1\r\nX-Request-Id: 01a222ba-41a4-7dfa-89d6-b5946edb1a51\r\n"), Body: []byte(strings.Repeat("y", 1024)),
	}
}

func BenchmarkExchange(b *testing.B) {
	for name, answer := range map[string]string{
		"length": page,
		"chunks": "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n400\r\n" + strings.Repeat("x", 1024) + "\r\n0\r\n\r\n",
	} {
		b.Run(name, func(b *testing.B) {
			c, err := upstream.New(upstream.Options{Address: fixed(b, answer)})
			if err != nil {
				b.Fatal(err)
			}
			defer c.CloseIdle()
			r := benchRequest()
			var x upstream.Exchange
			b.ReportAllocs()
			for b.Loop() {
				if err := c.Do(&x, r); err != nil {
					b.Fatal(err)
				}
				if n, err := x.WriteTo(io.Discard); n != 1024 || err != nil {
					b.Fatal(n, err)
				}
				_ = x.Close()
			}
		})
	}
}

// BenchmarkNetHTTP is the same exchange by net/http's client.
func BenchmarkNetHTTP(b *testing.B) {
	client := &http.Client{Transport: &http.Transport{DisableCompression: true}}
	defer client.CloseIdleConnections()
	url, body := "http://"+fixed(b, page)+"/api/orders", strings.Repeat("y", 1024)
	b.ReportAllocs()
	for b.Loop() {
		res, err := client.Post(url, "application/json", strings.NewReader(body))
		if err != nil {
			b.Fatal(err)
		}
		if n, err := io.Copy(io.Discard, res.Body); n != 1024 || err != nil {
			b.Fatal(n, err)
		}
		_ = res.Body.Close()
	}
}
