package rules

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// maxErrors bounds how many complaints one file yields; a file that is wrong everywhere needs no more.
const maxErrors = 200

// Error is one thing wrong with a configuration file, at the place a person would point at.
type Error struct {
	File   string
	Line   int
	Column int
	// Path is where in the structure it is, as in merchants[2].cards.hana; empty for the file as a whole.
	Path string
	Msg  string
	// Fix is a hint, empty when there is none.
	Fix string
}

// Error implements error: file:line:column: path: message (hint). The first part is clickable in editors.
func (e *Error) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s:%d:%d: ", e.File, e.Line, e.Column)
	if e.Path != "" {
		b.WriteString(e.Path + ": ")
	}
	b.WriteString(e.Msg)
	if e.Fix != "" {
		b.WriteString(" (" + e.Fix + ")")
	}
	return b.String()
}

// Errors returns every positioned complaint in err, in file order.
func Errors(err error) []*Error {
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		var all []*Error
		for _, e := range joined.Unwrap() {
			all = append(all, Errors(e)...)
		}
		return all
	}
	if one, ok := errors.AsType[*Error](err); ok {
		return []*Error{one}
	}
	return nil
}

// joinErrors sorts complaints by line and column, drops repeats and joins them; nil when there are none.
func joinErrors(list []*Error) error {
	if len(list) == 0 {
		return nil
	}
	slices.SortStableFunc(list, func(a, b *Error) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column), cmp.Compare(a.Path, b.Path))
	})
	// One mistake may be met on two ways.
	list = slices.CompactFunc(list, func(a, b *Error) bool { return *a == *b })
	all := make([]error, 0, min(len(list), maxErrors)+1)
	for i, e := range list {
		if i == maxErrors {
			all = append(all, &Error{
				File: e.File, Line: e.Line, Column: e.Column,
				Msg: fmt.Sprintf("and %d more errors", len(list)-i),
			})
			break
		}
		all = append(all, e)
	}
	return errors.Join(all...)
}

// didYouMean words a hint when one of the known words is close to what was written.
func didYouMean(got string, known []string) string {
	if best := closest(got, known); best != "" {
		return fmt.Sprintf("did you mean %q?", best)
	}
	return ""
}

// closest is the known word that is nearest to what was written, or empty when none is near.
func closest(got string, known []string) string {
	best, bestDistance := "", 3
	// In order, so that of two that are as near the hint is always the same.
	for _, k := range slices.Sorted(slices.Values(known)) {
		if d := distance(got, k, bestDistance); d < bestDistance && d < max(len([]rune(k)), 2) {
			best, bestDistance = k, d
		}
	}
	return best
}

// hintOf is didYouMean, or the whole list when nothing is close and the list is short.
func hintOf(got string, known []string) string {
	if hint := didYouMean(got, known); hint != "" || len(known) == 0 || len(known) > 24 {
		return hint
	}
	return "one of " + strings.Join(known, ", ")
}

// distance is the number of edits between two words, a swap of neighbours counting as one; at or above limit
// the exact value does not matter.
func distance(a, b string, limit int) int {
	x, y := []rune(strings.ToLower(a)), []rune(strings.ToLower(b))
	if len(x) > 64 || len(y) > 64 || max(len(x)-len(y), len(y)-len(x)) >= limit {
		return limit
	}
	before, last, row := make([]int, len(y)+1), make([]int, len(y)+1), make([]int, len(y)+1)
	for j := range last {
		last[j] = j
	}
	for i := 1; i <= len(x); i++ {
		row[0] = i
		for j := 1; j <= len(y); j++ {
			change := last[j-1]
			if x[i-1] != y[j-1] {
				change++
			}
			row[j] = min(last[j]+1, row[j-1]+1, change)
			if i > 1 && j > 1 && x[i-1] == y[j-2] && x[i-2] == y[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		before, last, row = last, row, before
	}
	return last[len(y)]
}
