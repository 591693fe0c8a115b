package upstream_test

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pg-gateway/pg-gateway/adapters/onewrite/onewritetest"
	"github.com/pg-gateway/pg-gateway/upstream"
)

// TestItWritesOnce is the table that every client of the house is held to.
func TestItWritesOnce(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	type server struct {
		at   string
		pool *x509.CertPool
	}
	clients := map[server]*upstream.Client{}
	client := func(t *testing.T, to server) *upstream.Client {
		t.Helper()
		mu.Lock()
		defer mu.Unlock()
		if clients[to] == nil {
			o := upstream.Options{Address: to.at}
			if to.pool != nil {
				o.TLS = &tls.Config{RootCAs: to.pool, MinVersion: tls.VersionTLS12}
			}
			c, err := upstream.New(o)
			if err != nil {
				t.Fatal(err)
			}
			clients[to] = c
			t.Cleanup(c.CloseIdle)
		}
		return clients[to]
	}
	onewritetest.Run(t, func(t *testing.T, method, to string, header http.Header, body []byte, pool *x509.CertPool) error {
		t.Helper()
		u, err := url.Parse(to)
		if err != nil {
			return err
		}
		r := request(method, u.RequestURI())
		r.Body = body
		for k, v := range header {
			r.More = append(r.More, k+": "+v[0]+"\r\n"...)
		}
		return ask(client(t, server{u.Host, pool}), r).err
	})
}

// TestWhomItTrusts: a name and a signature that fit, or nothing is sent.
func TestWhomItTrusts(t *testing.T) {
	t.Parallel()
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { _, _ = io.WriteString(w, r.TLS.ServerName) }))
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	s.StartTLS()
	t.Cleanup(s.Close)
	roots := x509.NewCertPool()
	roots.AddCert(s.Certificate())
	_, port, err := net.SplitHostPort(strings.TrimPrefix(s.URL, "https://"))
	if err != nil {
		t.Fatal(err)
	}
	for name, tt := range map[string]struct {
		config *tls.Config
		ok     bool
	}{
		"its own name":     {&tls.Config{RootCAs: roots, ServerName: "example.com", MinVersion: tls.VersionTLS12}, true},
		"its address":      {&tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}, true},
		"another name":     {&tls.Config{RootCAs: roots, ServerName: "shop.example", MinVersion: tls.VersionTLS12}, false},
		"nobody's promise": {&tls.Config{RootCAs: x509.NewCertPool(), MinVersion: tls.VersionTLS12}, false},
	} {
		c, err := upstream.New(upstream.Options{Address: net.JoinHostPort("127.0.0.1", port), TLS: tt.config})
		if err != nil {
			t.Fatal(err)
		}
		a := ask(c, request("POST", "/"))
		if tt.ok != (a.err == nil) || !tt.ok && !errors.Is(a.err, upstream.ErrNotSent) {
			t.Errorf("%s: got %v", name, a.err)
		}
		if tt.ok && tt.config.ServerName != "" && a.body != tt.config.ServerName {
			t.Errorf("%s: it asked for %q", name, a.body)
		}
		c.CloseIdle()
	}
}

// TestBytesHiddenInTLS: what has been decrypted, or received and not decrypted yet, counts as come in.
func TestBytesHiddenInTLS(t *testing.T) {
	t.Parallel()
	cert := httptest.NewUnstartedServer(nil)
	cert.StartTLS()
	config := &tls.Config{Certificates: cert.TLS.Certificates, MinVersion: tls.VersionTLS12}
	roots := x509.NewCertPool()
	roots.AddCert(cert.Certificate())
	cert.Close()
	for name, late := range map[string]bool{"in the same packet": false, "in a packet of its own": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			told := make(chan struct{}, 1)
			s := serveConns(t, func(_ *rawServer, n int, raw net.Conn) {
				joined := &joining{Conn: raw}
				c := tls.Server(joined, config)
				buf := make([]byte, 4096)
				for {
					if _, err := c.Read(buf); err != nil {
						return
					}
					if n > 0 {
						write(c, pageOfB)
						continue
					}
					joined.hold = !late
					write(c, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
					write(c, pageOfA)
					joined.release()
					told <- struct{}{}
				}
			})
			c := s.client(t, func(o *upstream.Options) { o.TLS = &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12} })
			if a := ask(c, request("GET", "/")); a.err != nil || a.body != "ok" {
				t.Fatalf("got %v %q", a.err, a.body)
			}
			<-told
			time.Sleep(20 * time.Millisecond)
			if b := ask(c, request("GET", "/")); b.err != nil || b.body != "page of B" {
				t.Errorf("B got %v %q", b.err, b.body)
			}
			if b := ask(c, request("GET", "/")); b.err != nil || s.connections() != 2 {
				t.Errorf("got %v over %d connections: the second is as good as any", b.err, s.connections())
			}
		})
	}
}

// joining holds back what is written, and writes it in one piece.
type joining struct {
	net.Conn
	hold bool
	b    []byte
}

func (j *joining) Write(p []byte) (int, error) {
	if !j.hold {
		return j.Conn.Write(p)
	}
	j.b = append(j.b, p...)
	return len(p), nil
}

func (j *joining) release() {
	if j.hold = false; len(j.b) > 0 {
		_, _ = j.Conn.Write(j.b)
		j.b = nil
	}
}
