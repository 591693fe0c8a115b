package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"gopkg.in/yaml.v3"

	"github.com/pg-gateway/pg-gateway/test/fixture"
	"github.com/pg-gateway/pg-gateway/test/planted"
	"github.com/pg-gateway/pg-gateway/test/short"
)

// binary is the gateway under test, built once.
var binary string

func TestMain(m *testing.M) {
	flag.Parse() // testing.Short is not known before it
	if code, out := short.Main("real processes"); out {
		os.Exit(code)
	}
	dir, err := os.MkdirTemp("", "pg-gateway-e2e-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	binary = filepath.Join(dir, "pg-gateway")
	build := exec.Command("go", "build", "-o", binary, "../..")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "building the gateway: %v\n%s", err, out)
		os.Exit(1)
	}
	parallel()
	code := m.Run()
	if err := os.RemoveAll(dir); err != nil {
		fmt.Fprintln(os.Stderr, err)
	}
	os.Exit(code)
}

// parallel lets more tests run at once than there are processors: most of what they do is wait. What the
// command line says goes first.
func parallel() {
	said := false
	flag.Visit(func(f *flag.Flag) { said = said || f.Name == "test.parallel" })
	if said {
		return
	}
	if err := flag.Set("test.parallel", "6"); err != nil {
		fmt.Fprintln(os.Stderr, err)
	}
}

// gatewayProcess is a running gateway with its own folder, ports, sandbox and journal.
type gatewayProcess struct {
	t       *testing.T
	dir     string
	public  string // host:port
	admin   string
	side    string // where the order service calls
	sandbox string
	env     []string
	cmd     *exec.Cmd
	log     *syncBuffer
	exited  chan struct{}
	// database is the address of the journal that it was last started with; empty for a file.
	database string
	// edits are what its configuration is made of.
	edits []fixture.Edit
	// files is how ulimit bounds the files that it may open; empty leaves that as it is.
	files string
	// dial connects its buyers; nil goes where the address says.
	dial func(ctx context.Context, network, address string) (net.Conn, error)
}

// start runs the tests' shop on free ports, with the sandbox in the same process.
func start(t *testing.T, edits ...fixture.Edit) *gatewayProcess {
	t.Helper()
	p := prepare(t, edits...)
	p.run()
	t.Cleanup(p.stop)
	return p
}

// startApart does the same with the sandbox in a process of its own, so that its books outlive the gateway.
func startApart(t *testing.T, edits ...fixture.Edit) *gatewayProcess {
	t.Helper()
	p := prepare(t, append([]fixture.Edit{apart}, edits...)...)
	p.runSandbox()
	p.run()
	t.Cleanup(p.stop)
	return p
}

// apart makes a configuration use a sandbox that runs elsewhere.
func apart(c *fixture.Config) {
	c.Sandbox.Enabled = false
	for _, pg := range c.PGs {
		pg.BaseURL = "http://" + c.Sandbox.Listen
	}
}

func between(s, from, to string) string {
	_, rest, _ := strings.Cut(s, from)
	found, _, _ := strings.Cut(rest, to)
	return found
}

// prepare writes the configuration of a gateway that does not run yet.
func prepare(t *testing.T, edits ...fixture.Edit) *gatewayProcess {
	t.Helper()
	p := &gatewayProcess{t: t, dir: t.TempDir(), public: freePort(t), admin: freePort(t), side: freePort(t), sandbox: freePort(t), log: &syncBuffer{}}
	p.edits = append([]fixture.Edit{onPorts(p.public, p.admin, p.sandbox), sidecarAt(p.side)}, edits...)
	p.write(p.text())
	return p
}

// onPorts has everybody listen at addresses of the test's own.
func onPorts(public, admin, sandbox string) fixture.Edit {
	base := "http://" + public
	return func(c *fixture.Config) {
		c.Server.Public.Listen, c.Server.Public.BaseURL, c.Server.Public.AllowOrigins = public, base, []string{base}
		c.Server.Sidecar.Listen, c.Server.Admin.Listen = "127.0.0.1:0", admin
		c.X2BEE.ReturnURL = base + "/result"
		c.SandboxAt(sandbox)
		// All buyers of a test call from one address.
		c.Limits.Rates = map[string]string{"client": "1000000/s", "hooks": "1000000/s"}
	}
}

// sidecarAt has the order service call at an address of the test's own.
func sidecarAt(address string) fixture.Edit {
	return func(c *fixture.Config) { c.Server.Sidecar.Listen = address }
}

// text is the configuration that the gateway began with, and more edits of it.
func (p *gatewayProcess) text(more ...fixture.Edit) string {
	return fixture.Text(slices.Concat(p.edits, more)...)
}

func (p *gatewayProcess) configFile() string { return filepath.Join(p.dir, "config.yaml") }

// write replaces the configuration as an editor that renames does.
func (p *gatewayProcess) write(config string) {
	p.t.Helper()
	tmp := p.configFile() + ".tmp"
	if err := os.WriteFile(tmp, []byte(config), 0o600); err != nil {
		p.t.Fatal(err)
	}
	if err := os.Rename(tmp, p.configFile()); err != nil {
		p.t.Fatal(err)
	}
}

// run starts the gateway and waits until it is ready.
func (p *gatewayProcess) run() {
	p.t.Helper()
	p.spawn()
	p.awaitReady()
}

func (p *gatewayProcess) awaitReady() {
	p.t.Helper()
	p.waitFor("the gateway to be ready", 30*time.Second, func() bool {
		res, err := http.Get("http://" + p.admin + "/readyz")
		if err != nil {
			return false
		}
		defer res.Body.Close()
		return res.StatusCode == http.StatusOK
	})
}

// spawn starts the gateway and does not wait.
func (p *gatewayProcess) spawn() {
	p.t.Helper()
	p.cmd = exec.Command(binary, "serve", "--config.file", p.configFile())
	if p.files != "" {
		p.cmd = exec.Command("sh", "-c", "ulimit "+p.files+` && exec "$0" "$@"`, binary, "serve", "--config.file", p.configFile())
	}
	p.cmd.Dir = p.dir
	p.database = p.journalAddress()
	p.cmd.Env = append(os.Environ(), p.env...)
	p.cmd.Stderr = p.log
	p.cmd.Stdout = p.log
	if err := p.cmd.Start(); err != nil {
		p.t.Fatal(err)
	}
	p.exited = make(chan struct{})
	go func(cmd *exec.Cmd, exited chan struct{}) {
		defer close(exited)
		if err := cmd.Wait(); err != nil {
			fmt.Fprintf(p.log, "exit: %v\n", err)
		}
	}(p.cmd, p.exited)
}

// journalAddress is the address of a database that the configuration names, if it can be read and names one.
func (p *gatewayProcess) journalAddress() string {
	text, err := os.ReadFile(p.configFile())
	if err != nil {
		p.t.Fatal(err)
	}
	var file struct{ Journal struct{ DSN string } }
	if err := yaml.Unmarshal(text, &file); err != nil {
		return "" // a test of files that no gateway starts with
	}
	return file.Journal.DSN
}

// runSandbox serves the stand-ins until the test ends, with some more environment variables.
func (p *gatewayProcess) runSandbox(env ...string) {
	p.t.Helper()
	log := &syncBuffer{}
	cmd := exec.Command(binary, "sandbox", "--listen", p.sandbox, "--log.level", "warn")
	cmd.Env = append(os.Environ(), env...)
	cmd.Stdout, cmd.Stderr = log, log
	if err := cmd.Start(); err != nil {
		p.t.Fatal(err)
	}
	p.t.Cleanup(func() {
		if err := cmd.Process.Kill(); err != nil {
			p.t.Errorf("the sandbox ended by itself: %v\n%s", err, log)
		}
		_ = cmd.Wait()
	})
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		res, err := http.Get("http://" + p.sandbox + "/_sandbox/health")
		if err == nil {
			res.Body.Close()
			return
		}
		if time.Now().After(deadline) {
			p.t.Fatalf("the sandbox does not answer: %v\n%s", err, log)
		}
	}
}

// kill ends the gateway as a crash does: at once, with nothing tidied up.
func (p *gatewayProcess) kill() {
	p.t.Helper()
	if err := p.cmd.Process.Kill(); err != nil {
		p.t.Fatalf("killing the gateway, which should have run: %v\n%s", err, p.log)
	}
	<-p.exited
}

func (p *gatewayProcess) stop() {
	p.mustKeepSecrets()
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
		p.t.Error(err)
	}
	select {
	case <-p.exited:
	case <-time.After(15 * time.Second):
		p.t.Error("the gateway did not stop within 15 s")
		_ = p.cmd.Process.Kill()
	}
	planted.Check(p.t, "the log", []byte(p.log.String()))
	planted.Files(p.t, filepath.Join(p.dir, "data"))
	if p.t.Failed() {
		p.t.Logf("the end of the gateway's output:\n%s", p.log.tail())
	}
}

// mustKeepSecrets wants nothing that was planted in what a running gateway shows and has written.
func (p *gatewayProcess) mustKeepSecrets() {
	planted.Metrics(p.t, p.admin)
	planted.Files(p.t, filepath.Join(p.dir, "data"))
	if p.database != "" {
		planted.Postgres(p.t, p.database)
	}
}

func (p *gatewayProcess) waitFor(what string, patience time.Duration, ok func() bool) {
	p.t.Helper()
	for deadline := time.Now().Add(patience); !ok(); time.Sleep(50 * time.Millisecond) {
		select {
		case <-p.exited:
			p.t.Fatalf("the gateway ended while waiting for %s:\n%s", what, p.log.tail())
		default:
		}
		if time.Now().After(deadline) {
			p.t.Fatalf("waited %s for %s:\n%s", patience, what, p.log.tail())
		}
	}
}

// audit is what the sandbox says of its ledger and the shop's orders.
type audit struct {
	OK          bool            `json:"ok"`
	Captured    int64           `json:"captured"`
	Cancelled   int64           `json:"cancelled"`
	Net         int64           `json:"net"`
	Confirmed   int64           `json:"confirmed"`
	Differences json.RawMessage `json:"differences"`
}

// audit asks the sandbox to compare its ledger with the shop's orders.
func (p *gatewayProcess) audit() audit {
	p.t.Helper()
	var a audit
	p.getJSON("http://"+p.sandbox+"/_sandbox/audit", &a)
	return a
}

// mustBalance checks the one sum that matters: captured less cancelled is what the shop confirmed, to the won.
func (p *gatewayProcess) mustBalance(confirmed int64) {
	p.t.Helper()
	p.mustBalanceWithin(15*time.Second, confirmed)
}

func (p *gatewayProcess) mustBalanceWithin(patience time.Duration, confirmed int64) {
	p.t.Helper()
	deadline := time.Now().Add(patience)
	for {
		a := p.audit()
		if a.OK && a.Confirmed == confirmed && a.Net == confirmed && a.Captured-a.Cancelled == confirmed {
			return
		}
		if time.Now().After(deadline) {
			p.t.Fatalf("after %s the books say: captured %d, cancelled %d, confirmed %d, want %d; differences: %s",
				patience, a.Captured, a.Cancelled, a.Confirmed, confirmed, a.Differences)
		}
		time.Sleep(100 * time.Millisecond)
	}
}

func (p *gatewayProcess) getJSON(url string, to any) {
	p.t.Helper()
	res, err := http.Get(url)
	if err != nil {
		p.t.Fatal(err)
	}
	defer res.Body.Close()
	if err := json.NewDecoder(res.Body).Decode(to); err != nil {
		p.t.Fatalf("reading %s: %v", url, err)
	}
}

// postJSON posts v and returns the status and body.
func (p *gatewayProcess) postJSON(url string, v any) (int, map[string]any) {
	p.t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		p.t.Fatal(err)
	}
	return p.post(url, "application/json", string(b))
}

func (p *gatewayProcess) post(url, contentType, body string) (int, map[string]any) {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.t.Context(), 60*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, url, strings.NewReader(body))
	if err != nil {
		p.t.Fatal(err)
	}
	req.Header.Set("Content-Type", contentType)
	res, err := noRedirects().Do(req)
	if err != nil {
		p.t.Fatalf("posting to %s: %v", url, err)
	}
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	if err != nil {
		p.t.Fatal(err)
	}
	m := map[string]any{"location": res.Header.Get("Location")}
	if strings.Contains(res.Header.Get("Content-Type"), "json") {
		if err := json.Unmarshal(raw, &m); err != nil {
			p.t.Fatalf("%s answered %q: %v", url, raw, err)
		}
	}
	return res.StatusCode, m
}

func noRedirects() *http.Client {
	return &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
}

// fault asks the sandbox to misbehave.
func (p *gatewayProcess) fault(pg, operation, kind string, more map[string]any) {
	p.t.Helper()
	body := map[string]any{"pg": pg, "operation": operation, "kind": kind, "times": 1}
	maps.Copy(body, more)
	if status, answer := p.postJSON("http://"+p.sandbox+"/_sandbox/faults", body); status/100 != 2 {
		p.t.Fatalf("the sandbox refused a fault: %d %v", status, answer)
	}
}

// ports hands every test ports of its own. They lie below the range that the system takes for outgoing
// connections: a gateway that was killed must find its port free again.
type ports struct {
	mu   sync.Mutex
	next int
}

// freePorts is shared by the tests of this process; each process begins somewhere else.
var freePorts = ports{next: 12000 + os.Getpid()%18000}

func freePort(t *testing.T) string {
	t.Helper()
	freePorts.mu.Lock()
	defer freePorts.mu.Unlock()
	for range 1000 {
		freePorts.next++
		if freePorts.next > 32000 {
			freePorts.next = 12000
		}
		l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", freePorts.next))
		if err != nil {
			continue
		}
		l.Close()
		return l.Addr().String()
	}
	t.Fatal("no port is free")
	return ""
}

type syncBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *syncBuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *syncBuffer) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

// tail is the end of what was written.
func (s *syncBuffer) tail() string {
	text := s.String()
	return text[max(0, len(text)-6_000):]
}
