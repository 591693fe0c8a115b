package main_test

import (
	"bytes"
	"encoding/json"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/pg-gateway/pg-gateway"

// mayImport says which rooms each room may import. Imports point downward only; main, the command line and the tests of
// the whole may import everything. CONTRIBUTING.md and .golangci.yml are held to it by rooms_test.go.
var mayImport = map[string][]string{
	"gateway":    {"lifecycle", "reload", "rules", "adapters", "journal", "metrics", "upstream", "strictjson", "payment"},
	"console":    {"lifecycle", "reload", "rules", "adapters", "journal", "metrics", "strictjson", "payment"},
	"lifecycle":  {"adapters", "journal", "payment"},
	"sandbox":    {"payment"},
	"adapters":   {"strictjson", "payment"},
	"reload":     {"rules"},
	"rules":      {"strictjson", "payment"},
	"journal":    {"strictjson", "payment"},
	"metrics":    {},
	"upstream":   {},
	"strictjson": {},
	"payment":    {},
	"k8s":        {}, // tests only
}

// onlyIn says which rooms may import a package from elsewhere, by the beginning of its path.
var onlyIn = map[string][]string{
	"github.com/gofiber/fiber":  {"gateway", "console"},
	"github.com/valyala/":       {"gateway", "console", "adapters"},
	"gopkg.in/yaml":             {"rules"},
	"go.yaml.in/yaml":           {"rules"},
	"github.com/expr-lang/expr": {"rules"},
	"github.com/fsnotify/":      {"reload"},
	"database/sql":              {"journal"},
	"modernc.org/":              {"journal"},
	"github.com/jackc/":         {"journal"},
	"github.com/prometheus/":    {"metrics", "gateway", "console"},
	"net/http":                  {"gateway", "console", "adapters", "sandbox", "metrics"},
}

// ofAdapters says which packages of adapters a room may import: the contract and what helps to speak HTTP, and no driver.
// What a room needs to know of a single PG it asks that PG's driver for, through the contract.
var ofAdapters = map[string][]string{
	"gateway":   {"adapters", "adapters/onewrite", "adapters/orders", "adapters/wire"},
	"console":   {"adapters"},
	"lifecycle": {"adapters", "adapters/wire"},
	// A driver imports no other one; only their list imports all.
	"adapters": {"adapters", "adapters/apicalls", "adapters/banks", "adapters/channels", "adapters/onewrite", "adapters/wire"},
}

// allDrivers is the list of drivers.
const allDrivers = module + "/adapters/drivers"

// room is the top-level folder of one of our packages: "" for main, and false for a package that is not ours.
func room(path string) (string, bool) {
	rest, ours := strings.CutPrefix(path, module)
	if !ours || rest != "" && rest[0] != '/' {
		return "", false
	}
	name, _, _ := strings.Cut(strings.TrimPrefix(rest, "/"), "/")
	return name, true
}

// broken tells why the package from may not import the package to, or "" when it may.
func broken(from, to string) string {
	source, _ := room(from)
	if slices.Contains([]string{"", "cli", "test"}, source) {
		return ""
	}
	allowed, known := mayImport[source]
	if !known {
		return "the room " + source + " has no row in mayImport"
	}
	if target, ours := room(to); ours {
		if target == "adapters" && from != allDrivers && !slices.Contains(ofAdapters[source], strings.TrimPrefix(to, module+"/")) {
			return source + " may not import " + to + ", which is a driver or none of its business"
		}
		if target == source || slices.Contains(allowed, target) {
			return ""
		}
		return source + " may not import the room " + target
	}
	for prefix, rooms := range onlyIn {
		if strings.HasPrefix(to, prefix) && !slices.Contains(rooms, source) {
			return source + " may not import " + to + "; only " + strings.Join(rooms, ", ") + " may"
		}
	}
	return ""
}

// listedPackage is a package as go list tells of it.
type listedPackage struct {
	ImportPath string
	Imports    []string
}

// packages are all of ours, with what they import; tests are left out.
func packages(t *testing.T) (list []listedPackage) {
	t.Helper()
	// With -e a package that does not compile is listed all the same; that it does not is another test's news.
	out, err := exec.CommandContext(t.Context(), "go", "list", "-e", "-json=ImportPath,Imports", "./...").Output()
	if err != nil {
		t.Fatalf("listing the packages: %v", err)
	}
	for decoder := json.NewDecoder(bytes.NewReader(out)); decoder.More(); {
		var pkg listedPackage
		if err := decoder.Decode(&pkg); err != nil {
			t.Fatalf("reading the answer of go list: %v", err)
		}
		list = append(list, pkg)
	}
	if len(list) < 3 {
		t.Fatalf("go list named %d packages, so nothing is checked", len(list))
	}
	return list
}

func TestImportsPointDownward(t *testing.T) {
	t.Parallel()
	for _, pkg := range packages(t) {
		for _, imported := range pkg.Imports {
			if why := broken(pkg.ImportPath, imported); why != "" {
				t.Errorf("%s imports %s: %s", pkg.ImportPath, imported, why)
			}
		}
	}
}

// TestBrokenSeesBadImports shows that the test above can fail.
func TestBrokenSeesBadImports(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, from, to string
		bad            bool
	}{
		{"gateway may decide", module + "/gateway", module + "/rules", false},
		{"main may import all", module, module + "/sandbox", false},
		{"a driver may use its own room", module + "/adapters/inicis", module + "/adapters", false},
		{"the gateway knows the contract", module + "/gateway", module + "/adapters", false},
		{"the gateway knows no driver", module + "/gateway", module + "/adapters/inicis", true},
		{"the gateway is given the drivers", module + "/gateway", module + "/adapters/drivers", true},
		{"the lifecycle knows no driver", module + "/lifecycle", module + "/adapters/portonev1", true},
		{"a driver knows no other", module + "/adapters/portonev2", module + "/adapters/inicis", true},
		{"the list knows all drivers", module + "/adapters/drivers", module + "/adapters/inicis", false},
		{"the sandbox shares no code with adapters", module + "/sandbox", module + "/adapters/inicis", true},
		{"rules do not look up", module + "/rules", module + "/gateway", true},
		{"payment is the ground", module + "/payment", module + "/metrics", true},
		{"metrics is a leaf", module + "/metrics", module + "/payment", true},
		{"the journal knows no rules", module + "/journal", module + "/rules", true},
		{"rules know no network", module + "/rules", "net/http", true},
		{"the journal knows no Fiber", module + "/journal", "github.com/gofiber/fiber/v2", true},
		{"rules do not watch themselves", module + "/rules", module + "/reload", true},
		{"only reload watches files", module + "/rules", "github.com/fsnotify/fsnotify", true},
		{"only rules read YAML", module + "/gateway", "gopkg.in/yaml.v3", true},
		{"only the journal speaks SQL", module + "/gateway", "database/sql", true},
		{"a new room needs a row", module + "/helpers", "strings", true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if why := broken(tt.from, tt.to); (why != "") != tt.bad {
				t.Errorf("broken(%s, %s) = %q, want bad=%t", tt.from, tt.to, why, tt.bad)
			}
		})
	}
}
