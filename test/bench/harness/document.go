//go:build linux

package harness

import (
	"fmt"
	"os"
	"slices"
	"strings"
)

// blockEnds is the line behind a table that is made.
const blockEnds = "<!-- end of table -->\n"

// WriteBlock puts the tables of a command into a document, behind the line that names the command.
func WriteBlock(path, command, text string) error {
	doc, err := os.ReadFile(path)
	if err != nil {
		return fmt.Errorf("reading %s: %w", path, err)
	}
	begins := "<!-- table: " + command + " -->\n"
	before, rest, found := strings.Cut(string(doc), begins)
	_, after, ended := strings.Cut(rest, blockEnds)
	if !found || !ended {
		return fmt.Errorf("%s lacks the lines between which the table of %s stands", path, command)
	}
	whole := before + begins + text + blockEnds + after
	if err := os.WriteFile(path, []byte(whole), 0o600); err != nil { //nolint:gosec // the caller's own document
		return fmt.Errorf("writing %s: %w", path, err)
	}
	return nil
}

// Median is the median of a figure over a list.
func Median[T any](list []T, figure func(T) float64) float64 {
	if len(list) == 0 {
		return 0
	}
	var values []float64
	for _, item := range list {
		values = append(values, figure(item))
	}
	slices.Sort(values)
	half := len(values) / 2
	if len(values)%2 == 1 {
		return values[half]
	}
	return (values[half-1] + values[half]) / 2
}
