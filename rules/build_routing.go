package rules

import (
	"slices"

	"github.com/pg-gateway/pg-gateway/payment"
)

func (b *builder) routes() {
	seen := make(map[string]bool)
	stopper := ""
	for i := range b.f.routes {
		r := &b.f.routes[i]
		if seen[r.name.text] && r.name.text != "" {
			r.name.at.fail("rename one", "a second routing rule is named %q", clip(r.name.text))
		}
		seen[r.name.text] = true
		rt := b.route(i, r)
		if stopper != "" && rt.inUse {
			r.at.fail("move it up", "never reached: rule %q before it takes everything", stopper)
		}
		// What cannot be compiled may have been a condition, so nothing is said of what follows it.
		if stopper == "" && rt.inUse && !rt.next && len(r.when.methods) == 0 && rt.when.unconditional() &&
			(r.when.at.n == nil || !r.when.at.broken("")) {
			stopper = rt.name
		}
		b.s.routes = append(b.s.routes, rt)
	}
	if len(b.f.routes) == 0 {
		b.s.routes = []*route{b.byLinks()}
	}
	b.s.index = indexRoutes(b.s.routes)
}

// byLinks is the rule of a file without routing: all PGs in file order.
func (b *builder) byLinks() *route {
	return &route{
		name: "links", inUse: true, strategy: strategyPriority, pgs: b.s.pgs,
		when: condition{to: payment.MaxWon, devices: allDevices, purposes: allPurposes, integrations: allIntegrations},
	}
}

func (b *builder) route(i int, r *rawRoute) *route {
	w := &r.when
	rt := &route{
		name: r.name.text, inUse: r.inUse, next: r.otherwise == "next", explore: r.choose.explore,
		methods: b.methodList(w.methods),
	}
	if r.at.n != nil {
		rt.line = r.at.n.Line
	}
	rt.when = condition{
		from: w.from, to: w.to, devices: b.devices(w.devices), purposes: b.purposes(w.purposes),
		sites: siteList(w.sites), cards: b.cards(w.cards), countries: b.countries(w.countries),
		integrations: b.integrations(w.integrations),
		when:         calendar{span: r.span.period(), days: b.days(w.weekdays), windows: w.daily},
	}
	b.span(r.at, r.span)
	if w.from > w.to {
		w.amountAt.fail("", "from %d is above to %d", w.from, w.to)
	}
	for _, m := range w.methods {
		if me, ok := b.s.methodBy[payment.Method(m.text)]; ok && me.secondary {
			m.at.fail("leave it out", "%s is secondary and never routed", me.code)
		}
	}
	b.expression(w, rt)
	b.choose(r, rt)
	return rt
}

func (b *builder) expression(w *rawWhen, rt *route) {
	if w.expr.text == "" {
		return
	}
	rt.when.exprText = w.expr.text
	program, column, err := compileExpr(w.expr.text)
	if err != nil {
		at := w.expr.at
		if at.n != nil {
			// A copy: the node's own place belongs to the whole value.
			moved := *at.n
			moved.Column += column
			at.n = &moved
		}
		at.fail("method, amount, order_amount, tax_free, device, site, card, installment, purpose, country, hour, "+
			"minute, weekday are known", "not an expression: %v", err)
		return
	}
	rt.when.expr = program
}

func (b *builder) countries(ws []word) []string {
	for _, w := range ws {
		ok := len(w.text) == 2
		for _, c := range w.text {
			ok = ok && c >= 'A' && c <= 'Z'
		}
		if !ok && w.text != "" {
			w.at.fail("ISO 3166-1 alpha-2, as in KR", "%q is not a country code", clip(w.text))
		}
	}
	return texts(ws)
}

// choose compiles the one strategy of a rule.
func (b *builder) choose(r *rawRoute, rt *route) {
	c := &r.choose
	set := 0
	for _, s := range []struct {
		list []word
		name strategy
	}{{c.priority, strategyPriority}, {c.lowest, strategyFee}, {c.success, strategySuccess}} {
		if len(s.list) > 0 {
			set++
			rt.strategy, rt.pgs = s.name, nil
			b.choosePGs(s.list, rt)
		}
	}
	if len(c.weighted) > 0 {
		set++
		rt.strategy, rt.pgs = strategyWeighted, nil
		b.weigh(c.weighted, rt)
	}
	if set != 1 && c.at.n != nil && !c.at.broken("") {
		c.at.fail("one of priority, weighted, lowest_fee, success_rate",
			"a rule needs exactly one strategy with at least one PG")
	}
	if c.exploreAt.n != nil && rt.strategy != strategySuccess {
		c.exploreAt.fail("leave it out", "explore goes with success_rate only")
	}
	if len(rt.pgs) > maxCandidates {
		c.at.fail("", "more than %d PGs", maxCandidates)
	}
}

func (b *builder) choosePGs(ws []word, rt *route) {
	for _, w := range ws {
		p := b.pg(w)
		if p == nil {
			continue
		}
		if slices.Contains(rt.pgs, p) {
			w.at.fail("keep one of them", "PG %s is listed twice", p.ID)
			continue
		}
		rt.pgs = append(rt.pgs, p)
	}
}

func (b *builder) weigh(list []entry[rawWeight], rt *route) {
	sum := 0
	for _, e := range list {
		if p := b.pg(e.key); p != nil {
			rt.pgs = append(rt.pgs, p)
			rt.weights = append(rt.weights, weight{n: e.val.n, span: e.val.span.period()})
		}
		b.span(e.val.at, e.val.span)
		sum += e.val.n
	}
	if sum == 0 {
		list[0].key.at.fail("give at least one PG a weight", "the weights sum to 0")
	}
}

func (b *builder) installments() {
	c, p := &b.f.installments, &b.s.plans
	p.from = c.from
	if c.from == 0 {
		p.from = minInstallment
	}
	if c.from != 0 && c.from < minInstallment {
		c.fromAt.fail("50000 or more", "card companies split from %d won", minInstallment)
	}
	top := c.maxMonths
	if top == 0 {
		top = 12
	}
	for n := 2; n <= top; n++ {
		p.months = append(p.months, n)
	}
	p.amounts = []payment.Won{p.from}
	for i := range b.f.notices {
		b.notice(&b.f.notices[i])
	}
	b.overlaps()
	slices.Sort(p.amounts)
	p.amounts = slices.Compact(p.amounts)
	slices.Sort(p.moments)
	p.moments = slices.Compact(p.moments)
}

func (b *builder) notice(r *rawNotice) {
	n := &notice{
		id: r.id.text, acquirer: r.acquirer.text, span: r.span, period: r.span.period(), title: r.title,
		applies: r.applies, excludes: r.excludes, inUse: r.inUse, partial: r.partial, paidBy: r.paidBy,
	}
	b.card(r.acquirer)
	b.span(r.at, r.span)
	for _, other := range b.s.notices {
		if other.id == n.id && n.id != "" {
			r.id.at.fail("keep one of them", "a second notice has the id %q", clip(n.id))
		}
	}
	for _, w := range r.merchants {
		m, ok := b.s.merchantBy[payment.MerchantID(w.text)]
		if !ok && w.text != "" {
			w.at.fail(hintOf(w.text, b.merchantNames()), "unknown merchant %q", clip(w.text))
			continue
		}
		n.merchants = append(n.merchants, m)
	}
	b.thresholds(r, n)
	b.s.notices = append(b.s.notices, n)
	b.s.plans.moments = append(b.s.plans.moments, n.period.from, n.period.until)
}

func (b *builder) merchantNames() []string {
	names := make([]string, len(b.s.merchants))
	for i, m := range b.s.merchants {
		names[i] = string(m.ID)
	}
	return names
}

func (b *builder) thresholds(r *rawNotice, n *notice) {
	if r.months != nil && len(r.months) == 0 {
		r.at.fail("months: [ { from_amount: 50000, months: [2, 3] } ]", "the notice has no months")
	}
	for _, t := range r.months {
		if t.from < b.s.plans.from {
			t.at.fail("", "from_amount %d is below the least amount with instalments, %d", t.from, b.s.plans.from)
		}
		if len(t.months) == 0 {
			t.at.fail("", "the threshold has no months")
		}
		for _, other := range n.steps {
			if other.FromAmount == t.from {
				t.at.fail("keep one of them", "from_amount %d appears twice", t.from)
			}
		}
		months := slices.Clone(t.months)
		slices.Sort(months)
		n.steps = append(n.steps, Threshold{FromAmount: t.from, Months: slices.Compact(months)})
		b.s.plans.amounts = append(b.s.plans.amounts, t.from)
	}
	slices.SortFunc(n.steps, func(x, y Threshold) int { return int(x.FromAmount - y.FromAmount) })
}

// overlaps refuses two notices of one acquirer and kind at the same time for one merchant: which would its window show?
// Two merchants may each run their own.
func (b *builder) overlaps() {
	for i, n := range b.s.notices {
		for _, o := range b.s.notices[:i] {
			same := n.acquirer == o.acquirer && n.partial == o.partial && n.paidBy == o.paidBy && n.inUse && o.inUse &&
				n.shares(o)
			if same && n.period.from < o.period.until && o.period.from < n.period.until {
				b.f.notices[i].at.fail("move the dates, switch one off, or give each merchants of its own",
					"overlaps with notice %q of the same card company for the same merchants", clip(o.id))
			}
		}
	}
}

// shares tells whether two notices may hold for one merchant. One that names none holds for all.
func (n *notice) shares(o *notice) bool {
	return len(n.merchants) == 0 || len(o.merchants) == 0 ||
		slices.ContainsFunc(n.merchants, func(m *merchant) bool { return slices.Contains(o.merchants, m) })
}
