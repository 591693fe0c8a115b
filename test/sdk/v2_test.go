package sdk

import (
	"maps"
	"net/http"
	"testing"
	"time"

	"github.com/pg-gateway/pg-gateway/test/fixture"
)

// v2Sale is what is sold without a window.
func v2Sale(more ...any) map[string]any {
	sale := by("orderName", "이용권", "currency", "KRW", "amount", by("total", 8900), "customer", by(
		"name", by("full", "홍길동"), "phoneNumber", "010-4242-4242", "email", "gildong@example.com",
	))
	maps.Copy(sale, by(more...))
	return sale
}

// v2Direct calls the sandbox's PortOne V2 with PortOne's secret, as nobody but the gateway does.
func (g *gateway) v2Direct(path string, body any) value {
	g.t.Helper()
	return g.ask(http.MethodPost, g.sandbox+"/portone/v2"+path, body, "Authorization", "PortOne sandbox-v2-secret")
}

// v2Elsewhere pays in a window that the gateway did not open.
func (g *gateway) v2Elsewhere(id string, more map[string]any) {
	g.t.Helper()
	params := by("storeId", "store-sandbox", "channelKey", "channel-key-v2-auto", "paymentId", id, "orderName", "의자",
		"totalAmount", 5000, "currency", "KRW", "payMethod", "CARD", "redirectUrl", g.public+"/result",
		"customer", by("fullName", "홍길동", "phoneNumber", "010-4242-4242", "email", "gildong@example.com"))
	maps.Copy(params, more)
	open := g.ask(http.MethodPost, g.sandbox+"/portone/sdk/v2/open", by("device", "pc", "params", params))
	if rsp := g.ask(http.MethodPost, g.sandbox+"/portone/sdk/v2/act", by("key", open.text("key"), "action", "pay")); rsp.text("txId") == "" {
		g.t.Fatalf("paying %s elsewhere: %s %s", id, open, rsp)
	}
}

// TestV2Reads is row "portone.md §4.2, payments", and what V2's errors are in the SDK's types.
func TestV2Reads(t *testing.T) { //nolint:tparallel // one shop, one call after the other
	t.Parallel()
	g := start(t)
	v2, p := shop(t, "v2.cjs", g.v2), g.pay("kakaopay", "approved")
	id := by("paymentId", p.attempt)
	v2.run(t, []row{
		{"payment.getPayment", id, map[string]any{"status": "PAID", "id": p.attempt, "amount.total": p.amount}},
		{"payment.getPayments", by("page", by("number", 0, "size", 10)), map[string]any{"items.0.id": p.attempt, "page.totalCount": 1}},
		{"payment.getAllPaymentsByCursor", by("size", 10), map[string]any{"items.0.payment.id": p.attempt}},
		{"payment.getAllPaymentEventsByCursor", by("size", 10), map[string]any{"items.length": 1}},
		{"payment.getPaymentTransactions", id, map[string]any{"items.0.id": p.txID}},
		{"payment.preRegisterPayment", by("paymentId", "shops-own-1", "totalAmount", 12000, "currency", "KRW"), nil},
		{"payment.resendWebhook", id, map[string]any{"webhook.status": "SUCCEEDED"}},
	})
	for name, tt := range map[string]struct {
		call string
		args map[string]any
		want string
		code string
	}{
		"PortOne's own": {"payment.getPayment", by("paymentId", "nothing"), "GetPaymentError", "PAYMENT_NOT_FOUND"},
		"the gateway's": {
			"payment.cancelPayment", by("paymentId", "nothing", "reason", "x"), "CancelPaymentError", "PAYMENT_NOT_FOUND",
		},
		"another amount of an attempt's": {
			"payment.preRegisterPayment", by("paymentId", p.attempt, "totalAmount", 1, "currency", "KRW"),
			"PreRegisterPaymentError", "AMOUNT_MISMATCH",
		},
		"more than is left": {
			"payment.cancelPayment", by("paymentId", p.attempt, "amount", p.amount+1, "reason", "x"),
			"CancelPaymentError", "CANCEL_AMOUNT_EXCEEDS_CANCELLABLE_AMOUNT",
		},
		"another rest than there is": {
			"payment.cancelPayment", by("paymentId", p.attempt, "amount", 1, "currentCancellableAmount", 2, "reason", "x"),
			"CancelPaymentError", "CANCELLABLE_AMOUNT_CONSISTENCY_BROKEN",
		},
		"nothing": {
			"payment.cancelPayment", by("paymentId", p.attempt, "amount", 0, "reason", "x"),
			"CancelPaymentError", "INVALID_REQUEST",
		},
		"another store": {
			"payment.cancelPayment", by("paymentId", p.attempt, "storeId", "store-other", "reason", "x"),
			"CancelPaymentError", "INVALID_REQUEST",
		},
	} {
		e := v2.fails(t, tt.call, tt.args)
		if e.Name != tt.want || (value{e.Data}).text("type") != tt.code || e.Message == "" {
			t.Errorf("%s: %v", name, e)
		}
	}
}

// v2Key has a card stored, and returns its billing key.
func (c *client) v2Key(t *testing.T) string {
	t.Helper()
	card := by("card", by("credential", by("number", "4111118888884242", "expiryYear", "39", "expiryMonth", "04",
		"birthOrBusinessRegistrationNumber", "900101", "passwordTwoDigits", "12")))
	return c.must(t, "payment.billingKey.issueBillingKey", by("channelKey", "channel-key-v2-billing", "method", card,
		"customer", by("id", "cust-1", "name", by("full", "홍길동"), "phoneNumber", "010-4242-4242", "email", "gildong@example.com"),
	)).text("billingKeyInfo.billingKey")
}

// TestV2Subscriptions is row "portone.md §4.2, billing keys and schedules: issued, read, revoked".
func TestV2Subscriptions(t *testing.T) { //nolint:tparallel // one shop, one call after the other
	t.Parallel()
	g := start(t, fixture.KeysBy("portone"))
	v2 := shop(t, "v2.cjs", g.v2)
	key := v2.v2Key(t)
	soon := time.Now().Add(time.Hour)
	made := v2.must(t, "payment.paymentSchedule.createPaymentSchedule", by("paymentId", "SUB-2",
		"payment", v2Sale("billingKey", key), "timeToPay", soon.Format(time.RFC3339)))
	g.v2Direct("/payments/SUB-1/billing-key", v2Sale("billingKey", key))
	id := made.text("schedule.id")
	v2.run(t, []row{
		{"payment.billingKey.getBillingKeyInfo", by("billingKey", key), map[string]any{"status": "ISSUED", "billingKey": key}},
		{"payment.billingKey.getBillingKeyInfos", by("page", by("number", 0, "size", 10)), map[string]any{"items.0.billingKey": key}},
		{"payment.getPayment", by("paymentId", "SUB-1"), map[string]any{"status": "PAID", "billingKey": key}},
		{"payment.paymentSchedule.getPaymentSchedule", by("paymentScheduleId", id), map[string]any{"status": "SCHEDULED"}},
		{"payment.paymentSchedule.getPaymentSchedules", by("filter", by("billingKey", key, "until", soon.Add(time.Hour).Format(time.RFC3339))), map[string]any{"items.0.id": id}},
		{"payment.paymentSchedule.revokePaymentSchedules", by("scheduleIds", []string{id}), map[string]any{"revokedScheduleIds.0": id}},
	})
	if e := v2.fails(t, "payment.paymentSchedule.getPaymentSchedule", by("paymentScheduleId", "nothing")); e.Name != "GetPaymentScheduleError" {
		t.Errorf("%v", e)
	}
}

// TestV2Besides is row "portone.md §4.2, cash receipts, identity verification, escrow, accounts, tokens".
func TestV2Besides(t *testing.T) { //nolint:tparallel // one shop, one call after the other
	t.Parallel()
	g := start(t)
	v2 := shop(t, "v2.cjs", g.v2)
	g.v2Elsewhere("ESCROW-1", by("isEscrow", true))
	g.v2Elsewhere("ACCOUNT-1", by("payMethod", "VIRTUAL_ACCOUNT", "virtualAccount", by("accountExpiry", by("validHours", 24))))
	side := by("name", "가게", "phoneNumber", "02-000-0000", "zipcode", "04524", "address", by("addressLine1", "서울", "addressLine2", "1층"))
	parcel := by("paymentId", "ESCROW-1", "sender", side, "receiver", side, "products", []any{by("id", "G001", "name", "의자")},
		"logistics", by("company", "CJ", "invoiceNumber", "1001", "sentAt", time.Now().Format(time.RFC3339)))
	person := by("name", "김포트", "phoneNumber", "01042424242", "identityNumber", "9001012", "ipAddress", "127.0.0.1")
	login := v2.must(t, "auth.loginViaApiSecret", by("apiSecret", token))
	v2.run(t, []row{
		{"payment.cashReceipt.issueCashReceipt", by("paymentId", "CASH-1", "channelKey", "channel-key-v2-auto", "type", "PERSONAL",
			"orderName", "의자", "currency", "KRW", "amount", by("total", 5000), "productType", "PHYSICAL",
			"customer", by("identityNumber", "01000000000", "identityNumberType", "PHONE"), "paymentMethod", "CASH"), nil},
		{"payment.cashReceipt.getCashReceiptByPaymentId", by("paymentId", "CASH-1"), map[string]any{"status": "ISSUED"}},
		{"payment.cashReceipt.getCashReceipts", by("page", by("number", 0, "size", 10)), map[string]any{"items.length": 1}},
		{"payment.cashReceipt.cancelCashReceiptByPaymentId", by("paymentId", "CASH-1"), nil},
		{"identityVerification.sendIdentityVerification", by("identityVerificationId", "ID-1", "channelKey", "channel-key-v2-identity",
			"customer", person, "operator", "SKT", "method", "SMS"), nil},
		{"identityVerification.resendIdentityVerification", by("identityVerificationId", "ID-1"), nil},
		{"identityVerification.confirmIdentityVerification", by("identityVerificationId", "ID-1", "otp", "123456"), map[string]any{
			"identityVerification.status": "VERIFIED",
		}},
		{"identityVerification.getIdentityVerification", by("identityVerificationId", "ID-1"), map[string]any{"status": "VERIFIED"}},
		{"identityVerification.getIdentityVerifications", by("page", by("number", 0, "size", 10)), map[string]any{"items.length": 1}},
		{"payment.applyEscrowLogistics", parcel, nil},
		{"payment.modifyEscrowLogistics", parcel, nil},
		{"payment.confirmEscrow", by("paymentId", "ESCROW-1", "fromStore", true), nil},
		{"payment.closeVirtualAccount", by("paymentId", "ACCOUNT-1"), nil},
		{"auth.loginViaApiSecret", by("apiSecret", token), nil},
		{"auth.refreshToken", by("refreshToken", login.text("refreshToken")), nil},
	})
	if e := v2.fails(t, "auth.loginViaApiSecret", by("apiSecret", "sandbox-v2-secret")); (value{e.Data}).text("type") != "UNAUTHORIZED" {
		t.Errorf("PortOne's own secret lets in: %v", e)
	}
}

// TestV2Refusals is row "portone.md §4.2, what the gateway does not hand on": the SDK throws its own error, which says
// why.
func TestV2Refusals(t *testing.T) { //nolint:tparallel // one shop, one call after the other
	t.Parallel()
	g := start(t)
	v2 := shop(t, "v2.cjs", g.v2)
	for _, r := range []row{
		{"payment.capturePayment", by("paymentId", "A-1"), nil},
		{"payment.billingKey.confirmBillingKeyIssueAndPay", by("billingIssueToken", "x", "paymentId", "A-1"), nil},
	} {
		t.Run(r.name, func(t *testing.T) {
			if e := v2.fails(t, r.name, r.args); code(e) != "CALL_NOT_TAKEN" || e.Message == "" || !isTyped(e) {
				t.Errorf("%v", e)
			}
		})
	}
	// Nobody has this key, so that it is refused whether or not the gateway follows such charges.
	if e := v2.fails(t, "payment.payWithBillingKey", v2Sale("paymentId", "A-1", "billingKey", "nobodys")); code(e) == "" || !isTyped(e) {
		t.Errorf("%v", e)
	}
	if g.net() != 0 {
		t.Error("money moved")
	}
}

// isTyped tells whether an error is one of the SDK's own.
func isTyped(e *sdkError) bool { return len(e.Name) > 5 && e.Name[:3] != "not" }
