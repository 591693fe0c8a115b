package pgtest

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestMissingServerIsAnErrorThatHelps(t *testing.T) {
	t.Parallel()
	empty, half, whole := t.TempDir(), t.TempDir(), t.TempDir()
	for _, path := range []string{filepath.Join(half, "initdb"), filepath.Join(whole, "initdb"), filepath.Join(whole, "postgres")} {
		if err := os.WriteFile(path, nil, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	_, err := firstWithServer([]string{empty, half})
	if err == nil {
		t.Fatal("a folder without postgres was taken")
	}
	for _, want := range []string{"apt-get install", "brew install", binVariable} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("the error does not tell %q: %v", want, err)
		}
	}
	if got, err := firstWithServer([]string{half, whole}); err != nil || got != whole {
		t.Errorf("got %s, %v", got, err)
	}
}
