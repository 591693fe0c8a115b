package main_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestExamplesOfAppsSayThatNobodyCompilesThem, and docs/apps.md leads to each of them in both languages.
func TestExamplesOfAppsSayThatNobodyCompilesThem(t *testing.T) {
	t.Parallel()
	documents, found := readDocuments(t), 0
	err := filepath.WalkDir(filepath.Join("examples", "app"), func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		found++
		if first := strings.SplitN(string(text), "\n", 4); !strings.Contains(strings.Join(first[:3], "\n"), "Not compiled here") {
			t.Errorf("%s does not say at its beginning that it is not compiled", path)
		}
		for _, page := range []string{"docs/apps.md", "docs/apps.ko.md"} {
			if !strings.Contains(documents[page], "](../"+filepath.ToSlash(path)+")") {
				t.Errorf("%s does not lead to %s", page, path)
			}
		}
		return nil
	})
	if err != nil || found < 6 {
		t.Errorf("found %d examples: %v", found, err)
	}
}
