package main

import (
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"

	"github.com/pg-gateway/pg-gateway/test/fixture"
)

// writeConfig writes config.yaml for the gateway into a folder and prints the address of its public listener.
func writeConfig(out io.Writer, dir, upstream, pgs, api string) error {
	if dir == "" || upstream == "" {
		return fmt.Errorf("the role config needs -dir and -upstream, not %q and %q", dir, upstream)
	}
	listen, err := freeAddresses(3)
	if err != nil {
		return err
	}
	text := fixture.Text(func(c *fixture.Config) { measured(c, listen, dir, upstream, pgs, api) })
	if err := os.WriteFile(filepath.Join(dir, "config.yaml"), []byte(text), 0o600); err != nil {
		return fmt.Errorf("writing the configuration: %w", err)
	}
	_, err = fmt.Fprintln(out, listen[0])
	return err
}

// measured is the shop of the tests as it is measured: before an upstream that is nobody's shop, and without stand-ins
// for the PGs unless there is an address for them. A checkout only prepares a window, so no PG is asked. PortOne V1's
// API is at an address of its own where there is one; without stand-ins the upstream answers for it.
func measured(c *fixture.Config, listen []string, dir, upstream, pgs, api string) {
	c.Server.Public.Listen, c.Server.Sidecar.Listen, c.Server.Admin.Listen = listen[0], listen[1], listen[2]
	c.Journal.Path = filepath.Join(dir, "journal.db")
	c.OrderService.URL = upstream
	if c.Sandbox.Enabled = pgs != ""; c.Sandbox.Enabled {
		c.Sandbox.Listen = pgs
	} else {
		for _, pg := range c.PGs {
			pg.Environment = "test"
		}
	}
	if api != "" {
		v1 := c.PGs["portone1"]
		v1.SidecarListen = api
		if pgs == "" {
			never := false
			v1.BaseURL, v1.Environment, v1.Listing = upstream, "sandbox", &fixture.Listing{Enabled: &never}
		}
	}
	// All load comes from one address, which would be a stranger's.
	c.Limits.Rates = map[string]string{"client": "1000000/s", "order": "1000000/s"}
}

// freeAddresses are loopback addresses that are free now. They are all held until the last one is found.
func freeAddresses(count int) ([]string, error) {
	var held []net.Listener
	defer func() {
		for _, ln := range held {
			_ = ln.Close()
		}
	}()
	var list []string
	for range count {
		ln, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return nil, fmt.Errorf("finding a free port: %w", err)
		}
		held = append(held, ln)
		list = append(list, ln.Addr().String())
	}
	return list, nil
}
