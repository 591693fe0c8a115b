package main_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"go/ast"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// A setting that nothing reads is believed and does nothing (design promise 10). The keys of the configuration are
// the entries of the fields literals in rules; each names the Go fields that it fills by their addresses. Those must
// be read elsewhere. What the decoder fills is copied into other structs of rules, so the fields of those must be read
// too, but for what is only reported.

// listed is what go list tells of a package.
type listed struct {
	ImportPath, Dir, Export string
	GoFiles                 []string
	Standard                bool
	Module                  *struct{ Main bool }
}

// program is our code, type-checked.
type program struct {
	fset *token.FileSet
	pkgs map[string]*checked
}

type checked struct {
	files []*ast.File
	info  *types.Info
	pkg   *types.Package
}

func loadProgram(t *testing.T) *program {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", "list", "-export", "-deps", "-json=ImportPath,Dir,Export,GoFiles,Standard,Module", ".")
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("listing the packages: %v", err)
	}
	exports, fset := map[string]string{}, token.NewFileSet()
	p := &program{fset: fset, pkgs: map[string]*checked{}}
	outside := importer.ForCompiler(fset, "gc", func(path string) (io.ReadCloser, error) { return os.Open(exports[path]) })
	for dec := json.NewDecoder(bytes.NewReader(out)); dec.More(); {
		var l listed
		if err := dec.Decode(&l); err != nil {
			t.Fatal(err)
		}
		if exports[l.ImportPath] = l.Export; l.Module == nil || !l.Module.Main {
			continue
		}
		c := &checked{info: &types.Info{Selections: map[*ast.SelectorExpr]*types.Selection{}, Uses: map[*ast.Ident]types.Object{}, Defs: map[*ast.Ident]types.Object{}, Types: map[ast.Expr]types.TypeAndValue{}}}
		for _, name := range l.GoFiles {
			file, err := parser.ParseFile(fset, filepath.Join(l.Dir, name), nil, 0)
			if err != nil {
				t.Fatal(err)
			}
			c.files = append(c.files, file)
		}
		// Dependencies come first in the list: ours are taken as they were checked here, so that their fields are the same.
		conf := types.Config{Importer: both{p, outside}}
		if c.pkg, err = conf.Check(l.ImportPath, fset, c.files, c.info); err != nil {
			t.Fatalf("checking %s: %v", l.ImportPath, err)
		}
		p.pkgs[l.ImportPath] = c
	}
	return p
}

// both imports our packages as checked, others from what the compiler exported.
type both struct {
	ours   *program
	others types.Importer
}

func (b both) Import(path string) (*types.Package, error) {
	if c := b.ours.pkgs[path]; c != nil {
		return c.pkg, nil
	}
	return b.others.Import(path)
}

// reads are the fields and methods that the code takes something from: selected, neither to be set nor to have their
// address taken by a decoder.
func (p *program) reads() map[types.Object]bool {
	read := map[types.Object]bool{}
	for path, c := range p.pkgs {
		for _, file := range c.files {
			decoder := path == module+"/rules" && decodes(p.fset.Position(file.Pos()).Filename)
			written := writes(file, decoder)
			ast.Inspect(file, func(n ast.Node) bool {
				sel, ok := n.(*ast.SelectorExpr)
				if !ok || written[sel] {
					return true
				}
				if s := c.info.Selections[sel]; s != nil {
					read[origin(s.Obj())] = true
				}
				return true
			})
		}
	}
	return read
}

// origin is the field or method as it was declared, of which a generic type has many.
func origin(o types.Object) types.Object {
	switch o := o.(type) {
	case *types.Var:
		return o.Origin()
	case *types.Func:
		return o.Origin()
	}
	return o
}

// decodes tells whether a file of rules only fills fields.
func decodes(name string) bool {
	base := filepath.Base(name)
	return strings.HasPrefix(base, "decode_") || base == "file.go"
}

// writes are the selectors of a file that are set, or whose address is taken in a decoder.
func writes(file *ast.File, decoder bool) map[ast.Node]bool {
	out := map[ast.Node]bool{}
	ast.Inspect(file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.AssignStmt:
			if n.Tok == token.ASSIGN || n.Tok == token.DEFINE {
				for _, l := range n.Lhs {
					out[l] = true
				}
			}
		case *ast.UnaryExpr:
			if n.Op == token.AND && decoder {
				out[n.X] = true
			}
		}
		return true
	})
	return out
}

// filled are the fields that a key's reader fills, by the name of the key.
func filled(c *checked, visit func(key string, at token.Pos, into []types.Object)) {
	for _, file := range c.files {
		ast.Inspect(file, func(n ast.Node) bool {
			if f, ok := n.(*ast.FuncDecl); ok && f.Name.Name == "checkoutReader" {
				return false // the keys of an order, for explain and diff
			}
			lit, ok := n.(*ast.CompositeLit)
			if !ok {
				return true
			}
			if name, ok := lit.Type.(*ast.Ident); !ok || name.Name != "fields" {
				return true
			}
			for _, e := range lit.Elts {
				pair := e.(*ast.KeyValueExpr)
				key, ok := pair.Key.(*ast.BasicLit)
				if !ok {
					continue
				}
				visit(key.Value, pair.Pos(), addressed(c, pair.Value))
			}
			return true
		})
	}
}

// addressed are the variables and fields whose address an expression takes, but for places in the file.
func addressed(c *checked, e ast.Expr) []types.Object {
	var out []types.Object
	ast.Inspect(e, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.CompositeLit:
			if name, ok := n.Type.(*ast.Ident); ok && name.Name == "fields" {
				return false // keys of their own
			}
		case *ast.UnaryExpr:
			if n.Op != token.AND {
				return true
			}
			var o types.Object
			switch x := n.X.(type) {
			case *ast.SelectorExpr:
				if s := c.info.Selections[x]; s != nil {
					o = s.Obj()
				}
			case *ast.Ident:
				o = c.info.Uses[x]
			}
			if o != nil && !strings.HasSuffix(o.Type().String(), "rules.value") {
				out = append(out, o)
			}
		}
		return true
	})
	return out
}

func TestEverySettingIsRead(t *testing.T) {
	t.Parallel()
	p := loadProgram(t)
	for _, complaint := range unread(p) {
		t.Error(complaint)
	}
}

// notOfTheFile are structs that hold nothing of the configuration: what expressions and maps look into, and orders.
var notOfTheFile = map[string]bool{"facts": true, "gapKey": true, "outcomeKey": true, "rawCheckout": true}

// unread names what of the configuration nobody reads.
func unread(p *program) []string {
	var out []string
	complain := func(at token.Pos, format string, args ...any) {
		pos := p.fset.Position(at)
		out = append(out, fmt.Sprintf("%s:%d: ", filepath.Base(pos.Filename), pos.Line)+fmt.Sprintf(format, args...))
	}
	c := p.pkgs[module+"/rules"]
	read := p.reads()
	keys := 0
	filled(c, func(key string, at token.Pos, into []types.Object) {
		keys++
		for _, o := range into {
			if v, ok := o.(*types.Var); ok && v.IsField() && !read[origin(o)] {
				complain(at, "nothing reads %s, which the key %s fills", o.Name(), key)
			}
		}
	})
	if keys < 150 {
		complain(token.NoPos, "found %d keys, so the reading is broken", keys)
	}
	scope := c.pkg.Scope()
	for _, name := range scope.Names() {
		s, ok := scope.Lookup(name).Type().Underlying().(*types.Struct)
		if _, isType := scope.Lookup(name).(*types.TypeName); !ok || !isType || notOfTheFile[name] || ast.IsExported(name) && !strings.HasSuffix(name, "Config") && name != "Intercept" {
			continue
		}
		for f := range s.Fields() {
			if !f.Embedded() && !read[origin(f)] && !strings.HasSuffix(f.Type().String(), "rules.value") {
				complain(f.Pos(), "nothing reads %s.%s", name, f.Name())
			}
		}
	}
	return out
}

// TestUnreadSettingsAreFound shows that the test above can fail: it takes the readers of two settings away.
func TestUnreadSettingsAreFound(t *testing.T) {
	t.Parallel()
	p := loadProgram(t)
	for _, name := range []string{"LogLevel", "MaxAmount"} {
		for _, c := range p.pkgs {
			for sel, s := range c.info.Selections {
				if s.Obj().Name() == name {
					delete(c.info.Selections, sel)
				}
			}
		}
	}
	// The decoder's own selections are gone too, so the fields of the structs are what is left to tell.
	got := strings.Join(unread(p), "\n")
	for _, want := range []string{"TelemetryConfig.LogLevel", "LimitsConfig.MaxAmount"} {
		if !strings.Contains(got, want) {
			t.Errorf("nobody misses a reader of %s:\n%s", want, got)
		}
	}
}
