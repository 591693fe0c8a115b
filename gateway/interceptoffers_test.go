package gateway

import (
	"net/http"
	"strings"
	"testing"

	"github.com/pg-gateway/pg-gateway/test/fixture"
)

// orderSheet is X2BEE's: card, Kakao Pay, mileage and a method that nobody configured.
const orderSheet = `{"code":"0000","payload":{"orderSheetInfo":{"ordNo":"O-1", "mainPayMethodInfoList":[` +
	`{"payWayCd":"11","useYn":"Y","cdNm":"신용카드"}, {"payWayCd":"15","useYn":"Y"},{"payWayCd":"99"},{"payWayCd":"12","useYn":"Y"}` +
	`],"subPayMethodInfoList":[{"payWayCd":"32"}]}}}`

func offers(mark bool) fixture.Edit {
	return func(c *fixture.Config) {
		o := map[string]any{"list": "payload.orderSheetInfo.mainPayMethodInfoList", "code": "payWayCd"}
		if mark {
			o["mark"] = map[string]string{"member": "useYn", "as": "N"}
		}
		c.Intercepts = append([]fixture.Intercept{{
			Name: "sheet", Match: map[string]string{"method": "GET", "path": "/api/orderSheet"}, Upstream: "order_service", Offers: o,
		}}, c.Intercepts...)
	}
}

// TestAnOrderSheetOffersWhatCanBeUsedNow: what it offers and what a checkout takes are the same.
func TestAnOrderSheetOffersWhatCanBeUsedNow(t *testing.T) {
	t.Parallel()
	const head, tail = `{"code":"0000","payload":{"orderSheetInfo":{"ordNo":"O-1", "mainPayMethodInfoList":[`,
		`],"subPayMethodInfoList":[{"payWayCd":"32"}]}}}`
	for _, tt := range []struct {
		name string
		edit fixture.Edit
		mark bool
		want string
	}{
		{"all but the unknown one", nil, false, `{"payWayCd":"11","useYn":"Y","cdNm":"신용카드"}, {"payWayCd":"15","useYn":"Y"},{"payWayCd":"12","useYn":"Y"}`},
		{"the first is off", fixture.LinksOff("card"), false, `{"payWayCd":"15","useYn":"Y"},{"payWayCd":"12","useYn":"Y"}`},
		{"the last is off", fixture.LinksOff("trans"), false, `{"payWayCd":"11","useYn":"Y","cdNm":"신용카드"}, {"payWayCd":"15","useYn":"Y"}`},
		{
			"marked", fixture.LinksOff("card"), true,
			`{"payWayCd":"11","useYn":"N","cdNm":"신용카드"}, {"payWayCd":"15","useYn":"Y"},{"payWayCd":"99","useYn":"N"},{"payWayCd":"12","useYn":"Y"}`,
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			shop := shopSaying(t, "application/json", orderSheet)
			h := newHouse(t, shopAt(shop.URL), offers(tt.mark), tt.edit)
			a := h.get("/api/orderSheet")
			if a.status != http.StatusOK || string(a.body) != head+tt.want+tail || a.header.Get("Cache-Control") != "no-store" {
				t.Errorf("got %d %v %s", a.status, a.header, a.body)
			}
			if !h.counted(`pg_gateway_intercepts_total{name="sheet",result="offered"} 1`) {
				t.Error("not counted")
			}
		})
	}
}

func TestAnAnswerWithoutAListOfMethodsPasses(t *testing.T) {
	t.Parallel()
	const body = `{"code":"1003","payload":null}`
	h := newHouse(t, shopAt(shopSaying(t, "application/json", body).URL), offers(false))
	if a := h.get("/api/orderSheet"); string(a.body) != body || a.header.Get(headerUnchanged) != "no_list" {
		t.Errorf("got %q %s", a.header.Get(headerUnchanged), a.body)
	}
}

// TestAnOrderSheetOffersWhatTheLinkCheckCallsUsable, also where a rule of the shop and no switch decides.
func TestAnOrderSheetOffersWhatTheLinkCheckCallsUsable(t *testing.T) {
	t.Parallel()
	shop := shopSaying(t, "application/json", orderSheet)
	// The rule sends cards to a PG that is off, and to no other.
	noCard := func(c *fixture.Config) {
		c.PGs["portone1"].InUse = false
		c.Routing = append([]fixture.Rule{fixture.ByPG("card-by-portone-v1", "card", "portone1")}, c.Routing...)
	}
	h := newHouse(t, shopAt(shop.URL), offers(true), noCard)
	link := h.post("/api/order/v1/payment/payMeanLink", "application/json", `{"payInfoList":[{"payWayCd":"11"}],"ordMediaCd":"20"}`)
	payload, _ := link.json["payload"].(map[string]any)
	sheet := string(h.get("/api/orderSheet").body)
	if payload["usableYn"] != "N" || !strings.Contains(sheet, `{"payWayCd":"11","useYn":"N"`) {
		t.Errorf("the link check says %v, the sheet %s", payload["usableYn"], sheet)
	}
}
