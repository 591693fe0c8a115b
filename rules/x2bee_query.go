package rules

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/pg-gateway/pg-gateway/payment"
)

// Where is the site and device that a query of the X2BEE store API is about; empty for any.
type Where struct {
	Site   payment.Site
	Device payment.Device
}

// devices are those that a query is about.
func (w Where) devices() deviceSet {
	if w.Device == "" {
		return allDevices
	}
	return deviceBit(w.Device)
}

// Means is one payment method of a link check, by canonical or X2BEE code, and the PG asked about, by OM030 code
// or our name for it; without one it is resolved as PGInfo does.
type Means struct {
	Method string
	PG     string
}

// LinkRow is a payment method and a PG, with X2BEE's flags. PG is empty when the method is linked nowhere.
type LinkRow struct {
	Method     payment.Method
	MethodCode string
	MethodName string
	PG         payment.PGID
	PGCode     string
	PGName     string
	// Main tells a main means (주결제수단) from a secondary one.
	Main bool
	// Linked is the link's flag now (연결여부); InUse tells that PG and method are both in use (사용여부).
	Linked bool
	InUse  bool
}

// LinkCheck is what a link check found.
type LinkCheck struct {
	// Main tells that a main means is among those asked about, Usable that an order by all of them would be taken.
	Main   bool
	Usable bool
	Rows   []LinkRow
}

// CheckLinks tells which payment methods are linked (결제수단 연결여부 조회). Secondary methods are named and not
// looked up. The error is a *payment.Problem.
func (s *Snapshot) CheckLinks(list []Means, w Where, opt Options) (LinkCheck, error) {
	var out LinkCheck
	if len(list) == 0 {
		return out, problem(payment.CodeMissingField, "payInfoList", "결제수단이 없습니다", "there is no payment method")
	}
	var means []*method
	var asked []*pg
	for i, x := range list {
		at := fmt.Sprintf("payInfoList.%d.", i)
		me, p := s.means(x.Method, at+"payWayCd")
		if p != nil {
			return out, p
		}
		pgs, p := s.pgsOf(x.PG, at+"pgGbCd")
		if p != nil {
			return out, p
		}
		if !slices.Contains(means, me) {
			means = append(means, me)
		}
		if me.secondary {
			out.Rows = append(out.Rows,
				LinkRow{Method: me.code, MethodCode: me.x2beeCode(), MethodName: me.title, InUse: me.inUse})
			continue
		}
		if out.Main {
			return out, problem(payment.CodeTwoPrimaries, at+"payWayCd", "주결제수단이 둘 이상입니다", "there is more than one main means")
		}
		out.Main, asked = true, pgs
		out.Rows = append(out.Rows, s.bestLink(me, pgs, w, momentOf(opt.Now)))
	}
	s.judge(&out, means, asked, w, opt)
	return out, nil
}

// judge fills in whether an order by all means would be taken, at one of some PGs where these are given, and then names
// the PG that it would go to.
func (s *Snapshot) judge(out *LinkCheck, means []*method, asked []*pg, w Where, opt Options) {
	if len(asked) > 0 && !slices.ContainsFunc(means, func(me *method) bool {
		return me.secondary || me.linkedTo(asked, momentOf(opt.Now))
	}) {
		return
	}
	out.Usable = s.taken(means, w, "", opt, func(cs []payment.Candidate) bool {
		// No candidates: the shop settles the order itself, so it is taken.
		if len(cs) == 0 {
			return true
		}
		for _, c := range cs {
			p := s.pgByID[c.PG]
			if len(asked) > 0 && !slices.Contains(asked, p) {
				continue
			}
			for i := range out.Rows {
				if out.Rows[i].Main {
					out.Rows[i].name(p)
				}
			}
			return true
		}
		return false
	})
}

// name makes a row one of the PG that takes the payment: its link is on, and it is in use.
func (r *LinkRow) name(p *pg) {
	r.PG, r.PGCode, r.PGName, r.Linked, r.InUse = p.ID, p.x2beeCode(), p.Name, true, true
}

// PGInfo finds the PG of each payment method (PG 정보 조회): the one that an order by the method would go to now, on the
// site and device where these are given. A method that nothing takes is left out. The error is a *payment.Problem.
func (s *Snapshot) PGInfo(codes []string, w Where, opt Options) ([]LinkRow, error) {
	if len(codes) == 0 {
		return nil, problem(payment.CodeMissingField, "payWayCdList", "결제수단이 없습니다", "there is no payment method")
	}
	out := make([]LinkRow, 0, len(codes))
	for i, code := range codes {
		me, p := s.means(code, fmt.Sprintf("payWayCdList.%d", i))
		if p != nil {
			return nil, p
		}
		if me.secondary || slices.ContainsFunc(out, func(r LinkRow) bool { return r.Method == me.code }) {
			continue
		}
		row := LinkRow{Method: me.code, MethodCode: me.x2beeCode(), MethodName: me.title, Main: true}
		if s.taken([]*method{me}, w, "", opt, func(cs []payment.Candidate) bool {
			row.name(s.pgByID[cs[0].PG])
			return true
		}) {
			out = append(out, row)
		}
	}
	return out, nil
}

// bestLink is the link of a method to one of some PGs, or to any: the first that can be used, else the first that
// is on, else the first there is. A missing one counts as off.
func (s *Snapshot) bestLink(me *method, pgs []*pg, w Where, m moment) LinkRow {
	best, rank := LinkRow{}, 0
	for _, p := range s.pgs {
		i := slices.IndexFunc(me.links, func(l *link) bool { return l.pg == p })
		if len(pgs) > 0 && !slices.Contains(pgs, p) || i < 0 && len(pgs) == 0 {
			continue
		}
		row := LinkRow{PG: p.ID, PGCode: p.x2beeCode(), PGName: p.Name, InUse: me.inUse && p.on(m)}
		row.Linked = i >= 0 && me.links[i].open(m)
		got := 1
		switch {
		case row.Linked && row.InUse && len(s.serving(p, me, w, "", m)) > 0:
			got = 4
		case row.Linked && row.InUse:
			got = 3
		case row.Linked:
			got = 2
		}
		// Without a merchant there the PG cannot be used, as little as if it were off.
		row.InUse = row.InUse && (got != 3 || w == Where{})
		if got > rank {
			best, rank = row, got
		}
	}
	best.Method, best.MethodCode, best.MethodName, best.Main = me.code, me.x2beeCode(), me.title, !me.secondary
	return best
}

// linkedTo tells whether a link to one of some PGs is on.
func (me *method) linkedTo(pgs []*pg, m moment) bool {
	return slices.ContainsFunc(me.links, func(l *link) bool { return l.open(m) && slices.Contains(pgs, l.pg) })
}

// open tells whether a link is on at a moment.
func (l *link) open(m moment) bool { return l.on && l.span.holds(m.unix) }

// means finds a payment method by its code, or says that there is none.
func (s *Snapshot) means(code, field string) (*method, *payment.Problem) {
	if code == "" {
		return nil, problem(payment.CodeMissingField, field, "결제수단 코드가 없습니다", "the payment method's code is missing")
	}
	me, ok := s.methodBy[payment.Method(code)]
	if !ok {
		return nil, problem(payment.CodeUnknownMethod, field, "알 수 없는 결제수단: "+clip(code),
			"unknown payment method "+clip(code))
	}
	return me, nil
}

// pgsOf finds the PGs of an OM030 code or our own name; no code is no restriction.
func (s *Snapshot) pgsOf(code, field string) ([]*pg, *payment.Problem) {
	if code == "" {
		return nil, nil
	}
	var out []*pg
	for _, p := range s.pgs {
		if p.x2beeCode() == code || string(p.ID) == code {
			out = append(out, p)
		}
	}
	if len(out) == 0 {
		return nil, problem(payment.CodeInvalidField, field, "알 수 없는 PG: "+clip(code), "unknown PG "+clip(code))
	}
	return out, nil
}

// x2beeCode is the OM013 code, or our word where there is none.
func (me *method) x2beeCode() string { return cmp.Or(me.x2bee, string(me.code)) }

// x2beeCode is the OM030 code, or our name where there is none.
func (p *pg) x2beeCode() string { return cmp.Or(p.Code, string(p.ID)) }

// DeviceOf reads X2BEE's order medium (OM007 주문매체코드); a medium that is no device, as a call centre, is any.
func DeviceOf(medium string) (payment.Device, bool) {
	switch medium {
	case "", "10", "60", "70":
		return "", true
	case "20":
		return payment.DevicePC, true
	case "30":
		return payment.DeviceMobile, true
	case "40", "50":
		return payment.DeviceApp, true
	}
	return "", false
}
