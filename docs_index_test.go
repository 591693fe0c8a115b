package main_test

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestEveryDocumentIsInTheIndex wants docs/README.md to lead to every page for users and contributors, and both READMEs
// to lead there.
func TestEveryDocumentIsInTheIndex(t *testing.T) {
	t.Parallel()
	documents := readDocuments(t)
	index := documents["docs/README.md"]
	for path := range documents {
		if name, ok := strings.CutPrefix(path, "docs/"); ok && !strings.Contains(name, "/") && name != "README.md" && !strings.Contains(index, "]("+name) {
			t.Errorf("docs/README.md does not lead to %s", path)
		}
		if room, ok := strings.CutSuffix(path, "/README.md"); ok && room != "docs" && !strings.Contains(index, "](../"+path) {
			t.Errorf("docs/README.md does not lead to %s", path)
		}
	}
	for _, path := range []string{"README.md", "README.ko.md"} {
		if !strings.Contains(documents[path], "](docs/README.md)") {
			t.Errorf("%s does not lead to docs/README.md", path)
		}
	}
}

// TestChangelogTellsOfMigrations wants the unreleased part to come first, and a row for every step of the journal's schema:
// it is what an update cannot take back.
func TestChangelogTellsOfMigrations(t *testing.T) {
	t.Parallel()
	changelog := readDocuments(t)["CHANGELOG.md"]
	sections := heading.FindAllStringSubmatch(changelog, -1)
	if len(sections) < 2 || sections[1][1] != "Unreleased" {
		t.Errorf("CHANGELOG.md does not begin with what is unreleased: %q", sections)
	}
	steps, err := filepath.Glob(filepath.Join("journal", "migrations", "*", "*.sql"))
	if err != nil || len(steps) < 20 {
		t.Fatalf("found %d migrations: %v", len(steps), err)
	}
	var missing []string
	for _, step := range steps {
		number, _, _ := strings.Cut(filepath.Base(step), "_")
		if !strings.Contains(changelog, "\n| "+number+" | ") {
			missing = append(missing, number)
		}
	}
	slices.Sort(missing)
	if missing = slices.Compact(missing); len(missing) > 0 {
		t.Errorf("CHANGELOG.md says nothing of the migrations %v", missing)
	}
}
