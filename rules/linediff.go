package rules

import (
	"fmt"
	"strings"

	"github.com/rogpeppe/go-internal/diff"
)

// maxDiffLines bounds what is told of a change.
const maxDiffLines = 200

// shownLines are the file's lines as they may be shown: what stands in them as a secret is hidden.
func shownLines(text []byte, secrets []value) []string {
	lines := strings.Split(strings.ReplaceAll(string(text), "\r\n", "\n"), "\n")
	for _, v := range secrets {
		if at := v.n.Line - 1; at >= 0 && at < len(lines) && v.n.Value != "" {
			if !strings.Contains(lines[at], v.n.Value) {
				hideScalar(lines[at:])
				continue
			}
			lines[at] = strings.ReplaceAll(lines[at], v.n.Value, "<secret>")
		}
	}
	return lines
}

// hideScalar hides the first line, and those behind it that a value may go on in: they are indented further.
func hideScalar(lines []string) {
	depth := func(line string) int { return len(line) - len(strings.TrimLeft(line, " ")) }
	least := depth(lines[0])
	lines[0] = "<secret>"
	for i := 1; i < len(lines) && (depth(lines[i]) > least || strings.TrimSpace(lines[i]) == ""); i++ {
		lines[i] = "<secret>"
	}
}

// lineDiff is a unified diff of two versions, by lines.
func lineDiff(before, after []string) []string {
	join := func(lines []string) []byte { return []byte(strings.Join(lines, "\n") + "\n") }
	text := diff.Diff("before", join(before), "after", join(after))
	if text == nil {
		return nil
	}
	out := strings.Split(strings.TrimSuffix(string(text), "\n"), "\n")[1:] // without diff's own command line
	if len(out) > maxDiffLines {
		out = append(out[:maxDiffLines:maxDiffLines], fmt.Sprintf("and %d more lines", len(out)-maxDiffLines))
	}
	return out
}
