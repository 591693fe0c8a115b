package gateway

import (
	"maps"
	"net/http"
	"testing"

	"github.com/pg-gateway/pg-gateway/test/fixture"
)

// phoneBills lets phone bills be paid at Inicis, whose contract says what they are for, or does not.
func phoneBills(contract *bool) fixture.Edit {
	return func(c *fixture.Config) {
		phone := c.Method("phone")
		phone.InUse, phone.Links = true, fixture.Links("inicis")
		c.Merchant("1001").Digital, c.Merchant("1004").Digital = contract, contract
	}
}

// TestPhoneBillsAreChargedAsTheOrderSays: a buyer could have the page say what costs less.
func TestPhoneBillsAreChargedAsTheOrderSays(t *testing.T) {
	t.Parallel()
	yes, no := new(bool), new(bool)
	*yes = true
	const goods, digital = "centerCd(Y):HPP(2)", "centerCd(Y):HPP(1)"
	for _, tt := range []struct {
		name     string
		order    string // what the look-up says beside the amount
		contract *bool
		page     any
		want     string // acceptmethod, or the code of the problem and its field
	}{
		{"nobody says", ``, nil, nil, goods},
		{"the page says", ``, nil, true, digital},
		{"the page says in text", ``, nil, "true", digital},
		{"the contract says", ``, yes, nil, digital},
		{"the contract is before the page", ``, no, true, goods},
		{"the order is before the page", `,"digital":true`, nil, false, digital},
		{"the order is before the contract", `,"digital":false`, yes, true, goods},
		{"null does not say", `,"digital":null`, yes, nil, digital},
		{"the order's is text", `,"digital":"Y"`, nil, nil, "ORDER_ANSWER_INVALID digital"},
		{"the page's is a number", ``, nil, 1, "INVALID_FIELD digital"},
		{"the page's is a word", ``, nil, "yes", "INVALID_FIELD digital"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			shop := answering(t, `{"order_id":"O-1","amount":64900,"order_name":"x","status":"waiting"`+tt.order+`}`)
			h := newHouse(t, shopAt(shop.URL), phoneBills(tt.contract))
			body := map[string]any{
				"order_id": "O-1", "amount": 64900, "payments": []any{map[string]any{"method": "phone", "amount": 64900}},
				"buyer": map[string]any{"name": "홍길동", "email": "gildong@example.com", "tel": "010-4242-4242"},
				"site":  "main", "device": "pc", "return_url": publicURL + "/result",
			}
			if tt.page != nil {
				maps.Copy(body, map[string]any{"digital": tt.page})
			}
			a := h.postCheckout(body)
			field, _ := a.json["field"].(string)
			got := a.code() + " " + field
			if a.status == http.StatusOK {
				got, _ = windowParams(a.json)["acceptmethod"].(string)
			}
			if got != tt.want {
				t.Errorf("got %q, want %q: %d %s", got, tt.want, a.status, a.body)
			}
		})
	}
}

// TestInterceptTakesTheShopsWordOnGoods: of the request what is sold counts only where the answer does not tell.
func TestInterceptTakesTheShopsWordOnGoods(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, request, answer, want string }{
		{"nobody says", ``, ``, "centerCd(Y):HPP(2)"},
		{"the request says", `"digital":true,`, ``, "centerCd(Y):HPP(1)"},
		{"a form's empty box says nothing", `"digital":"",`, ``, "centerCd(Y):HPP(2)"},
		{"the answer is before the request", `"digital":false,`, `,"digital":true`, "centerCd(Y):HPP(1)"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			shop := answering(t, `{"payload":{"ordNo":"O-1","payAmt":11000,"goodsNm":"x"`+tt.answer+`}}`)
			h := newHouse(t, shopAt(shop.URL), phoneBills(nil), func(c *fixture.Config) {
				c.Intercepts[0].ReadRequest["digital"] = "body:digital"
				c.Intercepts[0].ReadAnswer["digital"] = "body:payload.digital"
				c.Method("phone").X2BEE = "30"
			})
			a := h.post("/api/orders", "application/json", `{`+tt.request+plainOrderOf("30")[1:])
			payload, _ := a.json["payload"].(map[string]any)
			pg, _ := payload["pg"].(map[string]any)
			if got := windowParams(pg)["acceptmethod"]; got != tt.want {
				t.Errorf("got %v, want %s: %d %s", got, tt.want, a.status, a.body)
			}
		})
	}
	h := newHouse(t, phoneBills(nil), func(c *fixture.Config) {
		c.Intercepts[0].ReadRequest["digital"] = "body:digital"
	})
	if a := h.post("/api/orders", "application/json", `{"digital":"Y",`+plainOrder[1:]); a.status/100 != 4 {
		t.Errorf("a word that is neither true nor false is answered %d %s", a.status, a.body)
	}
}

// plainOrderOf is plainOrder by another method.
func plainOrderOf(payWay string) string {
	return `{"payMeans":[{"payWayCd":"` + payWay + `"}],"buyer":{"name":"홍길동","tel":"010-4242-4242",` +
		`"email":"gildong@example.com"},"return_url":"` + publicURL + `/result"}`
}
