package main_test

import (
	"fmt"
	"go/ast"
	"go/constant"
	"go/token"
	"go/types"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/pg-gateway/pg-gateway/adapters/drivers"
)

// A driver is a folder: what others need to know of it they ask through the contract, or read from its spec. So nobody
// outside asks for its name. What the configuration and the journal call it is data, and is handed on as such.

func TestNobodyAsksForADriversName(t *testing.T) {
	t.Parallel()
	for file, what := range askedNames(loadProgram(t)) {
		t.Errorf("%s asks for a driver's name:\n\t%s", file, strings.Join(what, "\n\t"))
	}
}

// TestAskedNamesAreFound shows that the test above can fail: the drivers themselves say their names.
func TestAskedNamesAreFound(t *testing.T) {
	t.Parallel()
	p := loadProgram(t)
	found := 0
	for path, c := range p.pkgs {
		if room, _ := room(path); room == "adapters" {
			for _, file := range c.files {
				found += len(asks(p, c, file))
			}
		}
	}
	if found < 3 {
		t.Errorf("found %d in the drivers' own folders, where each says its name", found)
	}
}

// askedNames are the places outside the drivers' folders where a driver's name is asked for, by file.
func askedNames(p *program) map[string][]string {
	out := map[string][]string{}
	for path, c := range p.pkgs {
		if room, _ := room(path); room == "adapters" || room == "sandbox" || room == "test" {
			continue
		}
		for _, file := range c.files {
			if found := asks(p, c, file); len(found) > 0 {
				out[p.fset.Position(file.Pos()).Filename] = found
			}
		}
	}
	return out
}

// asks are the uses of a constant driver's name in a file, and the comparisons with one.
func asks(p *program, c *checked, file *ast.File) []string {
	names := map[string]bool{}
	for _, s := range drivers.Specs() {
		names[string(s.Name)] = true
	}
	var out []string
	note := func(n ast.Node, what string) {
		out = append(out, fmt.Sprintf("line %d: %s", p.fset.Position(n.Pos()).Line, what))
	}
	compared := func(e ast.Expr) {
		v := c.info.Types[e]
		if v.Value == nil || v.Value.Kind() != constant.String || !names[constant.StringVal(v.Value)] {
			return
		}
		if !strings.HasSuffix(v.Type.String(), "payment.WindowKind") {
			note(e, "compares with "+v.Value.String())
		}
	}
	ast.Inspect(file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.Ident:
			if o, ok := c.info.Uses[n].(*types.Const); ok && strings.HasSuffix(o.Type().String(), "payment.DriverName") {
				note(n, "uses "+o.Name())
			}
		case *ast.BinaryExpr:
			if n.Op == token.EQL || n.Op == token.NEQ {
				compared(n.X)
				compared(n.Y)
			}
		case *ast.CaseClause:
			for _, e := range n.List {
				compared(e)
			}
		}
		return true
	})
	return out
}

// TestNoLogLineNamesAPG: the line is the same whoever the PG is, and says in pg which one it was.
func TestNoLogLineNamesAPG(t *testing.T) {
	t.Parallel()
	p := loadProgram(t)
	lines := 0
	for path, c := range p.pkgs {
		if room, _ := room(path); room == "sandbox" || room == "test" {
			continue
		}
		for _, file := range c.files {
			for at, text := range logged(p, c, file) {
				lines++
				if name := namedPG(text); name != "" {
					t.Errorf("%s logs %q, which names %s", at, text, name)
				}
			}
		}
	}
	if lines < 40 || namedPG("the PortOne channel") == "" {
		t.Errorf("found %d log lines, so the reading is broken", lines)
	}
}

// namedPG is the PG that a text names; empty when it names none.
func namedPG(text string) string {
	for _, s := range drivers.Specs() {
		if strings.Contains(strings.ToLower(text), strings.ToLower(s.Company)) {
			return s.Company
		}
	}
	return ""
}

// logged are the constant texts that a file gives to a logger, by place.
func logged(p *program, c *checked, file *ast.File) map[string]string {
	out := map[string]string{}
	ast.Inspect(file, func(n ast.Node) bool {
		call, ok := n.(*ast.CallExpr)
		if !ok {
			return true
		}
		sel, ok := call.Fun.(*ast.SelectorExpr)
		if !ok || c.info.Types[sel.X].Type == nil || !strings.HasSuffix(c.info.Types[sel.X].Type.String(), "slog.Logger") {
			return true
		}
		for _, arg := range call.Args {
			if v := c.info.Types[arg].Value; v != nil && v.Kind() == constant.String {
				out[p.fset.Position(arg.Pos()).String()] = constant.StringVal(v)
			}
		}
		return true
	})
	return out
}

// TestEveryKeyOfADriverIsRead, by the driver itself: a key that nothing acts on is believed and does nothing (design
// promise 10), one that its spec does not name is never there, and one that others read is not its own.
func TestEveryKeyOfADriverIsRead(t *testing.T) {
	t.Parallel()
	read := keysRead(loadProgram(t))
	for _, s := range drivers.Specs() {
		mine := read[string(s.Name)]
		delete(read, string(s.Name))
		for _, k := range slices.Concat(s.PGKeys, s.MerchantKeys) {
			if k.NotBuilt == "" && !mine[k.Name] {
				t.Errorf("driver %s: nothing in its folder reads the key %s", s.Name, k.Name)
			}
			delete(mine, k.Name)
		}
		for name := range mine {
			t.Errorf("driver %s reads the key %s, which its spec does not name", s.Name, name)
		}
	}
	for where, names := range read {
		t.Errorf("%s reads the keys %v, which are a driver's own", where, slices.Sorted(maps.Keys(names)))
	}
}

// keysRead are the constant names that payment.Keys is asked for, by the name of the driver whose folder it is in, or
// the path of another package.
func keysRead(p *program) map[string]map[string]bool {
	read := map[string]map[string]bool{}
	for path, c := range p.pkgs {
		owner := path
		if name, ok := c.pkg.Scope().Lookup("Name").(*types.Const); ok && strings.HasPrefix(path, module+"/adapters/") {
			owner = constant.StringVal(name.Val())
		}
		for _, file := range c.files {
			for _, key := range keysReadIn(c, file) {
				if read[owner] == nil {
					read[owner] = map[string]bool{}
				}
				read[owner][key] = true
			}
		}
	}
	return read
}

func keysReadIn(c *checked, file *ast.File) []string {
	var out []string
	ast.Inspect(file, func(n ast.Node) bool {
		call, ok := n.(*ast.CallExpr)
		if !ok || len(call.Args) != 1 {
			return true
		}
		sel, ok := call.Fun.(*ast.SelectorExpr)
		if !ok || !slices.Contains([]string{"Text", "Texts", "Secret", "Secrets"}, sel.Sel.Name) {
			return true
		}
		of, key := c.info.Types[sel.X].Type, c.info.Types[call.Args[0]].Value
		if of != nil && key != nil && strings.HasSuffix(of.String(), "payment.Keys") {
			out = append(out, constant.StringVal(key))
		}
		return true
	})
	return out
}
