package cli

import (
	"bytes"
	"context"
	"net"
	"net/http"
	"regexp"
	"sync"
	"testing"
	"time"

	"github.com/pg-gateway/pg-gateway/sandbox"
)

// lockedBuffer is output that a test reads while it is written.
type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

func TestSandboxServesEachPort(t *testing.T) {
	t.Parallel()
	ctx, stop := context.WithCancel(t.Context())
	out, done := new(lockedBuffer), make(chan error, 1)
	go func() {
		at := sandboxPorts{listen: "127.0.0.1:0", v1: "127.0.0.1:0", v2: "127.0.0.1:0", inicis: "127.0.0.1:0"}
		done <- at.serve(ctx, sandbox.New(sandbox.Defaults()), out)
	}()
	address := regexp.MustCompile(`(?m)^ *(\S.*?) +http://(\S+?)/(?:  .*)?$`)
	for len(address.FindAllString(out.String(), -1)) < 4 {
		select {
		case err := <-done:
			t.Fatalf("it ended: %v, after %s", err, out)
		case <-time.After(time.Millisecond):
		}
	}
	paths := map[string]string{
		"sandbox": "/_sandbox/health", "PortOne V1": "/payments/x", "PortOne V2": "/payments/x", "KG Inicis": "/stdjs/INIStdPay.js",
	}
	want := map[string]int{"sandbox": 200, "PortOne V1": 401, "PortOne V2": 401, "KG Inicis": 200}
	for _, m := range address.FindAllStringSubmatch(out.String(), -1) {
		resp, err := http.Get("http://" + m[2] + paths[m[1]])
		if err != nil {
			t.Errorf("%s: %v", m[1], err)
			continue
		}
		_ = resp.Body.Close()
		if resp.StatusCode != want[m[1]] {
			t.Errorf("%s: %d, want %d", m[1], resp.StatusCode, want[m[1]])
		}
	}
	stop()
	if err := <-done; err != nil {
		t.Errorf("stopping: %v", err)
	}
}

func TestSandboxGivesItsPortsBackWhenOneIsTaken(t *testing.T) {
	t.Parallel()
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = taken.Close() }()
	out := new(lockedBuffer)
	at := sandboxPorts{listen: "127.0.0.1:0", v1: taken.Addr().String()}
	if err := at.serve(t.Context(), sandbox.New(sandbox.Defaults()), out); err == nil {
		t.Fatal("it serves on a port that is taken")
	}
	first := regexp.MustCompile(`http://([^/]+)/`).FindStringSubmatch(out.String())
	if conn, err := net.Dial("tcp", first[1]); err == nil {
		_ = conn.Close()
		t.Errorf("%s is still open", first[1])
	}
}
