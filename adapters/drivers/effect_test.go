package drivers_test

import (
	"cmp"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/pg-gateway/pg-gateway/adapters"
	"github.com/pg-gateway/pg-gateway/adapters/inicis"
	"github.com/pg-gateway/pg-gateway/adapters/portonev1"
	"github.com/pg-gateway/pg-gateway/adapters/portonev2"
	"github.com/pg-gateway/pg-gateway/payment"
)

// effect is one answer to what is no approval, and what it proves: an outcome, or "" when it proves nothing, so that the
// payment is looked up.
type effect struct {
	driver payment.DriverName
	call   string
	body   string
	proves payment.Outcome
}

// effects is which answer to a cancel, a net cancel, a closing or a question about a billing key proves what. They prove
// that what was sent was done; the facts that they carry beyond it are:
//
//   - V2's cancel the sum: another one than was asked for proves nothing. Its parts of tax are the merchant's books.
//   - V1's cancel and closing the payment as it stands: another payment, less given back, or an account that still waits
//     proves nothing.
//   - Inicis' refund and closing nothing but yes; its net cancel whose approval was undone, which is not compared: what is
//     undone is what the token approved.
//   - A billing key whose it is and through which channel. Inicis tells nobody afterwards.
//
// Each is tried with the yes of its PG, and with a yes that shows something else.
func effects() []effect {
	const v1 = `{"code":0,"message":null,"response":{"imp_uid":"imp_1","merchant_uid":"A1","status":"cancelled","amount":64900,"cancel_amount":64900,` +
		`"currency":"KRW","pay_method":"card","sandbox":true,"pg_id":"INIpayTest","paid_at":1769400000}}`
	closed := strings.NewReplacer(`"cancel_amount":64900`, `"cancel_amount":0`, `"card"`, `"vbank"`, "1769400000", "0").Replace(v1)
	const v2 = `{"cancellation":{"status":"SUCCEEDED","id":"c-1","totalAmount":64900,"taxFreeAmount":0,"vatAmount":5900}}`
	const key = `{"status":"ISSUED","billingKey":"billing-key-1","issueId":"A1","channels":[{"type":"TEST","key":"channel-key-1","pgMerchantId":"INIpayTest"}]}`
	change := func(body, from, to string) string { return strings.Replace(body, from, to, 1) }
	return []effect{
		{portonev2.Name, "cancel", v2, payment.OutcomeCancelled},
		{portonev2.Name, "cancel", change(v2, "64900", "64899"), ""},
		{portonev2.Name, "cancel", change(v2, "64900", "64901"), ""},
		{portonev2.Name, "cancel", change(v2, "SUCCEEDED", "REQUESTED"), payment.OutcomePending},
		{portonev2.Name, "cancel", change(v2, "SUCCEEDED", "FAILED"), payment.OutcomeDeclined},
		{portonev2.Name, "cancel", change(v2, "SUCCEEDED", "NEW_WORD"), ""},
		{portonev2.Name, "cancel", `{}`, ""},
		{portonev2.Name, "close", `{"closedAt":"2026-03-01T02:15:00Z"}`, payment.OutcomeCancelled},
		{portonev2.Name, "close", `{}`, ""},
		{portonev2.Name, "key", key, payment.OutcomeApproved},
		{portonev2.Name, "key", change(key, "ISSUED", "DELETED"), payment.OutcomeCancelled},
		{portonev2.Name, "key", change(key, `"A1"`, `"A9"`), ""},
		{portonev1.Name, "cancel", v1, payment.OutcomeCancelled},
		{portonev1.Name, "cancel", change(v1, `"cancel_amount":64900`, `"cancel_amount":64899`), ""},
		{portonev1.Name, "cancel", change(v1, `"cancel_amount":64900`, `"cancel_amount":0`), ""},
		{portonev1.Name, "cancel", change(v1, `"A1"`, `"A9"`), ""},
		{portonev1.Name, "cancel", change(v1, `"imp_1"`, `"imp_9"`), ""},
		{portonev1.Name, "cancel", `{"code":1,"message":"no","response":null}`, payment.OutcomeDeclined},
		{portonev1.Name, "cancel", `{"code":0,"message":null,"response":null}`, ""},
		{portonev1.Name, "close", closed, payment.OutcomeCancelled},
		{portonev1.Name, "close", change(closed, `"cancelled"`, `"ready"`), ""},
		{portonev1.Name, "close", change(closed, `"cancelled"`, `"paid"`), ""},
		{portonev1.Name, "close", change(closed, `"A1"`, `"A9"`), ""},
		{portonev1.Name, "close", change(closed, `"imp_1"`, `"imp_9"`), ""},
		{inicis.Name, "cancel", `{"resultCode":"00","resultMsg":"ok"}`, payment.OutcomeCancelled},
		{inicis.Name, "cancel", `{"resultCode":"98765","resultMsg":"?"}`, payment.OutcomeDeclined},
		{inicis.Name, "cancel", `{"resultMsg":"ok"}`, ""},
		{inicis.Name, "close", `{"resultCode":"00","resultMsg":"ok"}`, payment.OutcomeCancelled},
		{inicis.Name, "close", `{"resultMsg":"ok"}`, ""},
		{inicis.Name, "net cancel", `{"resultCode":"0000","resultMsg":"ok","MOID":"A1"}`, payment.OutcomeCancelled},
		{inicis.Name, "net cancel", `{"resultCode":"0000","resultMsg":"ok","MOID":"A9"}`, payment.OutcomeCancelled},
		{inicis.Name, "net cancel", `{"resultCode":"R101","resultMsg":"?"}`, ""},
		{inicis.Name, "net cancel", `{"resultMsg":"ok"}`, ""},
		{inicis.Name, "net cancel, mobile", "P_STATUS=00&P_RMESG1=ok", payment.OutcomeCancelled},
		{inicis.Name, "net cancel, mobile", "P_STATUS=01&P_RMESG1=no", ""},
		{inicis.Name, "net cancel, mobile", "P_STATUS=00&P_RMESG1=ok&P_STATUS=01", ""},
	}
}

// do has a driver read an effect's body as the answer to its call. What is not known proves nothing.
func do(t *testing.T, e effect) payment.Outcome {
	t.Helper()
	mobile := e.call == "net cancel, mobile"
	kind := "application/json"
	if mobile {
		kind = "text/html; charset=UTF-8"
	}
	d, acc, a := answering(t, e.driver, kind, e.body)
	a.PGTxID = map[payment.DriverName]string{portonev1.Name: "imp_1", portonev2.Name: "tx-1", inicis.Name: proofTID}[e.driver]
	cancel := adapters.CancelRequest{
		Account: acc, Attempt: a, PGTxID: a.PGTxID, Amount: a.Amount, Remaining: a.Amount, Reason: "x", OperationID: "op-1", Now: time.Now(),
	}
	var r adapters.Result
	var err error
	switch e.call {
	case "cancel":
		r, err = d.Cancel(t.Context(), cancel)
	case "close":
		cancel.Attempt.Method = payment.MethodVBank
		r, err = d.(adapters.AccountCloser).CloseAccount(t.Context(), cancel) //nolint:forcetypeassert // every driver has it
	case "key":
		a.Purpose, a.Amount = payment.PurposeBillingKey, 0
		r, err = d.LookUp(t.Context(), adapters.LookUpRequest{Account: acc, Attempt: a, PGTxID: "billing-key-1", Now: time.Now()})
	default:
		r, err = d.(adapters.NetCanceller).NetCancel(t.Context(), approving(acc, a, mobile)) //nolint:forcetypeassert // Inicis has it
	}
	if err != nil {
		if !errors.Is(err, adapters.ErrUnknownOutcome) && !errors.Is(err, adapters.ErrUnavailable) {
			t.Errorf("%s, %s: %v", e.driver, e.call, err)
		}
		return ""
	}
	if r.Outcome == payment.OutcomeUnknown {
		return ""
	}
	return r.Outcome
}

// TestWhichAnswerProvesAnEffect holds the table.
func TestWhichAnswerProvesAnEffect(t *testing.T) {
	t.Parallel()
	called := map[string]bool{}
	for _, e := range effects() {
		called[string(e.driver)+" "+e.call] = true
		if got := do(t, e); got != e.proves {
			t.Errorf("%s, %s: proves %q, want %q\n%s", e.driver, e.call, got, cmp.Or(e.proves, "nothing"), e.body)
		}
	}
	if len(called) != 9 {
		t.Errorf("%d calls of drivers are held: %v", len(called), called)
	}
}

// TestANotificationProvesNothing: whatever figures it carries, a notification or a question tells which payment to look up
// and what it says has become of that, and Inicis' deposit notice the amount of one deposit, which is compared with its
// inquiry. That none of them is believed is held where they are followed up (gateway, gateway/settle).
func TestANotificationProvesNothing(t *testing.T) {
	t.Parallel()
	const v1 = `{"imp_uid":"imp_1","merchant_uid":"A1","status":"paid","amount":1,"currency":"USD","pay_method":"phone"}`
	n, err := portonev1.ParseNotice("application/json", []byte(v1))
	if want := (portonev1.Notification{ImpUID: "imp_1", MerchantUID: "A1", Status: "paid"}); err != nil || n != want || n.Says() != payment.OutcomeApproved {
		t.Errorf("V1: %+v, %v", n, err)
	}
	const v2 = `{"type":"Transaction.Paid","data":{"paymentId":"A1","transactionId":"tx-1","storeId":"store-1","totalAmount":1,"currency":"USD"}}`
	ev, err := portonev2.ParseEvent("application/json", []byte(v2), false)
	want := portonev2.Event{Type: portonev2.EventPaid, StoreID: "store-1", PaymentID: "A1", TxID: "tx-1"}
	if err != nil || ev != want || ev.Says() != payment.OutcomeApproved {
		t.Errorf("V2: %+v, %v", ev, err)
	}
	const pc = "no_tid=ININPGVBNK1&no_req_tid=" + proofTID + "&no_oid=A1&id_merchant=INIpayTest&amt_input=1"
	deposit, err := inicis.ParseDeposit("application/x-www-form-urlencoded", []byte(pc))
	if err != nil || deposit.OID != "A1" || deposit.Amount != 1 {
		t.Errorf("Inicis: %+v, %v", deposit, err)
	}
}
