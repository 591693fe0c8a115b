package gateway

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/pg-gateway/pg-gateway/payment"
	"github.com/pg-gateway/pg-gateway/sandbox"
	"github.com/pg-gateway/pg-gateway/test/fixture"
)

// eachPhoneHouse is a charge house at each PortOne that has a key for a phone bill.
func eachPhoneHouse(t *testing.T, test func(t *testing.T, h *chargeHouse)) {
	t.Helper()
	for pg, channel := range map[string]string{"portone": "channel-key-v2-billing", "portone1": "channel-key-v1-phone"} {
		t.Run(pg, func(t *testing.T) {
			t.Parallel()
			h := newChargeHouse(t, pg, fixture.PhoneKeys(pg))
			h.key = "phone-of-77"
			if err := h.sandbox.AddPhoneKey(sandbox.PhoneKey{Channel: channel, Key: h.key}); err != nil {
				t.Fatal(err)
			}
			test(t, h)
		})
	}
}

// A key that pays by phone bill is charged as one, whoever names it and wherever: nobody has to say that it does.
func TestAPhonesKeyIsChargedAsOne(t *testing.T) {
	t.Parallel()
	eachPhoneHouse(t, func(t *testing.T, h *chargeHouse) {
		a := h.charge("k1", nil)
		if a.want(t, http.StatusOK, ""); a.json["method"] != "phone" {
			t.Errorf("answered %s", a.body)
		}
		if st := h.state(payment.AttemptID(a.json["attempt_id"].(string))); st.Method != "phone" || st.State != payment.StateApproved {
			t.Errorf("on record %+v", st)
		}
		h.stands(9900)
		h.newOrder()
		if a := h.chargeAtAPI(nil); !h.paidIn(a) {
			t.Fatalf("at PortOne's API: %d %s", a.status, a.body)
		}
		if st := h.state(payment.AttemptID(h.order)); st.Method != "phone" || st.State != payment.StateApproved {
			t.Errorf("on record %+v", st)
		}
		h.newOrder()
		if a := h.scheduleAtAPI(h.g.now().Add(30*time.Second), nil); a.status != http.StatusOK {
			t.Fatalf("scheduled: %d %s", a.status, a.body)
		}
		if st := h.state(payment.AttemptID(h.order)); st.Method != "phone" {
			t.Errorf("on record %+v", st)
		}
		if h.sent() != 2 {
			t.Errorf("%d charges were sent", h.sent())
		}
		h.stands(19800)
	})
}

// What the key does not pay with is not charged, nor what the rules do not have phones pay for.
func TestAPhonesKeyIsHeldToTheRules(t *testing.T) {
	t.Parallel()
	eachPhoneHouse(t, func(t *testing.T, h *chargeHouse) {
		h.charge("as-a-card", map[string]any{"method": "card"}).retries(t, http.StatusUnprocessableEntity, "BILLING_KEY_NOT_USABLE", "safe")
		a := h.charge("in-parts", map[string]any{"amount": 90_000, "installment": 3})
		if a.retries(t, http.StatusBadRequest, "INVALID_FIELD", "safe"); a.json["field"] != "installment" {
			t.Errorf("answered %s", a.body)
		}
		a = h.charge("too-little", map[string]any{"amount": 299})
		if a.retries(t, http.StatusUnprocessableEntity, "AMOUNT_TOO_SMALL", "safe"); a.json["field"] != "payments.0.amount" {
			t.Errorf("answered %s", a.body)
		}
		h.change(func(c *fixture.Config) { c.Method("phone").Purposes = []string{"one_time"} })
		if a := h.send(h.admin, httptest.NewRequest(http.MethodPost, "/-/reload", nil)); a.status != http.StatusOK {
			t.Fatalf("reloading answered %d %s", a.status, a.body)
		}
		h.charge("not-recurring", nil).retries(t, http.StatusUnprocessableEntity, "PURPOSE_NOT_SUPPORTED", "safe")
		if h.sent() != 0 {
			t.Errorf("%d charges were sent", h.sent())
		}
	})
}
