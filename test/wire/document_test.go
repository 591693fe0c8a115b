package wire

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// The part of docs/conformance.md that is made from the cases.
const (
	tableBegins = "<!-- table: go test ./test/wire -update -->\n"
	tableEnds   = "<!-- end of table -->\n"
)

// document is docs/conformance.md.
func document() string { return filepath.Join("..", "..", "docs", "conformance.md") }

func readDocument(t *testing.T) string {
	t.Helper()
	b, err := os.ReadFile(document())
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// checkDocument wants the document to say what the cases and the peers say now.
func checkDocument(t *testing.T, text string, peers []*peer, found []map[string]difference) {
	t.Helper()
	before, rest, begun := strings.Cut(text, tableBegins)
	_, after, closed := strings.Cut(rest, tableEnds)
	if !begun || !closed {
		t.Fatalf("%s has no place for the table", document())
	}
	want := before + tableBegins + table(t, peers, found) + tableEnds + after
	if *updateDocs {
		if err := os.WriteFile(document(), []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(text, want); diff != "" {
		t.Errorf("%s is stale; run go test ./test/wire -run Peers -update (-there +should be)\n%s", document(), diff)
	}
}

func table(t *testing.T, peers []*peer, found []map[string]difference) string {
	t.Helper()
	var b strings.Builder
	fmt.Fprintf(&b, "Compared with nginx %s and the ReverseProxy of Go %s.\n\n",
		minor(nginxVersion(t)), minor(strings.TrimPrefix(runtime.Version(), "go")))
	b.WriteString("| about | cases | nginx differs in | ReverseProxy differs in |\n|---|---|---|---|\n")
	var topics []string
	count := map[string][3]int{}
	for _, c := range cases() {
		n, known := count[c.topic]
		if !known {
			topics = append(topics, c.topic)
		}
		n[0]++
		for i := range peers {
			if _, differs := found[i][c.String()]; differs {
				n[i+1]++
			}
		}
		count[c.topic] = n
	}
	var all [3]int
	for _, topic := range topics {
		n := count[topic]
		fmt.Fprintf(&b, "| %s | %d | %d | %d |\n", topic, n[0], n[1], n[2])
		for i := range all {
			all[i] += n[i]
		}
	}
	fmt.Fprintf(&b, "| all | %d | %d | %d |\n", all[0], all[1], all[2])
	b.WriteString("\n## What differs, and why\n\n| case | peer | here | there | why |\n|---|---|---|---|---|\n")
	for _, c := range cases() {
		for i, at := range peers {
			if d, differs := found[i][c.String()]; differs {
				b.WriteString(row(c, at, d))
			}
		}
	}
	return b.String()
}

// row says of one case what a peer does otherwise.
func row(c *wireCase, at *peer, d difference) string {
	return fmt.Sprintf("| %s | %s | %s | %s | %s |\n",
		cell(c.String()), at.name, codes(d.here), codes(d.there), cell(c.differs[at.name].why))
}

// minor is a version without what only mends it.
func minor(version string) string {
	parts := strings.SplitN(version, ".", 3)
	return strings.Join(parts[:min(2, len(parts))], ".")
}

// cell is text for a cell of a table.
func cell(s string) string { return strings.ReplaceAll(s, "|", `\|`) }

// codes are the lines of an outcome for a cell.
func codes(list []string) string {
	if len(list) == 0 {
		return "-"
	}
	var cells []string
	for i, l := range list {
		if i == 4 {
			cells = append(cells, fmt.Sprintf("and %d more", len(list)-i))
			break
		}
		if r := []rune(l); len(r) > 90 {
			l = string(r[:90]) + "..."
		}
		if strings.HasPrefix(l, "<") || strings.HasPrefix(l, ">") {
			l = "`" + strings.ReplaceAll(l, "`", "'") + "`"
		}
		cells = append(cells, cell(l))
	}
	return strings.Join(cells, "<br>")
}
