package rules

import (
	"cmp"
	"slices"

	"github.com/pg-gateway/pg-gateway/payment"
)

// MerchantQuery asks for the merchant of a PG payment (가맹점 정보 조회).
type MerchantQuery struct {
	Site payment.Site
	// PG is an OM030 code or our name for the PG.
	PG string
	// Method is a canonical or X2BEE code, Acquirer an OM028 code or our word; empty for any.
	Method   string
	Acquirer string
}

// FindMerchant is the merchant that a payment goes to: in use and for the site, one of listed sites before general
// ones, then the lowest number. Deciding a checkout takes merchants in the same order; with a method only merchants
// that it would take now are found. The error is a *payment.Problem.
func (s *Snapshot) FindMerchant(q MerchantQuery, opt Options) (MerchantInfo, error) {
	pgs, p := s.pgsOf(q.PG, "pgGbCd")
	if p != nil {
		return MerchantInfo{}, p
	}
	var me *method
	if q.Method != "" {
		if me, p = s.means(q.Method, "payWayCd"); p != nil {
			return MerchantInfo{}, p
		}
	}
	company := ""
	if q.Acquirer != "" {
		var ok bool
		if company, ok = s.AcquirerOf(q.Acquirer); !ok {
			return MerchantInfo{}, problem(payment.CodeInvalidField, "acqrCd", "알 수 없는 매입사: "+clip(q.Acquirer),
				"unknown acquirer "+clip(q.Acquirer))
		}
	}
	m := momentOf(opt.Now)
	var found []*merchant
	for _, p := range pgs {
		if p.on(m) {
			found = append(found, s.serving(p, me, Where{Site: q.Site}, company, m)...)
		}
	}
	slices.SortStableFunc(found, func(x, y *merchant) int {
		return cmp.Or(purposeRank(x)-purposeRank(y), preference(x, y))
	})
	if me != nil {
		found = s.deciders(found, me, q.Site, company, opt)
	}
	if len(found) == 0 {
		return MerchantInfo{}, problem(payment.CodeMerchantNotFound, "siteNo", "조건에 맞는 가맹점이 없어 PG 결제를 할 수 없습니다",
			"no merchant fits, so no PG payment is possible")
	}
	return s.merchantInfo(found[0]), nil
}

// deciders keeps the first merchant that an order by a method would go to, or fall back to: what routing never chooses
// and what a control closes takes no payment.
func (s *Snapshot) deciders(found []*merchant, me *method, site payment.Site, company string, opt Options) []*merchant {
	if len(found) == 0 {
		return nil
	}
	takes := make(map[payment.MerchantID]bool)
	s.taken([]*method{me}, Where{Site: site}, company, opt, func(cs []payment.Candidate) bool {
		for _, c := range cs {
			takes[c.Merchant] = true
		}
		return takes[found[0].ID] // none comes before it
	})
	if i := slices.IndexFunc(found, func(m *merchant) bool { return takes[m.ID] }); i >= 0 {
		return found[i : i+1]
	}
	return nil
}

// serving are the merchants of a PG that take a method on a site and device, best first. No method is any, and then
// ordinary contracts are meant; no site is any, as no device is.
func (s *Snapshot) serving(p *pg, me *method, w Where, company string, now moment) []*merchant {
	var out []*merchant
	for _, purpose := range []payment.Purpose{payment.PurposeOneTime, payment.PurposeBillingKey, payment.PurposeEscrow} {
		if me == nil && purpose != payment.PurposeOneTime || me != nil && me.purposes&purposeBit(purpose) == 0 {
			continue
		}
		for _, m := range p.merchants[merchantPurpose(purpose)] {
			if (company == "" || m.takesCard(company)) && m.fitsSomewhere(me, w, now) {
				out = append(out, m)
			}
		}
	}
	return out
}

// fitsSomewhere asks fits for every device and site that a query leaves open.
func (m *merchant) fitsSomewhere(me *method, w Where, now moment) bool {
	site := w.Site
	// Any site is asked about: one that the merchant is for will do.
	if site == "" && len(m.sites) > 0 {
		site = m.sites[0]
	}
	if me == nil {
		return m.inUse && m.span.holds(now.unix) && hasSite(m.sites, site) && m.devices&w.devices() != 0
	}
	// It is not asked for which use: a contract for API alone is listed as well.
	used := *m
	used.integrations = allIntegrations
	for _, d := range []payment.Device{payment.DevicePC, payment.DeviceMobile, payment.DeviceApp} {
		if w.devices()&deviceBit(d) == 0 {
			continue
		}
		// Without an amount nothing is said of taxes: a stated tax-free part of 0 fits every kind of merchant.
		if got, _ := used.fits(&payment.Checkout{Site: site, Device: d, TaxFreeSet: true}, me, 0, now); got == fitYes {
			return true
		}
	}
	return false
}

// purposeRank puts ordinary contracts first.
func purposeRank(m *merchant) int {
	return slices.Index(merchantPurposes(), m.Purpose)
}

// preference orders the merchants of a PG: those of listed sites before general ones, then by number.
func preference(x, y *merchant) int {
	return cmp.Or(generality(x)-generality(y), compareNumbers(string(x.ID), string(y.ID)))
}

// compareNumbers orders numbers by value and other ids as text.
func compareNumbers(a, b string) int {
	digits := func(s string) bool {
		return !slices.ContainsFunc([]byte(s), func(c byte) bool { return c < '0' || c > '9' })
	}
	// As text 1002 comes before 9.
	if digits(a) && digits(b) && len(a) != len(b) {
		return len(a) - len(b)
	}
	return cmp.Compare(a, b)
}
