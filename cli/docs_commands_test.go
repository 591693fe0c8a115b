package cli

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"
)

var (
	fenced   = regexp.MustCompile("(?ms)^ *```[a-z]*\n(.*?)^ *```$")
	indented = regexp.MustCompile(`(?m)^    (.+)$`)
	inline   = regexp.MustCompile("`([^`\n]+)`")
	called   = regexp.MustCompile(`(?:^|\s/?)pg-gateway ([^|\n]+)`)
)

// TestDocumentsNameExistingCommands wants every command that stands in the documents, and every flag of it.
func TestDocumentsNameExistingCommands(t *testing.T) {
	t.Parallel()
	seen := 0
	for _, pattern := range []string{"../*.md", "../docs/*.md", "../docs/*/*.md"} {
		paths, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, path := range paths {
			text, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			for _, line := range commandLines(string(text)) {
				seen++
				if fault := faultOf(rootCommand("dev"), line); fault != "" {
					t.Errorf("%s: pg-gateway %s: %s", path, line, fault)
				}
			}
		}
	}
	if seen < 50 {
		t.Errorf("found %d commands, so the reading is broken", seen)
	}
}

// TestPeopleReadTheNamesOfCommands wants a command by its name, and not by one that only old scripts still use, wherever
// people read of it. The table of renames in the changelog stands behind "### Renamed".
func TestPeopleReadTheNamesOfCommands(t *testing.T) {
	t.Parallel()
	var olds []string
	for _, c := range rootCommand("dev").Commands() {
		for _, alias := range c.Aliases {
			for _, sub := range c.Commands() {
				olds = append(olds, alias+" "+sub.Name())
			}
		}
	}
	if !slices.Contains(olds, "unknown list") {
		t.Fatalf("the old names are %q", olds)
	}
	for _, pattern := range []string{"../*.md", "../docs/*.md", "../docs/*/*.md", "../k8s/monitoring/*.yaml", "../k8s/monitoring/*/*.json", "../metrics/testdata/*"} {
		paths, err := filepath.Glob(pattern)
		if err != nil || len(paths) == 0 {
			t.Fatalf("%s: %d files, %v", pattern, len(paths), err)
		}
		for _, path := range paths {
			text, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			now, _, _ := strings.Cut(string(text), "\n### Renamed\n")
			for _, old := range olds {
				if strings.Contains(now, old) {
					t.Errorf("%s says %s", path, old)
				}
			}
		}
	}
}

// TestListsShowWhatCommandsAskFor wants a column for every word in capitals that a documented command leaves to the reader.
func TestListsShowWhatCommandsAskFor(t *testing.T) {
	t.Parallel()
	columns := strings.Split(casesHead+"\t"+outboxHead+"\tFILE", "\t")
	blank := regexp.MustCompile(`\b[A-Z]{4,}\b`)
	seen := map[string]bool{}
	for _, pattern := range []string{"../*.md", "../docs/*.md", "../docs/*/*.md"} {
		paths, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, path := range paths {
			text, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			for _, line := range commandLines(string(text)) {
				for _, word := range blank.FindAllString(line, -1) {
					if seen[word] = true; !slices.Contains(columns, word) {
						t.Errorf("%s: pg-gateway %s: no list has a column %s", path, line, word)
					}
				}
			}
		}
	}
	if len(seen) < 4 {
		t.Errorf("found %v, so the reading is broken", seen)
	}
}

// commandLines are the calls of this program that stand in code, without its name.
func commandLines(text string) (lines []string) {
	var code []string
	for _, block := range fenced.FindAllStringSubmatch(text, -1) {
		code = append(code, strings.Split(block[1], "\n")...)
	}
	text = fenced.ReplaceAllString(text, "")
	for _, pattern := range []*regexp.Regexp{indented, inline} {
		for _, match := range pattern.FindAllStringSubmatch(text, -1) {
			code = append(code, match[1])
		}
	}
	for _, line := range code {
		// The name of a container is not a call.
		line = strings.ReplaceAll(line, "-c pg-gateway", "")
		if strings.HasPrefix(line, "#") {
			continue
		}
		for _, match := range called.FindAllStringSubmatch(line, -1) {
			lines = append(lines, match[1])
		}
	}
	return lines
}

// faultOf says what of a command line this program does not know; empty when it knows all of it.
func faultOf(root *cobra.Command, line string) string {
	words := strings.Fields(line)
	c := root
	for _, word := range words {
		next, _, err := c.Find([]string{word})
		if err != nil || next == c {
			break
		}
		c, words = next, words[1:]
	}
	if !c.Runnable() || c == root && !strings.HasPrefix(words[0], "-") {
		return "there is no such command"
	}
	for _, word := range words {
		name, isFlag := strings.CutPrefix(word, "--")
		name, _, _ = strings.Cut(name, "=")
		if isFlag && name != "help" && c.Flag(name) == nil {
			return "there is no flag --" + name
		}
	}
	return ""
}

func TestTheDocumentsCommandsAreRead(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ line, want string }{
		{"cases list --json", ""},
		{"unknown list --json", ""}, // the command's name of before
		{"serve --config.file=config.yaml", ""},
		{"cases lists", "there is no such command"},
		{"unkown list", "there is no such command"},
		{"cases", "there is no such command"},
		{"cases list --jsno", "there is no flag --jsno"},
		{"cases resolve ATTEMPT --as x --bye kim", "there is no flag --bye"},
		{"diff a.yaml b.yaml --max-refused-orders=0", ""},
		{"journal prune --keep 9600h --until tomorrow", "there is no flag --until"},
	} {
		if got := faultOf(rootCommand("dev"), tt.line); got != tt.want {
			t.Errorf("%s: %q, want %q", tt.line, got, tt.want)
		}
	}
	text := "`pg-gateway check`, and\n\n    kubectl exec x -c pg-gateway -- /pg-gateway outbox list\n\n```sh\npg-gateway test\n```\nIn pg-gateway this is none.\n"
	if got := strings.Join(commandLines(text), ";"); got != "test;outbox list;check" {
		t.Errorf("read %s", got)
	}
}
