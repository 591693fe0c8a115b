//go:build linux

package main

import (
	"context"
	"embed"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"text/template"
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

// target is a proxy in front of the shop.
type target struct {
	*process
	name string
	// at is host:port.
	at string
}

// bench is what runs: the shop, and the proxies in front of it.
type bench struct {
	options
	dir     string
	running []*process
	targets map[string]*target
}

// newBench builds and starts everything. close is needed only when there is no error.
func newBench(ctx context.Context, o options) (*bench, error) {
	dir, err := os.MkdirTemp("", "pg-gateway-bench-proxy")
	if err != nil {
		return nil, fmt.Errorf("making a folder: %w", err)
	}
	b := &bench{options: o, dir: dir, targets: map[string]*target{}}
	if err := b.open(ctx); err != nil {
		b.close()
		return nil, err
	}
	return b, nil
}

// close stops what runs and removes the folder.
func (b *bench) close() {
	for _, p := range b.running {
		p.stop()
	}
	_ = os.RemoveAll(b.dir)
}

func (b *bench) open(ctx context.Context) error {
	if err := b.build(ctx); err != nil {
		return err
	}
	shop, err := b.peer(ctx, "upstream", loadCore)
	if err != nil {
		return err
	}
	bare, err := b.peer(ctx, "bare", proxyCore, "-upstream", "http://"+shop.at)
	if err != nil {
		return err
	}
	bare.name = targetBare
	b.targets[targetBare] = bare
	for name, conf := range map[string]string{targetNginx: "nginx", targetLua: "lua", targetHAProxy: "haproxy"} {
		if err := b.stock(ctx, name, conf, shop.at); err != nil {
			return err
		}
	}
	return b.own(ctx, shop.at)
}

// build makes the binaries and lays out the files.
func (b *bench) build(ctx context.Context) error {
	if b.gateway == "" {
		b.gateway = filepath.Join(b.dir, "pg-gateway")
		//nolint:gosec // our own words
		build := exec.CommandContext(ctx, "go", "build", "-trimpath", "-ldflags", "-s -w", "-o", b.gateway, ".")
		build.Env, build.Stderr = append(os.Environ(), "CGO_ENABLED=0"), os.Stderr
		if err := build.Run(); err != nil {
			return fmt.Errorf("building the gateway: %w", err)
		}
	}
	//nolint:gosec // our own words
	build := exec.CommandContext(ctx, "go", "build", "-o", filepath.Join(b.dir, "peers"), "./test/bench/peers")
	build.Stderr = os.Stderr
	if err := build.Run(); err != nil {
		return fmt.Errorf("building the peers: %w", err)
	}
	for _, name := range []string{"checkout.lua", "wrk.lua"} {
		text, err := files.ReadFile(name)
		if err != nil {
			return fmt.Errorf("reading %s: %w", name, err)
		}
		if err := os.WriteFile(filepath.Join(b.dir, name), text, 0o600); err != nil {
			return fmt.Errorf("writing %s: %w", name, err)
		}
	}
	return nil
}

// peer starts one of test/bench/peers, which finds its own port and says so.
func (b *bench) peer(ctx context.Context, role string, core int, args ...string) (*target, error) {
	t := &target{name: role}
	var err error
	argv := append([]string{filepath.Join(b.dir, "peers"), "-role", role}, args...)
	if t.process, err = b.start(role, core, &t.at, argv...); err != nil {
		return nil, err
	}
	return t, t.ready(ctx, "http://"+t.at+"/goods")
}

// stock starts nginx or HAProxy.
func (b *bench) stock(ctx context.Context, name, kind, shop string) error {
	at, err := freeAddress()
	if err != nil {
		return err
	}
	dir := filepath.Join(b.dir, kind)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("making a folder for %s: %w", name, err)
	}
	source, program, flags := "nginx.conf", nginxProgram, []string{"-p", dir, "-e", "stderr", "-c"}
	if name == targetHAProxy {
		source, program, flags = "haproxy.cfg", haproxyProgram, []string{"-db", "-f"}
	}
	conf := filepath.Join(dir, source)
	err = b.render(source, conf, map[string]any{
		"Dir": b.dir, "Own": dir, "Listen": at, "Upstream": shop, "Lua": name == targetLua,
		"Modules": "/usr/lib/nginx/modules", "Root": os.Geteuid() == 0,
	})
	if err != nil {
		return err
	}
	p, err := b.start(kind, proxyCore, nil, append(append([]string{program}, flags...), conf)...)
	if err != nil {
		return err
	}
	b.targets[name] = &target{process: p, name: name, at: at}
	return p.ready(ctx, "http://"+at+"/goods")
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

// own starts the gateway on the configuration that it is measured with.
func (b *bench) own(ctx context.Context, shop string) error {
	//nolint:gosec // our own words
	config := exec.CommandContext(ctx, filepath.Join(b.dir, "peers"),
		"-role", "config", "-dir", b.dir, "-upstream", "http://"+shop)
	config.Stderr = os.Stderr
	at, err := config.Output()
	if err != nil {
		return fmt.Errorf("writing the gateway's configuration: %w", err)
	}
	p, err := b.start("gateway", proxyCore, nil, b.gateway, "serve", "--config.file="+filepath.Join(b.dir, "config.yaml"))
	if err != nil {
		return err
	}
	t := &target{process: p, name: targetGateway, at: strings.TrimSpace(string(at))}
	b.targets[targetGateway] = t
	return t.ready(ctx, "http://"+t.at+"/goods")
}

// freeAddress is one on loopback that is free now.
func freeAddress() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", fmt.Errorf("finding a free port: %w", err)
	}
	return l.Addr().String(), l.Close()
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
