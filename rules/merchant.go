package rules

import (
	"slices"

	"github.com/pg-gateway/pg-gateway/payment"
)

// merchant is a contract with what the rules know about it beyond payment.Merchant.
type merchant struct {
	payment.Merchant
	index   int
	owner   *pg
	inUse   bool
	span    period
	sites   []payment.Site
	devices deviceSet
	// integrations are those that the contract is used by.
	integrations integrationSet
	// pcOnly tells that phones were wanted, and that a key is missing for their windows.
	pcOnly    bool
	methods   bitset
	fees      map[payment.Method]rawFee
	fee       []Fee // by method index
	hasFee    bitset
	cardFee   map[string]Fee // by card company, where it differs
	free      bool
	maxMonths int
	// reviewed tells that some card company is not approved; approved are then those that are.
	reviewed bool
	approved []string
	self     [1]payment.Candidate
}

// takesCard tells whether a card company's review is done; no company in particular is fine while any is.
func (m *merchant) takesCard(company string) bool {
	if !m.reviewed {
		return true
	}
	if company == "" {
		return len(m.approved) > 0
	}
	return slices.Contains(m.approved, company)
}

// feeOf is the merchant's fee for a payment, or false when it states none. Before the window opens the kind of
// card is not known, and the company only when it was chosen beforehand: the fee for credit cards stands for the
// rest, as it is the higher one.
func (m *merchant) feeOf(c *payment.Checkout, me *method, amount payment.Won) (payment.Won, bool) {
	if !m.hasFee.has(me.index) {
		return 0, false
	}
	if me.code == methodCard {
		if f, ok := m.cardFee[cardOf(c)]; ok {
			return f.Of(amount), true
		}
	}
	return m.fee[me.index].Of(amount), true
}

// served is a PG's merchants of one purpose by the site they are for, so that deciding does not look at those of other
// sites. Within each list the one to try first is in front.
type served struct {
	listed  map[payment.Site][]*merchant
	general []*merchant
	// methods are those that any of them covers.
	methods bitset
}

// bySite sorts merchants that are in order.
func bySite(list []*merchant) served {
	out := served{listed: make(map[payment.Site][]*merchant)}
	for _, m := range list {
		for i, word := range m.methods {
			for len(out.methods) <= i {
				out.methods = append(out.methods, 0)
			}
			out.methods[i] |= word
		}
		if len(m.sites) == 0 {
			out.general = append(out.general, m)
		}
		for _, site := range m.sites {
			out.listed[site] = append(out.listed[site], m)
		}
	}
	return out
}

// bitset is a set of small numbers.
type bitset []uint64

func (b *bitset) add(i int) {
	for len(*b) <= i/64 {
		*b = append(*b, 0)
	}
	(*b)[i/64] |= 1 << (i % 64)
}

func (b bitset) has(i int) bool { return i/64 < len(b) && b[i/64]&(1<<(i%64)) != 0 }

// fit says how well a merchant suits a checkout; the higher, the closer.
type fit int

const (
	fitNot fit = iota
	fitNotKey
	fitNotCard
	fitNotTaxes
	fitNeedsTaxFree
	fitYes
)

// fits tells whether a merchant can take a payment of part of a checkout by method me.
func (m *merchant) fits(c *payment.Checkout, me *method, part payment.Won, now moment) (fit, string) {
	switch {
	case !m.inUse || !m.span.holds(now.unix):
		return fitNot, "not in use"
	case !m.devices.serves(c):
		return fitNot, "not for this device"
	case m.integrations&integrationBit(c.Integration()) == 0: //guard:contract-has-the-integration
		return fitNot, notBy(c.Integration())
	case c.Device.Phone() && slices.Contains(m.owner.spec.NotOnPhones, me.code): //guard:phones-get-what-they-can-show
		return fitNot, "the PG has the method on PCs alone"
	case !onSite(m.sites, c):
		return fitNot, "not for this site"
	case !m.methods.has(me.index):
		return fitNot, "the contract does not cover the method"
	case c.Purpose == payment.PurposeRecurring && !m.owner.spec.ChargesKeys && m.owner.spec.Name != "":
		return fitNot, "its driver charges no billing keys"
	//guard:keys-are-issued-for-what-the-driver-can
	case c.Purpose == payment.PurposeBillingKey && !m.owner.issues(me):
		return fitNot, "its driver has no billing keys issued for the method"
	}
	switch why := m.refusesKey(c.KeyAt, me.code); {
	case why != "" && c.Purpose == payment.PurposeKeyIn: //guard:key-in-at-the-named-contract
		return fitNot, "another contract was named"
	case why != "": //guard:key-is-charged-where-it-is
		return fitNotKey, why
	}
	switch fault := taxesOf(c, part).fault(m.Tax, part); {
	case fault == taxUnstated:
		return fitNeedsTaxFree, fault.String()
	case fault != taxFits:
		return fitNotTaxes, fault.String()
	case me.code == methodCard && !m.takesCard(cardOf(c)):
		return fitNotCard, "the card company's review is not done"
	}
	return fitYes, "fits"
}

// refusesKey says why a billing key cannot be charged through the contract by a method; "" when it can. A key of which
// nothing is known can.
func (m *merchant) refusesKey(at []payment.KeyContract, by payment.Method) string {
	if len(at) == 0 {
		return ""
	}
	why := "the billing key is at another PG"
	for _, k := range at {
		switch {
		case k.PG != m.PG:
		case !k.IsOf(&m.Merchant):
			why = "the billing key is at another contract"
		case k.Method != "" && k.Method != by: //guard:key-is-charged-by-its-own-method
			why = "the billing key pays with " + clip(string(k.Method))
		case k.IsOther(&m.Merchant): //guard:test-key-at-a-live-merchant
			return "the billing key and the merchant are not both for test, or both for real money"
		default:
			return ""
		}
	}
	return why
}

// KeyMethod is what a billing key pays with, given where it is: as its PG says, else the one method that the recurring
// contracts there cover. "" when neither tells.
func (s *Snapshot) KeyMethod(at []payment.KeyContract) payment.Method {
	var told, covered unique[payment.Method]
	for _, k := range at {
		told.add(k.Method)
		for _, m := range s.merchants {
			if m.Purpose == payment.MerchantRecurring && m.inUse && k.IsOf(&m.Merchant) && !k.IsOther(&m.Merchant) {
				covered.add(s.coveredBy(m)...)
			}
		}
	}
	switch {
	case len(told.list) == 1 && told.list[0] != "":
		return told.list[0]
	case len(covered.list) == 1:
		return covered.list[0]
	}
	return ""
}

const methodCard payment.Method = "card"

// cardOf is the card company chosen beforehand, if any.
func cardOf(c *payment.Checkout) string {
	if c.Card == nil {
		return ""
	}
	return c.Card.Company
}
