package mutation

import (
	"errors"
	"fmt"
	"go/ast"
	"go/token"
	"slices"
)

// change is how a guard is taken away where it is marked. Most changes are to the value of the marked line: the
// condition of an if or a case, what is returned or assigned, a field's value, a call, or the marked operand itself.
type change struct {
	does verb
	// text is new code, in the place of the old or beside it; declares stands at the end of the file.
	text, declares string
	// at leads to a part of the value: the second operand, the third argument. Parts are counted from 1.
	at []int
	// without are the parts that are left out.
	without []int
}

type verb string

const (
	toNever    verb = "never"
	toAlways   verb = "always"
	toValue    verb = "becomes"
	toOperator verb = "compare"
	toMore     verb = "also"
	toLess     verb = "drop"
	toNothing  verb = "skip"
	toInstead  verb = "instead"
	toThen     verb = "then"
)

// never makes a condition false, always makes it true. What it was is compiled and not asked.
func never() change  { return change{does: toNever} }
func always() change { return change{does: toAlways} }

// becomes puts another value in the place of the marked one.
func becomes(value string) change { return change{does: toValue, text: value} }

// compare compares with another operator.
func compare(operator string) change { return change{does: toOperator, text: operator} }

// drop leaves out some of several: operands, values of a case, arguments.
func drop(parts ...int) change { return change{does: toLess, without: parts} }

// also adds a value to a case, an argument to a call or a field to a literal.
func also(value string) change { return change{does: toMore, text: value} }

// at makes a change to the n-th part of the marked value.
func at(n int, c change) change {
	c.at = append([]int{n}, c.at...)
	return c
}

// skip leaves out the marked statement, case or field.
func skip() change { return change{does: toNothing} }

// instead has other statements in the marked one's place, then has them behind it.
func instead(statements string) change { return change{does: toInstead, text: statements} }
func then(statements string) change    { return change{does: toThen, text: statements} }

// with adds declarations that a change needs.
func (c change) with(declarations string) change {
	c.declares = declarations
	return c
}

// errDoesNotFit is of a change that cannot be made to what is marked.
var errDoesNotFit = errors.New("the change does not fit what is marked")

// made is the text of the marked file after the change.
func (c change) made(m marked) (string, error) {
	e, err := c.edit(m)
	if err != nil {
		return "", fmt.Errorf("%s at %s: %w", c.does, m.where(), err)
	}
	text := m.replaced(e) + c.declares
	if _, err := readSource(m.path, []byte(text)); err != nil {
		return "", fmt.Errorf("%s at %s: %w: %w", c.does, m.where(), errDoesNotFit, err)
	}
	return text, nil
}

func (c change) edit(m marked) (edit, error) {
	switch c.does {
	case toNothing, toInstead, toThen:
		if len(c.at) > 0 {
			return edit{}, fmt.Errorf("%w: it is of a whole statement", errDoesNotFit)
		}
		return c.ofStatement(m)
	case toLess:
		return c.less(m)
	case toMore:
		return c.more(m)
	case toNever, toAlways, toValue, toOperator:
		return c.ofValue(m)
	}
	return edit{}, fmt.Errorf("%w: %q is no change", errDoesNotFit, c.does)
}

// ofStatement changes what is marked as a whole.
func (c change) ofStatement(m marked) (edit, error) {
	if field, ok := m.node.(*ast.KeyValueExpr); ok && c.does == toNothing {
		return m.field(field), nil
	}
	stmt, ok := m.node.(ast.Stmt)
	if !ok {
		return edit{}, fmt.Errorf("%w: it is no statement", errDoesNotFit)
	}
	_, isCase := stmt.(*ast.CaseClause)
	// What is left out stays to be compiled, so that what it uses is used.
	skipped := "if false { " + m.text(stmt) + " }"
	switch {
	case isCase && c.does == toNothing:
		return over(stmt, ""), nil
	case isCase:
	case c.does == toNothing:
		return over(stmt, skipped), nil
	case c.does == toInstead:
		return over(stmt, skipped+"\n"+c.text), nil
	case c.does == toThen:
		return over(stmt, m.text(stmt)+"\n"+c.text), nil
	}
	return edit{}, fmt.Errorf("%w: it is a %T", errDoesNotFit, stmt)
}

// ofValue changes the value of the marked line, or the part of it that the change leads to.
func (c change) ofValue(m marked) (edit, error) {
	value, err := part(values(m.node), c.at)
	if err != nil {
		return edit{}, err
	}
	if field, ok := value.(*ast.KeyValueExpr); ok {
		value = field.Value
	}
	if _, isCase := m.node.(*ast.CaseClause); isCase && m.tagged && c.does != toValue {
		return edit{}, fmt.Errorf("%w: the switch compares values, its cases are no conditions", errDoesNotFit)
	}
	b, isBinary := value.(*ast.BinaryExpr)
	switch {
	case c.does == toNever:
		return over(value, "false && ("+m.text(value)+")"), nil
	case c.does == toAlways:
		return over(value, "true || ("+m.text(value)+")"), nil
	case c.does == toValue:
		return over(value, c.text), nil
	case isBinary && b.Op != token.LAND && b.Op != token.LOR:
		return edit{b.OpPos, b.Y.Pos(), c.text + " "}, nil
	}
	return edit{}, fmt.Errorf("%w: it is a %T", errDoesNotFit, value)
}

// less leaves parts out, and the operator or comma between them and others.
func (c change) less(m marked) (edit, error) {
	list := values(m.node)
	if len(list) == 1 || len(c.at) > 0 {
		value, err := part(list, c.at)
		if err != nil {
			return edit{}, err
		}
		list = parts(value)
	}
	if len(list) == 0 || slices.Max(c.without) > len(list) || slices.Min(c.without) < 1 {
		return edit{}, fmt.Errorf("%w: it has %d parts", errDoesNotFit, len(list))
	}
	var text string
	last := -1
	for i, e := range list {
		if slices.Contains(c.without, i+1) {
			continue
		}
		if last >= 0 {
			text += m.between(list[last].End(), list[last+1].Pos())
		}
		text, last = text+m.text(e), i
	}
	return edit{list[0].Pos(), list[len(list)-1].End(), text}, nil
}

// more adds a part.
func (c change) more(m marked) (edit, error) {
	if clause, ok := m.node.(*ast.CaseClause); ok && len(c.at) == 0 && len(clause.List) > 0 {
		return edit{clause.Colon, clause.Colon, ", " + c.text}, nil
	}
	value, err := part(values(m.node), c.at)
	if err != nil {
		return edit{}, err
	}
	switch value := value.(type) {
	case *ast.CallExpr:
		return edit{value.Rparen, value.Rparen, ", " + c.text}, nil
	case *ast.CompositeLit:
		return edit{value.Lbrace + 1, value.Lbrace + 1, c.text + ", "}, nil
	}
	return edit{}, fmt.Errorf("%w: nothing can be added to a %T", errDoesNotFit, value)
}

// part follows the way to one value. The only value of a line needs no step of its own.
func part(list []ast.Expr, way []int) (ast.Expr, error) {
	if len(list) == 1 {
		way = append([]int{1}, way...)
	}
	var value ast.Expr
	for i, n := range way {
		if i > 0 {
			list = parts(value)
		}
		if n < 1 || n > len(list) {
			return nil, fmt.Errorf("%w: it has %d parts and no part %d", errDoesNotFit, len(list), n)
		}
		value = list[n-1]
	}
	if value == nil {
		return nil, fmt.Errorf("%w: it has %d values; say which", errDoesNotFit, len(list))
	}
	return value, nil
}

// values are what the marked line is about.
func values(n ast.Node) []ast.Expr {
	switch n := n.(type) {
	case *ast.IfStmt:
		return []ast.Expr{n.Cond}
	case *ast.CaseClause:
		return n.List
	case *ast.RangeStmt:
		return []ast.Expr{n.X}
	case *ast.ReturnStmt:
		return n.Results
	case *ast.AssignStmt:
		return n.Rhs
	case *ast.ExprStmt:
		return []ast.Expr{n.X}
	case *ast.KeyValueExpr:
		return []ast.Expr{n.Value}
	case *ast.ValueSpec:
		return n.Values
	case *ast.FuncDecl:
		if n.Body != nil && len(n.Body.List) == 1 {
			return values(n.Body.List[0])
		}
	case ast.Expr:
		return []ast.Expr{n}
	}
	return nil
}

// parts are what a value is made of: the operands of a chain, the arguments of a call, the elements of a literal.
func parts(e ast.Expr) []ast.Expr {
	switch e := e.(type) {
	case *ast.ParenExpr:
		return parts(e.X)
	case *ast.UnaryExpr:
		return parts(e.X)
	case *ast.BinaryExpr:
		return operands(e, e.Op)
	case *ast.CallExpr:
		return e.Args
	case *ast.CompositeLit:
		return e.Elts
	}
	return nil
}

// operands are those of a && b && c, or of two that are compared.
func operands(e ast.Expr, op token.Token) []ast.Expr {
	b, ok := e.(*ast.BinaryExpr)
	if !ok || b.Op != op {
		return []ast.Expr{e}
	}
	return append(operands(b.X, op), b.Y)
}
