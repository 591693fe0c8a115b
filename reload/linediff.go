package reload

import (
	"fmt"
	"strings"

	"github.com/rogpeppe/go-internal/diff"
)

// maxDiffLines bounds what is told of a change.
const maxDiffLines = 200

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
