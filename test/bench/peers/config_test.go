package main

import (
	"bytes"
	"io"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pg-gateway/pg-gateway/adapters/drivers"
	"github.com/pg-gateway/pg-gateway/rules"
)

// TestTheMeasuredConfigurationIsGood: the load benchmark runs by hand, so a key that is refused would be found late.
func TestTheMeasuredConfigurationIsGood(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	var out bytes.Buffer
	if err := writeConfig(&out, dir, "http://127.0.0.1:7999", "", ""); err != nil {
		t.Fatal(err)
	}
	l, err := rules.NewLoader(drivers.Specs())
	if err != nil {
		t.Fatal(err)
	}
	s, err := l.LoadFile(filepath.Join(dir, "config.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	if s.Sandbox().Enabled || s.OrderService().URL != "http://127.0.0.1:7999" ||
		s.Journal().Path != filepath.Join(dir, "journal.db") {
		t.Errorf("the gateway is not measured alone: sandbox %t, order service %s, journal %s",
			s.Sandbox().Enabled, s.OrderService().URL, s.Journal().Path)
	}
	if got := strings.TrimSpace(out.String()); got != s.Server().Public.Listen {
		t.Errorf("printed %q, the public listener is %s", got, s.Server().Public.Listen)
	}
	if err := writeConfig(io.Discard, dir, "http://127.0.0.1:7999", "127.0.0.1:7998", ""); err != nil {
		t.Fatal(err)
	}
	if s, err = l.LoadFile(filepath.Join(dir, "config.yaml")); err != nil {
		t.Fatal(err)
	}
	if pg, _ := s.PG("inicis"); !s.Sandbox().Enabled || pg.BaseURL != "http://127.0.0.1:7998" {
		t.Errorf("with stand-ins the PG is at %s", pg.BaseURL)
	}
	if err := writeConfig(io.Discard, dir, "http://127.0.0.1:7999", "", "127.0.0.1:7997"); err != nil {
		t.Fatal(err)
	}
	if s, err = l.LoadFile(filepath.Join(dir, "config.yaml")); err != nil {
		t.Fatal(err)
	}
	if pg, _ := s.PG("portone1"); pg.BaseURL != "http://127.0.0.1:7999" || pg.SidecarListen != "127.0.0.1:7997" || pg.Listing.On {
		t.Errorf("V1's API is at %s for %s, listing: %t", pg.SidecarListen, pg.BaseURL, pg.Listing.On)
	}
	for _, what := range []struct{ dir, upstream string }{{"", "http://127.0.0.1:1"}, {dir, ""}} {
		if err := writeConfig(&out, what.dir, what.upstream, "", ""); err == nil {
			t.Errorf("%+v is taken", what)
		}
	}
}
