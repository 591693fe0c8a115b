package rules

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/pg-gateway/pg-gateway/payment"
)

// Gap is a method that is on, with a checkout inside its limits that no PG takes.
type Gap struct {
	Method payment.Method
	Code   payment.Code
	// Minutes is for how many minutes of the week there is such a checkout.
	Minutes int
	// Example and At are one of them, Detail what is said about it.
	Example payment.Checkout
	At      time.Time
	Detail  string
}

// RuleState says what became of a routing rule in a week.
type RuleState string

// The states of a routing rule.
const (
	// RuleUsed: it decides some checkout.
	RuleUsed RuleState = "used"
	// RuleShadowed: it holds for some checkout, but an earlier rule always decides.
	RuleShadowed RuleState = "shadowed"
	// RuleDead: it holds for no checkout of the week.
	RuleDead RuleState = "dead"
	// RuleUnproven: nothing tried made it hold, but not all was tried, or its expression may hold for what cannot be.
	RuleUnproven RuleState = "unproven"
	// RuleStuck: it holds, but none of its PGs ever takes the payment.
	RuleStuck RuleState = "stuck"
	// RuleOff: it is switched off.
	RuleOff RuleState = "off"
)

// RuleFinding is the state of one routing rule, with an example for all but dead ones.
type RuleFinding struct {
	Rule  string
	Line  int
	State RuleState
	// By is the earlier rule of a shadowed one.
	By      string
	Example payment.Checkout
	At      time.Time
}

// VerifyReport is what a week of every kind of checkout shows.
type VerifyReport struct {
	// Cells is how many checkouts were decided, of Kinds; each stands for all that no rule tells from it.
	Cells, Kinds int
	// Complete tells that all were. When not, a gap is a gap all the same, but what was not seen may be.
	Complete bool
	Gaps     []Gap
	Rules    []RuleFinding
}

// verifyBudget is how many checkouts Verify decides at most; methods share it.
const verifyBudget = 8_000_000

const (
	minutesPerWeek = 7 * 24 * 60
	elsewhere      = "(another site)"
)

// Verify decides, for a week from start on, one checkout of every kind that the rules can tell apart: method,
// device, site, purpose, amount, card company, country and minute. Expressions are tried on these only. Where the kinds
// are too many it tries at least what every rule asks for, and of each method as many kinds as of any other, spread
// over all of them. The error is ctx's.
func Verify(ctx context.Context, s *Snapshot, start time.Time) (VerifyReport, error) {
	return verify(ctx, s, start, verifyBudget)
}

func verify(ctx context.Context, s *Snapshot, start time.Time, budget int) (VerifyReport, error) {
	v := &verifier{ctx: ctx, s: s, gaps: make(map[gapKey]*gapCount), rules: make([]ruleSeen, len(s.routes))}
	v.states = s.timeStates(ctx, start.Truncate(time.Minute))
	var spaces []*space
	for _, me := range s.methods {
		if !me.secondary && me.inUse {
			spaces = append(spaces, v.space(me))
		}
	}
	v.rep.Complete = v.share(spaces, budget)
	if !v.rep.Complete {
		for _, sp := range spaces {
			v.aim(sp)
		}
	}
	if err := ctx.Err(); err != nil {
		return VerifyReport{}, err
	}
	v.finish()
	return v.rep, nil
}

// verifier is the state of one Verify.
type verifier struct {
	ctx    context.Context
	s      *Snapshot
	rep    VerifyReport
	states []timeState
	gaps   map[gapKey]*gapCount
	rules  []ruleSeen
}

type gapKey struct {
	method payment.Method
	code   payment.Code
}

type gapCount struct {
	gap    Gap
	states map[int]bool
}

type ruleSeen struct {
	held, decided, taken bool
	by                   string
	example              payment.Checkout
	at                   time.Time
}

// timeState is a set of minutes in which the same periods and windows hold: its first, and how many.
type timeState struct {
	at      time.Time
	minutes int
}

// timeStates finds the sets of minutes of a week that the rules can tell apart.
func (s *Snapshot) timeStates(ctx context.Context, start time.Time) []timeState {
	var out []timeState
	seen := make(map[string]int)
	var sign []byte
	for i := range minutesPerWeek {
		if ctx.Err() != nil {
			return out
		}
		at := start.Add(time.Duration(i) * time.Minute)
		sign = s.signature(sign[:0], momentOf(at))
		// Minutes of the same signature are decided alike: a week of 10,080 comes down to some dozens.
		if n, ok := seen[string(sign)]; ok {
			out[n].minutes++
			continue
		}
		seen[string(sign)] = len(out)
		out = append(out, timeState{at: at, minutes: 1})
	}
	return out
}

// signature is one byte for everything that depends on the time.
func (s *Snapshot) signature(sign []byte, now moment) []byte {
	bit := func(b bool) {
		if b {
			sign = append(sign, 1)
		} else {
			sign = append(sign, 0)
		}
	}
	for _, c := range s.controls {
		bit(c.when.holds(now))
	}
	for _, r := range s.routes {
		if !r.when.when.always() {
			bit(r.when.when.holds(now))
		}
		if r.when.expr != nil && usesClock(r.when.exprText) {
			// What an expression makes of the clock is not known, so every minute is one of its own.
			sign = append(sign, byte(now.minute/60), byte(now.minute%60), byte(now.weekday))
		}
	}
	for _, p := range s.pgs {
		bit(p.span.holds(now.unix))
	}
	for _, m := range s.merchants {
		if m.span != (period{}) {
			bit(m.span.holds(now.unix))
		}
	}
	for _, me := range s.methods {
		for _, l := range me.links {
			if l.span != (period{}) {
				bit(l.span.holds(now.unix))
			}
		}
	}
	return sign
}

func usesClock(text string) bool {
	return strings.Contains(text, "hour") || strings.Contains(text, "minute") || strings.Contains(text, "weekday")
}

// cell decides one checkout and notes what it shows.
func (v *verifier) cell(me *method, c *payment.Checkout, n int, state timeState) {
	d := deciding{s: v.s, in: c, opt: Options{Now: state.at}, now: momentOf(state.at)}
	p := d.split()
	if p == nil {
		_, p = d.route()
		v.follow(&d, c, state.at)
	}
	if p != nil && !closedOnPurpose(me, c, d.now, p) {
		key := gapKey{me.code, p.Code}
		g := v.gaps[key]
		if g == nil {
			g = &gapCount{
				gap: Gap{Method: me.code, Code: p.Code, Example: *c, At: state.at, Detail: p.DetailEn}, states: make(map[int]bool),
			}
			v.gaps[key] = g
		}
		// Many checkouts of one set of minutes show the same gap; its minutes count once.
		if !g.states[n] {
			g.states[n] = true
			g.gap.Minutes += state.minutes
		}
	}
}

// closedOnPurpose tells that a checkout is denied because somebody said so: a control on the method or the
// card company, or a card company that is not approved anywhere.
func closedOnPurpose(me *method, c *payment.Checkout, now moment, p *payment.Problem) bool {
	if p.Code == payment.CodeCardNotApproved {
		return c.Card != nil
	}
	return p.Code == payment.CodeBlockedByControl &&
		slices.ContainsFunc(me.controls, func(ctl *control) bool { return ctl.closes(c, now) })
}

// follow walks the rules as deciding does, and notes which hold and which decide. Rules that cannot hold are passed
// over by the index, as deciding passes them over.
func (v *verifier) follow(d *deciding, c *payment.Checkout, at time.Time) {
	var room, chosen [maxCandidates]candidate
	pool, p := d.candidates(room[:0])
	if p != nil {
		return
	}
	decider := ""
	may := v.s.mayHold(d)
	for i := may.next(); i >= 0; i = may.next() {
		r, seen := v.s.routes[i], &v.rules[i]
		if (seen.taken || decider != "" && seen.held) || v.s.holds(d, r) != "" {
			if seen.taken && decider == "" && v.s.holds(d, r) == "" {
				decider = r.name
			}
			continue
		}
		if !seen.held {
			seen.held, seen.by, seen.example, seen.at = true, decider, *c, at
		}
		if decider != "" {
			continue
		}
		picked := r.pick(d, pool, chosen[:0])
		if len(picked) == 0 && r.next {
			continue
		}
		decider = r.name
		// An example in which it takes a payment says more than one in which it does not.
		if !seen.decided || len(picked) > 0 {
			seen.example, seen.at = *c, at
		}
		seen.decided, seen.taken = true, seen.taken || len(picked) > 0
	}
}

// finish sorts what was found.
func (v *verifier) finish() {
	for _, g := range v.gaps {
		v.rep.Gaps = append(v.rep.Gaps, g.gap)
	}
	slices.SortFunc(v.rep.Gaps, func(a, b Gap) int {
		return cmp.Or(cmp.Compare(a.Method, b.Method), cmp.Compare(a.Code, b.Code))
	})
	for i, r := range v.s.routes {
		seen := v.rules[i]
		f := RuleFinding{Rule: r.name, Line: r.line, By: seen.by, Example: seen.example, At: seen.at}
		switch {
		case !r.inUse:
			f.State = RuleOff
		case seen.taken:
			f.State, f.By = RuleUsed, ""
		// What was not tried may be what it is for.
		case !v.rep.Complete:
			f.State, f.By = RuleUnproven, ""
		case seen.decided:
			f.State, f.By = RuleStuck, ""
		case seen.held && seen.by != "":
			f.State = RuleShadowed
		case seen.held:
			f.State = RuleStuck
		case r.when.expr != nil:
			f.State = RuleUnproven
		default:
			f.State = RuleDead
		}
		v.rep.Rules = append(v.rep.Rules, f)
	}
}

// String writes the report for people: gaps first, then rules that are not used.
func (r VerifyReport) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%d kinds of checkout tried", r.Cells)
	if !r.Complete {
		fmt.Fprintf(&b, ", not all: there are %d. Other gaps may be left, and what is not proven may be in order", r.Kinds)
	}
	b.WriteString("\n")
	for _, g := range r.Gaps {
		fmt.Fprintf(&b, "! %s: %s for %d minutes a week, as %s\n", g.Method, g.Code, g.Minutes, exampleText(g.Example, g.At))
	}
	for _, f := range r.Rules {
		switch f.State {
		case RuleShadowed:
			fmt.Fprintf(&b, "! rule %s (line %d) is never used: %s decides before it, as for %s\n", f.Rule, f.Line, f.By,
				exampleText(f.Example, f.At))
		case RuleDead:
			fmt.Fprintf(&b, "! rule %s (line %d) holds for no checkout\n", f.Rule, f.Line)
		case RuleStuck:
			fmt.Fprintf(&b, "! rule %s (line %d) holds, but none of its PGs ever takes the payment, as %s\n", f.Rule, f.Line,
				exampleText(f.Example, f.At))
		case RuleUnproven:
			why := "makes its expression hold"
			if !r.Complete {
				why = "is decided by it, but not all was tried"
			}
			fmt.Fprintf(&b, "? rule %s (line %d): nothing tried %s\n", f.Rule, f.Line, why)
		case RuleUsed, RuleOff:
		}
	}
	return b.String()
}

func exampleText(c payment.Checkout, at time.Time) string {
	parts := []string{string(c.Payments[0].Method), c.Amount.String() + " won", string(c.Device), string(c.Purpose)}
	if c.Site != "" {
		parts = append(parts, "site "+string(c.Site))
	}
	if c.Card != nil {
		parts = append(parts, c.Card.Company)
	}
	if c.Country != "" {
		parts = append(parts, c.Country)
	}
	return strings.Join(parts, ", ") + " at " + at.In(payment.KST()).Format("Mon 2006-01-02 15:04")
}
