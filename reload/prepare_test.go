package reload

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/pg-gateway/pg-gateway/rules"
)

// TestWhatIsDerivedIsDerivedBeforeTheSwap: rules from which nothing can be made are never in force, by whichever
// way they come.
func TestWhatIsDerivedIsDerivedBeforeTheSwap(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "config.yaml")
	write := func(text string) {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	refuse := "b"
	errUnfit := errors.New("unfit")
	var told []Result
	o := Options{Path: path, Load: loader(t).LoadFile, OnResult: func(r Result) { told = append(told, r) }, Prepare: func(s *rules.Snapshot) (any, error) {
		p, _ := s.PG("inicis")
		if p.Name == refuse || s.Server().Admin.Listen == "127.0.0.1:9" {
			return nil, errUnfit
		}
		return "made of " + p.Name, nil
	}}
	write(fmt.Sprintf(tiny, "a"))
	st, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	good := st.Current()
	for _, tt := range []struct {
		what string
		load func() Result
	}{
		{"a reload", func() Result { write(fmt.Sprintf(tiny, "b")); return st.Reload("test") }},
		{"a section that only a restart applies", func() Result {
			write(fmt.Sprintf(tiny, "a") + "server: { admin: { listen: \"127.0.0.1:9\" } }\n")
			return st.Reload("test")
		}},
		{"a rollback", func() Result {
			write(fmt.Sprintf(tiny, "c"))
			st.Reload("test")
			refuse = "a"
			return st.Rollback(good.Version(), "test")
		}},
	} {
		before := st.Current()
		res := tt.load()
		now := st.Current()
		if !errors.Is(res.Err, errUnfit) || res.Changed || res.Version != now.Version() {
			t.Errorf("%s: %+v", tt.what, res)
		}
		if p, _ := now.PG("inicis"); st.Prepared() != "made of "+p.Name {
			t.Errorf("%s: %v stands with the rules of %s", tt.what, st.Prepared(), p.Name)
		}
		if tt.what != "a rollback" && (now != before || st.Refused() == "" || told[len(told)-1].Err == nil) {
			t.Errorf("%s: refused for %q", tt.what, st.Refused())
		}
	}
	if st.Refused() != "" {
		t.Errorf("a good file is refused for %q", st.Refused())
	}
	if _, err := New(Options{Path: path, Load: loader(t).LoadFile, Prepare: func(*rules.Snapshot) (any, error) { return nil, errUnfit }}); !errors.Is(err, errUnfit) {
		t.Errorf("a store was made of rules that nothing can be made of: %v", err)
	}
}
