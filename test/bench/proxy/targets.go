//go:build linux

package main

import (
	"context"
	"embed"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"text/template"

	"github.com/pg-gateway/pg-gateway/test/bench/harness"
)

//go:embed nginx.conf haproxy.cfg checkout.lua wrk.lua
var files embed.FS

// The proxies, in the order of the tables.
const (
	targetNginx   = "nginx, plain"
	targetHAProxy = "HAProxy"
	targetBare    = "bare fasthttp proxy"
	targetLua     = "nginx with Lua"
	targetGateway = "pg-gateway"
)

// bench is what runs: the shop, and the proxies in front of it.
type bench struct {
	*harness.Bench
	options
	targets map[string]*harness.Target
	// api is where the gateway is PortOne V1's API.
	api string
}

// at is where a proxy does a workload.
func (b *bench) at(w workload, t *harness.Target) string {
	if w.name == apiCall && t.Name == targetGateway {
		return b.api
	}
	return t.At
}

// newBench builds and starts everything. Close is needed only when there is no error.
func newBench(ctx context.Context, o options) (*bench, error) {
	h, err := harness.New(ctx, o.Gateway, o.Alone)
	if err != nil {
		return nil, err
	}
	b := &bench{Bench: h, options: o, targets: map[string]*harness.Target{}}
	if err := b.open(ctx); err != nil {
		b.Close()
		return nil, err
	}
	return b, nil
}

func (b *bench) open(ctx context.Context) error {
	for _, name := range []string{"checkout.lua", "wrk.lua"} {
		text, err := files.ReadFile(name)
		if err != nil {
			return fmt.Errorf("reading %s: %w", name, err)
		}
		if err := os.WriteFile(filepath.Join(b.Dir, name), text, 0o600); err != nil {
			return fmt.Errorf("writing %s: %w", name, err)
		}
	}
	shop, err := b.Peer(ctx, "upstream", harness.LoadCore)
	if err != nil {
		return err
	}
	bare, err := b.Peer(ctx, "bare", harness.ProxyCore, "-upstream", "http://"+shop.At)
	if err != nil {
		return err
	}
	bare.Name = targetBare
	b.targets[targetBare] = bare
	for name, conf := range map[string]string{targetNginx: "nginx", targetLua: "lua", targetHAProxy: "haproxy"} {
		if err := b.stock(ctx, name, conf, shop.At); err != nil {
			return err
		}
	}
	if b.api, err = harness.FreeAddress(); err != nil {
		return err
	}
	b.targets[targetGateway], err = b.Serve(ctx, shop.At, "-api", b.api)
	return err
}

// stock starts nginx or HAProxy.
func (b *bench) stock(ctx context.Context, name, kind, shop string) error {
	at, err := harness.FreeAddress()
	if err != nil {
		return err
	}
	dir := filepath.Join(b.Dir, kind)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("making a folder for %s: %w", name, err)
	}
	source, program, flags := "nginx.conf", nginxProgram, []string{"-p", dir, "-e", "stderr", "-c"}
	if name == targetHAProxy {
		source, program, flags = "haproxy.cfg", haproxyProgram, []string{"-db", "-f"}
	}
	conf := filepath.Join(dir, source)
	err = b.render(source, conf, map[string]any{
		"Dir": b.Dir, "Own": dir, "Listen": at, "Upstream": shop, "Lua": name == targetLua,
		"Modules": "/usr/lib/nginx/modules", "Root": os.Geteuid() == 0,
	})
	if err != nil {
		return err
	}
	p, err := b.Start(kind, harness.ProxyCore, nil, append(append([]string{program}, flags...), conf)...)
	if err != nil {
		return err
	}
	b.targets[name] = &harness.Target{Process: p, Name: name, At: at}
	return p.Ready(ctx, "http://"+at+"/goods")
}

// Debian keeps both where not everybody's PATH leads.
const (
	nginxProgram   = "/usr/sbin/nginx"
	haproxyProgram = "/usr/sbin/haproxy"
)

func (b *bench) render(source, to string, values any) error {
	t, err := template.ParseFS(files, source)
	if err != nil {
		return fmt.Errorf("reading %s: %w", source, err)
	}
	var text strings.Builder
	if err := t.Execute(&text, values); err != nil {
		return fmt.Errorf("filling in %s: %w", source, err)
	}
	if err := os.WriteFile(to, []byte(text.String()), 0o600); err != nil {
		return fmt.Errorf("writing %s: %w", to, err)
	}
	return nil
}

// versions names what was measured.
func (b *bench) versions(ctx context.Context) string {
	first := func(name string, args ...string) string {
		out, err := exec.CommandContext(ctx, name, args...).CombinedOutput() //nolint:gosec // our own words
		if err != nil {
			return name + " of an unknown version"
		}
		line, _, _ := strings.Cut(string(out), "\n")
		return strings.TrimSpace(line)
	}
	nginx := strings.TrimPrefix(first(nginxProgram, "-v"), "nginx version: nginx/")
	fields := strings.Fields(first(haproxyProgram, "-v") + " ? ? ?")
	version, _, _ := strings.Cut(fields[2], "-")
	return "nginx " + nginx + ", HAProxy " + version + ", " + strings.TrimSpace(first("go", "env", "GOVERSION"))
}
