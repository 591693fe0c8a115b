package main_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// config.yaml is an example that users read first, and is reworded for their sake. Tests run on test/fixture; these alone
// are about the file itself.
var aboutTheShippedFile = []string{
	"cli/commands_test.go TestCommands", // hands it to testdata/script/shipped.txtar
	"rules/audit_test.go TestNoPrintedKeyIsReal",
	"rules/rules_test.go TestShippedConfig",
	"rules/schema_check_test.go TestGoodFilesSatisfyTheSchema",
	"rules/shares_test.go TestMovingTrafficFailsOneExpectation",
	"test/e2e/shipped_test.go TestTheShippedFileSells", "test/e2e/shipped_test.go TestTheShippedFileChargesABillingKey",
	"test/e2e/shops_test.go TestShopsOfDifferentShapesSell",
}

func TestOnlyTestsOfTheShippedFileReadIt(t *testing.T) {
	t.Parallel()
	var found []string
	err := filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && len(path) > 1 && path[0] == '.':
			return fs.SkipDir
		case !strings.HasSuffix(path, "_test.go"):
			return nil
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		for _, function := range readersOfShipped(t, path, string(text)) {
			found = append(found, path+" "+function)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(aboutTheShippedFile, found); diff != "" {
		t.Errorf("the tests that read config.yaml are others; build a configuration with test/fixture (-allowed +found)\n%s", diff)
	}
}

var (
	// shippedPath is config.yaml seen from a room, or the beginning of a path that a test puts together.
	shippedPath   = regexp.MustCompile(`^(\.\./)+(config\.yaml)?$`)
	shippedBeside = regexp.MustCompile(`^config\.yaml$`)
)

// readersOfShipped are the declarations of a test file that name the shipped config.yaml.
func readersOfShipped(t *testing.T, path, text string) (names []string) {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), path, text, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	for _, decl := range file.Decls {
		ast.Inspect(decl, func(n ast.Node) bool {
			lit, ok := n.(*ast.BasicLit)
			if !ok || lit.Kind != token.STRING {
				return true
			}
			value, err := strconv.Unquote(lit.Value)
			if err != nil {
				t.Fatal(err)
			}
			name := "outside of functions"
			if f, ok := decl.(*ast.FuncDecl); ok {
				name = f.Name.Name
			}
			named := shippedPath
			if !strings.Contains(path, "/") {
				named = shippedBeside
			}
			if named.MatchString(value) && !slices.Contains(names, name) {
				names = append(names, name)
			}
			return true
		})
	}
	return names
}

// TestReadersOfTheShippedFileAreFound shows that the test above can fail.
func TestReadersOfTheShippedFileAreFound(t *testing.T) {
	t.Parallel()
	text := "package x\nconst a = \"../config.yaml\"\nfunc b() { os.ReadFile(`../../config.yaml`) }\n" +
		"func c() { for n := range names { os.ReadFile(\"../\" + n) } }\nfunc d() { Parse(\"config.yaml\") }\n"
	if diff := cmp.Diff([]string{"outside of functions", "b", "c"}, readersOfShipped(t, "room/x_test.go", text)); diff != "" {
		t.Errorf("in a room (-want +got)\n%s", diff)
	}
	if diff := cmp.Diff([]string{"d"}, readersOfShipped(t, "x_test.go", text)); diff != "" {
		t.Errorf("beside the file (-want +got)\n%s", diff)
	}
}

// TestScriptsRunOnTheTestsShop: of the command line's scripts one is about the files that are shipped.
func TestScriptsRunOnTheTestsShop(t *testing.T) {
	t.Parallel()
	scripts, err := filepath.Glob("cli/testdata/script/*.txtar")
	if err != nil || len(scripts) < 2 {
		t.Fatal(scripts, err)
	}
	for _, path := range scripts {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if about := filepath.Base(path) == "shipped.txtar"; about != strings.Contains(string(text), "shipped") {
			t.Errorf("%s: only shipped.txtar runs on the shipped files; the others have shop/", path)
		}
	}
}
