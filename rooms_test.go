package main_test

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"gopkg.in/yaml.v3"
)

// rooms are the rooms of the house from top to bottom, and what stands in each. A room imports only what is below it.
var rooms = []struct{ name, what string }{
	{"main", "main.go: calls cli, nothing more"},
	{"cli", "one file a command: serve, sandbox, check, explain, diff, verify, test, schema, cases, journal, outbox"},
	{"test", "what needs the whole: e2e, simulation, mutation, peers of the benchmarks; the configuration that tests run on"},
	{"gateway", "HTTP only: three doors, intercept, forward, sidecar, webhooks, X2BEE"},
	{"console", "the admin pages"},
	{"lifecycle", "the machine that takes an attempt to its end: attempts, cancels, unmatched payments, sweeps, messages to the shop"},
	{"sandbox", "stand-ins for the PGs and a demo shop, with books and faults of their own"},
	{"adapters", "the contract, one folder per PG's driver, the order service's client, the one-write client"},
	{"reload", "the rules in force: reading the file, watching it, swapping, rolling back"},
	{"rules", "YAML → checked snapshot → decision; pure"},
	{"journal", "attempts, events, cancels and messages on SQLite or PostgreSQL"},
	{"metrics", "every Prometheus series"},
	{"upstream", "the HTTP/1.1 client to the shop: exact, with kept connections"},
	{"strictjson", "one strict reader of JSON for all of us"},
	{"payment", "the nouns: Attempt, Won, Method, states, outcomes, problem codes, Korea's clock"},
}

// arrows reads off the imports which room imports which, tests left out.
func arrows(t *testing.T) map[string][]string {
	t.Helper()
	seen := map[string][]string{}
	for _, pkg := range packages(t) {
		from := shownRoom(pkg.ImportPath)
		for _, imported := range pkg.Imports {
			if to := shownRoom(imported); to != "" && to != from && !slices.Contains(seen[from], to) {
				seen[from] = append(seen[from], to)
			}
		}
	}
	for _, to := range seen {
		slices.Sort(to)
	}
	return seen
}

// shownRoom is a package's room as the picture names it; empty for one that is not ours.
func shownRoom(path string) string {
	name, ours := room(path)
	if ours && name == "" {
		return "main"
	}
	return name
}

// TestTheHouseIsDocumented draws the house in CONTRIBUTING.md by what is imported, lists what may be, and what a driver
// may implement.
func TestTheHouseIsDocumented(t *testing.T) {
	t.Parallel()
	checkTable(t, "CONTRIBUTING.md", picture(t))
	checkBlock(t, "CONTRIBUTING.md", "<!-- contract: go test . -update-docs -->\n", contract(t))
}

// picture is the house as a graph and as a table.
func picture(t *testing.T) string {
	t.Helper()
	seen := arrows(t)
	var doc strings.Builder
	doc.WriteString("```mermaid\nflowchart TD\n")
	for _, r := range rooms {
		if to := seen[r.name]; len(to) > 0 {
			fmt.Fprintf(&doc, "  %s --> %s\n", r.name, strings.Join(to, " & "))
		}
	}
	doc.WriteString("```\n\n| room | what stands there | may import, of ours |\n|---|---|---|\n")
	for _, r := range rooms {
		may := "all"
		if allowed, bound := mayImport[r.name]; bound {
			may = strings.Join(allowed, ", ")
		}
		if may == "" {
			may = "nothing"
		}
		// A room that is planned has its rule before it has a door.
		if _, err := os.Stat(r.name); err == nil || r.name == "main" {
			fmt.Fprintf(&doc, "| `%s` | %s | %s |\n", r.name, r.what, may)
		}
	}
	return doc.String()
}

// contract lists the interfaces that a driver implements when its PG has such a thing, as their comments say.
func contract(t *testing.T) string {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join("adapters", "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	optional := map[string]string{}
	for _, path := range paths {
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ParseComments)
		if err != nil {
			t.Fatal(err)
		}
		for _, decl := range file.Decls {
			d, ok := decl.(*ast.GenDecl)
			if !ok || d.Tok != token.TYPE {
				continue
			}
			name := d.Specs[0].(*ast.TypeSpec).Name.Name
			if rest, ok := strings.CutPrefix(strings.Join(strings.Fields(d.Doc.Text()), " "), name+" is implemented by "); ok {
				sentence, _, _ := strings.Cut(rest, ". ")
				optional[name] = strings.TrimSuffix(sentence, ".")
			}
		}
	}
	var doc strings.Builder
	doc.WriteString("| interface | is implemented by |\n|---|---|\n")
	for _, name := range slices.Sorted(maps.Keys(optional)) {
		fmt.Fprintf(&doc, "| `adapters.%s` | %s |\n", name, optional[name])
	}
	if len(optional) < 4 {
		t.Fatalf("found %d interfaces, so the reading is broken", len(optional))
	}
	return doc.String()
}

// TestSignpostsPointAtCode wants what CONTRIBUTING.md says is in a file to be declared there.
func TestSignpostsPointAtCode(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("CONTRIBUTING.md")
	if err != nil {
		t.Fatal(err)
	}
	sign := regexp.MustCompile("(?m)\\]\\(([a-z0-9_/]+\\.go)\\) (`[A-Za-z]+`(?:, `[A-Za-z]+`)*)")
	signs := sign.FindAllStringSubmatch(string(text), -1)
	if len(signs) < 15 {
		t.Errorf("found %d signposts, so the reading is broken", len(signs))
	}
	for _, s := range signs {
		source, err := os.ReadFile(s[1])
		if err != nil {
			t.Error(err)
			continue
		}
		for name := range strings.SplitSeq(strings.ReplaceAll(s[2], "`", ""), ", ") {
			declared := regexp.MustCompile(`(?m)^(func (\([^)]*\) )?|type |var |const |\t)` + name + `\b`)
			if !declared.Match(source) {
				t.Errorf("CONTRIBUTING.md says that %s is in %s, and it is not declared there", name, s[1])
			}
		}
	}
}

// TestRoomsStandInOrder wants every row of mayImport to point down, so that no circle can be allowed, and every room to
// be in the picture.
func TestRoomsStandInOrder(t *testing.T) {
	t.Parallel()
	height := map[string]int{}
	for i, r := range rooms {
		height[r.name] = i
	}
	for from, allowed := range mayImport {
		for _, to := range allowed {
			if height[to] <= height[from] {
				t.Errorf("%s may import %s, which does not stand below it", from, to)
			}
		}
	}
	for from := range arrows(t) {
		if _, ok := height[from]; !ok {
			t.Errorf("the room %s is not in the list of rooms", from)
		}
	}
}

// TestDepguardKnowsTheRooms holds the linter, which speaks up in the editor, to the same table.
func TestDepguardKnowsTheRooms(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(".golangci.yml")
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Linters struct {
			Settings struct {
				Depguard struct {
					Rules map[string]struct {
						Files []string
						Deny  []struct{ Pkg string }
					}
				}
			}
		}
	}
	if err := yaml.Unmarshal(text, &file); err != nil {
		t.Fatal(err)
	}
	all := slices.Sorted(maps.Keys(mayImport))
	for _, from := range slices.DeleteFunc(slices.Clone(all), func(r string) bool { return r == "k8s" }) {
		rule, ok := file.Linters.Settings.Depguard.Rules["room-"+from]
		if !ok {
			t.Errorf(".golangci.yml has no rule room-%s", from)
			continue
		}
		files := []string{"${base-path}/" + from + "/**", "!$test"}
		if from == "sandbox" {
			files = files[:1] // its tests too: what they shared would hide a mistake as well
		}
		if !slices.Equal(rule.Files, files) {
			t.Errorf("room-%s is about %q, want %q", from, rule.Files, files)
		}
		var want, got []string
		for _, r := range rooms {
			if r.name != "main" && r.name != from && !slices.Contains(mayImport[from], r.name) {
				want = append(want, module+"/"+r.name)
			}
		}
		for _, d := range rule.Deny {
			if strings.HasPrefix(d.Pkg, module) {
				got = append(got, d.Pkg)
			}
		}
		slices.Sort(want)
		slices.Sort(got)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("what room-%s denies is not what mayImport says (-want +got):\n%s", from, diff)
		}
	}
}
