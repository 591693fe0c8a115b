package cli

import (
	"bytes"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/pg-gateway/pg-gateway/rules"
	"github.com/pg-gateway/pg-gateway/test/fixture"
)

// findRules are rules whose gateway answers at a server.
func findRules(t *testing.T, answer http.HandlerFunc) *rules.Snapshot {
	t.Helper()
	srv := httptest.NewServer(answer)
	t.Cleanup(srv.Close)
	path := filepath.Join(t.TempDir(), "config.yaml")
	text := fixture.Text(func(c *fixture.Config) {
		c.Server.Admin = fixture.Admin{Listen: strings.TrimPrefix(srv.URL, "http://"), Token: []string{"token-of-16-bytes-1", "token-of-16-bytes-2"}}
	})
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	s, err := loadRules(path)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestCasesFindAsksDayByDay(t *testing.T) {
	t.Parallel()
	asked := map[string][]url.Values{}
	s := findRules(t, func(w http.ResponseWriter, r *http.Request) {
		q := r.URL.Query()
		if r.Method != http.MethodPost || r.URL.Path != "/-/listing" || r.Header.Get("Authorization") != "Bearer token-of-16-bytes-1" {
			t.Errorf("asked %s %s by %q", r.Method, r.URL.Path, r.Header.Get("Authorization"))
		}
		asked[q.Get("pg")] = append(asked[q.Get("pg")], q)
		a := found{Counts: map[string]int{"agrees": 10, "under_way": 1}, Waiting: 2}
		if q.Get("next") == "" {
			a.Next = "more"
		}
		_ = json.NewEncoder(w).Encode(a)
	})
	now := time.Date(2026, 11, 29, 12, 0, 0, 0, time.UTC)
	var out bytes.Buffer
	if err := (&find{since: "2026-11-27", until: "2026-11-28"}).run(t.Context(), s, now, &out); err != nil {
		t.Fatal(err)
	}
	if len(asked) != 2 || asked["portone"] == nil || asked["portone1"] == nil {
		t.Fatalf("asked of %v", asked)
	}
	list := asked["portone"]
	if len(list) != 4 || list[0].Get("until") != "2026-11-28T15:00:00Z" || list[3].Get("from") != "2026-11-26T15:00:00Z" ||
		list[0].Get("from") != list[2].Get("until") || list[1].Get("next") != "more" || list[2].Get("next") != "" {
		t.Errorf("asked %v", list)
	}
	want := "portone from 2026-11-27 00:00:00 KST to 2026-11-29 00:00:00 KST: 40 agrees 4 under way; 2 are still being followed up\n"
	if !strings.Contains(out.String(), want) {
		t.Errorf("printed %s", out.String())
	}
}

func TestCasesFindTellsWhatIsWrong(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 29, 12, 0, 0, 0, time.UTC)
	s := findRules(t, func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "PG_UNAVAILABLE", http.StatusBadGateway) })
	for _, tt := range []struct {
		f    find
		want string
	}{
		{find{since: "2026-01-01"}, "90 days"},
		{find{since: "yesterday"}, "--since"},
		{find{since: "2026-11-28", until: "2026-11-27"}, "nothing lies between"},
		{find{pg: "inicis"}, errNoneLists.Error()},
		{find{}, "PG_UNAVAILABLE"},
		{find{admin: "http://127.0.0.1:1"}, "does it run?"},
	} {
		err := tt.f.run(t.Context(), s, now, &bytes.Buffer{})
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%+v: %v", tt.f, err)
		}
	}
	if err := (&find{pg: "inicis"}).run(t.Context(), s, now, &bytes.Buffer{}); !errors.Is(err, errNoneLists) {
		t.Error(err)
	}
}
