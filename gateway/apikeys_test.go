package gateway

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/pg-gateway/pg-gateway/payment"
	"github.com/pg-gateway/pg-gateway/sandbox"
	"github.com/pg-gateway/pg-gateway/test/fixture"
)

// deleteAtAPI has the house's key deleted at the PG's own API.
func (h *chargeHouse) deleteAtAPI(headers ...string) answer {
	h.t.Helper()
	path := "/portone/v1/subscribe/customers/" + h.key + "?reason=gone&extra%5Brequester%5D=customer"
	if h.pg == "portone_v2" {
		path = "/portone/v2/billing-keys/" + h.key + "?reason=gone"
	}
	return h.call("DELETE", path, "", headers...)
}

// deletes is how many deletes reached the PG.
func (h *chargeHouse) deletes() int { return len(h.sandbox.Executions(h.pg, h.deleting(), "")) }

// deleting is the sandbox's word for a delete.
func (h *chargeHouse) deleting() string {
	if h.pg == "portone_v2" {
		return "drop_key"
	}
	return "cancel"
}

// hasKey tells whether the house's key is still there.
func (h *chargeHouse) hasKey() bool { return !h.sandbox.BillingKeys()[0].Deleted }

// deletedIn tells whether an answer says in the PG's own form that the key is deleted.
func (h *chargeHouse) deletedIn(a answer) bool {
	if h.pg == "portone_v2" {
		return a.status == 200 && a.json["deletedAt"] != nil
	}
	k, _ := a.json["response"].(map[string]any)
	return a.status == 200 && a.json["code"] == 0.0 && k["customer_uid"] == h.key
}

// TestAKeyIsDeleted: a key that nothing is scheduled for is deleted, once; after that there is none.
func TestAKeyIsDeleted(t *testing.T) {
	t.Parallel()
	eachCharger(t, func(t *testing.T, h *chargeHouse) {
		if a := h.deleteAtAPI(); !h.deletedIn(a) || h.hasKey() {
			t.Fatalf("answered %d %s", a.status, a.body)
		}
		if a := h.deleteAtAPI(); code(a) != string(payment.CodeKeyNotFound) || a.status != 404 || h.deletes() != 1 {
			t.Errorf("again: %d %s, sent %d", a.status, a.body, h.deletes())
		}
		if a := h.chargeAtAPI(nil); code(a) != string(payment.CodeKeyNotFound) {
			t.Errorf("charged after it: %d %s", a.status, a.body)
		}
	})
}

// TestAScheduledKeyIsNotDeleted: what the PG is still to charge is shown first, however far off it is, and the key stays.
func TestAScheduledKeyIsNotDeleted(t *testing.T) {
	t.Parallel()
	eachCharger(t, func(t *testing.T, h *chargeHouse) {
		at := h.g.now().AddDate(1, 2, 3).Truncate(time.Second)
		if a := h.scheduleAtAPI(at, nil); a.status != 200 {
			t.Fatalf("scheduling answered %d %s", a.status, a.body)
		}
		a := h.deleteAtAPI()
		said := a.json
		if p, ok := a.json["problem"].(map[string]any); ok {
			said = p
		}
		want := fmt.Sprint([]any{map[string]any{"id": h.order, "at": at.UTC().Format(time.RFC3339)}})
		if code(a) != string(payment.CodeKeyScheduled) || a.status != 409 || fmt.Sprint(said["pending"]) != want {
			t.Errorf("answered %d %s", a.status, a.body)
		}
		if !strings.Contains(fmt.Sprint(said["detail_en"]), h.order) || !strings.Contains(fmt.Sprint(said["detail_en"]), "X-PG-Gateway-Schedules: keep") {
			t.Errorf("it does not say what to do: %s", a.body)
		}
		if a := h.deleteAtAPI(headerSchedules, "drop"); code(a) != string(payment.CodeInvalidField) {
			t.Errorf("with another word: %d %s", a.status, a.body)
		}
		if h.deletes() != 0 || !h.hasKey() {
			t.Fatalf("%d deletes were sent", h.deletes())
		}
		// V2 itself deletes no key with schedules, whoever knows of them.
		a = h.deleteAtAPI(headerSchedules, schedulesKept)
		if h.pg == "portone_v2" {
			if a.status != 409 || a.json["type"] != "PAYMENT_SCHEDULE_ALREADY_EXISTS" || a.json["code"] != nil || !h.hasKey() {
				t.Errorf("kept: %d %s", a.status, a.body)
			}
			return
		}
		if !h.deletedIn(a) || h.hasKey() {
			t.Errorf("kept: %d %s", a.status, a.body)
		}
	})
}

// TestUnreadSchedulesKeepTheKey: a PG that does not say what it is to charge may be to charge something.
func TestUnreadSchedulesKeepTheKey(t *testing.T) {
	t.Parallel()
	for _, kind := range []sandbox.FaultKind{sandbox.FaultDropBeforeCommit, sandbox.FaultGarbage, sandbox.FaultStatus} {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			eachCharger(t, func(t *testing.T, h *chargeHouse) {
				h.fault("list", sandbox.Fault{Kind: kind, Status: 502, Times: 9})
				if a := h.deleteAtAPI(); code(a) != string(payment.CodePGUnavailable) || h.deletes() != 0 || !h.hasKey() {
					t.Errorf("answered %d %s, sent %d", a.status, a.body, h.deletes())
				}
			})
		})
	}
}

// TestOddListsOfSchedulesKeepTheKey: what is no list of schedules is not an empty one.
func TestOddListsOfSchedulesKeepTheKey(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		pg, list string
		status   int
		code     payment.Code
	}{
		{"portone1", `{"code":0,"response":{"total":0,"next":0,"list":[]}}`, 200, ""},
		{"portone1", `{"code":0,"response":[]}`, 200, ""},
		{"portone1", `{"code":0,"response":[{"merchant_uid":"S-1","schedule_at":4000000000,"schedule_status":"scheduled"}]}`, 200, payment.CodeKeyScheduled},
		{"portone1", `{"code":0,"response":[{"merchant_uid":"S-1","schedule_at":4000000000,"schedule_status":"revoked"}]}`, 200, ""},
		{"portone1", `{"code":0,"response":null}`, 200, payment.CodePGUnavailable},
		{"portone1", `{"code":0,"response":{"total":1}}`, 200, payment.CodePGUnavailable},
		{"portone1", `{"code":-1,"response":[]}`, 200, payment.CodePGUnavailable},
		{"portone1", `{"code":-1,"response":[]}`, 400, payment.CodePGUnavailable},
		{"portone1", `{"response":[]}`, 200, payment.CodePGUnavailable},
		{"portone", `{"items":[],"page":{}}`, 200, ""},
		{"portone", `{"items":[{"paymentId":"S-1","timeToPay":"2090-01-01T00:00:00Z"}]}`, 200, payment.CodeKeyScheduled},
		{"portone", `{"items":[{"paymentId":"S-1"}]}`, 200, payment.CodePGUnavailable},
		{"portone", `{"page":{}}`, 200, payment.CodePGUnavailable},
		{"portone", `{"items":[]}`, 403, payment.CodePGUnavailable},
	} {
		t.Run(tt.pg+" "+tt.list, func(t *testing.T) {
			t.Parallel()
			h, api := newFakeAPI(t, func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("Content-Type", "application/json")
				switch {
				case strings.Contains(r.URL.Path, "schedule"):
					w.WriteHeader(tt.status)
					fmt.Fprint(w, tt.list)
				case r.Method == http.MethodDelete:
					fmt.Fprint(w, `{"code":0,"deletedAt":"2026-01-01T00:00:00Z"}`)
				case strings.Contains(r.URL.Path, "customers"):
					fmt.Fprint(w, `{"code":0,"response":{"customer_uid":"k","pg_id":"INIBillTst","sandbox":true}}`)
				default:
					fmt.Fprint(w, `{"status":"ISSUED","billingKey":"k","channels":[{"key":"channel-key-v2-billing","type":"TEST","pgMerchantId":"INIBillTst"}]}`)
				}
			}, fixture.KeysBy(tt.pg))
			path := "/portone/v1/subscribe/customers/k"
			if tt.pg == "portone" {
				path = "/portone/v2/billing-keys/k"
			}
			a := h.call("DELETE", path, "")
			r, _ := api.last()
			if tt.code != "" && code(a) != string(tt.code) || (r.Method == http.MethodDelete) != (tt.code == "") {
				t.Errorf("answered %d %s, last %s", a.status, a.body, r.Method)
			}
		})
	}
}

// TestOnlyKnownKeysAreDeleted: a key of a contract that the rules do not know, or of the other mode, is left alone.
func TestOnlyKnownKeysAreDeleted(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ pg, key, path string }{
		{"portone1", `{"code":0,"response":{"customer_uid":"k","pg_id":"another","sandbox":true}}`, "/portone/v1/subscribe/customers/k"},
		{"portone1", `{"code":0,"response":{"customer_uid":"k","pg_id":"INIBillTst","sandbox":false}}`, "/portone/v1/subscribe/customers/k"},
		{
			"portone", `{"status":"ISSUED","billingKey":"k","channels":[{"key":"another","type":"TEST","pgMerchantId":"another"}]}`,
			"/portone/v2/billing-keys/k",
		},
		{
			"portone", `{"status":"ISSUED","billingKey":"k","channels":[{"key":"channel-key-v2-billing","type":"LIVE","pgMerchantId":"INIBillTst"}]}`,
			"/portone/v2/billing-keys/k",
		},
	} {
		h, api := newFakeAPI(t, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			fmt.Fprint(w, tt.key)
		}, fixture.KeysBy(tt.pg))
		a := h.call("DELETE", tt.path, "")
		if r, _ := api.last(); code(a) != string(payment.CodeKeyNotUsable) || r.Method == http.MethodDelete {
			t.Errorf("%s: answered %d %s, last %s", tt.key, a.status, a.body, r.Method)
		}
		if a := h.call("DELETE", tt.path, "", "Tier", "ABC"); code(a) != string(payment.CodeCallNotTaken) {
			t.Errorf("a sub-merchant's: %d %s", a.status, a.body)
		}
	}
	h := newChargeHouse(t, "portone")
	if a := h.call("DELETE", "/portone/v2/billing-keys/"+h.key+"?storeId=another", ""); code(a) != string(payment.CodeInvalidField) || !h.hasKey() {
		t.Errorf("another store's: %d %s", a.status, a.body)
	}
}

// TestLostDeletes: whatever becomes of the answer, the delete is sent once, and is said to be done when it is.
func TestLostDeletes(t *testing.T) {
	t.Parallel()
	for _, pg := range []string{"portone", "portone1"} {
		for _, kind := range []sandbox.FaultKind{
			sandbox.FaultDropAfterCommit, sandbox.FaultGarbage, sandbox.FaultHalfBody, sandbox.FaultStatusAfterCommit,
		} {
			t.Run(fmt.Sprintf("%s %s", pg, kind), func(t *testing.T) {
				t.Parallel()
				h := newChargeHouse(t, pg)
				h.fault(h.deleting(), sandbox.Fault{Kind: kind, Status: 502})
				if a := h.deleteAtAPI(); !h.deletedIn(a) || h.hasKey() || h.deletes() != 1 {
					t.Errorf("answered %d %s, sent %d", a.status, a.body, h.deletes())
				}
			})
		}
		t.Run(pg+" before it was done", func(t *testing.T) {
			t.Parallel()
			h := newChargeHouse(t, pg)
			h.fault(h.deleting(), sandbox.Fault{Kind: sandbox.FaultDropBeforeCommit})
			if a := h.deleteAtAPI(); a.status < 500 || code(a) == "" || !h.hasKey() {
				t.Errorf("answered %d %s", a.status, a.body)
			}
			if a := h.deleteAtAPI(); !h.deletedIn(a) || h.hasKey() {
				t.Errorf("again: %d %s", a.status, a.body)
			}
		})
	}
}

// TestKeysAreOurAccounts: whose account a key is read in, it is deleted in.
func TestKeysAreOurAccounts(t *testing.T) {
	t.Parallel()
	h, api := newFakeAPI(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		if strings.Contains(r.URL.Path, "schedule") {
			fmt.Fprint(w, `{"items":[]}`)
			return
		}
		fmt.Fprint(w, `{"status":"ISSUED","billingKey":"k","deletedAt":"x","channels":[{"key":"channel-key-v2-billing","type":"TEST","pgMerchantId":"INIBillTst"}]}`)
	}, fixture.KeysBy("portone"), func(c *fixture.Config) { c.PGs["portone"].Credentials = "passthrough" })
	a := h.call("DELETE", "/portone/v2/billing-keys/k", "", "Authorization", "PortOne callers-own", headerToken, "any")
	if r, _ := api.last(); r.Method != http.MethodDelete || r.Header.Get("Authorization") != "PortOne sandbox-v2-secret" {
		t.Errorf("answered %d %s; %s with %q", a.status, a.body, r.Method, r.Header.Get("Authorization"))
	}
}
