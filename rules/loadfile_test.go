package rules_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pg-gateway/pg-gateway/rules"
)

// config is a small good file whose PG carries a mark, so that a reload can be seen.
func config(mark string) string {
	return fmt.Sprintf(`order_service: { url: "http://orders:8080" }
sandbox: { enabled: Y }
pgs: { inicis: { driver: inicis, name: %q } }
merchants: [{ id: "1", pg: inicis, mid: INIpayTest, sign_key: k, hash_key: k }]
payment_methods: [{ code: card, links: { inicis: Y } }]
`, mark)
}

func write(tb testing.TB, path, text string) {
	tb.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		tb.Fatal(err)
	}
}

func TestLoadFileRefusesAHugeFile(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "config.yaml")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := f.Truncate(50 << 20); err != nil {
		t.Fatal(err)
	}
	_ = f.Close()
	if _, err := rules.LoadFile(path); err == nil || !strings.Contains(err.Error(), "larger than 16 MiB") {
		t.Errorf("a 50 MB file: %v", err)
	}
	if _, err := rules.LoadFile(t.TempDir()); err == nil {
		t.Error("a directory was read as a file")
	}
}

func TestTooMuchTextIsRefusedWhereverItComesFrom(t *testing.T) {
	t.Parallel()
	huge := config("x") + strings.Repeat("# padding\n", rules.MaxFileSize/10)
	if _, err := rules.Parse("config.yaml", []byte(huge), sources()); err == nil || !strings.Contains(err.Error(), "larger than 16 MiB") {
		t.Errorf("a huge text: %v", err)
	}
	dir := t.TempDir()
	path := filepath.Join(dir, "config.yaml")
	write(t, filepath.Join(dir, "key"), strings.Repeat("k", 70_000))
	write(t, path, strings.Replace(config("x"), "sign_key: k", `sign_key: "${file:key}"`, 1))
	if _, err := rules.LoadFile(path); err == nil || !strings.Contains(err.Error(), "the file key is too large") {
		t.Errorf("a huge secret: %v", err)
	}
	write(t, filepath.Join(dir, "key"), "")
	if _, err := rules.LoadFile(path); err == nil || !strings.Contains(err.Error(), "is empty") {
		t.Errorf("an empty secret: %v", err)
	}
}
