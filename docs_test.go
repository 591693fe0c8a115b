package main_test

import (
	"bufio"
	"encoding/json"
	"flag"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pg-gateway/pg-gateway/payment"
)

var updateDocs = flag.Bool("update-docs", false, "write the tables in docs/ anew")

// The tables that are made from the code stand between these lines.
const (
	tableBegins = "<!-- table: go test . -update-docs -->\n"
	tableEnds   = "<!-- end of table -->\n"
)

func TestProblemsAreDocumented(t *testing.T) {
	t.Parallel()
	var table strings.Builder
	table.WriteString("| code | status | title | 제목 | what to do | 조치 |\n|---|---|---|---|---|---|\n")
	for _, code := range problemCodes(t) {
		d := code.Describe()
		fmt.Fprintf(&table, "| `%s` | %d | %s | %s | %s | %s |\n", code, d.Status, d.TitleEn, d.TitleKo, d.FixEn, d.FixKo)
	}
	table.WriteString("\n## How attempts end\n\n| `reason` | `code` | what the buyer is told | 안내 |\n|---|---|---|---|\n")
	for _, reason := range words(t, "Reason", "Declined", "Refused") {
		e, known := payment.EndingOf(payment.Reason(reason))
		switch {
		case !known:
			t.Errorf("the reason %s is told to nobody: payment.EndingOf does not know it", reason)
		case e.Code == "":
			fmt.Fprintf(&table, "| `%s` | - | - | - |\n", reason)
		default:
			fmt.Fprintf(&table, "| `%s` | `%s` | %s | %s |\n", reason, e.Code, e.En, e.Ko)
		}
	}
	e := payment.UnknownEnding()
	fmt.Fprintf(&table, "| (any, while `status` is `unknown`) | `%s` | %s | %s |\n", e.Code, e.En, e.Ko)
	table.WriteString("\n## How cancels end\n\n| `code`, `reason` | what it means | 뜻 |\n|---|---|---|\n")
	for _, code := range words(t, "Cancel", "ReasonResolved") {
		ko, en, known := payment.CancelText(code)
		if !known {
			t.Errorf("nobody says what the cancel's code %s means: payment.CancelText does not know it", code)
		}
		fmt.Fprintf(&table, "| `%s` | %s | %s |\n", code, en, ko)
	}
	checkTable(t, filepath.Join("docs", "problems.md"), table.String())
}

// words reads the text constants with names that begin so off the sources that say how attempts and cancels end, in
// alphabetical order.
func words(t *testing.T, prefixes ...string) []string {
	t.Helper()
	var list []string
	sources := []string{filepath.Join("payment", "reason.go"), filepath.Join("payment", "ending.go"), filepath.Join("payment", "cancelcode.go")}
	for _, pattern := range []string{"gateway/*.go", "lifecycle/*.go"} {
		more, err := filepath.Glob(filepath.FromSlash(pattern))
		if err != nil {
			t.Fatal(err)
		}
		sources = append(sources, slices.DeleteFunc(more, func(name string) bool { return strings.HasSuffix(name, "_test.go") })...)
	}
	for _, name := range sources {
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			spec, ok := n.(*ast.ValueSpec)
			if !ok || len(spec.Values) != 1 || !slices.ContainsFunc(prefixes, func(p string) bool { return strings.HasPrefix(spec.Names[0].Name, p) }) {
				return true
			}
			if literal, ok := spec.Values[0].(*ast.BasicLit); ok && literal.Kind == token.STRING {
				if text, err := strconv.Unquote(literal.Value); err == nil && !slices.Contains(list, text) {
					list = append(list, text)
				}
			}
			return true
		})
	}
	slices.Sort(list)
	if len(list) < 8 {
		t.Fatalf("found %d words, so the reading is broken", len(list))
	}
	return list
}

// problemCodes reads the codes off the source, in its order, so that a new one cannot be left out.
func problemCodes(t *testing.T) (codes []payment.Code) {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), filepath.Join("payment", "problem.go"), nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	ast.Inspect(file, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok || len(spec.Values) != 1 || !strings.HasPrefix(spec.Names[0].Name, "Code") {
			return true
		}
		if literal, ok := spec.Values[0].(*ast.BasicLit); ok && literal.Kind == token.STRING {
			text, err := strconv.Unquote(literal.Value)
			if err != nil {
				t.Fatal(err)
			}
			codes = append(codes, payment.Code(text))
		}
		return true
	})
	if len(codes) < 40 {
		t.Fatalf("found %d problem codes, so the reading is broken", len(codes))
	}
	return codes
}

// schema is the part of config.schema.json that the reference of the configuration is made of.
type schema struct {
	Type                 string            `json:"type"`
	Description          string            `json:"description"`
	Enum                 []string          `json:"enum"`
	Required             []string          `json:"required"`
	Properties           map[string]schema `json:"properties"`
	Items                *schema           `json:"items"`
	AdditionalProperties json.RawMessage   `json:"additionalProperties"`
	AnyOf                []schema          `json:"anyOf"`
}

func TestConfigurationIsDocumented(t *testing.T) {
	t.Parallel()
	root := readSchema(t)
	var table strings.Builder
	table.WriteString("| key | takes | what it is |\n|---|---|---|\n")
	rows := 0
	describeKeys(root, "", func(path, takes, what string) {
		rows++
		fmt.Fprintf(&table, "| `%s` | %s | %s |\n", path, takes, strings.NewReplacer("|", `\|`, "<", "&lt;").Replace(what))
	})
	if rows < 50 {
		t.Fatalf("found %d keys, so the reading is broken", rows)
	}
	checkTable(t, filepath.Join("docs", "configuration.md"), table.String())
}

// readSchema reads the schema of the configuration.
func readSchema(t *testing.T) (root schema) {
	t.Helper()
	text, err := os.ReadFile("config.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &root); err != nil {
		t.Fatal(err)
	}
	return root
}

// describeKeys walks a schema, the keys of an object in alphabetical order. Lists add [], free names <name>.
func describeKeys(s schema, path string, row func(path, takes, what string)) {
	for _, key := range slices.Sorted(maps.Keys(s.Properties)) {
		child := s.Properties[key]
		at := strings.TrimPrefix(path+"."+key, ".")
		row(at, takes(child, slices.Contains(s.Required, key)), child.Description)
		describeKeys(child, at, row)
	}
	if s.Items != nil {
		describeKeys(*s.Items, path+"[]", row)
	}
	var free schema
	if json.Unmarshal(s.AdditionalProperties, &free) == nil && len(s.AdditionalProperties) > 0 {
		describeKeys(free, path+".<name>", row)
	}
	for _, choice := range s.AnyOf {
		describeKeys(choice, path, row)
	}
}

func takes(s schema, required bool) string {
	kinds := map[string]bool{}
	var collect func(schema)
	collect = func(s schema) {
		switch {
		case len(s.Enum) > 0:
			kinds["`"+strings.Join(s.Enum, "` `")+"`"] = true
		case s.Type == "object" && len(s.Properties) == 0:
			kinds["names"] = true
		case s.Type != "":
			kinds[s.Type] = true
		}
		for _, choice := range s.AnyOf {
			collect(choice)
		}
	}
	collect(s)
	text := strings.Join(slices.Sorted(maps.Keys(kinds)), " or ")
	if required {
		text += ", required"
	}
	return text
}

func TestMetricsAreDocumented(t *testing.T) {
	t.Parallel()
	file, err := os.Open(filepath.Join("metrics", "testdata", "metrics.golden"))
	if err != nil {
		t.Fatalf("opening the golden exposition: %v", err)
	}
	defer file.Close()
	var table strings.Builder
	table.WriteString("| metric | type | labels | what it tells |\n|---|---|---|---|\n")
	for _, s := range readSeries(t, file) {
		labels := "-"
		if len(s.labels) > 0 {
			labels = "`" + strings.Join(s.labels, "`, `") + "`"
		}
		fmt.Fprintf(&table, "| `%s` | %s | %s | %s |\n", s.name, s.kind, labels, s.help)
	}
	checkTable(t, filepath.Join("docs", "metrics.md"), table.String())
}

// series is one metric of an exposition.
type series struct {
	name, kind, help string
	labels           []string
}

var (
	described = regexp.MustCompile(`^# (HELP|TYPE) (\S+) (.*)$`)
	labelName = regexp.MustCompile(`[{,]([a-z_]+)="`)
)

func readSeries(t *testing.T, file *os.File) (all []*series) {
	t.Helper()
	for scanner := bufio.NewScanner(file); scanner.Scan(); {
		line := scanner.Text()
		if match := described.FindStringSubmatch(line); match != nil {
			if len(all) == 0 || all[len(all)-1].name != match[2] {
				all = append(all, &series{name: match[2]})
			}
			if last := all[len(all)-1]; match[1] == "HELP" {
				last.help = match[3]
			} else {
				last.kind = match[3]
			}
			continue
		}
		if len(all) == 0 {
			continue
		}
		for _, match := range labelName.FindAllStringSubmatch(line, -1) {
			if last := all[len(all)-1]; match[1] != "le" && !slices.Contains(last.labels, match[1]) {
				last.labels = append(last.labels, match[1])
			}
		}
	}
	if len(all) < 10 {
		t.Fatalf("found %d metrics, so the reading is broken", len(all))
	}
	return all
}

// checkTable compares the table of a document with what the code says, or writes it.
func checkTable(t *testing.T, path, want string) {
	t.Helper()
	checkBlock(t, path, tableBegins, want)
}

// checkBlock does so for a document with several, each of which begins with a line of its own.
func checkBlock(t *testing.T, path, begins, want string) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, found := strings.Cut(string(text), begins)
	got, after, ended := strings.Cut(rest, tableEnds)
	if !found || !ended {
		t.Fatalf("%s lacks the lines between which its table stands", path)
	}
	if *updateDocs {
		if err := os.WriteFile(path, []byte(before+begins+want+tableEnds+after), 0o600); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s is not what the code says; run `go test . -update-docs` (-want +got):\n%s", path, diff)
	}
}

var (
	link       = regexp.MustCompile(`\]\(([^)#\s]+)(#[^)]*)?\)`)
	makeTarget = regexp.MustCompile("`make ([a-z-]+)")
)

func TestDocumentsPointAtWhatExists(t *testing.T) {
	t.Parallel()
	documents, err := filepath.Glob("*.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, pattern := range []string{"docs/*.md", "docs/*/*.md"} {
		more, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		documents = append(documents, more...)
	}
	makefile, err := os.ReadFile("Makefile")
	if err != nil {
		t.Fatal(err)
	}
	if len(documents) < 10 {
		t.Fatalf("found %d documents", len(documents))
	}
	for _, document := range documents {
		text, err := os.ReadFile(document)
		if err != nil {
			t.Fatal(err)
		}
		for _, match := range link.FindAllStringSubmatch(string(text), -1) {
			if strings.Contains(match[1], "://") || strings.HasPrefix(match[1], "mailto:") {
				continue
			}
			if _, err := os.Stat(filepath.Join(filepath.Dir(document), match[1])); err != nil {
				t.Errorf("%s links to %s, which is not there", document, match[1])
			}
		}
		for _, match := range makeTarget.FindAllStringSubmatch(string(text), -1) {
			if !strings.Contains(string(makefile), "\n"+match[1]+":") {
				t.Errorf("%s names `make %s`, which the Makefile has not", document, match[1])
			}
		}
	}
}

// problemWord is what a problem code looks like: in backticks in a document, in quotes in a query.
var problemWord = regexp.MustCompile("[`\"|]([A-Z]+(?:_[A-Z]+)+)[`\"|]")

func TestDocumentsAndAlertsNameExistingProblems(t *testing.T) {
	t.Parallel()
	codes := problemCodes(t)
	for _, code := range words(t, "Ended") {
		codes = append(codes, payment.Code(code))
	}
	seen := 0
	for _, pattern := range []string{"*.md", "docs/*.md", "docs/*/*.md", "k8s/monitoring/alerts.yaml"} {
		paths, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, path := range paths {
			text, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			for _, match := range problemWord.FindAllStringSubmatch(string(text), -1) {
				if strings.HasPrefix(match[1], "PG_GATEWAY_") || strings.HasPrefix(match[1], "P_") {
					continue // a variable of the environment, or a field of KG Inicis' window on phones
				}
				seen++
				if !slices.Contains(codes, payment.Code(match[1])) {
					t.Errorf("%s names %s, which is no problem code", path, match[1])
				}
			}
		}
	}
	if seen < len(codes) {
		t.Errorf("found %d problem codes in the documents, so the reading is broken", seen)
	}
}
