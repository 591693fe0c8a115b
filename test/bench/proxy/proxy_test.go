//go:build linux

package main

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
	request := workloads()[0].request("x")
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
	took, err := openLoop(l.Addr().String(), request, pace{rate: 1000, lasting: 500 * time.Millisecond})
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
	if slow := took.at(0.85); slow < 100*time.Millisecond {
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

// made is a report whose figures are easy to follow. Round 2 was slow for all, which must not move a ratio.
func made(allocated map[string]allocations) report {
	r := report{options: options{rounds: 3, each: time.Second, conns: 64, crowd: 256, rate: 2000}, allocations: allocated}
	for round, slow := range []time.Duration{1, 3, 1} {
		for _, w := range workloads() {
			for _, name := range w.by {
				cpu, wait := 10*time.Microsecond, 100*time.Microsecond
				if name == targetGateway {
					cpu, wait = 15*time.Microsecond, 140*time.Microsecond
				}
				r.turns = append(r.turns, turn{round: round, target: name, workload: w.name, cpu: slow * cpu, perSecond: 1e5})
				r.paced = append(r.paced, pacedTurn{target: name, workload: w.name, p50: slow * wait, p99: 2 * slow * wait})
			}
		}
	}
	for _, w := range workloads() {
		for _, name := range w.by {
			r.crowds = append(r.crowds, turn{target: name, workload: w.name, memory: held{all: 20e6, own: 5e6}})
		}
	}
	return r
}

func TestTheReport(t *testing.T) {
	t.Chdir(filepath.Join("..", "..", ".."))
	allocated, err := committedAllocations()
	if err != nil {
		t.Fatal(err)
	}
	for _, w := range workloads() {
		if allocated[w.name].Allocations == 0 {
			t.Errorf("%s knows no allocations of %q", committedFile, w.name)
		}
	}
	text := made(map[string]allocations{passThrough: {Allocations: 7, Bytes: 512}}).markdown()
	for _, line := range []string{
		"| pass-through POST 1 KB | nginx, plain | 10.0 | 1.00 |  |  | 100000 | 0.00 |",
		"|  | **pg-gateway** | 15.0 | **1.50** | 1.15 | 1.00 | 100000 | 0.00 |",
		"| intercepted checkout | nginx with Lua | 10.0 | 1.00 |",
		"|  | **pg-gateway** | 15.0 | **1.50** | 2.5 | 1.5 |",
		"|  | **pg-gateway** | 140 | 280 | **+40** | 10 | **+80** | 50 |",
		"|  | **pg-gateway** | **20** | 25 | 5 | **7** | 0 | 512 |",
	} {
		if !strings.Contains(text, line) {
			t.Errorf("the report lacks %q:\n%s", line, text)
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
	for _, text := range []string{"new figures\n", "newer figures\n"} {
		if err := writeBlock(path, text); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	before, _, _ := bytes.Cut(document, []byte(blockBegins))
	if want := string(before) + blockBegins + "newer figures\n" + blockEnds; !strings.HasPrefix(string(got), want) {
		t.Errorf("the table does not stand where it did:\n%s", got)
	}
	if err := os.WriteFile(path, []byte("nothing\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := writeBlock(path, "x"); err == nil {
		t.Error("a document without a place for it takes the table")
	}
}
