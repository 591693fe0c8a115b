package gateway

import (
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pg-gateway/pg-gateway/journal"
	"github.com/pg-gateway/pg-gateway/lifecycle"
	"github.com/pg-gateway/pg-gateway/payment"
	"github.com/pg-gateway/pg-gateway/sandbox"
	"github.com/pg-gateway/pg-gateway/test/fixture"
)

const schedulePath = "/portone/v1/subscribe/payments/schedule/"

// moveTo asks for another time of the house's schedule; anew is of one that was taken back.
func (h *chargeHouse) moveTo(at time.Time, anew bool, headers ...string) answer {
	h.t.Helper()
	method, path := "PUT", schedulePath+h.order
	if anew {
		method, path = "POST", path+"/reschedule"
	}
	return h.call(method, path, fmt.Sprintf(`{"schedule_at":%d}`, at.Unix()), headers...)
}

// moved is how many requests for another time reached PortOne.
func (h *chargeHouse) moved() int { return len(h.sandbox.Executions(h.pg, "reschedule", "")) }

// waitsFor wants the attempt of the house's schedule to wait for a time, from and until when.
func (h *chargeHouse) waitsFor(from, until time.Time) {
	h.t.Helper()
	a := h.state(payment.AttemptID(h.order))
	from, until = from.Add(time.Minute).Truncate(time.Second), until.Add(lifecycle.ScheduleGrace).Truncate(time.Second)
	if a.State != payment.StateOpened || !a.NextCheck.Truncate(time.Second).Equal(from) || !a.ExpiresAt.Truncate(time.Second).Equal(until) {
		h.t.Errorf("it is %s, looked at from %s until %s, want %s and %s", a.State, a.NextCheck, a.ExpiresAt, from, until)
	}
}

// newScheduleHouse is a house whose shop has a charge scheduled in an hour.
func newScheduleHouse(t *testing.T, edits ...fixture.Edit) (*chargeHouse, time.Time) {
	t.Helper()
	h := newChargeHouse(t, "portone1", edits...)
	at := h.g.now().Add(time.Hour)
	if a := h.scheduleAtAPI(at, nil); a.status != 200 {
		t.Fatalf("answered %d %s", a.status, a.body)
	}
	return h, at
}

// TestAMovedSchedule: its attempt goes with it, and the charge is found at the new time.
func TestAMovedSchedule(t *testing.T) {
	t.Parallel()
	h, at := newScheduleHouse(t)
	to := at.Add(48 * time.Hour)
	if a := h.moveTo(to, false); a.status != 200 || a.json["code"] != 0.0 {
		t.Fatalf("answered %d %s", a.status, a.body)
	}
	h.waitsFor(to, to)
	if a := h.moveTo(to, true); code(a) != string(payment.CodeChargeIDUsed) {
		t.Errorf("anew, while it waits: %d %s", a.status, a.body)
	}
	h.call("POST", "/portone/v1/subscribe/payments/unschedule", `{"merchant_uid":["`+h.order+`"]}`)
	if a := h.moveTo(to, false); code(a) != string(payment.CodeChargeIDUsed) {
		t.Errorf("moved, after it was taken back: %d %s", a.status, a.body)
	}
	to = to.Add(time.Hour)
	if a := h.moveTo(to, true); a.status != 200 || a.json["code"] != 0.0 {
		t.Errorf("anew: %d %s", a.status, a.body)
	}
	h.waitsFor(to, to)
	if err := h.sandbox.SetNotices(sandbox.NoticeNever); err != nil {
		t.Fatal(err)
	}
	if err := h.sandbox.FireNow(h.order); err != nil {
		t.Fatal(err)
	}
	h.setNow(func() time.Time { return to.Add(2 * time.Minute) })
	h.g.worker.SweepAttempts(t.Context())
	if st := h.state(payment.AttemptID(h.order)); st.State != payment.StateApproved || h.moved() != 2 {
		t.Errorf("it is %s (%s), moved %d times", st.State, st.Reason, h.moved())
	}
	if a := h.moveTo(to, false); code(a) != string(payment.CodeOrderAlreadyPaid) {
		t.Errorf("paid: %d %s", a.status, a.body)
	}
	h.setNow(time.Now) // the shop takes no messages of another day
	h.stands(9900)
}

// TestALostMove: whichever time PortOne keeps, the attempt waits for it.
func TestALostMove(t *testing.T) {
	t.Parallel()
	for kind, done := range map[sandbox.FaultKind]bool{
		sandbox.FaultDropAfterCommit: true, sandbox.FaultHalfBody: true, sandbox.FaultGarbage: true, sandbox.FaultStatusAfterCommit: true,
		sandbox.FaultDropBeforeCommit: false, sandbox.FaultStatus: false,
	} {
		for _, later := range []bool{true, false} {
			t.Run(fmt.Sprintf("%s %t", kind, later), func(t *testing.T) {
				t.Parallel()
				h, at := newScheduleHouse(t)
				to := at.Add(-30 * time.Minute)
				if later {
					to = at.Add(24 * time.Hour)
				}
				h.fault("reschedule", sandbox.Fault{Kind: kind, Status: 502})
				a := h.moveTo(to, false)
				switch {
				case done && a.status == 200 && a.json["code"] == 0.0:
					h.waitsFor(to, to)
				case !done && code(a) == string(payment.CodePaymentUnknown) && later:
					h.waitsFor(at, to)
				case !done && code(a) == string(payment.CodePaymentUnknown):
					h.waitsFor(to, at)
				default:
					t.Errorf("answered %d %s", a.status, a.body)
				}
				if h.moved() > 1 {
					t.Errorf("sent %d", h.moved())
				}
			})
		}
	}
}

// TestAScheduleThatIsNotMoved: what cannot be told apart, or is none of ours, or no rule allows is not sent.
func TestAScheduleThatIsNotMoved(t *testing.T) {
	t.Parallel()
	h, at := newScheduleHouse(t)
	to := at.Add(time.Hour)
	name := h.order
	for _, tt := range []struct {
		name, method, path, body string
		headers                  []string
		code                     payment.Code
	}{
		{"into the past", "PUT", name, `{"schedule_at":1}`, nil, payment.CodeInvalidField},
		{"no time", "PUT", name, `{}`, nil, payment.CodeInvalidField},
		{"another amount", "PUT", name, fmt.Sprintf(`{"schedule_at":%d,"amount":1}`, to.Unix()), nil, payment.CodeInvalidField},
		{"of a sub-merchant", "PUT", name, fmt.Sprintf(`{"schedule_at":%d}`, to.Unix()), []string{"Tier", "ABC"}, payment.CodeCallNotTaken},
		{"made elsewhere", "PUT", "SUB-elsewhere", fmt.Sprintf(`{"schedule_at":%d}`, to.Unix()), nil, payment.CodeAttemptNotFound},
		{"the attempt of a window", "PUT", string(h.issuer), fmt.Sprintf(`{"schedule_at":%d}`, to.Unix()), nil, payment.CodeAttemptNotFound},
		{"charged at once", "POST", name + "/retry", "", nil, payment.CodeChargeIDUsed},
	} {
		if a := h.call(tt.method, schedulePath+tt.path, tt.body, tt.headers...); code(a) != string(tt.code) {
			t.Errorf("%s: %d %s, want %s", tt.name, a.status, a.body, tt.code)
		}
	}
	h.change(func(c *fixture.Config) { c.Method("card").Purposes = []string{"one_time", "billing_key"} })
	if res := h.g.store.Reload("test"); res.Err != nil {
		t.Fatal(res.Err)
	}
	if a := h.moveTo(to, false); code(a) != string(payment.CodePurposeNotSupported) {
		t.Errorf("where no keys are charged any more: %d %s", a.status, a.body)
	}
	h.change()
	if res := h.g.store.Reload("test"); res.Err != nil {
		t.Fatal(res.Err)
	}
	h.waitsFor(at, at)
	h.fault("fire", sandbox.Fault{Kind: sandbox.FaultDecline, Reason: "limit"})
	if err := h.sandbox.SetNotices(sandbox.NoticeNever); err != nil {
		t.Fatal(err)
	}
	if err := h.sandbox.FireNow(h.order); err != nil {
		t.Fatal(err)
	}
	for _, anew := range []bool{true, false} {
		if a := h.moveTo(to, anew); code(a) != string(payment.CodeChargeIDUsed) || !strings.Contains(string(a.body), "/subscriptions/charge") {
			t.Errorf("declined, and nobody told: %d %s", a.status, a.body)
		}
	}
	h.setNow(func() time.Time { return at.Add(2 * time.Minute) })
	h.g.worker.SweepAttempts(t.Context())
	for _, path := range []string{"/reschedule", "/retry"} {
		if a := h.call("POST", schedulePath+name+path, fmt.Sprintf(`{"schedule_at":%d}`, to.Unix())); code(a) != string(payment.CodeChargeIDUsed) {
			t.Errorf("declined, %s: %d %s", path, a.status, a.body)
		}
	}
	if n := h.moved() + len(h.sandbox.Executions(h.pg, "retry", "")); n != 0 {
		t.Errorf("sent %d", n)
	}
	h.stands(0)
}

// TestAMoveThatPortOneRefuses leaves the attempt waiting for the time that it had, and is made with our credentials.
func TestAMoveThatPortOneRefuses(t *testing.T) {
	t.Parallel()
	var refuses atomic.Bool
	at := time.Now().Add(time.Hour).Truncate(time.Second)
	h, api := newFakeAPI(t, func(w http.ResponseWriter, r *http.Request) {
		switch {
		case strings.Contains(r.URL.Path, "/customers/"):
			fmt.Fprint(w, `{"code":0,"response":{"customer_uid":"k","pg_id":"INIBillTst","sandbox":true}}`)
		case strings.HasSuffix(r.URL.Path, "/schedule/SUB-1") && r.Method == http.MethodGet:
			fmt.Fprintf(w, `{"code":0,"response":{"merchant_uid":"SUB-1","schedule_at":%d,"schedule_status":"scheduled"}}`, at.Unix())
		case r.Method == http.MethodPut && refuses.Load():
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(http.StatusBadRequest)
			fmt.Fprint(w, `{"code":-1,"message":"변경할 수 없습니다","response":null}`)
		case r.Method == http.MethodGet:
			w.WriteHeader(http.StatusNotFound)
			fmt.Fprint(w, `{"code":-1,"message":"존재하지 않습니다","response":null}`)
		default:
			ok(w, r)
		}
	}, fixture.KeysBy("portone1"), func(c *fixture.Config) { c.PGs["portone1"].Credentials = "passthrough" })
	body := fmt.Sprintf(`{"customer_uid":"k","schedules":[{"merchant_uid":"SUB-1","schedule_at":%d,"amount":9900,"currency":"KRW","name":"n"}]}`, at.Unix())
	if a := h.call("POST", "/portone/v1/subscribe/payments/schedule", body); a.status != 200 {
		t.Fatalf("answered %d %s", a.status, a.body)
	}
	state := func() payment.Attempt {
		a, _, err := h.journal.Attempt(t.Context(), "SUB-1")
		if err != nil {
			t.Fatal(err)
		}
		return a
	}
	before := state()
	refuses.Store(true)
	move := fmt.Sprintf(`{"schedule_at":%d}`, at.Add(time.Hour).Unix())
	if a := h.call("PUT", schedulePath+"SUB-1", move, "Authorization", "of-the-shop"); a.status != 400 || a.json["code"] != -1.0 {
		t.Errorf("answered %d %s", a.status, a.body)
	}
	if r, _ := api.last(); r.Method != "PUT" || r.Header.Get("Authorization") == "of-the-shop" {
		t.Errorf("%s is made with %q", r.Method, r.Header.Get("Authorization"))
	}
	if a := state(); !a.ExpiresAt.Equal(before.ExpiresAt) || !a.NextCheck.Equal(before.NextCheck) {
		t.Errorf("it waits until %s, want %s", a.ExpiresAt, before.ExpiresAt)
	}
	// While somebody looks at it, and when nothing can be written down, nothing is sent.
	sent := api.calls()
	if _, err := h.journal.Due(t.Context(), journal.Lane{PG: "portone1"}, at.Add(24*time.Hour), 10, 48*time.Hour); err != nil {
		t.Fatal(err)
	}
	if a := h.call("PUT", schedulePath+"SUB-1", move); code(a) != string(payment.CodeOrderInProgress) || api.calls() != sent+1 {
		t.Errorf("while it is looked at: %d %s, %d calls", a.status, a.body, api.calls()-sent)
	}
}
