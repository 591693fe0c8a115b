// Package sdk drives the clients that PortOne publishes for Node through the gateway, as a shop runs them: nothing but
// the base URL is other than in their documents. The shop is v1.cjs and v2.cjs; `make deps` installs the packages.
package sdk

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/pg-gateway/pg-gateway/test/fixture"
	"github.com/pg-gateway/pg-gateway/test/planted"
	"github.com/pg-gateway/pg-gateway/test/short"
)

// token is all that the order service has: the gateway's, and no key of PortOne's.
const token = "a-token-of-the-order-service"

// binary is the gateway under test, built once.
var binary string

func TestMain(m *testing.M) {
	flag.Parse() // testing.Short is not known before it
	if code, out := short.Main("real processes"); out {
		os.Exit(code)
	}
	os.Exit(buildAndRun(m))
}

func buildAndRun(m *testing.M) int {
	dir, err := os.MkdirTemp("", "pg-gateway-sdk-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	binary = filepath.Join(dir, "pg-gateway")
	build := exec.Command("go", "build", "-o", binary, "../..")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "building the gateway: %v\n%s", err, out)
		return 1
	}
	return m.Run()
}

// gateway is a running gateway with the sandbox in it, and a port for each PortOne API.
type gateway struct {
	t *testing.T
	// public, sidecar, sandbox, v1 and v2 are base URLs.
	public, sidecar, sandbox, v1, v2 string
	admin                            string // host:port
	// log may be read once exited is closed.
	log    *bytes.Buffer
	cmd    *exec.Cmd
	exited chan struct{}
}

// start runs the tests' shop on free ports until the test ends.
func start(t *testing.T, edits ...fixture.Edit) *gateway {
	t.Helper()
	ports := freePorts(t, 6)
	g := &gateway{
		t: t, public: "http://" + ports[0], sidecar: "http://" + ports[1], sandbox: "http://" + ports[2],
		v1: "http://" + ports[3], v2: "http://" + ports[4], admin: ports[5], log: &bytes.Buffer{}, exited: make(chan struct{}),
	}
	dir := t.TempDir()
	own := func(c *fixture.Config) {
		c.Server.Public.Listen, c.Server.Public.BaseURL = ports[0], g.public
		c.Server.Public.AllowOrigins = []string{g.public}
		c.Server.Sidecar.Listen, c.Server.Sidecar.Tokens = ports[1], []string{token}
		c.Server.Admin.Listen, c.X2BEE.ReturnURL = ports[5], g.public+"/result"
		c.SandboxAt(ports[2])
		c.PGs["portone1"].SidecarListen, c.PGs["portone"].SidecarListen = ports[3], ports[4]
		for _, pg := range c.PGs {
			pg.ApproveTimeout = "2s"
		}
		// A PG whose answers a test has lost is not avoided: there is no other one.
		c.Method("tosspay").Links, c.Method("kakaopay").Links = fixture.Links("portone1"), fixture.Links("portone")
		c.Method("vbank").Links = fixture.Links("portone1")
		c.Limits.Rates = map[string]string{"client": "1000000/s", "hooks": "1000000/s"}
	}
	file := filepath.Join(dir, "config.yaml")
	if err := os.WriteFile(file, []byte(fixture.Text(append([]fixture.Edit{own}, edits...)...)), 0o600); err != nil {
		t.Fatal(err)
	}
	g.cmd = exec.Command(binary, "serve", "--config.file", file)
	g.cmd.Dir, g.cmd.Stdout, g.cmd.Stderr = dir, g.log, g.log
	if err := g.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		defer close(g.exited)
		_ = g.cmd.Wait() // what it ended with is in the log
	}()
	t.Cleanup(g.stop)
	g.waitFor("the gateway to be ready", func() bool {
		res, err := http.Get("http://" + ports[5] + "/readyz")
		if err != nil {
			return false
		}
		defer res.Body.Close()
		return res.StatusCode == http.StatusOK
	})
	return g
}

func (g *gateway) stop() {
	planted.Metrics(g.t, g.admin)
	planted.Files(g.t, filepath.Join(g.cmd.Dir, "data"))
	_ = g.cmd.Process.Signal(syscall.SIGTERM) // it may have ended
	select {
	case <-g.exited:
	case <-time.After(15 * time.Second):
		g.t.Error("the gateway did not stop within 15 s")
		_ = g.cmd.Process.Kill()
		<-g.exited
	}
	planted.Check(g.t, "the log", g.log.Bytes())
	planted.Files(g.t, filepath.Join(g.cmd.Dir, "data"))
	if g.t.Failed() {
		log := g.log.Bytes()
		g.t.Logf("the end of the gateway's output:\n%s", log[max(0, len(log)-8000):])
	}
}

func (g *gateway) waitFor(what string, ok func() bool) {
	g.t.Helper()
	for deadline := time.Now().Add(30 * time.Second); !ok(); time.Sleep(20 * time.Millisecond) {
		select {
		case <-g.exited:
			g.t.Fatalf("the gateway ended while waiting for %s", what)
		default:
		}
		if time.Now().After(deadline) {
			g.t.Fatalf("waited 30 s for %s", what)
		}
	}
}

// handedOut are the ports that tests of this process have been told.
var handedOut sync.Map

// freePorts are addresses that nobody listens at.
func freePorts(t *testing.T, n int) (addresses []string) {
	t.Helper()
	for len(addresses) < n {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		address := l.Addr().String()
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
		if _, told := handedOut.LoadOrStore(address, true); !told {
			addresses = append(addresses, address)
		}
	}
	return addresses
}

// ask sends JSON, if any, and reads the answer's; a status of 400 or more ends the test.
func (g *gateway) ask(method, url string, body any, headers ...string) value {
	g.t.Helper()
	text, err := json.Marshal(body)
	if err != nil {
		g.t.Fatal(err)
	}
	req, err := http.NewRequestWithContext(g.t.Context(), method, url, bytes.NewReader(text))
	if err != nil {
		g.t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	for i := 0; i < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		g.t.Fatal(err)
	}
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	if err != nil {
		g.t.Fatal(err)
	}
	var v any
	if len(raw) > 0 {
		err = json.Unmarshal(raw, &v)
	}
	if err != nil || res.StatusCode >= 400 {
		g.t.Fatalf("%s %s: %d %s", method, url, res.StatusCode, raw)
	}
	return value{v}
}

// control steers the sandbox.
func (g *gateway) control(path string, body any) value {
	g.t.Helper()
	return g.ask(http.MethodPost, g.sandbox+"/_sandbox/"+path, body)
}

// fault has the sandbox fail once.
func (g *gateway) fault(pg, operation, kind string, more map[string]any) {
	g.t.Helper()
	f := map[string]any{"pg": pg, "operation": operation, "kind": kind}
	maps.Copy(f, more)
	g.control("faults", f)
}

// writes counts the requests of a kind that reached a PG for an order.
func (g *gateway) writes(pg, operation, ref string) int {
	g.t.Helper()
	list := g.ask(http.MethodGet, g.sandbox+"/_sandbox/executions?pg="+pg+"&operation="+operation+"&ref="+ref, nil)
	return list.int("count")
}

// net is what the PGs hold, in won.
func (g *gateway) net() int {
	g.t.Helper()
	return g.ask(http.MethodGet, g.sandbox+"/_sandbox/ledger", nil).int("net")
}

// mustBalance waits until the shop's books are the PGs', with so many won between them. What was lost is looked up half a
// minute later.
func (g *gateway) mustBalance(t *testing.T, won int) {
	t.Helper()
	var audit value
	for deadline := time.Now().Add(2 * time.Minute); time.Now().Before(deadline); time.Sleep(50 * time.Millisecond) {
		audit = g.ask(http.MethodGet, g.sandbox+"/_sandbox/audit", nil)
		if audit.is("ok", true) && audit.int("net") == won && audit.int("confirmed") == won {
			return
		}
	}
	t.Errorf("the books say %s, want %d won", audit, won)
}
