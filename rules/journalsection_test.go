package rules_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pg-gateway/pg-gateway/rules"
)

func TestLoadJournalReadsItsSectionAlone(t *testing.T) {
	t.Parallel()
	const postgres = "journal:\n  driver: postgres\n  # the address\n\n  dsn: \"${file:dsn}\"\n"
	tests := []struct {
		name, text string
		want       string // driver path dsn, or a part of the complaint
		refused    bool
	}{
		{"a whole file", "mode: test\n" + postgres + "pgs: {}\n", "postgres ./data/journal.db postgres://here", false},
		{"the section alone", postgres, "postgres ./data/journal.db postgres://here", false},
		{"no section", "mode: test\n", "sqlite ./data/journal.db ", false},
		{"a path", "journal: { path: x.db }\n", "sqlite x.db ", false},
		{"mistakes elsewhere", "mode: tset\npgs: { inicis: { drivr: x } }\n" + postgres, "postgres ./data/journal.db postgres://here", false},
		{"secrets elsewhere that are not there", postgres + "pgs: { x: { api_secret: \"${file:none}\" } }\n", "postgres ./data/journal.db postgres://here", false},
		{"no YAML before it", "mode: [\n" + postgres + "pgs: {}\n", "postgres ./data/journal.db postgres://here", false},
		{"no YAML behind it", postgres + "pgs: {\n  x: y: z\n", "postgres ./data/journal.db postgres://here", false},
		{"a mistake in it", "journal: { drivr: sqlite }\n", `config.yaml:1:12: journal.drivr: unknown key`, true},
		{"a mistake in it, and no YAML before it", "mode: [\n\njournal: { drivr: sqlite }\n", `config.yaml:3:12: journal.drivr: unknown key`, true},
		{"twice", "journal: { path: a }\njournal: { path: b }\n", "journal", true},
		{"no section in what is no YAML", "mode: [\n", "config.yaml", true},
		{"a secret that is not there", "journal: { driver: postgres, dsn: \"${file:none}\" }\n", "none", true},
		{"no mapping", "- journal\n", "a mapping", true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			path := filepath.Join(dir, "config.yaml")
			for name, text := range map[string]string{path: tt.text, filepath.Join(dir, "dsn"): "postgres://here\n"} {
				if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			c, err := rules.LoadJournal(path)
			switch {
			case tt.refused && (err == nil || !strings.Contains(err.Error(), tt.want)):
				t.Errorf("refused with %v, want %q", err, tt.want)
			case !tt.refused && err != nil:
				t.Errorf("refused with %v", err)
			case !tt.refused && c.Driver+" "+c.Path+" "+c.DSN.Reveal() != tt.want:
				t.Errorf("read %s %s %s, want %s", c.Driver, c.Path, c.DSN.Reveal(), tt.want)
			}
		})
	}
}
