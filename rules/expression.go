package rules

import (
	"errors"
	"fmt"
	"strings"

	"github.com/expr-lang/expr"
	"github.com/expr-lang/expr/ast"
	exprfile "github.com/expr-lang/expr/file"
	"github.com/expr-lang/expr/parser"
	"github.com/expr-lang/expr/vm"

	"github.com/pg-gateway/pg-gateway/payment"
)

// facts is what an expression may look at.
type facts struct {
	Method      string `expr:"method"`
	Amount      int    `expr:"amount"`
	OrderAmount int    `expr:"order_amount"`
	TaxFree     int    `expr:"tax_free"`
	Device      string `expr:"device"`
	Site        string `expr:"site"`
	Card        string `expr:"card"`
	Installment int    `expr:"installment"`
	Purpose     string `expr:"purpose"`
	Country     string `expr:"country"`
	Integration string `expr:"integration"`
	Hour        int    `expr:"hour"`
	Minute      int    `expr:"minute"`
	Weekday     string `expr:"weekday"`
}

// Bounds of one expression. Functions that loop are off, so its size bounds its time.
const (
	maxExprNodes  = 200
	maxExprMemory = 10_000
)

// compileExpr type-checks an expression against facts. The column in the error is within the expression.
func compileExpr(text string) (*vm.Program, int, error) {
	if len(text) > 1000 {
		return nil, 0, errors.New("the expression is longer than 1000 characters")
	}
	if err := loopless(text); err != nil {
		return nil, 0, err
	}
	program, err := expr.Compile(text, expr.Env(facts{}), expr.AsBool(), expr.MaxNodes(maxExprNodes),
		expr.DisableAllBuiltins(), expr.EnableBuiltin("len"), expr.EnableBuiltin("lower"),
		expr.EnableBuiltin("upper"), expr.EnableBuiltin("trim"))
	if err == nil {
		return program, 0, nil
	}
	if at, ok := errors.AsType[*exprfile.Error](err); ok {
		return nil, at.Column, errors.New(at.Message)
	}
	msg, _, _ := strings.Cut(err.Error(), "\n")
	return nil, 0, errors.New(msg)
}

// loopless refuses what could run for long in few words: ranges, and functions that take a predicate.
func loopless(text string) error {
	var v loopFinder
	if tree, err := parser.Parse(text); err == nil { // else Compile says it, with a column
		ast.Walk(&tree.Node, &v)
	}
	if v.found != "" {
		return fmt.Errorf("%s is not allowed", v.found)
	}
	return nil
}

// loopFinder implements ast.Visitor.
type loopFinder struct{ found string }

// Visit notes the first thing that loops.
func (v *loopFinder) Visit(node *ast.Node) {
	switch n := (*node).(type) {
	case *ast.PredicateNode:
		v.found = "a function that loops"
	case *ast.BinaryNode:
		if n.Operator == ".." {
			v.found = "a range (..)"
		}
	}
}

// evaluate runs an expression for a checkout. An error means that the rule does not match.
func evaluate(p *vm.Program, in *payment.Checkout, me *method, amount payment.Won, now moment) (ok bool, err error) {
	f := facts{
		Method: string(me.code), Amount: int(amount), OrderAmount: int(in.Amount), TaxFree: int(in.TaxFree),
		Device: string(in.Device), Site: string(in.Site), Card: cardOf(in), Purpose: string(in.Purpose),
		Country: in.Country, Integration: string(in.Integration()), Hour: now.minute / 60, Minute: now.minute % 60,
		Weekday: dayNames()[now.weekday],
	}
	if in.Card != nil {
		f.Installment = in.Card.Installment
	}
	if f.Purpose == "" {
		f.Purpose = string(payment.PurposeOneTime)
	}
	machine := vm.VM{MemoryBudget: maxExprMemory}
	out, err := machine.Run(p, f)
	if err != nil {
		msg, _, _ := strings.Cut(err.Error(), "\n")
		return false, fmt.Errorf("evaluating the expression: %s", msg)
	}
	// It was compiled as a truth value, so it is one.
	yes, _ := out.(bool)
	return yes, nil
}
