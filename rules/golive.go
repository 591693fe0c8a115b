package rules

import (
	"fmt"
	"slices"
	"strings"

	"github.com/pg-gateway/pg-gateway/payment"
)

// Advice is one thing to settle before real money moves. Unlike an Error it does not keep the file from
// loading.
type Advice struct {
	// Path is where in the file it is, Msg what is wrong, Fix what to do.
	Path string
	Msg  string
	Fix  string
	// optional tells that going without costs comfort only.
	optional bool
}

// String writes the advice in one line.
func (a Advice) String() string { return a.Path + ": " + a.Msg + " (" + a.Fix + ")" }

// GoLive lists what is left to do before a configuration takes real payments: test leftovers, keys and
// contracts that are missing, reviews that are not done, addresses that browsers and PGs cannot use.
func GoLive(s *Snapshot) []Advice {
	g := goLive{known: s.known}
	if s.mode != payment.ModeLive {
		g.add("mode", "the file is in mode test", "mode: live")
	}
	if s.start.Sandbox.Enabled {
		g.add("sandbox", "the sandbox is on", "enabled: N")
	}
	for _, path := range s.inline {
		g.add(path, "the secret stands in the file", "${file:path} or ${env:NAME}")
	}
	g.server(s)
	g.list = append(g.list, s.left...)
	g.addresses(s)
	for _, p := range s.pgs {
		g.pg(p)
	}
	for _, m := range s.merchants {
		if m.inUse {
			g.merchant(m)
		}
	}
	for _, me := range s.methods {
		g.method(me)
	}
	if c := s.start.Journal; c.Driver == "postgres" && dsnInClear(c.DSN.Reveal()) {
		g.add("journal.dsn", "the connection to another machine is not encrypted", "sslmode=verify-full")
	}
	if slices.Contains(s.known.testMIDs, s.verifyMID) {
		g.add("account_verification.mid", s.verifyMID+" is a public test MID", "use the contract's own MID")
	}
	return g.list
}

type goLive struct {
	known *known
	list  []Advice
}

func (g *goLive) add(path, msg, fix string) {
	g.list = append(g.list, Advice{Path: path, Msg: msg, Fix: fix})
}

func (g *goLive) server(s *Snapshot) {
	pub := s.start.Server.Public
	if !strings.HasPrefix(pub.BaseURL, "https://") {
		g.add("server.public.base_url", "PGs return browsers to "+pub.BaseURL, "an https:// address that buyers reach")
	}
	if len(pub.AllowOrigins) == 0 {
		g.add("server.public.allow_origins", "no return_url is allowed", "list the shop's origins")
	}
	for _, o := range pub.AllowOrigins {
		if !strings.HasPrefix(o, "https://") {
			g.add("server.public.allow_origins", o+" is not encrypted", "use https://")
		}
	}
	if slices.Contains(pub.TrustedProxies, "0.0.0.0/0") || slices.Contains(pub.TrustedProxies, "::/0") {
		g.add("server.public.trusted_proxies", "everybody may state the buyer's address", "list the load balancer's range")
	}
	if s.start.Journal.Driver == "postgres" && !pub.TokenKey.IsSet() {
		g.add("server.public.token_key",
			"each pod seals tokens with its own key", "token_key: ${file:...}, the same for all pods")
	}
	if s.orders.ConfirmNone {
		g.add("order_service.confirm",
			"money moves without the shop's yes: nobody looks at stock and price once more", "name the path that answers")
	}
	if len(s.orders.EventsSecrets) == 0 {
		g.add("order_service.events.secret", "the shop cannot tell our events from forged ones", "secret: ${file:...}")
	}
}

// addresses lists what strangers on the way can read, and what strangers can reach.
func (g *goLive) addresses(s *Snapshot) {
	for _, u := range s.urls {
		if inClear(u.address) && u.path != "server.public.base_url" { //guard:no-pg-in-the-clear
			g.add(u.path, u.address+" is another machine, and what is sent there can be read and changed on the way",
				"https://, or a proxy on this machine")
		}
	}
	for _, l := range s.listeners() {
		if l.path != "server.public.listen" && outward(l.address) {
			g.add(l.path, l.address+" is a public address", "one of the loopback interface, or a private one")
		}
	}
}

func (g *goLive) pg(p *pg) {
	path := "pgs." + string(p.ID)
	if p.Environment != payment.EnvLive {
		g.add(path+".environment", "it is "+string(p.Environment), "environment: live")
	}
	for _, n := range p.spec.PGNeeds {
		g.need(n, path, "", p.Keys.IsSet)
	}
	if p.InUse && len(p.merchants[payment.MerchantGeneral]) == 0 {
		g.add(path, "no general contract", "add a merchant, or in_use: N")
	}
}

func (g *goLive) merchant(m *merchant) {
	path := fmt.Sprintf("merchants[%d]", m.index)
	if slices.Contains(g.known.testMIDs, m.MID) {
		g.add(path+".mid", m.MID+" is a public test MID", "use the contract's own MID")
	}
	spec := m.owner.spec
	for _, n := range spec.MerchantNeeds {
		g.need(n, path, m.Purpose, m.has)
	}
	if m.pcOnly {
		n := spec.PhoneNeeds
		g.list = append(g.list, Advice{Path: path + "." + n.Keys[0], Msg: n.Msg, Fix: n.Fix, optional: n.Optional})
	}
	if m.reviewed && m.Purpose == payment.MerchantGeneral {
		var missing []string
		for _, c := range acquirers() {
			if !m.takesCard(c) {
				missing = append(missing, c)
			}
		}
		g.add(path+".cards", "not approved: "+strings.Join(missing, ", "), "these are hidden until their review is done")
	}
}

// need says what a driver says of a PG or a merchant that goes without one of its keys.
func (g *goLive) need(n payment.LiveNeed, path string, purpose payment.MerchantPurpose, has func(key string) bool) {
	set := 0
	for _, key := range n.Keys {
		if has(key) {
			set++
		}
	}
	if !n.For(purpose) || set == len(n.Keys) || n.Any && set > 0 {
		return
	}
	g.list = append(g.list, Advice{Path: path + "." + n.Keys[0], Msg: n.Msg, Fix: n.Fix, optional: n.Optional})
}

// has tells whether a merchant has a key of its driver's, or what every channel may have.
func (m *merchant) has(key string) bool {
	switch key {
	case "manual_confirm":
		return m.ManualConfirm
	case "confirm_hook":
		return m.ConfirmHook
	}
	return m.Keys.IsSet(key)
}

func (g *goLive) method(me *method) {
	if !me.inUse || me.secondary {
		return
	}
	for _, l := range me.links {
		if l.on {
			return
		}
	}
	g.add("payment_methods."+string(me.code), "in use, but every link is off", "switch a link on, or in_use: N")
}
