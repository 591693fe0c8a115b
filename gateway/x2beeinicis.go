package gateway

import (
	"encoding/json"
	"fmt"
	"slices"

	"github.com/gofiber/fiber/v2"

	"github.com/pg-gateway/pg-gateway/adapters"
	"github.com/pg-gateway/pg-gateway/payment"
	"github.com/pg-gateway/pg-gateway/strictjson"
)

// inicisRequest is what the window of an order is asked for with.
type inicisRequest struct {
	checkout payment.Checkout
	merchant payment.MerchantID
	method   string
	amount   payment.Won
	closeURL string
	// settled are the secondary means that pay the rest of the order.
	settled []settledPart
	card    payment.Card
}

type settledPart struct {
	method string
	amount payment.Won
}

// inicisPCParam prepares the Inicis PC window of an order (이니시스 PC 결제요청 파라미터 생성). It is a checkout: the
// figures are the order service's, the rules decide, and the window leads to the same attempt.
func (g *Gateway) inicisPCParam(c *fiber.Ctx, v *view) (any, error) {
	if g.draining.Load() {
		return nil, &payment.Problem{Code: payment.CodeShuttingDown}
	}
	var req inicisRequest
	err := storeRequest(c, v, req.read)
	if err == nil {
		err = req.complete(v, g.drivers)
	}
	if err != nil {
		return nil, err
	}
	ctx := g.payerContext(c)
	if err := g.admitOrder(c, v, req.checkout.OrderID, req.method); err != nil {
		return nil, err
	}
	if err := g.enterCheckout(c); err != nil {
		return nil, err
	}
	asked := g.askEarlier(ctx, req.checkout.OrderID)
	if err := g.guessed(c, v, req.checkout.OrderID, g.trueFigures(ctx, v, &req.checkout)); err != nil {
		return nil, err
	}
	failed, err := g.earlierAttempts(ctx, req.checkout.OrderID, asked)
	if err != nil {
		return nil, err
	}
	opt := g.deciding(failed)
	d, err := v.rules.DecideFor(&req.checkout, req.merchant, opt)
	g.countDecision(d, err)
	if err != nil {
		return nil, err
	}
	ans, err := g.prepare(ctx, v, &req.checkout, d, opt.Now)
	if err != nil {
		return nil, err
	}
	return inicisParams(ans, req.closeURL)
}

// inicisParams are the window's fields under Inicis' own names, so that a page can post them as they are.
func inicisParams(ans checkoutAnswer, closeURL string) (map[string]any, error) {
	text, err := json.Marshal(ans.Window.Params)
	if err != nil {
		return nil, fmt.Errorf("encoding the window of attempt %s: %w", ans.AttemptID, err)
	}
	params := map[string]any{}
	if err := json.Unmarshal(text, &params); err != nil {
		return nil, fmt.Errorf("reading the window of attempt %s: %w", ans.AttemptID, err)
	}
	if closeURL != "" {
		params["closeUrl"] = closeURL
	}
	params["jsUrl"], params["attempt_id"] = ans.Window.Script, ans.AttemptID
	return params, nil
}

func (q *inicisRequest) read(r *strictjson.Reader, key string) error {
	c := &q.checkout
	switch key {
	case "ordNo":
		return optional(r, &c.OrderID, maxOrderID)
	case "mersNo":
		return optional(r, &q.merchant, maxOrderID)
	case "payWayCd":
		return optional(r, &q.method, maxOrderID)
	case "payAmt":
		return won(r, &q.amount)
	case "goodsNm":
		return optional(r, &c.OrderName, maxText)
	case "ordManNm":
		return optional(r, &c.Buyer.Name, maxText)
	case "ordManTelNo":
		return optional(r, &c.Buyer.Tel, maxText)
	case "ordManEmailAddr":
		return optional(r, &c.Buyer.Email, maxText)
	case "siteNo":
		return optional(r, &c.Site, maxOrderID)
	case "returnUrl":
		return optional(r, &c.ReturnURL, maxURL)
	case "closeUrl":
		return optional(r, &q.closeURL, maxURL)
	case "cardCd":
		return optional(r, &q.card.Company, maxOrderID)
	case "instMonths":
		return q.readMonths(r)
	case "subPayInfoList":
		return q.readSettled(r)
	}
	return r.Skip()
}

func (q *inicisRequest) readMonths(r *strictjson.Reader) error {
	if r.Null() {
		return nil
	}
	n, err := r.Int()
	if err == nil && n > 60 {
		err = fieldProblem(r.Path(), "할부는 60개월까지입니다", "at most 60 months")
	}
	q.card.Installment = int(n)
	return err
}

func (q *inicisRequest) readSettled(r *strictjson.Reader) error {
	return items(r, func(key string, i int) error {
		switch key {
		case "payWayCd":
			return text(r, &q.settled[i].method, maxOrderID)
		case "payAmt":
			return won(r, &q.settled[i].amount)
		}
		return r.Skip()
	}, func(n int) { q.settled = grown(q.settled, n-1) })
}

// complete checks a request and makes the checkout of it.
func (q *inicisRequest) complete(v *view, drivers map[payment.DriverName]adapters.Driver) error {
	c := &q.checkout
	for _, f := range []struct{ name, value string }{
		{"ordNo", string(c.OrderID)},
		{"mersNo", string(q.merchant)},
		{"payWayCd", q.method},
		{"goodsNm", c.OrderName},
		{"ordManNm", c.Buyer.Name},
		{"ordManTelNo", c.Buyer.Tel},
		{"ordManEmailAddr", c.Buyer.Email},
	} {
		if f.value == "" {
			return missing(f.name)
		}
	}
	if q.amount == 0 {
		return missing("payAmt")
	}
	if !validOrderID(string(c.OrderID)) {
		return fieldProblem("ordNo", "영문, 숫자, - 와 _ 만 64자까지 쓸 수 있습니다", "up to 64 letters, digits, - and _")
	}
	c.Currency, c.Purpose, c.Device = payment.CurrencyKRW, payment.PurposeOneTime, payment.DevicePC
	if err := q.payments(v); err != nil {
		return err
	}
	if err := q.contract(v, drivers); err != nil {
		return err
	}
	if err := q.addresses(v); err != nil {
		return err
	}
	return q.chosenCard(v)
}

// payments puts the main means first, and the secondary ones behind it.
func (q *inicisRequest) payments(v *view) error {
	for i, part := range append([]settledPart{{q.method, q.amount}}, q.settled...) {
		field := "payWayCd"
		if i > 0 {
			field = fmt.Sprintf("subPayInfoList.%d.payWayCd", i-1)
		}
		method, ok := v.rules.ResolveMethod(part.method)
		if !ok {
			return &payment.Problem{
				Code: payment.CodeUnknownMethod, Field: field, DetailKo: "알 수 없는 결제수단: " + clipText(part.method, 32),
				DetailEn: "unknown payment method " + clipText(part.method, 32),
			}
		}
		if v.rules.Secondary(method) != (i > 0) {
			return fieldProblem(
				field, "주결제수단은 payWayCd에, 부결제수단은 subPayInfoList에 있어야 합니다",
				"main means go into payWayCd, secondary ones into subPayInfoList",
			)
		}
		q.checkout.Payments = append(q.checkout.Payments, payment.MethodAmount{Method: method, Amount: part.amount})
		q.checkout.Amount += part.amount
	}
	return nil
}

// contract checks that the merchant is one of Inicis, whose window this is.
func (q *inicisRequest) contract(v *view, drivers map[payment.DriverName]adapters.Driver) error {
	m, ok := v.rules.Merchant(q.merchant)
	if !ok {
		return &payment.Problem{
			Code: payment.CodeMerchantNotFound, Field: "mersNo", DetailKo: "없는 가맹점입니다", DetailEn: "there is no such merchant",
		}
	}
	p, ok := v.rules.PG(m.PG)
	if !ok || !opens(drivers[p.Driver], payment.WindowInicisPC) {
		return fieldProblem("mersNo", "이니시스 가맹점이 아닙니다", "is not a merchant of Inicis")
	}
	return nil
}

// opens tells whether a driver has windows of a kind.
func opens(d adapters.Driver, kind payment.WindowKind) bool {
	return d != nil && slices.Contains(d.Spec().Windows, kind)
}

// addresses checks where the browser is sent: only to origins of the shop.
func (q *inicisRequest) addresses(v *view) error {
	if q.checkout.ReturnURL == "" {
		q.checkout.ReturnURL = v.rules.X2BEE().ReturnURL
	}
	if q.checkout.ReturnURL == "" {
		return missing("returnUrl")
	}
	for _, a := range []struct{ name, url string }{{"returnUrl", q.checkout.ReturnURL}, {"closeUrl", q.closeURL}} {
		if a.url != "" && !v.allowsReturn(a.url) {
			return &payment.Problem{
				Code: payment.CodeReturnURLNotAllowed, Field: a.name, OrderID: q.checkout.OrderID,
				DetailKo: a.name + "이 allow_origins에 없습니다", DetailEn: a.name + " is not at an origin of allow_origins",
			}
		}
	}
	return nil
}

// chosenCard takes over the card company and plan chosen beforehand.
func (q *inicisRequest) chosenCard(v *view) error {
	if q.card == (payment.Card{}) {
		return nil
	}
	if q.card.Company != "" {
		company, ok := v.rules.AcquirerOf(q.card.Company)
		if !ok {
			return fieldProblem("cardCd", "알 수 없는 카드사입니다", "is not a known card company")
		}
		q.card.Company = company
	}
	q.checkout.Card = &q.card
	return nil
}
