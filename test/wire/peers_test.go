package wire

import (
	"bytes"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/pg-gateway/pg-gateway/test/fixture"
	secrets "github.com/pg-gateway/pg-gateway/test/planted"
)

// peer is a proxy and the shop behind it.
type peer struct {
	name string
	addr string
	shop *shop
	// turn is held by the one who plays a case: whatever the shop hears meanwhile belongs to it.
	turn   *sync.Mutex
	probes atomic.Int64
	// refusals says what an answer of the proxy's own must be.
	refusals func(p *play, m *message)
	// pid is the proxy's process; 0 for one that runs in this process.
	pid int
}

func (at *peer) checkRefusal(p *play, m *message) {
	if at.refusals != nil {
		at.refusals(p, m)
	}
}

// planted stands for what must not come back in a refusal: cookies, tokens, names.
const planted = "PLANTED"

// asProblem wants a refusal to be a problem that users can read, without a word of the request or the answer.
func asProblem(p *play, m *message) {
	kind := strings.Join(m.values("Content-Type"), "")
	switch {
	case m.framing == "length 0,", strings.HasPrefix(kind, "application/problem+json") && m.framing != "none":
	case p.c.own && strings.HasPrefix(kind, "application/json"):
	default:
		p.wrong(fmt.Sprintf("the refusal %s is no problem: %q", m.start, kind))
	}
	if bytes.Contains(m.body, []byte(planted)) || strings.Contains(strings.Join(m.headers, "\n"), planted) {
		p.wrong("the refusal repeats what it refuses")
	}
}

// trustedFront is an address that the gateway takes X-Forwarded-* from.
const trustedFront = "127.0.0.2"

// startGateway runs the gateway's binary in front of a shop.
func startGateway(t *testing.T) *peer {
	t.Helper()
	s := newShop(t)
	at, pid := runGateway(t, s.addr())
	return &peer{name: "gateway", addr: at, shop: s, turn: new(sync.Mutex), refusals: asProblem, pid: pid}
}

// runGateway runs the gateway's binary in front of what listens at an address.
func runGateway(t *testing.T, shop string) (at string, pid int) {
	t.Helper()
	dir, at, admin := t.TempDir(), freePort(t), freePort(t)
	config := fixture.Text(func(c *fixture.Config) {
		base := "http://" + at
		c.Server.Public.Listen, c.Server.Public.BaseURL = at, base
		c.Server.Public.AllowOrigins = []string{base, "http://shop.example"}
		c.Server.Public.TrustedProxies = []string{trustedFront + "/32"}
		c.Server.Sidecar.Listen, c.Server.Admin.Listen = "127.0.0.1:0", admin
		c.Server.ShutdownTimeout = "3s"
		c.X2BEE.ReturnURL = base + "/result"
		c.OrderService.URL = "http://" + shop
		c.Limits.Rates = map[string]string{"client": "1000000/s", "hooks": "1000000/s", "order": "1000000/s"}
		c.Sandbox.Enabled = false
		for _, pg := range c.PGs {
			pg.BaseURL = "http://" + freePort(t)
		}
	})
	file := filepath.Join(dir, "config.yaml")
	if err := os.WriteFile(file, []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(binary, "serve", "--config.file", file)
	cmd.Dir = dir
	return at, run(t, cmd, at)
}

// run starts a process that listens at an address, and stops it when the test ends.
func run(t *testing.T, cmd *exec.Cmd, at string) int {
	t.Helper()
	var out syncBuffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	exited := make(chan struct{})
	go func() {
		defer close(exited)
		_ = cmd.Wait()
	}()
	t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		select {
		case <-exited:
		case <-time.After(patience):
			_ = cmd.Process.Kill()
			t.Errorf("%s did not stop", cmd.Path)
		}
		secrets.Check(t, "the output of "+filepath.Base(cmd.Path), out.all())
		if cmd.Dir != "" {
			secrets.Files(t, filepath.Join(cmd.Dir, "data"))
		}
		if t.Failed() {
			t.Logf("the end of the output of %s:\n%s", filepath.Base(cmd.Path), out.tail())
		}
	})
	for deadline := time.Now().Add(2 * patience); ; time.Sleep(10 * time.Millisecond) {
		c, err := net.Dial("tcp", at)
		if err == nil {
			_ = c.Close()
			return cmd.Process.Pid
		}
		select {
		case <-exited:
			t.Fatalf("%s ended:\n%s", cmd.Path, out.tail())
		default:
		}
		if time.Now().After(deadline) {
			t.Fatalf("%s does not listen at %s: %v\n%s", cmd.Path, at, err, out.tail())
		}
	}
}

// find is the path of a program that scripts/deps.sh installs.
func find(t *testing.T, name string) string {
	t.Helper()
	for _, dir := range append(filepath.SplitList(os.Getenv("PATH")), "/usr/sbin", "/usr/local/sbin") {
		path := filepath.Join(dir, name)
		if info, err := os.Stat(path); err == nil && !info.IsDir() && info.Mode()&0o111 != 0 {
			return path
		}
	}
	t.Fatalf("%s is missing: run scripts/deps.sh, which installs it", name)
	return ""
}

// startNginx runs nginx as people put it before a shop that also speaks WebSocket. Its limits are the gateway's where it
// has such limits.
func startNginx(t *testing.T, upstream string) string {
	t.Helper()
	dir, at := t.TempDir(), freePort(t)
	config := fmt.Sprintf(`daemon off; master_process off; pid %[1]s/pid; error_log stderr error;
events { worker_connections 512; }
http {
  access_log off; client_body_temp_path %[1]s/b; proxy_temp_path %[1]s/p;
  fastcgi_temp_path %[1]s/f; uwsgi_temp_path %[1]s/u; scgi_temp_path %[1]s/s;
  map $http_upgrade $connection_upgrade { default upgrade; '' ''; }
  upstream shop { server %[3]s; keepalive 16; }
  server {
    listen %[2]s; client_max_body_size 0; large_client_header_buffers 4 16k;
    location / {
      proxy_pass http://shop; proxy_http_version 1.1; proxy_next_upstream off; proxy_request_buffering off;
      proxy_buffering off; proxy_buffer_size 64k; proxy_buffers 8 64k; proxy_busy_buffers_size 128k;
      proxy_set_header Host $http_host;
      proxy_set_header Upgrade $http_upgrade;
      proxy_set_header Connection $connection_upgrade;
      proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
      proxy_set_header X-Forwarded-Host $http_host;
      proxy_set_header X-Forwarded-Proto $scheme;
    }
  }
}
`, dir, at, upstream)
	file := filepath.Join(dir, "nginx.conf")
	if err := os.WriteFile(file, []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	run(t, exec.Command(find(t, "nginx"), "-p", dir, "-e", "stderr", "-c", file), at)
	return at
}

// nginxVersion is what the installed nginx calls itself.
func nginxVersion(t *testing.T) string {
	t.Helper()
	out, err := exec.Command(find(t, "nginx"), "-v").CombinedOutput()
	if err != nil {
		t.Fatalf("asking nginx for its version: %v", err)
	}
	_, version, _ := strings.Cut(strings.TrimSpace(string(out)), "nginx/")
	return version
}

// startReverseProxy runs the reverse proxy that anybody would write with the standard library.
func startReverseProxy(t *testing.T) *peer {
	t.Helper()
	s := newShop(t)
	to, err := url.Parse("http://" + s.addr())
	if err != nil {
		t.Fatal(err)
	}
	quiet := log.New(io.Discard, "", 0)
	transport := &http.Transport{DisableCompression: true, MaxIdleConnsPerHost: 64, MaxResponseHeaderBytes: 64 << 10}
	server := &http.Server{
		ReadHeaderTimeout: patience, MaxHeaderBytes: 12 << 10, ErrorLog: quiet,
		Handler: &httputil.ReverseProxy{
			Rewrite: func(r *httputil.ProxyRequest) {
				r.SetURL(to)
				r.Out.Host = r.In.Host
				r.SetXForwarded()
			},
			Transport: transport, ErrorLog: quiet, FlushInterval: -1,
		},
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan struct{})
	go func() {
		defer close(served)
		_ = server.Serve(l)
	}()
	t.Cleanup(func() {
		_ = server.Close()
		transport.CloseIdleConnections()
		<-served
	})
	return &peer{name: peerGo, addr: l.Addr().String(), shop: s, turn: new(sync.Mutex)}
}

// freePort is an address on loopback that nobody listens at.
func freePort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// syncBuffer keeps what a process prints.
type syncBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *syncBuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

// tail is the end of it.
func (s *syncBuffer) all() []byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	return bytes.Clone(s.b.Bytes())
}

func (s *syncBuffer) tail() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	b := s.b.Bytes()
	return string(b[max(0, len(b)-4000):])
}
