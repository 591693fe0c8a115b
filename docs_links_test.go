package main_test

import (
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"
)

var (
	heading  = regexp.MustCompile(`(?m)^#{1,4} (.+)$`)
	anchored = regexp.MustCompile(`\]\(([^)#\s]*)#([^)\s]+)\)`)
	inLink   = regexp.MustCompile(`\[([^\]]*)\]\([^)]*\)`)
)

// anchorOf is the address of a heading, as GitHub makes it.
func anchorOf(title string) string {
	title = inLink.ReplaceAllString(title, "$1")
	return strings.Map(func(r rune) rune {
		switch {
		case r == ' ':
			return '-'
		case unicode.IsLetter(r), unicode.IsDigit(r), r == '-', r == '_':
			return unicode.ToLower(r)
		}
		return -1
	}, title)
}

func TestLinksPointAtExistingHeadings(t *testing.T) {
	t.Parallel()
	documents := readDocuments(t)
	seen := 0
	for path, text := range documents {
		for _, match := range anchored.FindAllStringSubmatch(text, -1) {
			if strings.Contains(match[1], "://") {
				continue
			}
			target := path
			if match[1] != "" {
				target = filepath.ToSlash(filepath.Join(filepath.Dir(path), match[1]))
			}
			seen++
			if !slices.ContainsFunc(heading.FindAllStringSubmatch(documents[target], -1), func(h []string) bool { return anchorOf(h[1]) == match[2] }) {
				t.Errorf("%s links to %s#%s, and there is no such heading", path, target, match[2])
			}
		}
	}
	if seen < 20 {
		t.Errorf("found %d links, so the reading is broken", seen)
	}
}

var (
	inBackticks = regexp.MustCompile("`([^`\n]+)`")
	fence       = regexp.MustCompile("(?m)^```([a-z]*)\n((?s:.*?))^```$")
	hangul      = regexp.MustCompile(`\p{Hangul}`)
)

// TestBothREADMEsSayTheSame compares what does not depend on the language: sections, links, names and commands.
func TestBothREADMEsSayTheSame(t *testing.T) {
	t.Parallel()
	documents := readDocuments(t)
	english, korean := documents["README.md"], documents["README.ko.md"]
	outline := func(text string) (levels []string) {
		for line := range strings.SplitSeq(fence.ReplaceAllString(text, ""), "\n") {
			if mark, _, ok := strings.Cut(line, " "); ok && mark != "" && strings.Trim(mark, "#") == "" {
				levels = append(levels, mark)
			}
		}
		return levels
	}
	if a, b := outline(english), outline(korean); !slices.Equal(a, b) {
		t.Errorf("the sections differ: %v and %v", a, b)
	}
	kinds := func(text string) (list []string) {
		for _, block := range fence.FindAllStringSubmatch(text, -1) {
			list = append(list, block[1])
		}
		return list
	}
	if a, b := kinds(english), kinds(korean); !slices.Equal(a, b) {
		t.Errorf("the examples differ: %v and %v", a, b)
	}
	names := func(text string) (list []string) {
		for _, match := range link.FindAllStringSubmatch(text, -1) {
			list = append(list, match[1]+match[2])
		}
		for _, match := range inBackticks.FindAllStringSubmatch(fence.ReplaceAllString(text, ""), -1) {
			if !hangul.MatchString(match[1]) {
				list = append(list, "`"+match[1]+"`")
			}
		}
		return list
	}
	a, b := names(english), names(korean)
	for _, name := range a {
		if !slices.Contains(b, name) && name != "README.ko.md" {
			t.Errorf("README.ko.md lacks %s", name)
		}
	}
	for _, name := range b {
		if !slices.Contains(a, name) && name != "README.md" {
			t.Errorf("README.md lacks %s", name)
		}
	}
}
