package onewrite_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/valyala/fasthttp"

	"github.com/pg-gateway/pg-gateway/adapters/onewrite"
	"github.com/pg-gateway/pg-gateway/adapters/onewrite/onewritetest"
)

// doer keeps one client per pool, as onewritetest asks.
func doer(t *testing.T, client func(*x509.CertPool) *http.Client) onewritetest.Do {
	t.Helper()
	var mu sync.Mutex
	clients := map[*x509.CertPool]*http.Client{}
	t.Cleanup(func() {
		for _, c := range clients {
			c.CloseIdleConnections()
		}
	})
	return func(t *testing.T, method, url string, header http.Header, body []byte, pool *x509.CertPool) error {
		t.Helper()
		mu.Lock()
		c := clients[pool]
		if c == nil {
			c = client(pool)
			clients[pool] = c
		}
		mu.Unlock()
		req, err := http.NewRequestWithContext(t.Context(), method, url, bytes.NewReader(body))
		if err != nil {
			return err
		}
		if header != nil {
			req.Header = header.Clone()
		}
		resp, err := c.Do(req)
		if err != nil {
			return err
		}
		defer func() { _ = resp.Body.Close() }()
		_, err = io.Copy(io.Discard, resp.Body)
		return err
	}
}

func TestEveryWriteIsExecutedOnce(t *testing.T) {
	t.Parallel()
	onewritetest.Run(t, doer(t, func(pool *x509.CertPool) *http.Client {
		return onewrite.New(onewrite.Options{TLSConfig: &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}})
	}))
}

// The table is worth something only if it can fail: two stock clients must be caught by it.
func TestTheTableCatchesClientsThatRepeat(t *testing.T) {
	t.Parallel()
	t.Run("net/http repeats a POST with Idempotency-Key on a reused connection", func(t *testing.T) {
		t.Parallel()
		c := onewritetest.Case{Method: http.MethodPost, Reused: true, Key: true, Fault: onewritetest.FaultClose}
		do := doer(t, func(*x509.CertPool) *http.Client { return &http.Client{Transport: &http.Transport{}} })
		if got := onewritetest.Executions(t, c, do); got < 2 {
			t.Errorf("executed %d times; the table would not catch this client", got)
		}
	})
	t.Run("fasthttp repeats a PUT", func(t *testing.T) {
		t.Parallel()
		c := onewritetest.Case{Method: http.MethodPut, Fault: onewritetest.FaultClose}
		client := &fasthttp.Client{}
		got := onewritetest.Executions(t, c, func(_ *testing.T, method, url string, _ http.Header, body []byte, _ *x509.CertPool) error {
			req, resp := fasthttp.AcquireRequest(), fasthttp.AcquireResponse()
			defer fasthttp.ReleaseRequest(req)
			defer fasthttp.ReleaseResponse(resp)
			req.Header.SetMethod(method)
			req.SetRequestURI(url)
			req.SetBody(body)
			return client.Do(req, resp)
		})
		if got < 2 {
			t.Errorf("executed %d times; the table would not catch this client", got)
		}
	})
}

func TestARedirectIsHandedBackNotFollowed(t *testing.T) {
	t.Parallel()
	for _, status := range []int{301, 302, 303, 307, 308} {
		followed := false
		srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/elsewhere" {
				followed = true
				return
			}
			http.Redirect(w, r, "/elsewhere", status)
		}))
		client := onewrite.New(onewrite.Options{})
		for _, method := range []string{http.MethodGet, http.MethodPost} {
			req, _ := http.NewRequestWithContext(t.Context(), method, srv.URL+"/pay", strings.NewReader("a=b"))
			resp, err := client.Do(req)
			if err != nil {
				t.Fatalf("%s %d: %v", method, status, err)
			}
			_ = resp.Body.Close()
			if resp.StatusCode != status || followed {
				t.Errorf("%s: got %d, followed %v, want the %d itself", method, resp.StatusCode, followed, status)
			}
		}
		client.CloseIdleConnections()
		srv.Close()
	}
}

func TestALongAnswerIsAnErrorNotACutAnswer(t *testing.T) {
	t.Parallel()
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		n := 100
		if r.URL.Path == "/long" {
			n = 101
		}
		_, _ = w.Write(bytes.Repeat([]byte("x"), n))
	}))
	t.Cleanup(srv.Close)
	client := onewrite.New(onewrite.Options{MaxResponse: 100})
	for path, want := range map[string]error{"/just": nil, "/long": onewrite.ErrTooLarge} {
		req, _ := http.NewRequestWithContext(t.Context(), http.MethodPost, srv.URL+path, nil)
		resp, err := client.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		_, err = io.ReadAll(resp.Body)
		_ = resp.Body.Close()
		if !errors.Is(err, want) {
			t.Errorf("%s: got %v, want %v", path, err, want)
		}
	}
}

func TestErrNotSentIsSaidOnlyWhenNothingWasSent(t *testing.T) {
	t.Parallel()
	secure := httptest.NewTLSServer(http.NotFoundHandler())
	t.Cleanup(secure.Close)
	silent, release := silentServer(t)
	tests := []struct {
		name, url string
		timeout   time.Duration
		want      bool
	}{
		{"nobody listens", "http://127.0.0.1:1/", time.Second, true},
		{"the certificate is not trusted", secure.URL, time.Second, true},
		{"the server takes the request and says nothing", silent, 100 * time.Millisecond, false},
	}
	for _, tt := range tests {
		ctx, cancel := context.WithTimeout(t.Context(), tt.timeout)
		req, _ := http.NewRequestWithContext(ctx, http.MethodPost, tt.url, strings.NewReader("a=b"))
		resp, err := onewrite.New(onewrite.Options{}).Do(req)
		cancel()
		if err == nil {
			_ = resp.Body.Close()
			t.Fatalf("%s: no error", tt.name)
		}
		if got := errors.Is(err, onewrite.ErrNotSent); got != tt.want {
			t.Errorf("%s: ErrNotSent is %v, want %v (%v)", tt.name, got, tt.want, err)
		}
	}
	release()
}

func silentServer(t *testing.T) (url string, release func()) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		conn, err := l.Accept()
		if err != nil {
			return
		}
		_, _ = io.Copy(io.Discard, conn)
		_ = conn.Close()
	}()
	return "http://" + l.Addr().String(), func() { _ = l.Close(); <-done }
}

func TestOldTLSIsRefused(t *testing.T) {
	t.Parallel()
	srv := httptest.NewUnstartedServer(http.NotFoundHandler())
	srv.TLS = &tls.Config{MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS11}
	srv.StartTLS()
	t.Cleanup(srv.Close)
	pool := x509.NewCertPool()
	pool.AddCert(srv.Certificate())
	client := onewrite.New(onewrite.Options{TLSConfig: &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS10}})
	req, _ := http.NewRequestWithContext(t.Context(), http.MethodPost, srv.URL, nil)
	resp, err := client.Do(req)
	if err == nil {
		_ = resp.Body.Close()
		t.Fatal("a TLS 1.1 server was talked to")
	}
}
