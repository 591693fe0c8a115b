package main_test

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"gopkg.in/yaml.v3"

	"github.com/pg-gateway/pg-gateway/adapters/drivers"
	"github.com/pg-gateway/pg-gateway/payment"
)

// readDocuments returns the texts of what users read, by path: both READMEs, docs, the runbooks and the sandbox's page.
func readDocuments(t *testing.T) map[string]string {
	t.Helper()
	documents := map[string]string{}
	for _, pattern := range []string{"*.md", "*/*.md", "docs/*/*.md"} {
		paths, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, path := range paths {
			text, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			documents[filepath.ToSlash(path)] = withoutOldNames(string(text))
		}
	}
	if len(documents) < 30 {
		t.Fatalf("found %d documents", len(documents))
	}
	return documents
}

var renamed = regexp.MustCompile(`(?s)\n### Renamed\n.*?(\n##|$)`)

// withoutOldNames leaves out what the changelog's table of renames says was there before: those names exist no more.
func withoutOldNames(text string) string {
	was := regexp.MustCompile(`(?m)^\|[^|\n]*\|`)
	return renamed.ReplaceAllStringFunc(text, func(table string) string { return was.ReplaceAllString(table, "| |") })
}

// TestOldNamesAreLeftOut shows that old names are passed over in the table of renames, and nowhere else.
func TestOldNamesAreLeftOut(t *testing.T) {
	t.Parallel()
	text := "## A\n\n`old.a`\n\n### Renamed\n\n| was | is |\n|---|---|\n| `old.b` | `new.b` |\n\n### More\n\n| `old.c` | x |\n"
	got := withoutOldNames(text)
	for name, want := range map[string]bool{"old.a": true, "old.b": false, "new.b": true, "old.c": true, "### More": true} {
		if strings.Contains(got, name) != want {
			t.Errorf("%s is there: %t, in\n%s", name, !want, got)
		}
	}
}

// eachName calls check for every match of a pattern in the documents, and wants at least so many.
func eachName(t *testing.T, pattern *regexp.Regexp, atLeast int, check func(match []string) error) {
	t.Helper()
	seen := 0
	for path, text := range readDocuments(t) {
		for _, match := range pattern.FindAllStringSubmatch(text, -1) {
			seen++
			if err := check(match); err != nil {
				t.Errorf("%s: %v", path, err)
			}
		}
	}
	if seen < atLeast {
		t.Errorf("found %d names, so the reading is broken", seen)
	}
}

var (
	metricName = regexp.MustCompile(`\b(pg_gateway_[a-z_]+[a-z])(?:\{([^}]*)\})?`)
	labelInUse = regexp.MustCompile(`([a-z_]+)(?:=~?"[^"]*")?`)
)

func TestDocumentsNameExistingMetrics(t *testing.T) {
	t.Parallel()
	file, err := os.Open(filepath.Join("metrics", "testdata", "metrics.golden"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	labels := map[string][]string{}
	for _, s := range readSeries(t, file) {
		labels[s.name] = s.labels
	}
	eachName(t, metricName, 50, func(match []string) error {
		known, ok := labels[match[1]]
		if !ok {
			return fmt.Errorf("there is no metric %s", match[1])
		}
		for _, label := range labelInUse.FindAllStringSubmatch(match[2], -1) {
			if !slices.Contains(known, label[1]) {
				return fmt.Errorf("%s has no label %s", match[1], label[1])
			}
		}
		return nil
	})
}

// TestDocumentsNameExistingKeys resolves the dotted names of the configuration that stand in backticks.
func TestDocumentsNameExistingKeys(t *testing.T) {
	t.Parallel()
	root := readSchema(t)
	var keys []string
	describeKeys(root, "", func(path, _, _ string) {
		keys = append(keys, regexp.MustCompile(`\[\]|<name>\.?`).ReplaceAllString(path, ""))
	})
	events := []string{payment.MessageIssued, payment.MessageDeposited} // begin with a section's name
	dotted := regexp.MustCompile("`([a-z0-9_]+(?:\\[\\])?(?:\\.[a-z0-9_]+(?:\\[\\])?)+)`")
	eachName(t, dotted, 80, func(match []string) error {
		name := strings.ReplaceAll(match[1], "[]", "")
		top, _, _ := strings.Cut(name, ".")
		isKey := root.Properties[top].Type != "" && !slices.Contains(events, name)
		if isKey && !slices.Contains(keys, name) {
			return fmt.Errorf("there is no key %s", match[1])
		}
		return nil
	})
}

// TestDocumentsShowExistingKeys reads the parts of configurations that documents show.
func TestDocumentsShowExistingKeys(t *testing.T) {
	t.Parallel()
	root := readSchema(t)
	seen := 0
	for path, text := range readDocuments(t) {
		for _, block := range fence.FindAllStringSubmatch(text, -1) {
			var shown map[string]any
			if block[1] != "yaml" {
				continue
			}
			if err := yaml.Unmarshal([]byte(block[2]), &shown); err != nil {
				t.Errorf("%s: %v in\n%s", path, err, block[2])
			}
			if _, ok := shown["cases"]; ok {
				continue // expectations of rules, which have a form of their own
			}
			seen++
			if key := strangeKey(shown, root, ""); key != "" {
				t.Errorf("%s: there is no key %s, shown in\n%s", path, key, block[2])
			}
		}
	}
	if seen < 8 {
		t.Errorf("found %d examples, so the reading is broken", seen)
	}
}

// strangeKey is the first key of a value, in no order, that its schema does not have; empty when it has all.
func strangeKey(v any, s schema, path string) string {
	if len(s.AnyOf) > 0 {
		strange := ""
		for _, choice := range s.AnyOf {
			if strange = strangeKey(v, choice, path); strange == "" {
				return ""
			}
		}
		return strange
	}
	switch v := v.(type) {
	case []any:
		for _, item := range v {
			if s.Items == nil {
				return path + "[]"
			}
			if strange := strangeKey(item, *s.Items, path+"[]"); strange != "" {
				return strange
			}
		}
	case map[string]any:
		if string(s.AdditionalProperties) == "true" {
			return ""
		}
		var free schema
		open := json.Unmarshal(s.AdditionalProperties, &free) == nil && len(s.AdditionalProperties) > 0
		for key, item := range v {
			child, ok := s.Properties[key]
			if !ok && open {
				child, ok = free, true
			}
			at := strings.TrimPrefix(path+"."+key, ".")
			if !ok {
				return at
			}
			if strange := strangeKey(item, child, at); strange != "" {
				return strange
			}
		}
	}
	return ""
}

// TestDocumentsUseExistingWords looks for the stable words (reasons, kinds of events, log fields, keys) and for the
// lines of the log that documents quote in what the program is made of.
func TestDocumentsUseExistingWords(t *testing.T) {
	t.Parallel()
	var source strings.Builder
	err := filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || strings.HasSuffix(path, "_test.go") || !slices.Contains([]string{".go", ".js", ".html"}, filepath.Ext(path)) {
			return err
		}
		text, err := os.ReadFile(path)
		source.Write(text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, spec := range drivers.Specs() {
		for _, path := range []string{spec.Routes.Return, spec.Routes.KeyReturn, spec.Routes.PhoneReturn} {
			source.WriteString(payment.RouteName(path) + "\n")
		}
	}
	program := source.String()
	word := regexp.MustCompile("`([a-z]+(?:_[a-z]+)+|[a-z][a-z',]*(?: [a-z][a-z',]*){2,})`")
	// What the database, its pooler and the disk say, and what Android's intents hold.
	foreign := []string{"server_lifetime", "no space left", "browser_fallback_url"}
	eachName(t, word, 300, func(match []string) error {
		if strings.HasPrefix(match[1], "pg_gateway_") || slices.Contains(foreign, match[1]) {
			return nil
		}
		known := strings.Contains(program, match[1])
		// The list of cases puts before a state what the line is about.
		for _, about := range []string{"cancel_", "unmatched_"} {
			state, ok := strings.CutPrefix(match[1], about)
			known = known || ok && strings.Contains(program, `"`+state+`"`)
		}
		if !known {
			return fmt.Errorf("the program does not know %q", match[1])
		}
		return nil
	})
}

var (
	testName = regexp.MustCompile(`\b((?:Test|Fuzz|Benchmark)[A-Z]\w+)`)
	testFunc = regexp.MustCompile(`(?m)^func ((?:Test|Fuzz|Benchmark)\w+)\(`)
)

// TestDocumentsNameExistingTests takes the beginning of a name too, as -run does. Tests are for who works on the program:
// what users read names none.
func TestDocumentsNameExistingTests(t *testing.T) {
	t.Parallel()
	var tests strings.Builder
	err := filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, "_test.go") {
			return err
		}
		text, err := os.ReadFile(path)
		for _, match := range testFunc.FindAllSubmatch(text, -1) {
			fmt.Fprintf(&tests, "\n%s", match[1])
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	ours := []string{"CONTRIBUTING.md", "docs/proofs.md"}
	seen := 0
	for path, text := range readDocuments(t) {
		for _, match := range testName.FindAllStringSubmatch(text, -1) {
			seen++
			if !strings.Contains(tests.String(), "\n"+match[1]) {
				t.Errorf("%s names %s, and there is no such test", path, match[1])
			}
			if !slices.Contains(ours, path) {
				t.Errorf("%s names the test %s to users", path, match[1])
			}
		}
	}
	if seen < 20 {
		t.Errorf("found %d tests, so the reading is broken", seen)
	}
}
