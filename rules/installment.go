package rules

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/pg-gateway/pg-gateway/payment"
)

// minInstallment is the least amount that Korean card companies split (inicis.md 1.5, portone.md 2).
const minInstallment payment.Won = 50_000

// plans are the instalment rules of a snapshot.
type plans struct {
	from   payment.Won
	months []int
	// amounts and moments are where offers change, ascending: between two of them every checkout of a merchant
	// gets the same offer.
	amounts []payment.Won
	moments []int64
	// closing are the controls that close card companies.
	closing []*control
}

// notice is a compiled interest-free notice.
type notice struct {
	id        string
	acquirer  string
	span      span
	period    period
	title     string
	applies   string
	excludes  string
	inUse     bool
	partial   bool
	paidBy    string
	merchants []*merchant
	steps     []Threshold
}

// Threshold is the months that are free of interest from an amount on.
type Threshold struct {
	FromAmount payment.Won
	Months     []int
}

// covers tells whether a notice applies to a merchant: to those named, or to all, as far as they have
// interest-free instalments on.
func (n *notice) covers(m *merchant) bool {
	return m.free && (len(n.merchants) == 0 || slices.Contains(n.merchants, m))
}

// installments is what the window may offer, or why the plan chosen beforehand is refused.
func (d *deciding) installments(m *merchant) (payment.Installments, *payment.Problem) {
	if d.method.code != methodCard {
		return payment.Installments{}, nil
	}
	offer, p := d.offer(m)
	if p != nil || d.in.Card == nil {
		return offer, p
	}
	if n := d.in.Card.Installment; n != 0 && !slices.Contains(offer.Months, n) {
		if d.trace != nil {
			d.step("installments", fmt.Sprint(n), false, "not among the plans offered")
		}
		return offer, d.refusePlan(n, offer.Months)
	}
	if *d.in.Card != (payment.Card{}) {
		offer.Fixed = d.in.Card
	}
	return offer, nil
}

func (d *deciding) refusePlan(n int, months []int) *payment.Problem {
	const field = "card.installment"
	if d.amount < d.s.plans.from {
		return problem(payment.CodeInstallmentRefused, field, fmt.Sprintf("할부는 %d원부터 됩니다", d.s.plans.from),
			fmt.Sprintf("instalments start at %d won", d.s.plans.from))
	}
	if len(months) == 0 {
		return problem(payment.CodeInstallmentRefused, field, "일시불만 됩니다", "only a lump sum is possible")
	}
	return problem(payment.CodeInstallmentRefused, field,
		fmt.Sprintf("%d개월은 안 되고 %d~%d개월이 됩니다", n, months[0], months[len(months)-1]),
		fmt.Sprintf("%d months are not possible, %d to %d are", n, months[0], months[len(months)-1]))
}

// offer finds or makes the offer of a merchant for this amount and moment.
func (d *deciding) offer(m *merchant) (payment.Installments, *payment.Problem) {
	closed := d.closedCards()
	// What controls close depends on site and device too, so such an offer is not kept.
	if len(closed) > 0 {
		offer := d.s.makeOffer(m, d.amount, d.now.unix, closed)
		if len(offer.Cards) == 0 {
			return offer, problem(payment.CodeCardNotApproved, "card.company", "지금 쓸 수 있는 카드사가 없습니다",
				"no card company is open now")
		}
		return offer, nil
	}
	key := memoKey{
		int32(m.index) + 1, int32(class(d.s.plans.amounts, d.amount)), int32(class(d.s.plans.moments, d.now.unix)),
	}
	if offer, ok := d.s.offers.get(key); ok {
		return offer, nil
	}
	offer := d.s.makeOffer(m, d.amount, d.now.unix, nil)
	d.s.offers.put(key, offer)
	return offer, nil
}

// class is how many of the ascending bounds x has reached.
func class[T cmp.Ordered](bounds []T, x T) int {
	low, high := 0, len(bounds)
	for low < high {
		if mid := (low + high) / 2; x >= bounds[mid] {
			low = mid + 1
		} else {
			high = mid
		}
	}
	return low
}

// closedCards are the card companies that a control closes now. A control that closes all card payments of a
// company chosen beforehand has denied the checkout already; this hides the company from the window.
func (d *deciding) closedCards() []string {
	var closed []string
	for _, c := range d.s.plans.closing {
		if c.devices.names(d.in) && hasSite(c.sites, d.in.Site) && c.when.holds(d.now) {
			closed = append(closed, c.cards...)
		}
	}
	return closed
}

// makeOffer works out what a merchant's window may offer.
func (s *Snapshot) makeOffer(m *merchant, amount payment.Won, unix int64, closed []string) payment.Installments {
	var offer payment.Installments
	offer.Cards = s.openCards(m, closed)
	if amount < s.plans.from {
		return offer
	}
	for _, n := range s.plans.months {
		if m.maxMonths == 0 || n <= m.maxMonths {
			offer.Months = append(offer.Months, n)
		}
	}
	for _, n := range s.notices {
		// Months that a card company pays for are its own offer; the window is told of the merchant's.
		if !n.inUse || n.paidBy != "merchant" || !n.period.holds(unix) || !n.covers(m) {
			continue
		}
		if !m.takesCard(n.acquirer) || slices.Contains(closed, n.acquirer) {
			continue
		}
		months := n.months(amount, offer.Months)
		switch {
		case len(months) == 0:
		case n.partial:
			offer.PartlyInterestFree = append(offer.PartlyInterestFree,
				payment.AcquirerMonths{Acquirer: n.acquirer, Months: months})
		default:
			offer.InterestFree = append(offer.InterestFree, payment.AcquirerMonths{Acquirer: n.acquirer, Months: months})
		}
	}
	sortAcquirers(offer.InterestFree)
	sortAcquirers(offer.PartlyInterestFree)
	return offer
}

// openCards restricts the window to some card companies, or is nil when all are fine.
func (s *Snapshot) openCards(m *merchant, closed []string) []string {
	if len(closed) == 0 {
		if m.reviewed {
			return m.approved
		}
		return nil
	}
	var open []string
	for c := range payment.CardCompanies() {
		if m.takesCard(c.Word) && !slices.Contains(closed, c.Word) {
			open = append(open, c.Word)
		}
	}
	return open
}

// months are the notice's months for an amount, as far as they are offered at all.
func (n *notice) months(amount payment.Won, offered []int) []int {
	var best *Threshold
	for i := range n.steps {
		// The steps ascend: the last one that is reached counts.
		if amount >= n.steps[i].FromAmount {
			best = &n.steps[i]
		}
	}
	if best == nil {
		return nil
	}
	var out []int
	for _, m := range best.Months {
		if slices.Contains(offered, m) {
			out = append(out, m)
		}
	}
	return out
}

func sortAcquirers(list []payment.AcquirerMonths) {
	slices.SortFunc(list, func(a, b payment.AcquirerMonths) int { return cmp.Compare(a.Acquirer, b.Acquirer) })
}
