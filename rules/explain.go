package rules

import (
	"fmt"
	"strings"

	"github.com/pg-gateway/pg-gateway/payment"
)

// Explanation is a decision with every step taken and every rule not taken, and why.
type Explanation struct {
	RulesVersion string
	// Decision is what came out; it is meaningless when Denied is set.
	Decision payment.Decision
	Denied   *payment.Problem
	Steps    []payment.Step
}

// Explain decides a checkout and keeps every step.
func Explain(s *Snapshot, c *payment.Checkout, opt Options) Explanation {
	opt.Trace = true
	e := Explanation{RulesVersion: s.version}
	dec, err := s.Decide(c, opt)
	if p, ok := payment.AsProblem(err); ok {
		e.Denied, e.Steps = p, p.Trace
		return e
	}
	e.Decision, e.Steps = dec, dec.Trace
	return e
}

// String writes the explanation for people: one line a step, the outcome last.
func (e Explanation) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "rules %s\n", e.RulesVersion)
	for _, s := range e.Steps {
		sign := "-"
		if s.Passed {
			sign = "+"
		}
		fmt.Fprintf(&b, "%s %-12s %-24s %s\n", sign, s.Stage, s.Subject, s.Reason)
	}
	switch {
	case e.Denied != nil:
		fmt.Fprintf(&b, "= denied: %s\n", e.Denied.Error())
	case e.Decision.Internal:
		b.WriteString("= settled by the shop\n")
	default:
		d := e.Decision
		fmt.Fprintf(&b, "= %s %s won by PG %s, merchant %s, rule %s\n", d.Method, d.Amount, d.PG.ID, d.Merchant.ID, d.Rule)
		for _, f := range d.Fallbacks {
			fmt.Fprintf(&b, "  else PG %s, merchant %s\n", f.PG, f.Merchant)
		}
	}
	return b.String()
}
