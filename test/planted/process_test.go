package planted

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// noted is a test that only notes what it is failed with.
type noted struct {
	testing.TB
	errors []string
}

func (n *noted) Helper() {}

func (n *noted) Errorf(format string, args ...any) {
	n.errors = append(n.errors, fmt.Sprintf(format, args...))
}

// TestTheChecksTurnRed: what is in a journal's file, beside it or in the metrics fails the test, by name.
func TestTheChecksTurnRed(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for name, text := range map[string]string{
		"journal.db":     "SQLite format 3\x00\x00card\x004111118888884242\x00",
		"journal.db-wal": "\x00\x01sandbox-v2-secret\x02",
		"clean":          "nothing",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	admin := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, `pg_gateway_requests_total{caller="010-4242-4242"} 1`)
	}))
	defer admin.Close()
	n := &noted{TB: t}
	Files(n, dir)
	Metrics(n, strings.TrimPrefix(admin.URL, "http://"))
	Check(n, "the log", []byte(`{"msg":"odd","birth":"900101"}`))
	got := strings.Join(n.errors, "\n")
	for _, want := range []string{
		"journal.db holds a card number", "journal.db-wal holds PortOne V2's secret", "the list of metrics holds a buyer's phone number",
		"the log holds a birth number",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("%q is not said, but:\n%s", want, got)
		}
	}
	if len(n.errors) != 4 {
		t.Errorf("%d errors:\n%s", len(n.errors), got)
	}
}

// TestAnEmptyOrAbsentFolderHoldsNothing: a gateway on PostgreSQL has none.
func TestAnEmptyOrAbsentFolderHoldsNothing(t *testing.T) {
	t.Parallel()
	n := &noted{TB: t}
	Files(n, filepath.Join(t.TempDir(), "data"))
	if len(n.errors) > 0 {
		t.Errorf("it says %q", n.errors)
	}
}
