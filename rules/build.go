package rules

import (
	"slices"

	"github.com/pg-gateway/pg-gateway/payment"
)

// builder turns the file as written into a snapshot, and complains about what does not fit together.
type builder struct {
	f *file
	d *decoder
	s *Snapshot
}

// build checks sections against each other. The snapshot is only good when no complaint was recorded.
func (f *file) build(d *decoder) *Snapshot {
	s := &Snapshot{
		known: d.known,
		mode:  f.mode, start: f.start, orders: f.orders,
		intercepts: f.intercepts, limits: f.limits, deposit: f.deposit, billing: f.billing, recovery: f.recovery,
		telemetry: f.telemetry, x2bee: f.x2bee,
		verifyMID: f.verifyMID,
		pgByID:    make(map[payment.PGID]*pg), merchantBy: make(map[payment.MerchantID]*merchant),
		methodBy:   make(map[payment.Method]*method),
		candidates: new(memo[[]payment.Candidate]), offers: new(memo[payment.Installments]),
	}
	b := builder{f: f, d: d, s: s}
	// In this order: each step looks names up that those before it have made.
	b.pgs()
	b.methods()
	b.merchants()
	b.links()
	b.controls()
	b.routes()
	b.installments()
	b.appSchemes()
	b.server()
	b.ports()
	b.prefixIsFree()
	b.returnPage()
	b.live()
	for _, u := range d.urls {
		s.urls = append(s.urls, endpoint{u.at.path, u.text})
	}
	return s
}

func (b *builder) server() {
	if b.s.start.Journal.Driver == "postgres" && !b.s.start.Journal.DSN.IsSet() {
		b.f.journalAt.fail("dsn: ${env:JOURNAL_DSN}", "driver postgres needs dsn")
	}
	seen := make(map[string]bool)
	for i, c := range b.s.intercepts {
		if i < len(b.f.interceptsAt) && c.Name != "" {
			if seen[c.Name] {
				b.f.interceptsAt[i].fail("rename one", "a second intercept is named %q", c.Name)
			}
			seen[c.Name] = true
		}
		origin := c.Template.Origin
		if origin != "" && !slices.Contains(b.s.start.Server.Public.AllowOrigins, origin) { //guard:refusals-stay-in-the-shop
			b.f.interceptsAt[i].fail("add it to server.public.allow_origins, or write a path",
				"refusals are sent to %s, which is not one of allow_origins", origin)
		}
	}
}

func (b *builder) pgs() {
	for i := range b.f.pgs {
		e := &b.f.pgs[i]
		p := &pg{
			PG: e.val.PG, spec: b.d.known.spec(e.val.Driver), span: e.val.pgSpan.period(),
			merchants: make(map[payment.MerchantPurpose][]*merchant),
		}
		p.ID = payment.PGID(e.key.text)
		if p.Name == "" {
			p.Name = e.key.text
		}
		if !payment.ValidID(e.key.text) {
			e.key.at.fail("letters, digits, - and _", "a PG's name must be short and plain")
		}
		b.environment(e, p)
		b.credentials(e, p)
		b.api(e, p)
		b.span(e.val.at, e.val.pgSpan)
		b.s.pgs = append(b.s.pgs, p)
		b.s.pgByID[p.ID] = p
	}
	if len(b.f.pgs) > 64 {
		b.f.pgs[64].key.at.fail("", "more than 64 PGs")
	}
}

func (b *builder) environment(e *entry[rawPG], p *pg) {
	if p.Environment == payment.EnvSandbox {
		if p.BaseURL == "" {
			p.BaseURL = "http://" + loopback(b.s.start.Sandbox.Listen)
		}
		if !b.s.start.Sandbox.Enabled && e.val.BaseURL == "" {
			e.val.at.fail("sandbox: { enabled: Y }, or environment: test or live", "environment sandbox needs the sandbox")
		}
	}
	if !p.spec.Lists {
		p.Listing = payment.Listing{}
		if e.val.listingAt.n != nil && p.spec.Name != "" {
			e.val.listingAt.fail("leave listing out", "driver %s cannot list the payments that its PG has", p.Driver)
		}
	}
	if len(p.WebhookSources) == 0 {
		p.WebhookSources = p.spec.WebhookSources[p.Environment]
	}
	for _, k := range p.spec.PGKeys {
		if texts := k.Defaults[p.Environment]; len(texts) > 0 && !p.Keys.IsSet(k.Name) {
			p.Keys = p.Keys.WithText(k.Name, texts...)
		}
	}
}

// loopback makes a listen address one that can be called.
func loopback(listen string) string {
	if len(listen) > 0 && listen[0] == ':' {
		return "127.0.0.1" + listen
	}
	return listen
}

// api opens a PG's own API to the order service.
func (b *builder) api(e *entry[rawPG], p *pg) {
	p.PassCredentials = e.val.callsWith == credentialsPassed
	if p.spec.API == "" && (p.SidecarListen != "" || e.val.callsWith != "") && p.spec.Name != "" {
		e.val.at.fail("take sidecar_listen and credentials out", "driver %s has no API that the order service calls",
			p.Driver)
		return
	}
	if p.spec.APISigned && p.PassCredentials {
		e.val.at.fail("credentials: ours, or leave it out",
			"credentials: calls of driver %s are signed with the merchant's keys, which only the gateway has", p.Driver)
	}
	if p.SidecarListen == "" {
		return
	}
	sidecar := &b.s.start.Server.Sidecar
	if len(sidecar.Tokens) == 0 && !isLoopback(p.SidecarListen) { //guard:api-beyond-loopback
		e.val.at.fail("server: { sidecar: { tokens: [...] } }, or sidecar_listen: 127.0.0.1:8082",
			"sidecar_listen: %s is not the loopback interface, so it needs server.sidecar.tokens", clip(p.SidecarListen))
	}
	sidecar.APIs = append(sidecar.APIs, SidecarAPI{PG: p.ID, Listen: p.SidecarListen})
}

// credentials checks that a driver has what it cannot work without, and nothing that is another's.
func (b *builder) credentials(e *entry[rawPG], p *pg) {
	for _, k := range p.spec.PGKeys {
		if k.Required && !p.Keys.IsSet(k.Name) && !e.val.at.broken(k.Name) {
			e.val.at.fail("add "+k.Name+": ...", "driver %s needs %s", p.Driver, k.Name)
		}
	}
	if p.spec.Name != "" { // that there is no such driver was said
		b.d.known.foreign(e.val.keys, p.spec, pgKeysOf)
	}
}

func (b *builder) span(at value, s span) {
	if !s.from.IsZero() && !s.until.IsZero() && !s.from.Before(s.until) {
		at.fail("from must come before until", "the period is empty")
	}
}

func (b *builder) methods() {
	known := primaryMethods()
	for i := range b.f.methods {
		r := &b.f.methods[i]
		m := &method{
			code: payment.Method(r.code.text), index: i, x2bee: r.x2bee.text, title: r.title,
			secondary: r.kind == "secondary", inUse: r.inUse, min: r.min, max: r.max,
			sites: siteList(r.sites), devices: b.devices(r.devices), purposes: b.purposes(r.purposes),
		}
		if len(r.purposes) == 0 {
			m.purposes = purposeBit(payment.PurposeOneTime)
		}
		if m.title == "" {
			m.title = r.code.text
		}
		if _, why, ended := retired(m.code); ended { //guard:retired-methods-are-refused
			r.code.at.fail("take it out", "%s", why)
		} else if r.code.text != "" && !m.secondary && !slices.Contains(known, m.code) {
			r.code.at.fail(hintOf(r.code.text, methodNames(known)), "unknown primary method %q", clip(r.code.text))
		}
		if m.min > m.max {
			r.at.fail("", "min %d is above max %d", m.min, m.max)
		}
		if m.secondary && len(r.links) > 0 {
			r.links[0].key.at.fail("leave links out", "a secondary method is not sent to a PG")
		}
		b.s.methods = append(b.s.methods, m)
		b.nameMethod(m, r.code)
		if r.x2bee.text != "" {
			b.nameMethod(m, r.x2bee)
		}
		for _, w := range r.words {
			b.nameMethod(m, w)
		}
	}
}

func (b *builder) nameMethod(m *method, w word) {
	if w.text == "" {
		return
	}
	if _, taken := b.s.methodBy[payment.Method(w.text)]; taken {
		w.at.fail("keep one of them", "a second payment method has the code %q", clip(w.text))
		return
	}
	b.s.methodBy[payment.Method(w.text)] = m
}

func methodNames(ms []payment.Method) []string {
	out := make([]string, len(ms))
	for i, m := range ms {
		out[i] = string(m)
	}
	return out
}

// siteList is nil for all sites.
func siteList(ws []word) []payment.Site {
	var out []payment.Site
	for _, s := range texts(ws) {
		if s == "all" {
			return nil
		}
		out = append(out, payment.Site(s))
	}
	return out
}

func (b *builder) devices(ws []word) deviceSet {
	if len(ws) == 0 {
		return allDevices
	}
	var set deviceSet
	for _, w := range ws {
		switch bit := deviceBit(payment.Device(w.text)); {
		case w.text == "all":
			set = allDevices
		case bit == 0 && w.text != "":
			w.at.fail(hintOf(w.text, []string{"pc", "mobile", "app"}), "unknown device %q", clip(w.text))
		default:
			set |= bit
		}
	}
	return set
}

func (b *builder) purposes(ws []word) purposeSet {
	if len(ws) == 0 {
		return allPurposes
	}
	var set purposeSet
	for _, w := range ws {
		if w.text == "" {
			continue
		}
		bit := purposeBit(payment.Purpose(w.text))
		if bit == 0 {
			words := []string{"one_time", "billing_key", "escrow", "recurring", "key_in"}
			w.at.fail(hintOf(w.text, words), "unknown purpose %q", clip(w.text))
		}
		set |= bit
	}
	return set
}

func (b *builder) days(ws []word) uint8 {
	var set uint8
	for _, w := range ws {
		i := slices.Index(dayNames(), w.text)
		if i < 0 {
			w.at.fail(hintOf(w.text, dayNames()), "unknown weekday %q", clip(w.text))
			continue
		}
		set |= 1 << i
	}
	return set
}

func (b *builder) cards(ws []word) []string {
	for _, w := range ws {
		b.card(w)
	}
	return texts(ws)
}

func (b *builder) card(w word) {
	if w.text != "" && !isAcquirer(w.text) {
		w.at.fail(hintOf(w.text, acquirers()), "unknown card company %q", clip(w.text))
	}
}

// pg looks a PG up by name, with a complaint when there is none.
func (b *builder) pg(w word) *pg {
	p, ok := b.s.pgByID[payment.PGID(w.text)]
	if !ok && w.text != "" {
		names := make([]string, len(b.s.pgs))
		for i, p := range b.s.pgs {
			names[i] = string(p.ID)
		}
		w.at.fail(hintOf(w.text, names), "unknown PG %q", clip(w.text))
	}
	return p
}

// method looks a method up by canonical or X2BEE code, with a complaint when there is none.
func (b *builder) method(w word) *method {
	m, ok := b.s.methodBy[payment.Method(w.text)]
	if !ok && w.text != "" {
		names := make([]string, len(b.s.methods))
		for i, m := range b.s.methods {
			names[i] = string(m.code)
		}
		w.at.fail(hintOf(w.text, names), "unknown payment method %q", clip(w.text))
	}
	return m
}

func (b *builder) methodList(ws []word) []payment.Method {
	var out []payment.Method
	for _, w := range ws {
		if m := b.method(w); m != nil && !slices.Contains(out, m.code) {
			out = append(out, m.code)
		}
	}
	return out
}
