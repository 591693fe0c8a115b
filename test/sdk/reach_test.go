package sdk

import (
	"testing"
)

// TestCallsOfOneServiceReachPortOne is row "portone.md §1.3 and §4.2, what is handed on unread": calls of one wallet
// or one kind of contract, which the sandbox does not play. What arrives is its own no.
func TestCallsOfOneServiceReachPortOne(t *testing.T) {
	t.Parallel()
	g := start(t)
	of := by("imp_uid", "imp_000000000000")
	v1 := shop(t, "v1.cjs", g.v1)
	for _, name := range []string{
		"NaverPay.postPoint", "NaverPay.postEscrow", "NaverPay.getCashAmount", "NaverCo.place", "NaverCo.ship",
		"NaverCo.shipExchanged", "NaverCo.requestReturn", "NaverCo.withholdReturn", "NaverCo.resolveReturn", "NaverCo.rejectReturn",
		"NaverCo.getProductOrderIds", "NaverCo.getOrderDetail", "NaverCo.getReviews", "Kakao.getOrders", "Payco.postOrderStatus", "Vbanks.getHolder",
	} {
		e := v1.fails(t, name, of)
		if data := (value{e.Data}); e.Status != 404 && e.Status != 405 || !data.is("code", -1) || data.at("problem").any != nil {
			t.Errorf("%s: %v", name, e)
		}
	}
	v2 := shop(t, "v2.cjs", g.v2)
	for name, args := range map[string]map[string]any{
		"payment.registerStoreReceipt":                  by("paymentId", "A-1", "items", []any{by("name", "의자")}),
		"payment.billingKey.confirmBillingKey":          by("billingIssueToken", "x"),
		"payment.additionalFeature.getPgCardPromotions": by("channelKey", "channel-key-v2-auto"),
		"payment.promotion.getPromotion":                by("promotionId", "x"),
		"pgSpecific.getKakaopayPaymentOrder":            by("pgTxId", "x", "channelKey", "x"),
	} {
		if e := v2.fails(t, name, args); (value{e.Data}).text("type") != "NOT_FOUND" || code(e) != "" {
			t.Errorf("%s: %v", name, e)
		}
	}
}
