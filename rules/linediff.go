package rules

import (
	"fmt"
	"slices"
	"strings"
)

// maxDiffCells bounds the work of a comparison, maxDiffLines its result.
const (
	maxDiffCells = 1_000_000
	maxDiffLines = 200
)

// shownLines are the file's lines as they may be shown: what stands in them as a secret is hidden.
func shownLines(text []byte, secrets []value) []string {
	lines := strings.Split(strings.ReplaceAll(string(text), "\r\n", "\n"), "\n")
	for _, v := range secrets {
		if at := v.n.Line - 1; at >= 0 && at < len(lines) && v.n.Value != "" {
			if !strings.Contains(lines[at], v.n.Value) {
				lines[at] = "<secret>"
				continue
			}
			lines[at] = strings.ReplaceAll(lines[at], v.n.Value, "<secret>")
		}
	}
	return lines
}

// lineDiff says which lines went and came between two versions, as "-41: old" and "+41: new" with their line
// numbers, in the order of the file.
func lineDiff(before, after []string) []string {
	head := 0
	for head < len(before) && head < len(after) && before[head] == after[head] {
		head++
	}
	tail := 0
	for tail < len(before)-head && tail < len(after)-head && before[len(before)-1-tail] == after[len(after)-1-tail] {
		tail++
	}
	out := changes(before[head:len(before)-tail], after[head:len(after)-tail], head+1)
	if len(out) > maxDiffLines {
		out = append(out[:maxDiffLines:maxDiffLines], fmt.Sprintf("and %d more lines", len(out)-maxDiffLines))
	}
	return out
}

// changes compares by the longest common subsequence; what is too large for that is one block for another.
func changes(a, b []string, first int) []string {
	var out []string
	removed := func(i int) { out = append(out, fmt.Sprintf("-%d: %s", first+i, a[i])) }
	added := func(j int) { out = append(out, fmt.Sprintf("+%d: %s", first+j, b[j])) }
	i, j := 0, 0
	if len(a)*len(b) <= maxDiffCells {
		for common := commonLengths(a, b); i < len(a) && j < len(b); {
			switch {
			case a[i] == b[j]:
				i, j = i+1, j+1
			case common[i+1][j] >= common[i][j+1]:
				removed(i)
				i++
			default:
				added(j)
				j++
			}
		}
	}
	for ; i < len(a); i++ {
		removed(i)
	}
	for ; j < len(b); j++ {
		added(j)
	}
	return out
}

// commonLengths holds, for every pair of places, how long the common subsequence behind them is.
func commonLengths(a, b []string) [][]int32 {
	table := make([][]int32, len(a)+1)
	for i := range table {
		table[i] = make([]int32, len(b)+1)
	}
	for i, x := range slices.Backward(a) {
		for j, y := range slices.Backward(b) {
			if x == y {
				table[i][j] = table[i+1][j+1] + 1
			} else {
				table[i][j] = max(table[i+1][j], table[i][j+1])
			}
		}
	}
	return table
}
