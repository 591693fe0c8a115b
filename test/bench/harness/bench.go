//go:build linux

// Package harness is what the benchmarks stand on: the gateway's binary and its peers, each pinned to a processor, an
// open loop, and the document that the figures go to.
package harness

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// Bench is what runs: a folder that is removed in the end, and the processes that were started.
type Bench struct {
	// Dir is the folder.
	Dir string
	// Running are the processes, in the order in which they were started.
	Running []*Process
	// Gateway is the binary that is measured.
	Gateway string

	alone bool
}

// Target is a process that listens.
type Target struct {
	*Process
	Name string
	// At is host:port.
	At string
}

// New makes the folder, and builds the peers, and the gateway unless there is a binary of it. With alone, what is
// started goes before whatever else the machine does.
func New(ctx context.Context, gateway string, alone bool) (*Bench, error) {
	dir, err := os.MkdirTemp("", "pg-gateway-bench")
	if err != nil {
		return nil, fmt.Errorf("making a folder: %w", err)
	}
	b := &Bench{Dir: dir, Gateway: gateway, alone: alone}
	if err := b.build(ctx); err != nil {
		b.Close()
		return nil, err
	}
	return b, nil
}

// Close stops what runs and removes the folder.
func (b *Bench) Close() {
	for _, p := range slices.Backward(b.Running) {
		p.Stop()
	}
	_ = os.RemoveAll(b.Dir)
}

func (b *Bench) build(ctx context.Context) error {
	if b.Gateway == "" {
		b.Gateway = filepath.Join(b.Dir, "pg-gateway")
		//nolint:gosec // our own words
		build := exec.CommandContext(ctx, "go", "build", "-trimpath", "-ldflags", "-s -w", "-o", b.Gateway, ".")
		build.Env, build.Stderr = append(os.Environ(), "CGO_ENABLED=0"), os.Stderr
		if err := build.Run(); err != nil {
			return fmt.Errorf("building the gateway: %w", err)
		}
	}
	//nolint:gosec // our own words
	build := exec.CommandContext(ctx, "go", "build", "-o", filepath.Join(b.Dir, "peers"), "./test/bench/peers")
	build.Stderr = os.Stderr
	if err := build.Run(); err != nil {
		return fmt.Errorf("building the peers: %w", err)
	}
	return nil
}

// Peer starts one of test/bench/peers, which finds its own port and says so.
func (b *Bench) Peer(ctx context.Context, role string, core int, args ...string) (*Target, error) {
	t := &Target{Name: role}
	var err error
	argv := append([]string{filepath.Join(b.Dir, "peers"), "-role", role}, args...)
	if t.Process, err = b.Start(role, core, &t.At, argv...); err != nil {
		return nil, err
	}
	return t, t.Ready(ctx, "http://"+t.At+"/goods")
}

// Serve starts the gateway in front of a shop, on the configuration that the peers write for it; args are for them.
func (b *Bench) Serve(ctx context.Context, shop string, args ...string) (*Target, error) {
	argv := append([]string{"-role", "config", "-dir", b.Dir, "-upstream", "http://" + shop}, args...)
	config := exec.CommandContext(ctx, filepath.Join(b.Dir, "peers"), argv...) //nolint:gosec // our own words
	config.Stderr = os.Stderr
	at, err := config.Output()
	if err != nil {
		return nil, fmt.Errorf("writing the gateway's configuration: %w", err)
	}
	file := filepath.Join(b.Dir, "config.yaml")
	p, err := b.Start("gateway", ProxyCore, nil, b.Gateway, "serve", "--config.file="+file)
	if err != nil {
		return nil, err
	}
	t := &Target{Process: p, Name: "pg-gateway", At: strings.TrimSpace(string(at))}
	return t, t.Ready(ctx, "http://"+t.At+"/goods")
}

// PushOut lets all that runs push out whoever has its processor, where the benchmark goes before all else.
func (b *Bench) PushOut() error {
	if !b.alone {
		return nil
	}
	for _, p := range b.Running {
		if err := p.pushOut(); err != nil {
			return err
		}
	}
	return nil
}

// FreeAddress is one on loopback that is free now.
func FreeAddress() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", fmt.Errorf("finding a free port: %w", err)
	}
	return l.Addr().String(), l.Close()
}
