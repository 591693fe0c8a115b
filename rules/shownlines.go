package rules

import (
	"slices"
	"strings"

	"gopkg.in/yaml.v3"
)

// shownLines are the file's lines as they may be shown: what stands in them as a secret is hidden.
func shownLines(text []byte, secrets []value) []string {
	lines := yamlLines(string(text))
	for _, v := range secrets {
		at := v.n.Line - 1
		if at < 0 || at >= len(lines) || v.n.Value == "" {
			continue
		}
		if v.n.Style&(yaml.LiteralStyle|yaml.FoldedStyle) != 0 || !strings.Contains(lines[at], v.n.Value) {
			for i := range scalarLines(lines[at:], v.n) {
				lines[at+i] = hidden
			}
			continue
		}
		lines[at] = strings.ReplaceAll(lines[at], v.n.Value, hidden)
	}
	return lines
}

// hidden stands for a secret.
const hidden = "<secret>"

// yamlLines splits a text where YAML's reader begins a new line, or the lines that it names would be others.
func yamlLines(text string) []string {
	return strings.Split(strings.NewReplacer("\r\n",
		"\n", "\r", "\n", "\u0085", "\n", "\u2028", "\n", "\u2029", "\n").Replace(text), "\n")
}

// scalarLines is how many of the lines a scalar may stand in that begins in the first of them.
func scalarLines(lines []string, n *yaml.Node) int {
	switch {
	case n.Style&yaml.DoubleQuotedStyle != 0:
		return quotedLines(lines, n.Column-1, '"')
	case n.Style&yaml.SingleQuotedStyle != 0:
		return quotedLines(lines, n.Column-1, '\'')
	}
	// Without quotes it goes on in lines that are indented further, or, between brackets, in any that have words of it.
	depth := func(line string) int { return len(line) - len(strings.TrimLeft(line, " ")) }
	words := strings.Fields(n.Value)
	i := 1
	for ; i < len(lines); i++ {
		has := func(word string) bool { return strings.Contains(lines[i], word) }
		if depth(lines[i]) <= depth(lines[0]) && strings.TrimSpace(lines[i]) != "" && !slices.ContainsFunc(words, has) {
			break
		}
	}
	return i
}

// quotedLines is how many lines it is to the closing quote of a scalar that begins at a column, in characters, be it
// with a tag: between quotes YAML's reader asks for no indentation.
func quotedLines(lines []string, column int, quote rune) int {
	open := false
	for i, line := range lines {
		text := []rune(line)
		if i == 0 {
			text = text[min(column, len(text)):]
		}
		for at := 0; at < len(text); at++ {
			switch c := text[at]; {
			case !open:
				open = c == quote
			case quote == '"' && c == '\\', quote == '\'' && c == quote && at+1 < len(text) && text[at+1] == quote:
				at++ // what comes next closes nothing
			case c == quote:
				return i + 1
			}
		}
	}
	return len(lines)
}
