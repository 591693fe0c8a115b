package mutation

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestMarksAndListAgree: each mark has an entry and each entry a mark.
func TestMarksAndListAgree(t *testing.T) {
	t.Parallel()
	marks, err := findMarks(root)
	if err != nil {
		t.Fatal(err)
	}
	listed := map[string]bool{}
	for _, g := range guards() {
		if listed[g.name] {
			t.Errorf("%s is listed twice", g.name)
		}
		listed[g.name] = true
		if _, ok := marks[g.name]; !ok {
			t.Errorf("%s is listed, and no line is marked %s%s", g.name, markPrefix, g.name)
		}
		if g.says == "" {
			t.Errorf("%s does not say what it promises", g.name)
		}
	}
	for name, m := range marks {
		if !listed[name] {
			t.Errorf("%s is marked %s, and no entry of test/mutation/*_guards_test.go has this name", m.where(), name)
		}
	}
}

// marksIn finds the marks of one file.
func marksIn(t *testing.T, text string) (map[string]marked, error) {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "some.go"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return findMarks(dir)
}

const example = `package p

func f(n int, s string, more ...int) (string, error) {
	if n > 1 && s != "" || len(more) == 0 { //guard:if
		n = g(n, 2) //guard:assigned
	}
	//guard:above
	//guard:second
	n++
	switch {
	case n == 1, //guard:case
		n == 2: //guard:operand
		return "a" + "b" + s, nil //guard:returned
	}
	switch n {
	case 7: //guard:tagged
		return "7", nil
	}
	_ = t{
		a: 1, //guard:field
	}
	return "", nil
}

func g(a, b int) int { return a * b } //guard:function
`

// TestChanges: what each change makes of the line that it is for.
func TestChanges(t *testing.T) {
	t.Parallel()
	marks, err := marksIn(t, example)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		mark string
		does change
		was  string
		is   string
	}{
		{"if", never(), `if n > 1 && s != "" || len(more) == 0 {`, `if false && (n > 1 && s != "" || len(more) == 0) {`},
		{"if", at(1, at(2, always())), `s != ""`, `true || (s != "")`},
		{"if", drop(1), `n > 1 && s != "" || len`, `len`},
		{"if", at(1, drop(2)), `n > 1 && s != ""`, `n > 1`},
		{"if", at(2, compare("!=")), `len(more) == 0`, `len(more) != 0`},
		{"assigned", becomes("3"), `g(n, 2)`, `3`},
		{"assigned", at(2, becomes("n")), `g(n, 2)`, `g(n, n)`},
		{"assigned", also("0"), `g(n, 2)`, `g(n, 2, 0)`},
		{"assigned", skip(), `n = g(n, 2)`, `if false { n = g(n, 2) }`},
		{"assigned", then("n = 0"), "n = g(n, 2)", "n = g(n, 2)\nn = 0"},
		{"second", instead("n--"), "n++", "if false { n++ }\nn--"},
		{"case", drop(1), "n == 1, //guard:case\n\t\tn == 2", "n == 2"},
		{"case", also("n == 3"), "n == 2:", "n == 2, n == 3:"},
		{"operand", never(), "n == 2:", "false && (n == 2):"},
		{"returned", at(1, drop(1, 3)), `"a" + "b" + s, nil`, `"b", nil`},
		{"tagged", becomes("8"), "case 7:", "case 8:"},
		{"field", skip(), "a: 1, ", ""},
		{"function", at(2, becomes("1")), "a * b", "a * 1"},
		{"function", never().with("var x int\n"), "{ return a * b } //guard:function\n", "{ return false && (a * b) } //guard:function\nvar x int\n"},
	} {
		got, err := c.does.made(marks[c.mark])
		if want := strings.Replace(example, c.was, c.is, 1); err != nil || got != want || got == example {
			t.Errorf("%s of %s: %v\n%s", c.does.does, c.mark, err, got)
		}
	}
}

// TestAChangeThatDoesNotFitIsRefused: it would prove nothing.
func TestAChangeThatDoesNotFitIsRefused(t *testing.T) {
	t.Parallel()
	marks, err := marksIn(t, example)
	if err != nil {
		t.Fatal(err)
	}
	for mark, does := range map[string][]change{
		"if":       {drop(3), at(3, never()), also("n"), compare("=="), becomes("x y")},
		"assigned": {compare("=="), drop(0), drop(1, 2, 3), at(1, at(1, never()))},
		"above":    {never(), drop(1), becomes("1")},
		"tagged":   {never(), always(), drop(1), instead("n++")},
		"returned": {never(), becomes("nil"), at(2, drop(1))},
		"field":    {at(1, skip()), instead("n++"), also("1")},
		"function": {skip(), also("1")},
	} {
		for _, c := range does {
			if text, err := c.made(marks[mark]); !errors.Is(err, errDoesNotFit) {
				t.Errorf("%s%v of %s: %v\n%s", c.does, c.at, mark, err, text)
			}
		}
	}
}

// TestAMarkMarksOneLine: a mark that is there twice, or where nothing begins, is no mark.
func TestAMarkMarksOneLine(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"twice":          "package p\n\nvar a = 1 //guard:a\nvar b = 2 //guard:a\n",
		"nothing begins": "package p\n\nfunc f() {\n} //guard:a\n",
		"a line between": "package p\n\n//guard:a\n\nvar b = 2\n",
		"at the end":     "package p\n\nvar b = 2\n\n//guard:a\n",
		"no name":        "package p\n\nvar a = 1 //guard:\n",
		"a remark in it": "package p\n\nvar a = 1 //guard:a because\n",
	} {
		if found, err := marksIn(t, text); err == nil {
			t.Errorf("%s: %v", name, found)
		}
	}
}
