package gateway

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/pg-gateway/pg-gateway/adapters/orders"
	"github.com/pg-gateway/pg-gateway/payment"
)

// lookUp asks the order service what an order is. The error is a *payment.Problem that the buyer may see.
func (g *Gateway) lookUp(ctx context.Context, v *view, id payment.OrderID) (orders.Order, error) {
	get, err := g.lookUps(v)
	if err != nil {
		return orders.Order{}, err
	}
	held, err := g.enterLookUp(v, id)
	if err != nil {
		return orders.Order{}, err
	}
	defer held.leave()
	start := time.Now()
	o, err := v.orders.Lookup(ctx, get, id)
	waited(ctx, start)
	if err != nil && !errors.Is(err, orders.ErrOrderNotFound) {
		g.log.WarnContext(ctx, "the order service does not answer a lookup", slog.Any("order_id", id), slog.Any("err", err))
	}
	if err == nil && o.Currency != payment.CurrencyKRW {
		return o, &payment.Problem{
			Code: payment.CodeInvalidField, Field: "currency", OrderID: id,
			DetailKo: "주문의 통화가 KRW가 아닙니다", DetailEn: "the order is not in KRW",
		}
	}
	faulty, isFaulty := errors.AsType[*orders.AnswerError](err)
	switch {
	case errors.Is(err, orders.ErrOrderNotFound):
		return o, &payment.Problem{Code: payment.CodeOrderNotFound, Field: "order_id", OrderID: id}
	case isFaulty:
		p := orderFault(id, faulty.Field, faulty.Ko, faulty.En)
		if faulty.Elsewhere {
			p.Code = payment.CodeOrderServiceDown
		}
		return o, p
	case err != nil:
		return o, &payment.Problem{Code: payment.CodeOrderServiceDown, OrderID: id}
	case o.Status == "paid":
		return o, &payment.Problem{Code: payment.CodeOrderAlreadyPaid, OrderID: id}
	case o.Status == "cancelled":
		return o, &payment.Problem{
			Code: payment.CodeOrderRefused, OrderID: id, DetailKo: "취소된 주문입니다", DetailEn: "the order is cancelled",
		}
	}
	return o, nil
}

// orderFault says what is wrong in an answer of the order service.
func orderFault(id payment.OrderID, field, ko, en string) *payment.Problem {
	where, place := "주문 서비스 응답: ", "the order service's answer "
	if field != "" {
		where, place = "주문 서비스 응답의 "+field+": ", "the order service's answer: "+field+" "
	}
	return &payment.Problem{
		Code: payment.CodeOrderAnswerInvalid, Field: field, OrderID: id, DetailKo: where + ko, DetailEn: place + en,
	}
}

// agreed holds the split of a checkout to what the order service says. Without its word the PG is to charge the
// whole order: else the browser could name a price of its own and call the rest mileage.
func (v *view) agreed(
	id payment.OrderID, payments []payment.MethodAmount, amount payment.Won, said orders.Split,
) error {
	want, err := v.saidByShop(id, said)
	if err != nil {
		return err
	}
	var room [maxPayments]payment.MethodAmount
	pg, settled := v.sides(room[:0], payments)
	switch {
	case !said.Stated() && pg != amount: //guard:no-split-said-whole-order
		return &payment.Problem{
			Code: payment.CodeSplitMismatch, Field: "payments", OrderID: id,
			DetailKo: "쇼핑몰이 이 주문의 결제수단별 금액을 알려 주지 않아 나누어 결제할 수 없습니다",
			DetailEn: "the order service does not say how this order is split, so it cannot be paid in parts",
		}
	//guard:stated-part //guard:listed-part //guard:mileage-as-listed
	case said.PGSet && pg != said.PG, len(said.Parts) > 0 && (pg != want.pg || !slices.Equal(settled, want.settled)):
		return &payment.Problem{Code: payment.CodeSplitMismatch, Field: "payments", OrderID: id}
	}
	return nil
}

// sidesOf are the two sides of a split: what a PG charges, and what the shop settles itself.
type sidesOf struct {
	pg      payment.Won
	settled []payment.MethodAmount
}

// saidByShop reads the shop's words in a split.
func (v *view) saidByShop(id payment.OrderID, said orders.Split) (sidesOf, error) {
	parts := make([]payment.MethodAmount, 0, len(said.Parts))
	for i, p := range said.Parts {
		m, ok := v.rules.ResolveMethod(string(p.Method))
		if !ok {
			return sidesOf{}, orderFault(
				id, fmt.Sprintf("%s.%d.method", said.PartsAt, i), "설정에 없는 결제수단입니다", "is no method of the configuration",
			)
		}
		parts = append(parts, payment.MethodAmount{Method: m, Amount: p.Amount})
	}
	pg, settled := v.sides(nil, parts)
	if said.PGSet && len(parts) > 0 && pg != said.PG { //guard:shop-contradicts-itself
		return sidesOf{}, orderFault(id, said.PGAt, said.PartsAt+"의 금액과 맞지 않습니다", "does not fit "+said.PartsAt)
	}
	return sidesOf{pg, settled}, nil
}

// sides adds up what goes through a PG, and adds what the shop settles itself to a list, by method. A method that is
// not known counts as one of a PG; the rules refuse it.
func (v *view) sides(
	settled, payments []payment.MethodAmount,
) (payment.Won, []payment.MethodAmount) {
	var pg payment.Won
	for _, p := range payments {
		m, _ := v.rules.ResolveMethod(string(p.Method))
		switch {
		case !v.rules.Secondary(m):
			pg += p.Amount
		case p.Amount > 0:
			settled = append(settled, payment.MethodAmount{Method: m, Amount: p.Amount})
		}
	}
	slices.SortFunc(settled, func(a, b payment.MethodAmount) int {
		return cmp.Or(cmp.Compare(a.Method, b.Method), cmp.Compare(a.Amount, b.Amount))
	})
	return pg, settled
}

// splitFrom is what the shop says of an intercepted order's split: in its answer, or else, where the order is to be
// paid in parts, in its look-up.
func (g *Gateway) splitFrom(
	ctx context.Context, v *view, i *intercept, from exchange, co *payment.Checkout,
) (orders.Split, error) {
	said := orders.Split{PartsAt: i.ReadAnswer["pay_amount"].Value, PGAt: i.ReadAnswer["pg_amount"].Value}
	if amounts(co.Payments) {
		said.Parts = co.Payments
	}
	if s, ok := i.readAnswer.of("pg_amount"); ok {
		if got := from.get(s); got.Exists() {
			w, err := jsonWon(s.Value, got)
			if err != nil {
				return said, err
			}
			said.PG, said.PGSet = w, true
		}
	}
	inParts := func(p payment.MethodAmount) bool { return v.rules.Secondary(p.Method) }
	if said.Stated() || !slices.ContainsFunc(co.Payments, inParts) {
		return said, nil
	}
	o, err := g.lookUp(ctx, v, co.OrderID)
	if err == nil && o.Amount != co.Amount {
		err = orderFault(co.OrderID, i.ReadAnswer["amount"].Value, "주문 조회의 금액과 다릅니다", "differs from its look-up")
	}
	return o.Split, err
}

// amounts tells whether a list of methods says what each pays.
func amounts(payments []payment.MethodAmount) bool {
	return slices.ContainsFunc(payments, func(p payment.MethodAmount) bool { return p.Amount > 0 })
}

// fill gives the methods of a checkout that names no amounts what the shop says they pay. What it leaves open stays
// at 0 and will not add up.
func (v *view) fill(co *payment.Checkout, said orders.Split) {
	if amounts(co.Payments) {
		return
	}
	if len(co.Payments) == 1 {
		co.Payments[0].Amount = co.Amount
		return
	}
	for n := range co.Payments {
		p := &co.Payments[n]
		switch {
		case len(said.Parts) > 0:
			p.Amount = v.partOf(said.Parts, p.Method)
		case said.PGSet && len(co.Payments) == 2 && v.rules.Secondary(p.Method):
			p.Amount = co.Amount - said.PG
		case said.PGSet && len(co.Payments) == 2:
			p.Amount = said.PG
		}
	}
}

// partOf is what a method pays of a split: a secondary one its own part, the primary whatever goes through a PG,
// since the buyer may have chosen another card or wallet meanwhile.
func (v *view) partOf(parts []payment.MethodAmount, method payment.Method) payment.Won {
	pg, settled := v.sides(nil, parts)
	if !v.rules.Secondary(method) {
		return pg
	}
	for _, s := range settled {
		if s.Method == method {
			return s.Amount
		}
	}
	return 0
}
