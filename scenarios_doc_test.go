package main_test

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pg-gateway/pg-gateway/sandbox"
)

func TestScenariosAreDocumented(t *testing.T) {
	t.Parallel()
	var table strings.Builder
	table.WriteString("| scenario | what happens |\n|---|---|\n")
	for _, x := range sandbox.Scenarios() {
		fmt.Fprintf(&table, "| `%s` | %s |\n", x.Name, x.About)
	}
	checkTable(t, filepath.Join("sandbox", "README.md"), table.String())
}
