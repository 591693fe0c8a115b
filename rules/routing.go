package rules

import (
	"fmt"
	"math"
	"slices"

	"github.com/pg-gateway/pg-gateway/payment"
)

// strategy is how a rule chooses among PGs.
type strategy string

const (
	strategyPriority strategy = "priority"
	strategyWeighted strategy = "weighted"
	strategyFee      strategy = "lowest_fee"
	strategySuccess  strategy = "success_rate"
)

// route is a compiled routing rule.
type route struct {
	name     string
	inUse    bool
	when     condition
	methods  []payment.Method
	next     bool
	strategy strategy
	pgs      []*pg
	weights  []weight // beside pgs, for weighted
	explore  int      // basis points, for success_rate
	line     int
}

// weight is a PG's share while its period holds.
type weight struct {
	n    int
	span period
}

// Health tells which PGs are well. It is asked while deciding and must answer at once.
type Health interface {
	Healthy(pg payment.PGID) bool
}

// Rates tells how often a PG approved a method lately, between 0 and 1, and from how many payments. It is
// asked while deciding and must answer at once.
type Rates interface {
	SuccessRate(pg payment.PGID, method payment.Method) (rate float64, payments int)
}

// minSamples is how many payments a success rate needs before it is believed; with fewer, a PG counts as
// perfect, so that a new one gets its chance.
const minSamples = 20

// maxCandidates bounds how many PGs one method may be linked to.
const maxCandidates = 16

// candidate is a PG and merchant that can take the payment, with what it is ordered by: smaller first.
type candidate struct {
	pg       *pg
	merchant *merchant
	tier     int
	score    float64
}

// order sorts what a rule chose among: by tier (health, earlier failures), then by the strategy's score, then
// as written. The lists are tiny, and an insertion sort is stable and allocates nothing.
func order(cs []candidate) {
	for i := 1; i < len(cs); i++ {
		for j := i; j > 0 && before(cs[j], cs[j-1]); j-- {
			cs[j], cs[j-1] = cs[j-1], cs[j]
		}
	}
}

func before(a, b candidate) bool {
	if a.tier != b.tier {
		return a.tier < b.tier
	}
	return a.score < b.score
}

// score is what strategy orders by. For weighted it is rendezvous hashing: an order sticks to its PG as long
// as that PG can take it, and taking a PG away or changing a weight moves only the orders it must.
func (r *route) score(i int, c candidate, d *deciding) float64 {
	switch r.strategy {
	case strategyWeighted:
		if w := r.weights[i]; w.n > 0 && w.span.holds(d.now.unix) {
			return -math.Log(unit(d.in.OrderID, c.pg.ID)) / float64(w.n)
		}
		// Without a share it comes behind all that have one, and still before a refusal.
		return math.Inf(1)
	case strategyFee:
		fee, ok := c.merchant.feeOf(d.in, d.method, d.amount)
		if !ok {
			return math.Inf(1)
		}
		return float64(fee)
	case strategySuccess:
		if d.opt.Rates == nil {
			return float64(i)
		}
		rate, n := d.opt.Rates.SuccessRate(c.pg.ID, d.method.code)
		if n < minSamples {
			rate = 1
		}
		return 1 - rate
	case strategyPriority:
	}
	return float64(i)
}

// unit is a number in (0, 1), the same for the same order and PG in every process.
func unit(id payment.OrderID, p payment.PGID) float64 {
	h := fnv(fnvOffset, string(id))
	// The byte between them, which no id has, keeps a+bc apart from ab+c.
	h = fnv((h^0xff)*fnvPrime, string(p))
	// Half a step up, since the logarithm of 0 is no score.
	return (float64(mix(h)>>11) + 0.5) / (1 << 53)
}

// explores tells whether an order is among those that success_rate sends elsewhere to keep measuring.
func (r *route) explores(id payment.OrderID) bool {
	return r.strategy == strategySuccess && r.explore > 0 && unit(id, "explore") < float64(r.explore)/10000
}

// takes tells whether a rule is for a method.
func (r *route) takes(code payment.Method) bool {
	return len(r.methods) == 0 || slices.Contains(r.methods, code)
}

// matchSlowly is match over every rule of the file, saying why each was passed over.
func (s *Snapshot) matchSlowly(d *deciding, pool []candidate, out []candidate) (*route, []candidate) {
	for i, r := range s.routes {
		if why := s.holds(d, r); why != "" {
			d.step("routing", r.name, false, why+" does not match")
			continue
		}
		if out = r.pick(d, pool, out[:0]); len(out) > 0 {
			d.step("routing", r.name, true, fmt.Sprintf("chose %s by %s", out[0].pg.ID, r.strategy))
			for _, later := range s.routes[i+1:] {
				d.step("routing", later.name, false, "not reached")
			}
			return r, out
		}
		d.step("routing", r.name, false, "none of its PGs can take the payment")
		if !r.next {
			return r, nil
		}
	}
	return nil, nil
}

// holds names what keeps a rule from matching, or is empty.
func (s *Snapshot) holds(d *deciding, r *route) string {
	if !r.inUse {
		return "in_use"
	}
	if !r.takes(d.method.code) {
		return "method"
	}
	if why := r.when.fits(d.in, d.amount, d.now); why != "" {
		return why
	}
	if r.when.expr == nil {
		return ""
	}
	ok, err := evaluate(r.when.expr, d.in, d.method, d.amount, d.now)
	if err != nil {
		if d.opt.Warn != nil {
			d.opt.Warn(r.name, err)
		}
		return "expr (it failed)"
	}
	if !ok {
		return "expr"
	}
	return ""
}

// pick keeps the candidates that the rule names, ordered by its strategy.
func (r *route) pick(d *deciding, pool, out []candidate) []candidate {
	for i, p := range r.pgs {
		for _, c := range pool {
			if c.pg != p {
				continue
			}
			c.tier = d.tier(p.ID)
			c.score = r.score(i, c, d)
			out = append(out, c)
		}
	}
	order(out)
	// Among equals only: no order is spent on measuring a PG that is unwell.
	if len(out) > 1 && out[1].tier == out[0].tier && r.explores(d.in.OrderID) {
		n := 1
		for n+1 < len(out) && out[n+1].tier == out[0].tier {
			n++
		}
		other := 1 + int(unit(d.in.OrderID, "other")*float64(n))
		out[0], out[other] = out[other], out[0]
	}
	return out
}

// tier puts unhealthy PGs behind healthy ones, and among equals those that failed this order behind the rest.
func (d *deciding) tier(id payment.PGID) int {
	t := 0
	if d.opt.Health != nil && !d.opt.Health.Healthy(id) {
		t = 2
	}
	if slices.Contains(d.opt.FailedPGs, id) {
		t++
	}
	return t
}
