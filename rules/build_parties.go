package rules

import (
	"fmt"
	"slices"
	"strings"

	"github.com/pg-gateway/pg-gateway/payment"
)

func (b *builder) merchants() {
	for i := range b.f.merchants {
		r := &b.f.merchants[i]
		m := &merchant{
			Merchant: r.Merchant, index: i, owner: b.pg(r.pg), inUse: r.inUse, span: r.span.period(),
			sites: siteList(r.sites), devices: b.devices(r.devices), free: r.free, maxMonths: r.maxMonths,
			integrations: b.integrations(r.integrations),
		}
		if r.cardPoints {
			m.Clauses = append(m.Clauses, payment.ClauseCardPoints)
		}
		if r.digitalSet {
			m.Goods = payment.GoodsOf(r.digital)
		}
		m.ID, m.PG = payment.MerchantID(r.id.text), payment.PGID(r.pg.text)
		if m.Mode == "" {
			m.Mode = b.s.mode
		}
		m.self[0] = payment.Candidate{PG: m.PG, Merchant: m.ID}
		if _, taken := b.s.merchantBy[m.ID]; taken {
			r.id.at.fail("keep one of them", "a second merchant has the id %q", clip(r.id.text))
		}
		b.span(r.at, r.span)
		b.reviews(r, m)
		b.fees(r, m)
		b.s.merchants = append(b.s.merchants, m)
		b.s.merchantBy[m.ID] = m
		// An unknown PG was complained about; what would follow from it is not.
		if m.owner == nil {
			continue
		}
		b.covers(r, m)
		b.contract(r, m)
		b.phones(r, m)
		m.owner.merchants[m.Purpose] = append(m.owner.merchants[m.Purpose], m)
	}
	for _, p := range b.s.pgs {
		p.served = make(map[payment.MerchantPurpose]served, len(p.merchants))
		for purpose, list := range p.merchants {
			slices.SortStableFunc(list, preference)
			p.served[purpose] = bySite(list)
		}
	}
}

// generality puts merchants of listed sites before those of all.
func generality(m *merchant) int {
	if len(m.sites) > 0 {
		return 0
	}
	return 1
}

// reviews works out which card companies are approved.
func (b *builder) reviews(r *rawMerchant, m *merchant) {
	fallback := reviewApproved
	states := make(map[string]reviewState)
	for _, e := range r.cards {
		if e.key.text == "default" {
			fallback = e.val
			continue
		}
		b.card(e.key)
		states[e.key.text] = e.val
	}
	for _, c := range acquirers() {
		state, stated := states[c]
		if !stated {
			state = fallback
		}
		if state == reviewApproved {
			m.approved = append(m.approved, c)
		} else {
			m.reviewed = true
		}
	}
}

func (b *builder) fees(r *rawMerchant, m *merchant) {
	m.fee = make([]Fee, len(b.s.methods))
	m.fees = make(map[payment.Method]rawFee, len(r.fees))
	for _, e := range r.fees {
		if me := b.method(e.key); me != nil {
			m.fee[me.index] = e.val.credit
			m.hasFee.add(me.index)
			m.fees[me.code] = e.val
			b.cardFees(e, m, me)
		}
	}
}

// cardFees takes the fees by card company over.
func (b *builder) cardFees(e entry[rawFee], m *merchant, me *method) {
	for _, c := range e.val.companies {
		if me.code != methodCard {
			c.key.at.fail("leave companies out", "fees by card company are for the method card")
			return
		}
		b.card(c.key)
		if m.cardFee == nil {
			m.cardFee = make(map[string]Fee)
		}
		m.cardFee[c.key.text] = c.val
	}
}

// covers works out which methods the contract is for: those named, else all that the PG supports.
func (b *builder) covers(r *rawMerchant, m *merchant) {
	able := m.able()
	for _, w := range r.methods {
		me := b.method(w)
		if me == nil {
			continue
		}
		if key := m.needs(me.code); key != "" {
			w.at.fail("add "+key+": ...", "%s needs %s for %s", m.doneBy(), key, me.code)
			continue
		}
		if able != nil && !slices.Contains(able, me.code) {
			w.at.fail("it takes "+strings.Join(methodNames(able), ", "), "%s does not support %s", m.doneBy(), me.code)
			continue
		}
		m.methods.add(me.index)
	}
	if len(r.methods) > 0 {
		return
	}
	for _, me := range b.s.methods {
		if !me.secondary && (able == nil || slices.Contains(able, me.code)) {
			m.methods.add(me.index)
		}
	}
}

// contract checks that a merchant has what its PG's driver cannot work without, and nothing that is another's.
func (b *builder) contract(r *rawMerchant, m *merchant) {
	spec := m.owner.spec
	if spec.Name == "" {
		return // that there is no such driver was said
	}
	need := func(set bool, key string) {
		if !set && !r.at.broken(key) {
			r.at.fail("add "+key+": ...", "a merchant of driver %s needs %s", m.owner.Driver, key)
		}
	}
	need(m.MID != "" || !spec.MID.Required, "mid")
	if longest := spec.MID.Longest; longest > 0 && len(m.MID) > longest {
		r.midAt.fail(fmt.Sprintf("%s MIDs have %d characters", spec.Company, longest), "the MID is longer than %d characters",
			longest)
	}
	for _, k := range spec.MerchantKeys {
		//guard:drivers-keys-are-there
		need(!k.Required || m.Keys.IsSet(k.Name) || slices.Contains(k.Unless, m.Purpose), k.Name)
	}
	b.d.known.foreign(r.keys, spec, merchantKeysOf)
	b.clauses(r, m)
	b.integration(r, m)
	switch {
	case len(spec.Behind) > 0:
		need(m.ChannelKey != "", "channel_key")
		need(m.Behind != "", "behind")
	case m.ChannelKey != "" || m.ManualConfirm && !spec.ManualConfirm || m.ConfirmHook && !spec.ConfirmHook:
		r.at.fail("leave channel_key, manual_confirm and confirm_hook out", "driver %s has no channels", spec.Name)
		return
	}
	if m.ManualConfirm && !spec.ManualConfirm {
		r.at.fail("leave it out", "manual_confirm is %s", b.d.known.whose(func(s *payment.DriverSpec) bool {
			return s.ManualConfirm
		}))
	}
	if m.ConfirmHook && !spec.ConfirmHook {
		r.at.fail("leave it out", "confirm_hook is %s", b.d.known.whose(func(s *payment.DriverSpec) bool {
			return s.ConfirmHook
		}))
	}
	b.confirmHook(r, m)
}

// confirmHook checks that the PG's question can reach us and be told from a forged one: else every payment of the
// merchant would be refused, or none asked about.
func (b *builder) confirmHook(r *rawMerchant, m *merchant) {
	if !m.ConfirmHook {
		return
	}
	spec := m.owner.spec
	if m.ManualConfirm {
		r.at.fail("leave confirm_hook out", "with manual_confirm nothing is approved before we say so")
	}
	if key := spec.ConfirmKey; key != "" && !m.owner.Keys.IsSet(key) { //guard:unsigned-question-not-asked-for
		r.at.fail("add "+key+" to pgs."+string(m.owner.ID), "confirm_hook needs the secrets that %s signs with", spec.Company)
	}
	if m.owner.Environment != payment.EnvSandbox && !strings.HasPrefix(b.s.start.Server.Public.BaseURL, "https://") {
		r.at.fail("server.public.base_url: https://...", "confirm_hook needs an address that %s can reach", spec.Company)
	}
}

func (b *builder) links() {
	for i := range b.f.methods {
		r, m := &b.f.methods[i], b.s.methods[i]
		for j := range r.links {
			e := &r.links[j]
			p := b.pg(e.key)
			if p == nil || m.secondary {
				continue
			}
			l := &link{pg: p, on: e.val.on, span: e.val.span.period(), min: e.val.min, max: e.val.max}
			m.links = append(m.links, l)
			b.span(e.val.at, e.val.span)
			if l.min > l.max {
				e.val.at.fail("", "min %d is above max %d", l.min, l.max)
			}
			if l.on && !b.linkable(p, m) && !r.code.at.broken("") {
				e.key.at.fail("switch the link off, or add a merchant that covers it",
					"no merchant of PG %s takes %s", p.ID, m.code)
			}
		}
		if len(m.links) > maxCandidates {
			r.at.fail("", "more than %d links", maxCandidates)
		}
	}
}

// linkable tells whether any merchant of a PG, in use or not, covers a method. A merchant whose own PG is not
// known may be the one, and is complained about already.
func (b *builder) linkable(p *pg, me *method) bool {
	for _, m := range b.s.merchants {
		if m.owner == nil || m.owner == p && m.methods.has(me.index) {
			return true
		}
	}
	return false
}

// phones leaves a merchant PCs alone whose windows on phones lack a key.
func (b *builder) phones(r *rawMerchant, m *merchant) {
	n := m.owner.spec.PhoneNeeds
	lacks := func(key string) bool { return !m.Keys.IsSet(key) }
	if !n.For(m.Purpose) || !slices.ContainsFunc(n.Keys, lacks) {
		return
	}
	all := m.devices
	m.devices &= deviceBit(payment.DevicePC) //guard:phones-get-no-pc-window
	if m.pcOnly = m.devices != all; m.devices == 0 && all != 0 {
		r.at.fail("add "+n.Keys[0], "is for phones and apps, and %s", n.Msg)
	}
}

func (b *builder) controls() {
	seen := make(map[string]bool)
	for i := range b.f.controls {
		r := &b.f.controls[i]
		if seen[r.name.text] {
			r.name.at.fail("rename one", "a second control is named %q", clip(r.name.text))
		}
		seen[r.name.text] = true
		c := &control{
			name: r.name.text, methods: b.methodList(r.methods), cards: b.cards(r.cards),
			devices: b.devices(r.devices), sites: siteList(r.sites), ko: r.ko, en: r.en,
			when: calendar{span: r.span.period(), days: b.days(r.weekdays), windows: r.daily, disabled: !r.inUse},
		}
		b.span(r.at, r.span)
		if len(r.methods)+len(r.pgs)+len(r.cards) == 0 {
			r.at.fail("name methods, pgs or cards", "the control closes nothing")
		}
		b.attach(r, c)
		b.s.controls = append(b.s.controls, c)
	}
}

// attach puts a control where deciding looks for it: at its PGs, else at its methods.
func (b *builder) attach(r *rawControl, c *control) {
	for _, w := range r.pgs {
		if p := b.pg(w); p != nil {
			p.controls = append(p.controls, c)
			c.pgs = append(c.pgs, p.ID)
		}
	}
	if len(r.pgs) > 0 {
		return
	}
	if len(r.methods) == 0 && len(r.cards) > 0 {
		c.methods = []payment.Method{methodCard}
		b.s.plans.closing = append(b.s.plans.closing, c)
	}
	for _, code := range c.methods {
		if me, ok := b.s.methodBy[code]; ok {
			me.controls = append(me.controls, c)
		}
	}
}
