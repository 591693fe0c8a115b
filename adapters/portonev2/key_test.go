package portonev2_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pg-gateway/pg-gateway/adapters"
	"github.com/pg-gateway/pg-gateway/adapters/adapterstest"
	"github.com/pg-gateway/pg-gateway/adapters/onewrite"
	"github.com/pg-gateway/pg-gateway/adapters/portonev2"
	"github.com/pg-gateway/pg-gateway/payment"
)

const keyText = "billing-key-75ae3cab-6afe-422d-bf34-3a7b1762451d"

func keyAttempt() payment.Attempt {
	a := attempt()
	a.Purpose, a.Amount, a.OrderAmount, a.MID, a.ManualConfirm = payment.PurposeBillingKey, 0, 0, "INIBillTst", false
	a.CreatedAt = time.Date(2026, 3, 1, 2, 0, 0, 0, time.UTC)
	a.ExpiresAt = a.CreatedAt.Add(30 * time.Minute)
	return a
}

// keyOf is a billing key that was issued under an issueId.
func keyOf(status, issueID string) string {
	return `{"status":"` + status + `","billingKey":"` + keyText + `","merchantId":"merchant-1","storeId":"store-1",` +
		`"methods":[{"type":"BillingKeyPaymentMethodCard"}],` +
		`"channels":[{"type":"TEST","key":"channel-key-2","pgProvider":"INICIS_V2","pgMerchantId":"INIBillTst"}],` +
		`"customer":{},"issueId":"` + issueID + `","issueName":"월간 이용권","issuedAt":"2026-03-01T02:15:00Z"}`
}

func keyList(items ...string) string {
	return fmt.Sprintf(`{"items":[%s],"page":{"number":0,"size":100,"totalCount":%d}}`, strings.Join(items, ","), len(items))
}

const ours, theirs = "ORD-20260301-0002-A1", "ORD-20260301-0002-A2"

func keyLookups() []adapterstest.Reply {
	away := adapters.ErrUnavailable
	return []adapterstest.Reply{
		{Name: "issued", Status: 200, Body: keyOf("ISSUED", ours), Want: payment.OutcomeApproved},
		{Name: "deleted", Status: 200, Body: keyOf("DELETED", ours), Want: payment.OutcomeCancelled},
		{Name: "a status nobody knows", Status: 200, Body: keyOf("FROZEN", ours), Want: payment.OutcomeUnknown},
		{Name: "a 404 of another kind", Status: 404, Body: `{"type":"CHANNEL_NOT_FOUND"}`, WantErr: away},
		{Name: "another key that is a path", Status: 200, Body: strings.Replace(keyOf("ISSUED", ours), keyText, "../x", 1), WantErr: away},
		{Name: "the status twice", Status: 200, Body: strings.Replace(keyOf("ISSUED", ours), `"merchantId"`, `"status":"DELETED","merchantId"`, 1), WantErr: away},
	}
}

func keySearches() []adapterstest.Reply {
	away := adapters.ErrUnavailable
	return []adapterstest.Reply{
		{Name: "found among others", Status: 200, Body: keyList(keyOf("ISSUED", theirs), keyOf("ISSUED", ours)), Want: payment.OutcomeApproved},
		{Name: "one that stands counts before one that was deleted", Status: 200, Body: keyList(keyOf("DELETED", ours), keyOf("ISSUED", ours)), Want: payment.OutcomeApproved},
		{Name: "deleted", Status: 200, Body: keyList(keyOf("DELETED", ours), keyOf("ISSUED", theirs)), Want: payment.OutcomeCancelled},
		{Name: "only others'", Status: 200, Body: keyList(keyOf("ISSUED", theirs)), Want: payment.OutcomePending},
		{Name: "none", Status: 200, Body: keyList(), Want: payment.OutcomePending},
		{Name: "no list", Status: 200, Body: `{"page":{}}`, WantErr: away},
		{Name: "a list of something else", Status: 200, Body: `{"items":["x"]}`, WantErr: away},
		{Name: "not allowed", Status: 403, Body: `{"type":"FORBIDDEN"}`, WantErr: away},
	}
}

func keyDeletes() []adapterstest.Reply {
	lost := adapters.ErrUnknownOutcome
	return []adapterstest.Reply{
		{Name: "deleted", Status: 200, Body: `{"deletedAt":"2026-03-01T02:15:00Z"}`, Want: payment.OutcomeCancelled},
		{Name: "deleted before", Status: 409, Body: `{"type":"BILLING_KEY_ALREADY_DELETED"}`, Want: payment.OutcomeCancelled},
		{Name: "refused by the PG", Status: 502, Body: `{"type":"PG_PROVIDER","pgCode":"x","pgMessage":"y"}`, Want: payment.OutcomeDeclined},
		{Name: "a charge is scheduled", Status: 409, Body: `{"type":"PAYMENT_SCHEDULE_ALREADY_EXISTS"}`, WantErr: adapters.ErrRejected},
		{Name: "no such key", Status: 404, Body: `{"type":"BILLING_KEY_NOT_FOUND"}`, WantErr: adapters.ErrRejected},
		{Name: "a conflict nobody knows", Status: 409, Body: `{"type":"SOMETHING_NEW"}`, WantErr: lost},
		{Name: "the time twice", Status: 200, Body: `{"deletedAt":"a","deletedAt":"b"}`, WantErr: lost},
	}
}

func keyRequest(base string) adapters.PrepareRequest {
	req := prepareRequest(base)
	req.Attempt, req.Merchant.Purpose = keyAttempt(), payment.MerchantRecurring
	req.NoticeURL = "https://gw.example.com/hooks/portone/v2/portone"
	req.PG.Keys = req.PG.Keys.WithSecret("webhook_secrets", "whsec_c2VjcmV0")
	return req
}

func TestAKeysWindow(t *testing.T) {
	t.Parallel()
	for device, period := range map[payment.Device]string{
		payment.DevicePC: "", payment.DeviceMobile: `,"offerPeriod":{"interval":"1m"}`, payment.DeviceApp: `,"offerPeriod":{"interval":"1m"}`,
	} {
		base, got := record(t, 200, `{}`)
		req := keyRequest(base)
		req.Attempt.Device = device
		w, err := portonev2.New(onewrite.New(onewrite.Options{})).Prepare(t.Context(), req)
		if err != nil || len(*got) != 0 {
			t.Fatalf("%v, asked %v", err, *got)
		}
		text, err := json.Marshal(w)
		if err != nil {
			t.Fatal(err)
		}
		want := `{"kind":"portone_v2_billing_key","script":"` + base + `/portone/sdk/v2/browser-sdk.js","action":"","params":{` +
			`"storeId":"store-1","channelKey":"channel-key-2","billingKeyMethod":"CARD","issueId":"ORD-20260301-0002-A1",` +
			`"issueName":"노르웨이 회전 의자","customer":{"fullName":"홍길동","phoneNumber":"010-4242-4242","email":"gildong@example.com"},` +
			`"redirectUrl":"https://shop.example.com/return/portone","noticeUrls":["https://gw.example.com/hooks/portone/v2/portone"],` +
			`"locale":"KO_KR"` + period + `}}`
		if diff := cmp.Diff(want, string(text)); diff != "" {
			t.Errorf("%s: (-want +got)\n%s", device, diff)
		}
	}
}

func TestAKeysWindowIsForACardOfARecurringContract(t *testing.T) {
	t.Parallel()
	for field, change := range map[string]func(*adapters.PrepareRequest){
		"merchants.purpose": func(r *adapters.PrepareRequest) { r.Merchant.Purpose = "" },
		"amount":            func(r *adapters.PrepareRequest) { r.Attempt.Amount = 100 },
		"order_name":        func(r *adapters.PrepareRequest) { r.Attempt.OrderName = "" },
		"buyer.email":       func(r *adapters.PrepareRequest) { r.Buyer.Email = "" },
	} {
		req := keyRequest("http://127.0.0.1:1")
		change(&req)
		_, err := portonev2.BuildKeyParams(req)
		if e, ok := errors.AsType[*adapters.FieldError](err); !ok || e.Field != field {
			t.Errorf("got %v, want a complaint about %s", err, field)
		}
	}
	for name, change := range map[string]func(*adapters.PrepareRequest){
		"a bank account's key":               func(r *adapters.PrepareRequest) { r.Attempt.Method = "trans" },
		"a channel with manual confirmation": func(r *adapters.PrepareRequest) { r.Attempt.ManualConfirm = true },
	} {
		req := keyRequest("http://127.0.0.1:1")
		change(&req)
		if _, err := portonev2.BuildKeyParams(req); !errors.Is(err, adapters.ErrUnsupported) || !errors.Is(err, adapters.ErrRejected) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// keyServer holds keys by their text, and lists items page by page.
func keyServer(t *testing.T, keys map[string]string, items []string) (base string, asked *[]string) {
	t.Helper()
	asked = &[]string{}
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		*asked = append(*asked, r.Method+" "+r.URL.Path)
		name := strings.TrimPrefix(r.URL.Path, "/portone/v2/billing-keys")
		if r.Method == http.MethodDelete {
			_, _ = io.WriteString(w, `{"deletedAt":"2026-03-01T02:15:00Z"}`)
			return
		}
		if name == "" {
			var q struct {
				Page struct{ Number, Size int } `json:"page"`
			}
			_ = json.Unmarshal([]byte(r.URL.Query().Get("requestBody")), &q)
			from := min(q.Page.Number*q.Page.Size, len(items))
			_, _ = io.WriteString(w, keyList(items[from:min(from+q.Page.Size, len(items))]...))
			return
		}
		if text, ok := keys[strings.TrimPrefix(name, "/")]; ok {
			_, _ = io.WriteString(w, text)
			return
		}
		w.WriteHeader(http.StatusNotFound)
		_, _ = io.WriteString(w, `{"type":"BILLING_KEY_NOT_FOUND"}`)
	}))
	t.Cleanup(srv.Close)
	return srv.URL, asked
}

func TestAKeyIsFoundByHintOrSearchAndOnlyOnesOwn(t *testing.T) {
	t.Parallel()
	const all, one = "GET /portone/v2/billing-keys", "GET /portone/v2/billing-keys/" + keyText
	tests := []struct {
		name, hint string
		keys       map[string]string
		items      []string
		want       payment.Outcome
		asked      []string
	}{
		{"a good hint", keyText, map[string]string{keyText: keyOf("ISSUED", ours)}, nil, payment.OutcomeApproved, []string{one}},
		{"another attempt's key", keyText, map[string]string{keyText: keyOf("ISSUED", theirs)}, nil, payment.OutcomePending, []string{one, all}},
		{"a key of another shop's making", keyText, map[string]string{keyText: strings.Replace(keyOf("ISSUED", ""), `"issueId":"",`, "", 1)}, nil, payment.OutcomePending, []string{one, all}},
		{"a wrong hint does not hide the right key", keyText, map[string]string{keyText: keyOf("ISSUED", theirs)}, []string{keyOf("ISSUED", ours)}, payment.OutcomeApproved, []string{one, all}},
		{"no such key", keyText, nil, nil, payment.OutcomePending, []string{one, all}},
		{"a hint that is a path", "../payments/x", nil, nil, payment.OutcomePending, []string{all}},
		{"a key that is not issued yet", "NEEDS_CONFIRMATION", nil, nil, payment.OutcomePending, []string{all}},
		{"an endless hint", strings.Repeat("k", 129), nil, nil, payment.OutcomePending, []string{all}},
		{"no hint", "", nil, []string{keyOf("ISSUED", ours)}, payment.OutcomeApproved, []string{all}},
		{
			"on the second page", "", nil, append(others(100), keyOf("ISSUED", ours)), payment.OutcomeApproved,
			[]string{all, all},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			base, asked := keyServer(t, tt.keys, tt.items)
			acc, a := account(base), keyAttempt()
			r, err := portonev2.New(onewrite.New(onewrite.Options{})).LookUp(t.Context(),
				adapters.LookUpRequest{Account: acc, Attempt: a, PGTxID: tt.hint, Now: a.CreatedAt})
			if err != nil || r.Outcome != tt.want || r.PGTxID != "" || (r.BillingKey == keyText) != (tt.want == payment.OutcomeApproved) {
				t.Errorf("got %+v, %v", r, err)
			}
			if m := adapters.Mismatch(a, acc.Merchant, r); m != "" {
				t.Errorf("mismatch %q", m)
			}
			if diff := cmp.Diff(tt.asked, *asked); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

func others(n int) []string {
	list := make([]string, n)
	for i := range list {
		list[i] = keyOf("ISSUED", fmt.Sprintf("A%d", i))
	}
	return list
}

// A store with more keys than are searched has not shown that there is none.
func TestASearchThatIsCutShortIsNoAnswer(t *testing.T) {
	t.Parallel()
	base, asked := keyServer(t, nil, others(2000))
	_, err := portonev2.New(onewrite.New(onewrite.Options{})).LookUp(t.Context(),
		adapters.LookUpRequest{Account: account(base), Attempt: keyAttempt()})
	if !errors.Is(err, adapters.ErrUnavailable) || len(*asked) != 20 {
		t.Errorf("got %v after %d pages", err, len(*asked))
	}
}

func TestASearchIsBoundToTheTimeOfTheWindow(t *testing.T) {
	t.Parallel()
	const page = `{"page":{"number":0,"size":100},"sort":{"by":"ISSUED_AT","order":"DESC"},"filter":{"storeId":"store-1",` +
		`"timeRangeField":"ISSUED_AT","from":"2026-03-01T01:55:00Z"`
	a := keyAttempt()
	for now, want := range map[time.Time]string{
		a.CreatedAt: page + `}}`, a.ExpiresAt.Add(48 * time.Hour): page + `,"until":"2026-03-02T03:30:00Z"}}`,
	} {
		var got string
		srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			got = r.URL.Query().Get("requestBody")
			w.Header().Set("Content-Type", "application/json")
			_, _ = io.WriteString(w, keyList())
		}))
		t.Cleanup(srv.Close)
		_, err := portonev2.New(onewrite.New(onewrite.Options{})).LookUp(t.Context(),
			adapters.LookUpRequest{Account: account(srv.URL), Attempt: a, Now: now})
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			t.Errorf("%v (-want +got)\n%s", err, diff)
		}
	}
}

func TestOnlyTheAttemptsOwnKeyIsDeleted(t *testing.T) {
	t.Parallel()
	const path = " /portone/v2/billing-keys"
	tests := []struct {
		name  string
		keys  map[string]string
		want  payment.Outcome
		fails error
		asked []string
	}{
		{"issued", map[string]string{keyText: keyOf("ISSUED", ours)}, payment.OutcomeCancelled, nil, []string{"GET" + path + "/" + keyText, "DELETE" + path + "/" + keyText}},
		{"deleted before", map[string]string{keyText: keyOf("DELETED", ours)}, payment.OutcomeCancelled, nil, []string{"GET" + path + "/" + keyText}},
		{"another attempt's", map[string]string{keyText: keyOf("ISSUED", theirs)}, "", adapters.ErrUnavailable, []string{"GET" + path + "/" + keyText, "GET" + path}},
	}
	for _, tt := range tests {
		base, asked := keyServer(t, tt.keys, nil)
		r, err := portonev2.New(onewrite.New(onewrite.Options{})).Cancel(t.Context(), adapters.CancelRequest{
			Account: account(base), Attempt: keyAttempt(), PGTxID: keyText, OperationID: "op-1",
		})
		if r.Outcome != tt.want || !errors.Is(err, tt.fails) {
			t.Errorf("%s: got %s, %v", tt.name, r.Outcome, err)
		}
		if diff := cmp.Diff(tt.asked, *asked); diff != "" {
			t.Errorf("%s: (-want +got)\n%s", tt.name, diff)
		}
	}
}

func TestADeleteStatesItsReasonStoreAndKey(t *testing.T) {
	t.Parallel()
	base, got := record(t, 200, strings.Replace(keyOf("ISSUED", ours), `"issuedAt"`, `"deletedAt":"2026-03-01T02:15:00Z","issuedAt"`, 1))
	_, err := portonev2.New(onewrite.New(onewrite.Options{})).Cancel(t.Context(), adapters.CancelRequest{
		Account: account(base), Attempt: keyAttempt(), PGTxID: keyText, Reason: "approval withdrawn", OperationID: "undo-1",
	})
	want := request{
		"DELETE /portone/v2/billing-keys/" + keyText + "?reason=approval+withdrawn&storeId=store-1", "PortOne " + apiSecret, `"delete-undo-1..."`, "",
	}
	if err != nil || len(*got) != 2 {
		t.Fatalf("%v after %v", err, *got)
	}
	if diff := cmp.Diff(want, (*got)[1]); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestKeyOwner(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		key  payment.Secret
		keys map[string]string
		want payment.AttemptID
	}{
		{"an attempt's", keyText, map[string]string{keyText: keyOf("ISSUED", ours)}, ours},
		{"no such key", keyText, nil, ""},
		{"somebody else's name", keyText, map[string]string{keyText: keyOf("ISSUED", "a/b c")}, ""},
		{"no name", keyText, map[string]string{keyText: keyOf("ISSUED", "")}, ""},
		{"a path", "../x", nil, ""},
	}
	for _, tt := range tests {
		base, _ := keyServer(t, tt.keys, nil)
		got, err := portonev2.New(onewrite.New(onewrite.Options{})).KeyOwner(t.Context(), account(base).PG, tt.key)
		if err != nil || got != tt.want {
			t.Errorf("%s: got %q, %v", tt.name, got, err)
		}
	}
	base, _ := record(t, 503, `{}`)
	_, err := portonev2.New(onewrite.New(onewrite.Options{})).KeyOwner(t.Context(), account(base).PG, keyText)
	if !errors.Is(err, adapters.ErrUnavailable) || strings.Contains(err.Error(), keyText) {
		t.Errorf("while PortOne is away: %v", err)
	}
}

func TestAKeyIsNotConfirmedLikeAPayment(t *testing.T) {
	t.Parallel()
	a := keyAttempt()
	a.ManualConfirm = true
	_, err := portonev2.New(onewrite.New(onewrite.Options{})).Approve(t.Context(), adapters.ApproveRequest{
		Account: account("http://127.0.0.1:1"), Attempt: a, Proof: adapters.Proof{AuthToken: "t"},
	})
	if !errors.Is(err, adapters.ErrUnsupported) {
		t.Errorf("got %v", err)
	}
}
