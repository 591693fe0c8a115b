package sdk

import (
	"testing"
)

// TestV1Cancels is row "portone.md §1.6, cancel": full, in parts, repeated, and what is refused.
func TestV1Cancels(t *testing.T) { //nolint:tparallel // one shop, one call after the other
	t.Parallel()
	g := start(t)
	v1, p, q := shop(t, "v1.cjs", g.v1), g.pay("tosspay", "approved"), g.pay("tosspay", "approved")
	const cancel = "Payments.cancel"
	v1.run(t, []row{
		{cancel, by("imp_uid", p.txID, "reason", "변심"), map[string]any{
			"response.status": "cancelled", "response.cancel_amount": p.amount, "response.merchant_uid": p.attempt,
		}},
		{cancel, by("imp_uid", p.txID), map[string]any{"response.status": "cancelled", "response.cancel_amount": p.amount}},
		{cancel, by("merchant_uid", q.attempt, "amount", 1000, "checksum", q.amount), map[string]any{
			"response.status": "paid", "response.cancel_amount": 1000, "response.cancel_history.0.amount": 1000,
		}},
		{cancel, by("merchant_uid", q.attempt, "amount", 1000, "checksum", q.amount), map[string]any{"response.cancel_amount": 1000}},
		{cancel, by("imp_uid", q.txID, "amount", 1000, "checksum", q.amount-1000), map[string]any{"response.cancel_amount": 2000}},
	})
	for name, tt := range map[string]struct {
		args   map[string]any
		status int
		code   string
	}{
		"nothing, which V1 takes for everything": {by("imp_uid", q.txID, "amount", 0), 400, "INVALID_FIELD"},
		"an unknown imp_uid":                     {by("imp_uid", "imp_000000000000"), 404, "ATTEMPT_NOT_FOUND"},
		"more than is left":                      {by("imp_uid", q.txID, "amount", q.amount), 422, "CANCEL_EXCEEDS_REMAINING"},
		"the same part, blindly":                 {by("imp_uid", q.txID, "amount", 1000), 409, "CANCEL_REPEATED"},
		"another rest":                           {by("imp_uid", q.txID, "amount", 1, "checksum", 3), 422, "CANCEL_EXCEEDS_REMAINING"},
	} {
		e := v1.fails(t, cancel, tt.args)
		if e.Status != tt.status || code(e) != tt.code || !(value{e.Data}).is("code", -1) || (value{e.Data}).text("message") == "" {
			t.Errorf("%s: %v", name, e)
		}
	}
	if n := g.writes("portone_v1", "cancel", ""); n != 3 {
		t.Errorf("%d cancels were written, want 3", n)
	}
	g.mustBalance(t, q.amount-2000)
}

// TestV1AccountGoesBack is row "portone.md §1.6, cancel": a virtual account's money goes to the account that is named.
func TestV1AccountGoesBack(t *testing.T) {
	t.Parallel()
	g := start(t)
	v1, p := shop(t, "v1.cjs", g.v1), g.pay("vbank", "issued")
	g.control("deposits", by("ref", p.attempt))
	g.mustBalance(t, p.amount)
	if e := v1.fails(t, "Payments.cancel", by("imp_uid", p.txID)); e.Status != 400 || g.writes("portone_v1", "cancel", "") != 0 {
		t.Errorf("without an account: %v", e)
	}
	back := by("imp_uid", p.txID, "refund_holder", "홍길동", "refund_bank", "88", "refund_account", "110000000000", "refund_tel", "010-0000-0000")
	for range 2 {
		if a := v1.must(t, "Payments.cancel", back); a.int("response.cancel_amount") != p.amount {
			t.Errorf("it is answered %s", a)
		}
	}
	g.mustBalance(t, 0)
}

// TestV2Cancels is row "portone.md §4.5, cancel": full, in parts, repeated, and what is refused.
func TestV2Cancels(t *testing.T) { //nolint:tparallel // one shop, one call after the other
	t.Parallel()
	g := start(t)
	v2, p, q := shop(t, "v2.cjs", g.v2), g.pay("kakaopay", "approved"), g.pay("kakaopay", "approved")
	const cancel = "payment.cancelPayment"
	part := by("paymentId", q.attempt, "amount", 1000, "currentCancellableAmount", q.amount, "reason", "하나 반품")
	v2.run(t, []row{
		{cancel, by("paymentId", p.attempt, "reason", "변심", "requester", "CUSTOMER"), map[string]any{
			"cancellation.status": "SUCCEEDED", "cancellation.totalAmount": p.amount, "cancellation.reason": "변심",
		}},
		{cancel, by("paymentId", p.attempt, "reason", "한 번 더"), map[string]any{"cancellation.totalAmount": p.amount}},
		{cancel, part, map[string]any{"cancellation.status": "SUCCEEDED", "cancellation.totalAmount": 1000}},
		{cancel, part, map[string]any{"cancellation.totalAmount": 1000}},
		{"payment.getPayment", by("paymentId", q.attempt), map[string]any{
			"status": "PARTIAL_CANCELLED", "amount.cancelled": 1000, "cancellations.length": 1,
		}},
	})
	if e := v2.fails(t, cancel, by("paymentId", q.attempt, "amount", 1000, "reason", "또")); code(e) != "CANCEL_REPEATED" {
		t.Errorf("the same part, blindly: %v", e)
	}
	if n := g.writes("portone_v2", "cancel", ""); n != 2 {
		t.Errorf("%d cancels were written, want 2", n)
	}
	g.mustBalance(t, q.amount-1000)
}

// TestV2StopsACancel is row "portone.md §4.5, cancel": one that PortOne does later is answered as requested, and may be
// stopped.
func TestV2StopsACancel(t *testing.T) {
	t.Parallel()
	g := start(t)
	v2, p := shop(t, "v2.cjs", g.v2), g.pay("kakaopay", "approved")
	g.control("cancels", by("v2", "later"))
	asked := v2.must(t, "payment.cancelPayment", by("paymentId", p.attempt, "reason", "변심"))
	if asked.text("cancellation.status") != "REQUESTED" {
		t.Fatalf("it is answered %s", asked)
	}
	v2.must(t, "payment.stopPaymentCancellation", by("paymentId", p.attempt, "cancellationId", asked.text("cancellation.id")))
	g.control("cancels/finish", by())
	g.mustBalance(t, p.amount)
}
