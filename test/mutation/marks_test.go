package mutation

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// markPrefix begins the comment that marks a guard: at the end of its line, or on the line above it.
const markPrefix = "//guard:"

// source is one file of the product.
type source struct {
	path  string
	bytes []byte
	fset  *token.FileSet
	file  *ast.File
}

// marked is a guard where it is.
type marked struct {
	*source
	node ast.Node
	// tagged is of a case whose switch compares values.
	tagged bool
}

func readSource(path string, text []byte) (*source, error) {
	s := &source{path: path, bytes: text, fset: token.NewFileSet()}
	var err error
	s.file, err = parser.ParseFile(s.fset, path, text, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		return nil, fmt.Errorf("parsing %s: %w", path, err)
	}
	return s, nil
}

// findMarks finds the marks below a folder, in what is built into the product.
func findMarks(dir string) (map[string]marked, error) {
	found := map[string]marked{}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && path != dir && (strings.HasPrefix(d.Name(), ".") || d.Name() == "test" || d.Name() == "testdata"):
			return filepath.SkipDir
		case d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go"):
			return nil
		}
		text, err := os.ReadFile(filepath.Clean(path))
		if err != nil || !bytes.Contains(text, []byte(markPrefix)) {
			return err
		}
		s, err := readSource(path, text)
		if err != nil {
			return err
		}
		return s.marks(found)
	})
	if err != nil {
		return nil, fmt.Errorf("finding marks: %w", err)
	}
	return found, nil
}

// marks adds a file's marks to those that were found.
func (s *source) marks(found map[string]marked) error {
	for _, group := range s.file.Comments {
		for _, c := range group.List {
			if !strings.HasPrefix(c.Text, markPrefix) {
				continue
			}
			m, err := s.guarded(group, c)
			if err != nil {
				return err
			}
			for mark := range strings.FieldsSeq(c.Text) {
				name, ok := strings.CutPrefix(mark, markPrefix)
				if !ok || name == "" {
					return fmt.Errorf("%s: %q is no mark", s.fset.Position(c.Pos()), c.Text)
				}
				if other, twice := found[name]; twice {
					return fmt.Errorf("%s: %s marks another line as well, at %s", s.fset.Position(c.Pos()), name, other.where())
				}
				found[name] = m
			}
		}
	}
	return nil
}

// guarded is what a comment marks: the outermost of what begins on its line, or below it when it is alone there.
func (s *source) guarded(group *ast.CommentGroup, c *ast.Comment) (marked, error) {
	line := s.line(c.Pos())
	begin := s.fset.File(c.Pos()).LineStart(line)
	if strings.TrimSpace(s.between(begin, c.Pos())) == "" {
		line = s.line(group.End()) + 1
	}
	m := marked{source: s}
	var above []ast.Node
	ast.Inspect(s.file, func(n ast.Node) bool {
		if n == nil {
			above = above[:len(above)-1]
			return true
		}
		_, isComment := n.(*ast.CommentGroup)
		if m.node == nil && !isComment && len(above) > 0 && s.line(n.Pos()) == line {
			m.node, m.tagged = n, comparesValues(above)
		}
		above = append(above, n)
		return true
	})
	if m.node == nil {
		return m, fmt.Errorf("%s: %s marks a line on which nothing begins", s.fset.Position(c.Pos()), c.Text)
	}
	return m, nil
}

// comparesValues tells whether the innermost two of the nodes above a case are a switch over a value, and its body.
func comparesValues(above []ast.Node) bool {
	if len(above) < 2 {
		return false
	}
	switch n := above[len(above)-2].(type) {
	case *ast.SwitchStmt:
		return n.Tag != nil
	case *ast.TypeSwitchStmt:
		return true
	}
	return false
}

func (s *source) line(p token.Pos) int   { return s.fset.PositionFor(p, false).Line }
func (s *source) offset(p token.Pos) int { return s.fset.PositionFor(p, false).Offset }

// where says where a guard is, for people.
func (m marked) where() string { return fmt.Sprintf("%s:%d", m.path, m.line(m.node.Pos())) }

// edit is other text between two places of a file.
type edit struct {
	from, to token.Pos
	text     string
}

func over(n ast.Node, text string) edit { return edit{n.Pos(), n.End(), text} }

// field is a field of a literal and the comma behind it, left out.
func (s *source) field(f *ast.KeyValueExpr) edit {
	to := f.End()
	for to < s.file.FileEnd && strings.Contains(" \t,", s.between(to, to+1)) {
		to++
	}
	return edit{f.Pos(), to, ""}
}

// replaced is the file's text after an edit.
func (s *source) replaced(e edit) string {
	return string(s.bytes[:s.offset(e.from)]) + e.text + string(s.bytes[s.offset(e.to):])
}

func (s *source) between(from, to token.Pos) string {
	return string(s.bytes[s.offset(from):s.offset(to)])
}

func (s *source) text(n ast.Node) string { return s.between(n.Pos(), n.End()) }
