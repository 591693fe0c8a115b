package sdk

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

// modules is where `make deps` installs the clients.
const modules = "../../.cache/sdk/node_modules"

// client is a shop in Node that calls PortOne by its SDK.
type client struct {
	t      *testing.T
	script string
	in     io.WriteCloser
	out    *bufio.Reader
	said   *bytes.Buffer
}

// shop starts a script that calls an address until the test ends.
func shop(t *testing.T, script, base string) *client {
	t.Helper()
	at, err := filepath.Abs(modules)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(at); err != nil {
		t.Fatalf("the SDKs are missing: run make deps, which installs them (%v)", err)
	}
	cmd := exec.Command("node", script)
	cmd.Env = append(os.Environ(), "NODE_PATH="+at, "BASE_URL="+base, "TOKEN="+token)
	c := &client{t: t, script: script, said: &bytes.Buffer{}}
	cmd.Stderr = c.said
	out, err := cmd.StdoutPipe()
	if err == nil {
		c.in, err = cmd.StdinPipe()
	}
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		t.Fatalf("starting %s: %v", script, err)
	}
	c.out = bufio.NewReader(out)
	t.Cleanup(func() {
		_ = c.in.Close() // it ends by itself then
		if err := cmd.Wait(); err != nil {
			t.Errorf("%s: %v\n%s", script, err, c.said)
		}
	})
	return c
}

// sdkError is what a call of an SDK threw.
type sdkError struct {
	Name    string `json:"name"`
	Message string `json:"message"`
	// Reason is why a webhook was not believed.
	Reason string `json:"reason"`
	// Status and Data are the HTTP answer as far as the SDK shows it.
	Status int `json:"status"`
	Data   any `json:"data"`
}

func (e *sdkError) Error() string {
	return fmt.Sprintf("%s %d %q %s", e.Name, e.Status, e.Message, value{e.Data})
}

// call calls the SDK. An empty name lists the calls that it has.
func (c *client) call(name string, args ...any) (value, error) {
	c.t.Helper()
	text, err := json.Marshal(map[string]any{"name": name, "args": args})
	if err != nil {
		c.t.Fatal(err)
	}
	if _, err := c.in.Write(append(text, '\n')); err != nil {
		c.t.Fatalf("%s: %v", c.script, err)
	}
	line, err := c.out.ReadBytes('\n')
	if err != nil {
		c.t.Fatalf("%s: %v", c.script, err)
	}
	var answer struct {
		Value any       `json:"value"`
		Error *sdkError `json:"error"`
	}
	if err := json.Unmarshal(line, &answer); err != nil {
		c.t.Fatalf("%s said %q: %v", c.script, line, err)
	}
	if answer.Error != nil {
		return value{}, answer.Error
	}
	return value{answer.Value}, nil
}

// must is call of what has to work.
func (c *client) must(t *testing.T, name string, args ...any) value {
	t.Helper()
	v, err := c.call(name, args...)
	if err != nil {
		t.Fatalf("%s %v: %v", name, args, err)
	}
	return v
}

// fails is call of what has to be refused.
func (c *client) fails(t *testing.T, name string, args ...any) *sdkError {
	t.Helper()
	v, err := c.call(name, args...)
	e, ok := err.(*sdkError) //nolint:errorlint // made by call
	if !ok {
		t.Fatalf("%s %v was answered %s", name, args, v)
	}
	return e
}

// persist calls again and again until it works, as a shop does whose answers are lost.
func (c *client) persist(t *testing.T, name string, args ...any) value {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(100 * time.Millisecond) {
		v, err := c.call(name, args...)
		if err == nil {
			return v
		}
		if time.Now().After(deadline) {
			t.Fatalf("%s %v: %v", name, args, err)
		}
	}
}

// row is one call and what of its answer a shop reads.
type row struct {
	name string
	args any
	want map[string]any
}

// run makes the calls of a table, one after the other.
func (c *client) run(t *testing.T, rows []row) {
	t.Helper()
	for _, r := range rows {
		t.Run(r.name, func(t *testing.T) {
			var args []any
			if r.args != nil {
				args = []any{r.args}
			}
			got := c.must(t, r.name, args...)
			for path, want := range r.want {
				if !got.is(path, want) {
					t.Errorf("%s is %v, want %v; the answer: %s", path, got.at(path), want, got)
				}
			}
		})
	}
}
