package rules

import (
	"strings"
	"time"

	"github.com/pg-gateway/pg-gateway/payment"
)

// span is a period: from is its first moment, until the first moment after it; zero times leave it open.
type span struct{ from, until time.Time }

// rawMethod is one entry of payment_methods as written.
type rawMethod struct {
	at       value
	code     word
	x2bee    word
	words    []word
	title    string
	kind     string
	inUse    bool
	min, max payment.Won
	sites    []word
	devices  []word
	purposes []word
	links    []entry[rawLink]
}

// rawLink says whether a method may go to a PG.
type rawLink struct {
	at   value
	on   bool
	span span
	min  payment.Won
	max  payment.Won
}

func linkReader(l *rawLink, at value) reader {
	l.at, l.on, l.max = at, true, payment.MaxWon
	return either(flag(&l.on), object(fields{
		"on":    {flag(&l.on), "Y or N."},
		"from":  {instant(&l.span.from, false), "On from this moment."},
		"until": {instant(&l.span.until, true), "Off from this moment; a date means its end."},
		"min":   {won(&l.min), "Smallest amount over this link."},
		"max":   {won(&l.max), "Largest amount over this link."},
	}))
}

func methodReader(m *rawMethod, at value) reader {
	m.at, m.kind, m.inUse, m.max = at, "primary", true, payment.MaxWon
	return object(fields{
		"code":  {name(&m.code), "Canonical code: card, trans, vbank, phone, kakaopay, ..."},
		"x2bee": {name(&m.x2bee), "X2BEE's OM013 code, as in \"11\"."},
		"words": {
			names(&m.words),
			"What the shop's own requests call it, as in [CREDIT, 신용카드]: read like code, on /checkout and in intercepts.",
		},
		"name": {filled(&m.title), "What buyers call it."},
		"kind": {
			choice(&m.kind, "primary", "secondary"),
			"primary (주결제수단) goes through a PG window, secondary (부결제수단) is settled by the shop.",
		},
		"in_use":   {flag(&m.inUse), "N closes the method (사용여부)."},
		"min":      {won(&m.min), "Smallest amount, in won."},
		"max":      {won(&m.max), "Largest amount, in won."},
		"sites":    {names(&m.sites), "all, or the sites it is offered on."},
		"devices":  {names(&m.devices), "pc, mobile, app; all when left out."},
		"purposes": {names(&m.purposes), "one_time, billing_key, escrow, recurring, key_in; one_time when left out."},
		"links":    {dict(&m.links, linkReader), "Which PGs it may go to (연결여부), as in { inicis: Y, portone: N }."},
	}, "code")
}

// window is a part of the day in KST, in minutes; it wraps midnight when from is above to.
type window struct{ from, to int }

func (w window) holds(minute int) bool {
	if w.from < w.to {
		return minute >= w.from && minute < w.to
	}
	return minute >= w.from || minute < w.to
}

func windowReader(w *window) reader {
	return func(v value) {
		if v.schema != nil {
			v.schema.Type, v.schema.Pattern = "string", `^([01][0-9]|2[0-3]):[0-5][0-9]-(([01][0-9]|2[0-3]):[0-5][0-9]|24:00)$`
			return
		}
		s, ok := v.str()
		if !ok {
			return
		}
		a, b, found := strings.Cut(s, "-")
		from, ok1 := clock(a)
		to, ok2 := clock(b)
		if !found || !ok1 || !ok2 || from == 24*60 || from == to {
			v.fail("HH:MM-HH:MM in KST, as in \"23:30-00:30\"", "%q is not a part of the day", clip(s))
			return
		}
		*w = window{from: from, to: to}
	}
}

// clock reads HH:MM, up to 24:00, into minutes.
func clock(s string) (int, bool) {
	if len(s) != 5 || s[2] != ':' {
		return 0, false
	}
	for _, i := range []int{0, 1, 3, 4} {
		if s[i] < '0' || s[i] > '9' {
			return 0, false
		}
	}
	h, m := int(s[0]-'0')*10+int(s[1]-'0'), int(s[3]-'0')*10+int(s[4]-'0')
	return h*60 + m, m < 60 && (h < 24 || h == 24 && m == 0)
}

func windowList(dst *[]window) reader {
	return list(dst, func(w *window, _ value) reader { return windowReader(w) })
}

// rawWhen is the condition of a routing rule as written.
type rawWhen struct {
	at                                                  value
	methods, devices, sites, cards, purposes, countries []word
	integrations                                        []word
	from, to                                            payment.Won
	amountAt                                            value
	daily                                               []window
	weekdays                                            []word
	expr                                                word
}

func whenReader(w *rawWhen) reader {
	w.to = payment.MaxWon
	read := either(name(&w.expr), object(fields{
		"method": {names(&w.methods), "One method or a list."},
		"amount": {placed(&w.amountAt, object(fields{
			"from": {won(&w.from), "This much or more (이상)."},
			"to":   {won(&w.to), "This much or less (이하)."},
		})), "What the PG is to charge, in won."},
		"device":      {names(&w.devices), "pc, mobile, app."},
		"site":        {names(&w.sites), "One site or a list."},
		"card":        {names(&w.cards), "Card company chosen beforehand."},
		"purpose":     {names(&w.purposes), "one_time, billing_key, escrow, recurring, key_in."},
		"integration": {names(&w.integrations), "window, api, billing: how the PG is used for it (연동방식)."},
		"country":     {names(&w.countries), "Buyer's country, ISO 3166-1 alpha-2."},
		"daily":       {windowList(&w.daily), "Parts of the day in KST, as in [\"23:30-00:30\"]."},
		"weekdays":    {names(&w.weekdays), "mon, tue, wed, thu, fri, sat, sun, in KST."},
		"expr": {
			name(&w.expr), "An expression for what the fields cannot say, as in amount > 10000 && country != \"KR\".",
		},
	}))
	return placed(&w.at, read)
}

// rawRoute is one routing rule as written.
type rawRoute struct {
	at        value
	name      word
	when      rawWhen
	span      span
	inUse     bool
	otherwise string
	choose    rawChoose
}

// rawChoose is what a routing rule chooses by; exactly one strategy is set.
type rawChoose struct {
	at                        value
	priority, lowest, success []word
	weighted                  []entry[rawWeight]
	explore                   int
	exploreAt                 value
}

func routeReader(r *rawRoute, at value) reader {
	r.at, r.inUse, r.otherwise = at, true, "deny"
	return object(fields{
		"name":   {name(&r.name), "A name for traces, metrics and diffs."},
		"when":   {whenReader(&r.when), "What the rule is for; everything when left out. All fields must hold."},
		"from":   {instant(&r.span.from, false), "Not before this moment."},
		"until":  {instant(&r.span.until, true), "Not from this moment on; a date means its end."},
		"in_use": {flag(&r.inUse), "N skips the rule."},
		"otherwise": {
			choice(&r.otherwise, "deny", "next"), "When none of its PGs can take the payment: deny, or try the next rule.",
		},
		"choose": {placed(&r.choose.at, object(fields{
			"priority": {names(&r.choose.priority), "The first that can take it, in this order."},
			"weighted": {dict(&r.choose.weighted, weightReader), "Shares by PG; the same order always gets the same PG."},
			"lowest_fee": {names(&r.choose.lowest), "The cheapest by the merchants' fees for the method, or for the card " +
				"company chosen beforehand; the credit card fee where the card is not known. Ties in this order."},
			"success_rate": {names(&r.choose.success), "The one with the best recent approval rate."},
			"explore": {
				placed(&r.choose.exploreAt, percent(&r.choose.explore)),
				"Share of orders that success_rate sends elsewhere to keep measuring, as in 5%.",
			},
		})), "How the PG is chosen: exactly one strategy."},
	}, "name", "choose")
}

// rawWeight is a PG's share, for a period or always.
type rawWeight struct {
	at   value
	n    int
	span span
}

func weightReader(w *rawWeight, at value) reader {
	w.at = at
	return either(whole(&w.n, 0, 10000), object(fields{
		"weight": {whole(&w.n, 0, 10000), "The share."},
		"from":   {instant(&w.span.from, false), "From this moment; nothing before it."},
		"until":  {instant(&w.span.until, true), "Until this moment, nothing after it; a date means its end."},
	}, "weight"))
}

func percent(dst *int) reader {
	return func(v value) {
		if v.schema != nil {
			v.schema.Type, v.schema.Pattern = "string", `^[0-9]{1,3}([.][0-9]{1,2})?%$`
			return
		}
		s, ok := v.scalar("a percentage")
		if !ok {
			return
		}
		n, ok := parsePercent(s)
		if !ok {
			v.fail("as in 5%", "%q is not a percentage", clip(s))
			return
		}
		*dst = n
	}
}

// rawInstallments is the section installments as written.
type rawInstallments struct {
	from      payment.Won
	fromAt    value
	maxMonths int
}

func installmentsReader(c *rawInstallments) reader {
	c.from, c.maxMonths = minInstallment, 12
	return object(fields{
		"from_amount": {placed(&c.fromAt, won(&c.from)), "Smallest amount with instalments; never under 50000."},
		"max_months":  {whole(&c.maxMonths, 1, 36), "Longest plan; 1 means lump sum only."},
	})
}

// rawNotice is one interest-free notice (무이자할부 안내) as written.
type rawNotice struct {
	at        value
	id        word
	acquirer  word
	span      span
	title     string
	applies   string
	excludes  string
	inUse     bool
	partial   bool
	paidBy    string
	merchants []word
	months    []rawThreshold
}

type rawThreshold struct {
	at     value
	from   payment.Won
	months []int
}

func noticeReader(n *rawNotice, at value) reader {
	n.at, n.inUse, n.paidBy = at, true, "merchant"
	return object(fields{
		"id":         {name(&n.id), "Notice number."},
		"acquirer":   {name(&n.acquirer), "Card company: shinhan, hyundai, kb, ..."},
		"from":       {instant(&n.span.from, false), "First day."},
		"until":      {instant(&n.span.until, true), "Last day."},
		"title":      {filled(&n.title), "What buyers read."},
		"applies_to": {filled(&n.applies), "Text: what is included."},
		"excludes":   {filled(&n.excludes), "Text: what is not."},
		"in_use":     {flag(&n.inUse), "N withdraws it."},
		"partial":    {flag(&n.partial), "Y: only part of the interest is paid (부분무이자)."},
		"paid_by": {
			choice(&n.paidBy, "merchant", "acquirer"),
			"Who pays the interest; the acquirer's own offers are shown but not sent to the PG.",
		},
		"merchants": {names(&n.merchants), "For these merchants; all with interest_free: Y when left out."},
		"months": {list(&n.months, func(t *rawThreshold, at value) reader {
			t.at = at
			return object(fields{
				"from_amount": {won(&t.from), "From this amount on."},
				"months": {
					list(&t.months, func(m *int, _ value) reader { return whole(m, 2, 36) }), "Months free of interest.",
				},
			}, "from_amount", "months")
		}), "Months by amount; the highest threshold reached applies."},
	}, "id", "acquirer", "from", "until", "months")
}

// rawControl closes something for a while (점검, 결제수단 제어) as written.
type rawControl struct {
	at                                  value
	name                                word
	methods, pgs, cards, devices, sites []word
	daily                               []window
	weekdays                            []word
	span                                span
	inUse                               bool
	ko, en                              string
}

func controlReader(c *rawControl, at value) reader {
	c.at, c.inUse = at, true
	return object(fields{
		"name":    {name(&c.name), "A name for traces and logs."},
		"methods": {names(&c.methods), "Methods it closes."},
		"pgs":     {names(&c.pgs), "PGs it closes, for these methods if there are any."},
		"cards":   {names(&c.cards), "Card companies it closes."},
		"devices": {names(&c.devices), "Only on these devices."},
		"sites":   {names(&c.sites), "Only on these sites."},
		"daily":   {windowList(&c.daily), "Parts of the day in KST, across midnight too; always when left out."},
		"weekdays": {
			names(&c.weekdays), "Only on these days, in KST: mon ... sun. A part of the day belongs to the day it starts on.",
		},
		"from":   {instant(&c.span.from, false), "Not before this moment."},
		"until":  {instant(&c.span.until, true), "Not from this moment on; a date means its end."},
		"in_use": {flag(&c.inUse), "N switches the control off."},
		"message": {object(fields{
			"ko": {filled(&c.ko), "What the buyer reads."},
			"en": {filled(&c.en), "The same in English."},
		}), "What the buyer reads."},
	}, "name")
}

// dayNames are the days as written, Sunday first as in time.Weekday.
func dayNames() []string { return []string{"sun", "mon", "tue", "wed", "thu", "fri", "sat"} }

// texts are the plain strings of words.
func texts(ws []word) []string {
	var out []string
	seen := make(map[string]bool, len(ws))
	for _, w := range ws {
		if !seen[w.text] {
			out = append(out, w.text)
		}
		seen[w.text] = true
	}
	return out
}
