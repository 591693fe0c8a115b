package rules

import (
	"cmp"
	"slices"
	"time"

	"github.com/pg-gateway/pg-gateway/payment"
)

// NoticeQuery asks for the interest-free notices that a storefront shows (무이자할부 안내 목록 조회); what is empty is
// any.
type NoticeQuery struct {
	Site     payment.Site
	PG       string
	Acquirer string
}

// StoreNotice is a running notice with the PG of the first merchant that it holds for.
type StoreNotice struct {
	ID    string
	From  time.Time
	Until time.Time
	Title string
	// AppliesTo and Excludes say to people what it holds for; Partial tells that buyers pay a part of the interest.
	AppliesTo    string
	Excludes     string
	Partial      bool
	Thresholds   []Threshold
	AcquirerCode string
	AcquirerName string
	PGCode       string
	PGName       string
}

// StoreNotices are the notices that run now for a merchant in use with interest-free instalments on, by acquirer and
// then by amount. Months that the window does not offer are left out. The error is a *payment.Problem.
func (s *Snapshot) StoreNotices(q NoticeQuery, now time.Time) ([]StoreNotice, error) {
	pgs, p := s.pgsOf(q.PG, "pgGbCd")
	if p != nil {
		return nil, p
	}
	company := ""
	if q.Acquirer != "" {
		var ok bool
		if company, ok = s.AcquirerOf(q.Acquirer); !ok {
			return nil, problem(payment.CodeInvalidField, "acqrCd", "알 수 없는 매입사: "+clip(q.Acquirer),
				"unknown acquirer "+clip(q.Acquirer))
		}
	}
	out := []StoreNotice{}
	m := momentOf(now)
	for _, n := range s.notices {
		if !n.inUse || !n.period.holds(m.unix) || company != "" && company != n.acquirer {
			continue
		}
		i := slices.IndexFunc(s.merchants, func(x *merchant) bool { return n.shownFor(x, pgs, q.Site, m) })
		if i < 0 {
			continue
		}
		issuer, _ := payment.CardCompanyOf(n.acquirer) // words of no company are refused when loading
		// The first merchant stands for all: X2BEE's row has room for one PG.
		v := StoreNotice{
			ID: n.id, From: n.span.from, Until: n.span.until, Title: n.title,
			AppliesTo: n.applies, Excludes: n.excludes, Partial: n.partial,
			AcquirerCode: s.AcquirerCode(n.acquirer), AcquirerName: issuer.Name,
			PGCode: s.merchants[i].owner.x2beeCode(), PGName: s.merchants[i].owner.Name,
		}
		if v.Thresholds = s.offeredSteps(n, s.merchants[i]); len(v.Thresholds) > 0 {
			out = append(out, v)
		}
	}
	slices.SortStableFunc(out, func(a, b StoreNotice) int {
		return cmp.Or(cmp.Compare(a.AcquirerCode, b.AcquirerCode),
			cmp.Compare(a.Thresholds[0].FromAmount, b.Thresholds[0].FromAmount), cmp.Compare(a.ID, b.ID))
	})
	return out, nil
}

// shownFor tells whether a notice holds for a merchant that could take the payment now.
func (n *notice) shownFor(m *merchant, pgs []*pg, site payment.Site, now moment) bool {
	return m.inUse && m.span.holds(now.unix) && m.owner.on(now) && n.covers(m) && m.takesCard(n.acquirer) &&
		(site == "" || hasSite(m.sites, site)) && (len(pgs) == 0 || slices.Contains(pgs, m.owner))
}

// offeredSteps are the thresholds of a notice, as far as a merchant's window offers their months.
func (s *Snapshot) offeredSteps(n *notice, m *merchant) []Threshold {
	var out []Threshold
	for _, step := range n.steps {
		var months []int
		for _, x := range step.Months {
			if slices.Contains(s.plans.months, x) && (m.maxMonths == 0 || x <= m.maxMonths) {
				months = append(months, x)
			}
		}
		if len(months) > 0 {
			out = append(out, Threshold{FromAmount: step.FromAmount, Months: months})
		}
	}
	return out
}
