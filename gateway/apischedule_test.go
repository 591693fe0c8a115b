package gateway

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/pg-gateway/pg-gateway/payment"
	"github.com/pg-gateway/pg-gateway/sandbox"
	"github.com/pg-gateway/pg-gateway/test/fixture"
)

// scheduleAtAPI has the house's key charged for its order at a time, at the PG's own API.
func (h *chargeHouse) scheduleAtAPI(at time.Time, change func(body map[string]any)) answer {
	h.t.Helper()
	path := "/portone/v1/subscribe/payments/schedule"
	one := map[string]any{"merchant_uid": h.order, "schedule_at": at.Unix(), "amount": 9900, "currency": "KRW", "name": "월간 이용권"}
	body := map[string]any{"customer_uid": h.key, "schedules": []any{one}}
	if h.pg == "portone_v2" {
		path = "/portone/v2/payments/" + h.order + "/schedule"
		one = map[string]any{
			"billingKey": h.key, "orderName": "월간 이용권", "amount": map[string]any{"total": 9900}, "currency": "KRW",
			"customer": map[string]any{
				"name": map[string]any{"full": "홍길동"}, "email": "gildong@example.com", "phoneNumber": "010-4242-4242",
			},
		}
		body = map[string]any{"payment": one, "timeToPay": at.UTC().Format(time.RFC3339)}
	}
	if change != nil {
		change(body)
	}
	text, err := json.Marshal(body)
	if err != nil {
		h.t.Fatal(err)
	}
	return h.call("POST", path, string(text))
}

func (h *chargeHouse) scheduled() int { return len(h.sandbox.Executions(h.pg, "schedule", "")) }

// TestAScheduleIsAnAttempt: a charge that PortOne is to make later is on record before it hears of it, and when it fires the
// shop is told as of any other, without being asked.
func TestAScheduleIsAnAttempt(t *testing.T) {
	t.Parallel()
	eachCharger(t, func(t *testing.T, h *chargeHouse) {
		at, asked := h.g.now().Add(30*time.Second), len(h.sandbox.Executions("shop", "confirm", ""))
		if a := h.scheduleAtAPI(at, nil); a.status != 200 {
			t.Fatalf("answered %d %s", a.status, a.body)
		}
		id := payment.AttemptID(h.order)
		st := h.state(id)
		if st.State != payment.StateOpened || st.Purpose != payment.PurposeRecurring || st.Amount != 9900 || st.NextCheck.Before(at) {
			t.Errorf("on record %+v", st)
		}
		if a := h.scheduleAtAPI(at, nil); code(a) != string(payment.CodeChargeIDUsed) || h.scheduled() != 1 {
			t.Errorf("again: %d %s, sent %d", a.status, a.body, h.scheduled())
		}
		if err := h.sandbox.SetNotices(sandbox.NoticeNever); err != nil {
			t.Fatal(err)
		}
		if err := h.sandbox.FireNow(h.order); err != nil {
			t.Fatal(err)
		}
		h.setNow(func() time.Time { return at.Add(2 * time.Minute) })
		h.g.worker.SweepAttempts(h.t.Context())
		if st := h.state(id); st.State != payment.StateApproved {
			t.Errorf("it is %s (%s)", st.State, st.Reason)
		}
		if n := len(h.sandbox.Executions("shop", "confirm", "")) - asked; n > 0 {
			t.Errorf("the shop was asked %d times about what it wished for itself", n)
		}
		h.stands(9900)
	})
}

// TestAScheduleThatIsDeclined: the shop hears of it at once, and what PortOne takes for it after that waits for a person.
func TestAScheduleThatIsDeclined(t *testing.T) {
	t.Parallel()
	eachCharger(t, func(t *testing.T, h *chargeHouse) {
		at := h.g.now().Add(time.Hour)
		if a := h.scheduleAtAPI(at, nil); a.status != 200 {
			t.Fatalf("answered %d %s", a.status, a.body)
		}
		h.fault("fire", sandbox.Fault{Kind: sandbox.FaultDecline, Reason: "limit"})
		if err := h.sandbox.FireNow(h.order); err != nil {
			t.Fatal(err)
		}
		h.setNow(func() time.Time { return at.Add(2 * time.Minute) })
		h.g.worker.SweepAttempts(h.t.Context())
		if st := h.state(payment.AttemptID(h.order)); st.State != payment.StateDeclined || st.Reason != payment.DeclinedLimit {
			t.Errorf("it is %s (%s)", st.State, st.Reason)
		}
		h.stands(0)
	})
}

// TestASchedulesRefusalAndLoss: what PortOne refuses is on record as ended, what it may have taken stays until its time.
func TestASchedulesRefusalAndLoss(t *testing.T) {
	t.Parallel()
	for _, pg := range []string{"portone", "portone1"} {
		for _, tt := range []struct {
			kind  sandbox.FaultKind
			state payment.State
		}{
			{sandbox.FaultDropAfterCommit, payment.StateOpened},
			{sandbox.FaultGarbage, payment.StateOpened},
			{sandbox.FaultHalfBody, payment.StateOpened},
			{sandbox.FaultStatusAfterCommit, payment.StateOpened},
			{sandbox.FaultDropBeforeCommit, payment.StateOpened},
			{sandbox.FaultStatus, payment.StateOpened},
		} {
			t.Run(fmt.Sprintf("%s %s", pg, tt.kind), func(t *testing.T) {
				t.Parallel()
				h := newChargeHouse(t, pg)
				h.fault("schedule", sandbox.Fault{Kind: tt.kind, Status: 502})
				h.scheduleAtAPI(h.g.now().Add(time.Hour), nil)
				if st := h.state(payment.AttemptID(h.order)); st.State != tt.state || h.scheduled() > 1 {
					t.Errorf("it is %s (%s), sent %d", st.State, st.Reason, h.scheduled())
				}
			})
		}
	}
}

// TestAScheduleThatPortOneRefuses: nothing will be charged, so that nothing is waited for.
func TestAScheduleThatPortOneRefuses(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		pg, key, path, body string
	}{
		{
			"portone1", `{"code":0,"response":{"customer_uid":"k","pg_id":"INIBillTst","sandbox":true}}`, "/portone/v1/subscribe/payments/schedule",
			`{"customer_uid":"k","schedules":[{"merchant_uid":"SUB-1","schedule_at":4000000000,"amount":9900,"currency":"KRW","name":"n"}]}`,
		},
		{
			"portone", `{"status":"ISSUED","billingKey":"billing-key-1","channels":[{"key":"channel-key-v2-billing","type":"TEST","pgMerchantId":"INIBillTst"}]}`,
			"/portone/v2/payments/SUB-1/schedule",
			`{"payment":{"billingKey":"billing-key-1","orderName":"n","amount":{"total":9900},"currency":"KRW"},"timeToPay":"2090-01-01T10:00:00+09:00"}`,
		},
	} {
		t.Run(tt.pg, func(t *testing.T) {
			t.Parallel()
			h, api := newFakeAPI(t, func(w http.ResponseWriter, r *http.Request) {
				switch {
				case r.Method == http.MethodPost && tt.pg == "portone1":
					fmt.Fprint(w, `{"code":1,"message":"예약할 수 없습니다","response":null}`)
				case r.Method == http.MethodPost:
					w.WriteHeader(http.StatusConflict)
					fmt.Fprint(w, `{"type":"PAYMENT_SCHEDULE_ALREADY_EXISTS"}`)
				case strings.Contains(r.URL.Path, "/customers/") || strings.Contains(r.URL.Path, "/billing-keys/"):
					fmt.Fprint(w, tt.key)
				default:
					w.WriteHeader(http.StatusNotFound)
					fmt.Fprint(w, `{"code":-1,"message":"none","response":null,"type":"PAYMENT_NOT_FOUND"}`)
				}
			}, fixture.KeysBy(tt.pg))
			a := h.call("POST", tt.path, tt.body)
			if _, body := api.last(); body != tt.body || !strings.Contains(string(a.body), "예약할") && !strings.Contains(string(a.body), "ALREADY_EXISTS") {
				t.Errorf("sent %s, answered %d %s", body, a.status, a.body)
			}
			st, _, err := h.journal.Attempt(t.Context(), "SUB-1")
			if err != nil || st.State != payment.StateExpired {
				t.Errorf("it is %s, %v", st.State, err)
			}
		})
	}
}

// TestAScheduleThatSomebodyElseRefuses: an answer of somebody in between says nothing about what PortOne took.
func TestAScheduleThatSomebodyElseRefuses(t *testing.T) {
	t.Parallel()
	for _, status := range []int{http.StatusRequestTimeout, http.StatusTooManyRequests, http.StatusBadGateway} {
		h, _ := newFakeAPI(t, func(w http.ResponseWriter, r *http.Request) {
			switch {
			case r.Method == http.MethodPost:
				w.WriteHeader(status)
				fmt.Fprint(w, `{"error":"wait"}`)
			case strings.Contains(r.URL.Path, "/customers/"):
				fmt.Fprint(w, `{"code":0,"response":{"customer_uid":"k","pg_id":"INIBillTst","sandbox":true}}`)
			default:
				w.WriteHeader(http.StatusNotFound)
				fmt.Fprint(w, `{"code":-1,"message":"none","response":null}`)
			}
		}, fixture.KeysBy("portone1"))
		a := h.call("POST", "/portone/v1/subscribe/payments/schedule",
			`{"customer_uid":"k","schedules":[{"merchant_uid":"SUB-1","schedule_at":4000000000,"amount":9900,"currency":"KRW","name":"n"}]}`)
		if st, _, err := h.journal.Attempt(t.Context(), "SUB-1"); err != nil || st.State != payment.StateOpened || a.status != status {
			t.Errorf("after %d, answered as %d, it is %s, %v", status, a.status, st.State, err)
		}
	}
}

// TestAScheduleUnderAUsedID: what PortOne has under an id already would be taken for the schedule's payment.
func TestAScheduleUnderAUsedID(t *testing.T) {
	t.Parallel()
	h, api := newFakeAPI(t, func(w http.ResponseWriter, r *http.Request) {
		if strings.Contains(r.URL.Path, "/customers/") {
			fmt.Fprint(w, `{"code":0,"response":{"customer_uid":"k","pg_id":"INIBillTst","sandbox":true}}`)
			return
		}
		fmt.Fprint(w, `{"code":0,"message":null,"response":{"imp_uid":"imp_7","merchant_uid":"SUB-1","status":"paid","amount":9900,`+
			`"cancel_amount":0,"currency":"KRW","sandbox":true,"pay_method":"card","paid_at":1}}`)
	}, fixture.KeysBy("portone1"))
	body := `{"customer_uid":"k","schedules":[{"merchant_uid":"SUB-1","schedule_at":4000000000,"amount":9900,"currency":"KRW","name":"n"}]}`
	a := h.call("POST", "/portone/v1/subscribe/payments/schedule", body)
	if r, _ := api.last(); code(a) != string(payment.CodeChargeIDUsed) || r.Method == http.MethodPost {
		t.Errorf("answered %d %s, asked %s %s", a.status, a.body, r.Method, r.URL)
	}
	if a := h.call("POST", "/portone/v1/subscribe/payments/schedule", body, "Tier", "ABC"); code(a) != string(payment.CodeCallNotTaken) {
		t.Errorf("a sub-merchant's: %d %s", a.status, a.body)
	}
}

// TestSchedulesAreDecided: what the rules, or sense, do not allow is not sent.
func TestSchedulesAreDecided(t *testing.T) {
	t.Parallel()
	set := func(name string, value any) func(map[string]any) { return func(b map[string]any) { b[name] = value } }
	inner := func(name string, value any) func(map[string]any) {
		return func(b map[string]any) {
			if p, ok := b["payment"].(map[string]any); ok {
				p[name] = value
				return
			}
			b["schedules"].([]any)[0].(map[string]any)[name] = value
		}
	}
	for _, tt := range []struct {
		name, pg string
		in       time.Duration
		change   func(map[string]any)
		code     payment.Code
	}{
		{"in the past", "portone1", -time.Minute, nil, payment.CodeInvalidField},
		{"in the past", "portone", -time.Minute, nil, payment.CodeInvalidField},
		{"over the limit", "portone1", time.Hour, inner("amount", 10_000_001), payment.CodeAmountTooLarge},
		{"over the limit", "portone", time.Hour, inner("amount", map[string]any{"total": 10_000_001}), payment.CodeAmountTooLarge},
		{"dollars", "portone1", time.Hour, inner("currency", "USD"), payment.CodeInvalidField},
		{"dollars", "portone", time.Hour, inner("currency", "USD"), payment.CodeInvalidField},
		{"a card", "portone1", time.Hour, set("card_number", "4092-0230-1234-1234"), payment.CodeInvalidField},
		{"a test charge", "portone1", time.Hour, set("checking_amount", 100), payment.CodeInvalidField},
		{"none", "portone1", time.Hour, set("schedules", []any{}), payment.CodeInvalidField},
		{"no key", "portone", time.Hour, inner("billingKey", "billing-key-nobody"), payment.CodeKeyNotFound},
		{"too long an id", "portone1", time.Hour, inner("merchant_uid", strings.Repeat("a", 41)), payment.CodeInvalidField},
		{"an hour without a zone", "portone", time.Hour, set("timeToPay", "2030-01-01 10:00:00"), payment.CodeInvalidField},
	} {
		t.Run(tt.name+" "+tt.pg, func(t *testing.T) {
			t.Parallel()
			h := newChargeHouse(t, tt.pg)
			if a := h.scheduleAtAPI(h.g.now().Add(tt.in), tt.change); code(a) != string(tt.code) {
				t.Errorf("answered %d %s, want %s", a.status, a.body, tt.code)
			}
			if h.scheduled() != 0 {
				t.Errorf("sent %d", h.scheduled())
			}
		})
	}
	h := newChargeHouse(t, "portone1")
	h.order = string(h.g.sealer.newAttemptID(h.g.view().environment, h.g.now()))
	if a := h.scheduleAtAPI(h.g.now().Add(time.Hour), nil); code(a) != string(payment.CodeInvalidField) || h.scheduled() != 0 {
		t.Errorf("under an id of ours: %d %s", a.status, a.body)
	}
}

// TestSchedulesAreOurAccounts: what is on record as an attempt is scheduled with our credentials, whoever's others are
// handed on with.
func TestSchedulesAreOurAccounts(t *testing.T) {
	t.Parallel()
	for _, pg := range []string{"portone", "portone1"} {
		h := newChargeHouse(t, pg, func(c *fixture.Config) { c.PGs[pg].Credentials = "passthrough" })
		if a := h.scheduleAtAPI(h.g.now().Add(time.Hour), nil); a.status != 200 || h.scheduled() != 1 {
			t.Errorf("%s: %d %s, sent %d", pg, a.status, a.body, h.scheduled())
		}
	}
}
