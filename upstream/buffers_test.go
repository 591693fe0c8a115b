package upstream

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// moody answers with what the target and the body say, in one of the ways in which a buffer changes hands: at once, in
// pieces, behind an interim answer, larger than any buffer, or not at all.
func moody(t *testing.T, secure bool) *Client {
	t.Helper()
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mood, _ := strconv.Atoi(r.Header.Get("Mood"))
		if mood == 6 {
			// Half a body is enough to answer.
			w.Header().Set("Connection", "close")
			_, _ = io.WriteString(w, r.URL.Path)
			return
		}
		b, err := io.ReadAll(r.Body)
		if err != nil {
			return
		}
		said := r.URL.Path + string(b)
		switch mood {
		case 1:
			_, _ = io.WriteString(w, said[:1])
			_ = http.NewResponseController(w).Flush()
			_, _ = io.WriteString(w, said[1:])
		case 2:
			w.WriteHeader(http.StatusEarlyHints)
			_, _ = io.WriteString(w, said)
		case 3:
			w.Header().Set("X-Long", strings.Repeat("h", 20<<10))
			_, _ = io.WriteString(w, said+strings.Repeat(r.URL.Path, 20_000))
		case 4, 5:
			c, _, err := http.NewResponseController(w).Hijack()
			if err != nil {
				t.Error(err)
				return
			}
			if mood == 5 {
				_, _ = io.WriteString(c, "HTTP/1.1 2")
			}
			_ = c.Close()
		default:
			_, _ = io.WriteString(w, said)
		}
	}))
	o := Options{Address: s.Listener.Addr().String(), Timeout: 20 * time.Second, MaxIdle: 4}
	if s.Start(); secure {
		s.Close()
		s = httptest.NewTLSServer(s.Config.Handler)
		o.Address, o.TLS = s.Listener.Addr().String(), s.Client().Transport.(*http.Transport).TLSClientConfig //nolint:forcetypeassert // it is one
		o.TLS.ServerName = "example.com"
	}
	t.Cleanup(s.Close)
	c, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.CloseIdle)
	return c
}

// moodyRequest is the i-th request of somebody, and what its answer is; it is empty where none may come.
func moodyRequest(who, i int) (r *Request, want string) {
	path := fmt.Sprintf("/%d-%d", who, i)
	mood := i % 7
	r = &Request{
		Method: []byte("POST"), Target: []byte(path), Host: []byte("shop"), Lines: fmt.Appendf(nil, "Mood: %d\r\n", mood),
	}
	body := strings.Repeat(path, []int{0, 1, 800, 10_000}[i%4])
	switch {
	case i%5 == 0:
		r.Method, body = []byte("GET"), ""
		if i%10 == 0 {
			// More than the system takes at once.
			r.Lines = fmt.Appendf(r.Lines, "X-Long: %s\r\n", strings.Repeat("r", 900<<10))
		}
	case i%3 == 0:
		r.Stream, r.Length = iotest{strings.NewReader(body)}, int64(len(body))
	case i%3 == 1:
		r.Stream, r.Length = iotest{strings.NewReader(body)}, Chunked
	default:
		r.Body = []byte(body)
	}
	switch mood {
	case 3:
		return r, path + body + strings.Repeat(path, 20_000)
	case 4, 5:
		return r, ""
	case 6:
		return r, path
	}
	return r, path + body
}

// iotest is a stream that comes in pieces.
type iotest struct{ r io.Reader }

func (s iotest) Read(p []byte) (int, error) { return s.r.Read(p[:min(len(p), 777)]) }

// TestABufferIsOneExchanges: many exchanges at once, of which some break off in each of the ways there are, and every
// answer is that of its request; no buffer is in the pools twice when all is over.
func TestABufferIsOneExchanges(t *testing.T) {
	t.Parallel()
	for _, secure := range []bool{false, true} {
		t.Run(fmt.Sprintf("secure %v", secure), func(t *testing.T) {
			t.Parallel()
			c := moody(t, secure)
			var all sync.WaitGroup
			for who := range 8 {
				all.Go(func() {
					for i := range 70 {
						r, want := moodyRequest(who, i)
						got, err := exchanged(c, r)
						switch {
						case want == "" && err == nil:
							t.Errorf("%s was answered: %.60q", r.Target, got)
						case want != "" && err == nil && got != want:
							t.Errorf("%s got %d bytes, %.60q instead of %.60q", r.Target, len(got), got, want)
						case want != "" && err != nil && i%7 != 6:
							t.Errorf("%s: %v", r.Target, err)
						}
						if errors.Is(err, ErrNotSent) {
							t.Errorf("%s passes for unsent: %v", r.Target, err)
						}
					}
				})
			}
			all.Wait()
			if n := c.busy.Load(); n != 0 {
				t.Errorf("%d places are still taken", n)
			}
			for name, pool := range map[string]*sync.Pool{"small": &c.small, "large": &c.large} {
				pool.New = nil
				once := map[*byte]bool{}
				for b, ok := pool.Get().(*buffer); ok; b, ok = pool.Get().(*buffer) {
					first := &b.b[:1][0]
					if once[first] || len(b.b) != 0 {
						t.Errorf("a %s buffer is there twice, or is not empty", name)
					}
					once[first] = true
				}
			}
		})
	}
}

// exchanged asks, and reads the answer to its end; the exchange is closed twice, which must not matter.
func exchanged(c *Client, r *Request) (string, error) {
	var x Exchange
	if err := c.Do(&x, r); err != nil {
		return "", errors.Join(err, x.Close())
	}
	var got bytes.Buffer
	_, err := x.WriteTo(&got)
	return got.String(), errors.Join(err, x.Close(), x.Close())
}
