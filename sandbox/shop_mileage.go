package sandbox

import (
	"fmt"
	"slices"
)

// mileageAtFirst is what a member may spend before his first order, in won. Who does not say who he is counts as a
// member of his own.
const mileageAtFirst Won = 100_000

// balance is what a member may still spend.
func (s *shopState) balance(member string) Won {
	spent, _ := s.mileage.get(member)
	return mileageAtFirst - spent
}

// split notes an order's means and how much of it is mileage, and says why that cannot be.
func (s *shopState) split(o *Order, means []payMeans) string {
	var stated, internal Won
	others := false
	for _, m := range means {
		o.Methods = append(o.Methods, m.Code)
		stated += m.Amount
		if slices.Contains(internalMeans(), m.Code) {
			internal += m.Amount
		} else {
			others = true
		}
	}
	if len(means) > 0 && !others && stated == 0 {
		stated, internal = o.Amount, o.Amount
	}
	switch {
	case slices.ContainsFunc(means, func(m payMeans) bool { return m.Amount < 0 }), stated != 0 && stated != o.Amount:
		return "결제수단별 금액의 합이 주문 금액과 다릅니다"
	case len(means) > 1 && stated == 0 && slices.ContainsFunc(means, func(m payMeans) bool {
		return slices.Contains(internalMeans(), m.Code)
	}):
		return "마일리지로 낼 금액을 알려 주세요"
	case internal > s.balance(o.member):
		return fmt.Sprintf("마일리지가 모자랍니다 (잔액 %d원)", s.balance(o.member))
	}
	o.Mileage = internal
	return ""
}

// pgAmount is what goes through a PG.
func (o *Order) pgAmount() Won { return o.Amount - o.Mileage }

// spend takes an order's mileage from its member's balance, once, and tells whether there was enough.
func (s *shopState) spend(o *Order) bool {
	switch {
	case o.spent || o.Mileage == 0:
		return true
	case o.Mileage > s.balance(o.member):
		return false
	}
	s.book(o, o.Mileage)
	return true
}

// settle lets the balance follow what an event said: a paid order has spent its mileage, and one that was cancelled
// or whose payment failed has it back.
func (s *shopState) settle(o *Order) {
	ended := o.Status == "cancelled" || o.Status == "waiting" && len(o.Failed) >= len(o.Confirmed)
	switch {
	case o.Mileage == 0:
	case o.Status == "paid" && !o.spent:
		s.book(o, o.Mileage)
	case ended && o.spent:
		s.book(o, -o.Mileage)
	}
}

func (s *shopState) book(o *Order, won Won) {
	spent, _ := s.mileage.get(o.member)
	s.mileage.put(o.member, spent+won)
	o.spent = won > 0
}
