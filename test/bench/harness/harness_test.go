//go:build linux

package harness

import (
	"bytes"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// stalling answers every request, but holds all of them up for a while once it has answered some.
type stalling struct {
	mu    sync.Mutex
	left  int
	pause time.Duration
}

func (s *stalling) serve(c net.Conn, length int) {
	defer func() { _ = c.Close() }()
	request := make([]byte, length)
	for {
		if _, err := io.ReadFull(c, request); err != nil {
			return
		}
		s.mu.Lock()
		if s.left--; s.left == 0 {
			time.Sleep(s.pause)
		}
		s.mu.Unlock()
		if _, err := io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"); err != nil {
			return
		}
	}
}

// TestTheOpenLoopCountsWaiting: a server that stops for 200 ms keeps waiting whoever comes in that time, not only those
// that are on their way. Of 500 requests a fifth is due in the first half of it, and takes 100 ms at least; a closed
// loop would have seen one for each connection.
func TestTheOpenLoopCountsWaiting(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	request := []byte("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
	server := &stalling{left: 100, pause: 200 * time.Millisecond}
	var serving sync.WaitGroup
	serving.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			serving.Go(func() { server.serve(c, len(request)) })
		}
	})
	took, err := OpenLoop(l.Addr().String(), request, Pace{Rate: 1000, Lasting: 500 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	if err := l.Close(); err != nil {
		t.Error(err)
	}
	serving.Wait()
	if len(took) != 500 {
		t.Errorf("%d requests were answered, want 500", len(took))
	}
	if slow := took.At(0.85); slow < 100*time.Millisecond {
		t.Errorf("of the requests that were due in the pause most do not count it: %s at 85 %%", slow)
	}
}

func TestAnAnswerIsWhole(t *testing.T) {
	t.Parallel()
	for answer, want := range map[string]bool{
		"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok":             true,
		"HTTP/1.1 200 OK\r\nA: b\r\ncontent-length: 2\r\n\r\nok":     true,
		"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nA: b\r\n\r\n":       true,
		"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\no":              false,
		"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n":                   false,
		"HTTP/1.1 200 OK\r\nContent-Length: 300\r\n\r\n{\"ok\":1}":   false,
		"HTTP/1.1 200 OK\r\nX: y\r\nContent-Length: 4\r\n\r\nokokok": true,
	} {
		if got, err := complete([]byte(answer)); got != want || err != nil {
			t.Errorf("%q: %t, %v", answer, got, err)
		}
	}
	for _, bad := range []string{
		"HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n", "HTTP/1.1 200 OK\r\n\r\n",
		"HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n",
	} {
		if _, err := complete([]byte(bad)); err == nil {
			t.Errorf("%q is taken for a good answer", bad)
		}
	}
}

func TestTheDocumentIsWrittenAnew(t *testing.T) {
	t.Parallel()
	document, err := os.ReadFile(filepath.Join("..", "..", "..", "docs", "performance.md"))
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "performance.md")
	if err := os.WriteFile(path, document, 0o600); err != nil {
		t.Fatal(err)
	}
	const command = "make bench-proxy DOCS=1"
	for _, text := range []string{"new figures\n", "newer figures\n"} {
		if err := WriteBlock(path, command, text); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	const begins = "<!-- table: " + command + " -->\n"
	before, _, _ := bytes.Cut(document, []byte(begins))
	if want := string(before) + begins + "newer figures\n" + blockEnds; !strings.HasPrefix(string(got), want) {
		t.Errorf("the table does not stand where it did:\n%s", got)
	}
	if err := os.WriteFile(path, []byte("nothing\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := WriteBlock(path, command, "x"); err == nil {
		t.Error("a document without a place for it takes the table")
	}
}
