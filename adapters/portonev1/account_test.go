package portonev1_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pg-gateway/pg-gateway/adapters"
	"github.com/pg-gateway/pg-gateway/adapters/adapterstest"
	"github.com/pg-gateway/pg-gateway/adapters/onewrite"
	"github.com/pg-gateway/pg-gateway/adapters/portonev1"
	"github.com/pg-gateway/pg-gateway/payment"
)

const iniapiKey = "TESTONLY-iniapi-key"

func vbankAttempt() payment.Attempt {
	a := attempt()
	a.Method, a.DepositDue = payment.MethodVBank, time.Date(2026, 3, 7, 14, 59, 59, 0, time.UTC)
	return a
}

func refundRequest(acc adapters.Account) adapters.CancelRequest {
	return adapters.CancelRequest{
		Account: acc, Attempt: vbankAttempt(), PGTxID: impUID, Amount: 10_000, Remaining: 64_900, Reason: "상품 품절",
		OperationID: "op-1",
		RefundAccount: &payment.RefundAccount{
			Bank: "088", Number: "56211105948400", Holder: "홍길동", Tel: "010-4242-4242",
		},
	}
}

// issuedAccount is what a payment says of its account.
const issuedAccount = `,"pay_method":"vbank","vbank_code":"088","vbank_name":"신한은행","vbank_num":"562-111-05948400",` +
	`"vbank_holder":"케이지이니시스","vbank_date":1772895599,"vbank_issued_at":1772327700`

// vbank is a payment by virtual account in its envelope.
func vbank(status, cancelled, paidAt, account string) string {
	text := strings.Replace(object(status, "64900", cancelled, ""), `,"pay_method":"card","paid_at":1772327700`, `,"paid_at":`+paidAt, 1)
	if account == "" {
		account = `,"pay_method":"vbank","vbank_num":null`
	}
	return strings.TrimSuffix(text, "}}") + account + "}}"
}

func accountLookups() []adapterstest.Reply {
	return []adapterstest.Reply{
		{Name: "waiting for the deposit", Status: 200, Body: vbank("ready", "0", "0", issuedAccount), Want: payment.OutcomeIssued},
		{Name: "the window is still open", Status: 200, Body: vbank("ready", "0", "0", ""), Want: payment.OutcomePending},
		{Name: "deposited", Status: 200, Body: vbank("paid", "0", "1772400000", issuedAccount), Want: payment.OutcomeApproved},
		{Name: "deposited and given back", Status: 200, Body: vbank("cancelled", "64900", "1772400000", issuedAccount), Want: payment.OutcomeCancelled},
		{Name: "given back in part", Status: 200, Body: vbank("cancelled", "100", "1772400000", issuedAccount), Want: payment.OutcomeApproved},
		{Name: "closed before a deposit", Status: 200, Body: vbank("cancelled", "0", "0", issuedAccount), Want: payment.OutcomeCancelled},
		{Name: "cancelled after a deposit, nothing given back", Status: 200, Body: vbank("cancelled", "0", "1772400000", issuedAccount), Want: payment.OutcomeUnknown},
		{Name: "failed", Status: 200, Body: vbank("failed", "0", "0", ""), Want: payment.OutcomeDeclined},
		{Name: "the account twice", Status: 200, Body: vbank("ready", "0", "0", issuedAccount+`,"vbank_num":"1"`), WantErr: adapters.ErrUnavailable},
	}
}

func closes() []adapterstest.Reply {
	lost := adapters.ErrUnknownOutcome
	return []adapterstest.Reply{
		{Name: "closed", Status: 200, Body: vbank("cancelled", "0", "0", issuedAccount), Want: payment.OutcomeCancelled},
		{Name: "no longer waiting", Status: 400, Body: `{"code":1,"message":"입금대기 상태가 아닙니다.","response":null}`, Want: payment.OutcomeDeclined},
		{Name: "refused with status 200", Status: 200, Body: `{"code":1,"message":"hashData 불일치","response":null}`, Want: payment.OutcomeDeclined},
		{Name: "no such payment", Status: 404, Body: `{"code":-1,"message":"없음","response":null}`, WantErr: adapters.ErrRejected},
		{Name: "a 400 of somebody in between", Status: 400, ContentType: "text/html", Body: "<h1>400</h1>", WantErr: lost},
		{Name: "a 400 that calls itself a success", Status: 400, Body: `{"code":0,"response":null}`, WantErr: adapters.ErrRejected},
		{Name: "a failure inside", Status: 500, Body: `{"code":-1,"message":"오류","response":null}`, WantErr: lost},
		{Name: "success, but it was deposited", Status: 200, Body: vbank("paid", "0", "1772400000", issuedAccount), WantErr: lost},
		{Name: "success, but it still waits", Status: 200, Body: vbank("ready", "0", "0", issuedAccount), WantErr: lost},
		{
			Name: "another payment's answer", Status: 200, WantErr: lost,
			Body: strings.ReplaceAll(vbank("cancelled", "0", "0", issuedAccount), "0001-A1", "0001-A2"),
		},
	}
}

func TestTheAccountIsReadAsFarAsItIsTold(t *testing.T) {
	t.Parallel()
	full := payment.VirtualAccount{Bank: "088", Number: "56211105948400", Holder: "케이지이니시스", Due: time.Unix(1772895599, 0).UTC()}
	with := func(change func(*payment.VirtualAccount)) payment.VirtualAccount {
		v := full
		change(&v)
		return v
	}
	tests := []struct {
		name, from, to string
		want           payment.VirtualAccount
	}{
		{"all of it", "", "", full},
		{"Inicis' own two digits", `"088"`, `"88"`, full},
		{"a bank that is no code", `"088"`, `"신한"`, with(func(v *payment.VirtualAccount) { v.Bank = "" })},
		{"no holder", `"케이지이니시스"`, `null`, with(func(v *payment.VirtualAccount) { v.Holder = "" })},
		{"no deadline", `1772895599`, `0`, with(func(v *payment.VirtualAccount) { v.Due = time.Time{} })},
		{"a deadline that is none", `1772895599`, `99999999999999`, with(func(v *payment.VirtualAccount) { v.Due = time.Time{} })},
		{"a masked number", `562-111-05948400`, `562-***-05948400`, with(func(v *payment.VirtualAccount) { v.Number = "" })},
	}
	for _, tt := range tests {
		r, err := portonev1.ParsePayment([]byte(strings.Replace(vbank("ready", "0", "0", issuedAccount), tt.from, tt.to, 1)), vbankAttempt())
		if err != nil || r.Outcome != payment.OutcomeIssued {
			t.Errorf("%s: %s, %v", tt.name, r.Outcome, err)
		}
		if m := adapters.Mismatch(vbankAttempt(), account("").Merchant, r); m != "" {
			t.Errorf("%s: mismatch %q", tt.name, m)
		}
		if r.Account != tt.want {
			t.Errorf("%s: got %+v %q", tt.name, r.Account, r.Account.Number.Reveal())
		}
	}
	for field, text := range map[string]string{
		"amount": strings.Replace(vbank("ready", "0", "0", issuedAccount), "64900", "64901", 1),
		"mid":    strings.Replace(vbank("ready", "0", "0", issuedAccount), "INIpayTest", "INIpayLive", 1),
		"test":   strings.Replace(vbank("ready", "0", "0", issuedAccount), `"sandbox":true`, `"sandbox":false`, 1),
	} {
		r, err := portonev1.ParsePayment([]byte(text), vbankAttempt())
		if m := adapters.Mismatch(vbankAttempt(), account("").Merchant, r); err != nil || m != field {
			t.Errorf("another %s: mismatch %q, %v", field, m, err)
		}
	}
	r, err := portonev1.ParsePayment([]byte(object("paid", "64900", "0", `,"vbank_num":"1"`)), attempt())
	if err != nil || r.Account != (payment.VirtualAccount{}) {
		t.Errorf("a card has the account %+v, %v", r.Account, err)
	}
}

// A window that failed says nothing of an account that another window of the same attempt opened.
func TestAnOpenAccountIsSeenWhateverTheHintSays(t *testing.T) {
	t.Parallel()
	const root = "/portone/v1/payments/"
	bare := func(envelope string) string {
		return strings.TrimSuffix(strings.TrimPrefix(envelope, `{"code":0,"message":null,"response":`), "}")
	}
	open := strings.ReplaceAll(vbank("ready", "0", "0", issuedAccount), impUID, "imp_2")
	failed := vbank("failed", "0", "0", "")
	all := func(list ...string) string {
		return `{"code":0,"response":{"total":2,"list":[` + strings.Join(list, ",") + `]}}`
	}
	hint, every := root+impUID, root+"findAll/ORD-20260301-0001-A1"
	tests := []struct {
		name    string
		answers map[string]string
		want    payment.Outcome
		id      string
	}{
		{"another window's account", map[string]string{hint: failed, every: all(bare(failed), bare(open))}, payment.OutcomeIssued, "imp_2"},
		{"no other window", map[string]string{hint: failed, every: all(bare(failed))}, payment.OutcomeDeclined, impUID},
		{"no list at all", map[string]string{hint: failed}, payment.OutcomeDeclined, impUID},
		{"its own account", map[string]string{hint: vbank("ready", "0", "0", issuedAccount)}, payment.OutcomeIssued, impUID},
	}
	for _, tt := range tests {
		base, asked := payments(t, tt.answers)
		r, err := portonev1.New(onewrite.New(onewrite.Options{}), nil).LookUp(t.Context(),
			adapters.LookUpRequest{Account: account(base), Attempt: vbankAttempt(), PGTxID: impUID})
		if err != nil || r.Outcome != tt.want || r.PGTxID != tt.id {
			t.Errorf("%s: got %s of %s, %v after %v", tt.name, r.Outcome, r.PGTxID, err, *asked)
		}
	}
}

// The bodies are the reference's examples 7.7 and 7.8 without the webhook that nobody here waits for.
func TestCancelBodies(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		change func(*adapters.CancelRequest)
		want   string
	}{
		{
			"in part, with a mixed-tax merchant", func(r *adapters.CancelRequest) { r.Merchant.Tax = payment.TaxMixed },
			`{"imp_uid":"imp_740012345678","amount":10000,"tax_free":0,"checksum":64900,"reason":"단순 변심"}`,
		},
		{"in part", func(*adapters.CancelRequest) {}, `{"imp_uid":"imp_740012345678","amount":10000,"checksum":64900,"reason":"단순 변심"}`},
		{
			"by the attempt alone", func(r *adapters.CancelRequest) { r.PGTxID = "" },
			`{"merchant_uid":"ORD-20260301-0001-A1","amount":10000,"checksum":64900,"reason":"단순 변심"}`,
		},
		{
			"a VAT that was stated at the payment is stated again", func(r *adapters.CancelRequest) { r.TaxFree, r.VAT, r.VATSet = 1000, 818, true },
			`{"imp_uid":"imp_740012345678","amount":10000,"tax_free":1000,"vat_amount":818,"checksum":64900,"reason":"단순 변심"}`,
		},
		{
			"whole, in the parts that only PortOne knows", func(r *adapters.CancelRequest) {
				r.Amount, r.TaxFree, r.VAT, r.VATSet, r.Unstated = 64_900, 1000, 818, true, true
			},
			`{"imp_uid":"imp_740012345678","checksum":64900,"reason":"단순 변심"}`,
		},
		{
			"in part, which has no parts that only PortOne knows", func(r *adapters.CancelRequest) { r.Unstated = true },
			`{"imp_uid":"imp_740012345678","amount":10000,"checksum":64900,"reason":"단순 변심"}`,
		},
		{
			"zero-rated", func(r *adapters.CancelRequest) { r.Merchant.Tax = payment.TaxZeroRated },
			`{"imp_uid":"imp_740012345678","amount":10000,"tax_free":0,"vat_amount":0,"checksum":64900,"reason":"단순 변심"}`,
		},
		{
			"a virtual account", func(r *adapters.CancelRequest) {
				r.Attempt.Method, r.PGTxID, r.Amount, r.Remaining, r.Reason = "vbank", "imp_740055555555", 30_000, 30_000, "상품 품절"
				r.RefundAccount = &payment.RefundAccount{Bank: "088", Number: "562-111-05948400", Holder: "홍길동"}
			},
			`{"imp_uid":"imp_740055555555","amount":30000,"checksum":30000,"reason":"상품 품절","refund_holder":"홍길동","refund_bank":"88","refund_account":"56211105948400"}`,
		},
		{
			"a virtual account of another PG", func(r *adapters.CancelRequest) {
				r.Attempt.Method, r.Merchant.Behind = "vbank", "smartro"
				r.RefundAccount = &payment.RefundAccount{Bank: "088", Number: "562", Holder: "홍길동", Tel: "010-4242-4242"}
			},
			`{"imp_uid":"imp_740012345678","amount":10000,"checksum":64900,"reason":"단순 변심","refund_holder":"홍길동","refund_bank":"088","refund_account":"562","refund_tel":"010-4242-4242"}`,
		},
	}
	for _, tt := range tests {
		base, asked := prepareServer(t, `{"code":1,"message":"no","response":null}`, "")
		req := adapters.CancelRequest{
			Account: account(base), Attempt: attempt(), PGTxID: impUID, Amount: 10_000, Remaining: 64_900, Reason: "단순 변심", OperationID: "op-1",
		}
		tt.change(&req)
		r, err := portonev1.New(onewrite.New(onewrite.Options{}), nil).Cancel(t.Context(), req)
		if err != nil || r.Outcome != payment.OutcomeDeclined || r.Cancelled != req.Attempt.Amount-req.Remaining {
			t.Errorf("%s: got %+v, %v", tt.name, r, err)
		}
		if diff := cmp.Diff([]string{"POST /portone/v1/payments/cancel " + tt.want}, *asked); diff != "" {
			t.Errorf("%s: (-want +got)\n%s", tt.name, diff)
		}
	}
}

func TestARefundIsCheckedBeforeItIsSent(t *testing.T) {
	t.Parallel()
	base, asked := prepareServer(t, registered, registered)
	for field, change := range map[string]func(*adapters.CancelRequest){
		"refund_account":        func(r *adapters.CancelRequest) { r.RefundAccount = nil },
		"refund_account.number": func(r *adapters.CancelRequest) { r.RefundAccount.Number = "56211****" },
		"refund_account.holder": func(r *adapters.CancelRequest) { r.RefundAccount.Holder = "" },
		"refund_account.bank":   func(r *adapters.CancelRequest) { r.RefundAccount.Bank = "88" },
		"tax_free":              func(r *adapters.CancelRequest) { r.TaxFree = 10_001 },
		"vat_amount":            func(r *adapters.CancelRequest) { r.VAT, r.VATSet = 10_001, true },
	} {
		req := refundRequest(account(base))
		change(&req)
		_, err := portonev1.New(onewrite.New(onewrite.Options{}), nil).Cancel(t.Context(), req)
		if e, ok := errors.AsType[*adapters.FieldError](err); !ok || e.Field != field {
			t.Errorf("got %v, want a complaint about %s", err, field)
		}
	}
	_, err := portonev1.New(onewrite.New(onewrite.Options{}), nil).CloseAccount(t.Context(),
		adapters.CancelRequest{Account: account(base), Attempt: vbankAttempt(), PGTxID: "x/../y"})
	if e, ok := errors.AsType[*adapters.FieldError](err); !ok || e.Field != "pg_tx_id" {
		t.Errorf("closing what is no imp_uid: %v", err)
	}
	if len(*asked) != 0 {
		t.Errorf("asked %v", *asked)
	}
}

func TestClosingCarriesTheKeyThatInicisWants(t *testing.T) {
	t.Parallel()
	for behind, want := range map[string]string{"inicis": "?pg_api_key=" + iniapiKey, "": "?pg_api_key=" + iniapiKey, "kcp": ""} {
		base, asked := prepareServer(t, vbank("cancelled", "0", "0", issuedAccount), "")
		acc := account(base)
		acc.Merchant.Behind, acc.Merchant.Keys = behind, acc.Merchant.Keys.WithSecret("api_key", iniapiKey)
		r, err := portonev1.New(onewrite.New(onewrite.Options{}), nil).CloseAccount(t.Context(),
			adapters.CancelRequest{Account: acc, Attempt: vbankAttempt(), PGTxID: impUID})
		if err != nil || r.Outcome != payment.OutcomeCancelled || r.Cancelled != 0 {
			t.Errorf("%q: got %+v, %v", behind, r, err)
		}
		if diff := cmp.Diff([]string{"DELETE /portone/v1/vbanks/" + impUID + want + " "}, *asked); diff != "" {
			t.Errorf("%q: (-want +got)\n%s", behind, diff)
		}
	}
}

// An account's number goes to the shop and the buyer only: not even a result that is printed or marshalled shows it.
func TestAResultDoesNotShowTheAccountsNumber(t *testing.T) {
	t.Parallel()
	r, err := portonev1.ParsePayment([]byte(vbank("ready", "0", "0", issuedAccount)), vbankAttempt())
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(r)
	if err != nil || strings.Contains(string(text), "948400") {
		t.Errorf("%s, %v", text, err)
	}
}
