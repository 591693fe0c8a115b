package gateway

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pg-gateway/pg-gateway/journal"
	"github.com/pg-gateway/pg-gateway/payment"
	"github.com/pg-gateway/pg-gateway/sandbox"
	"github.com/pg-gateway/pg-gateway/test/fixture"
)

// newOpenedHouse is a house whose order service has opened an account of 64,900 won at V1.
func newOpenedHouse(t *testing.T, edits ...fixture.Edit) *accountHouse {
	t.Helper()
	h := newAccountHouse(t, "portone1", edits...)
	if a := h.open(nil); !h.isOpen(a) {
		t.Fatalf("answered %d %s", a.status, a.body)
	}
	h.sandbox.WaitNotices()
	return h
}

// changeTo asks for the account to be changed.
func (h *accountHouse) changeTo(fields map[string]any, headers ...string) answer {
	h.t.Helper()
	text, err := json.Marshal(fields)
	if err != nil {
		h.t.Fatal(err)
	}
	return h.call("PUT", "/portone/v1/vbanks/"+h.state(h.id()).PGTxID, string(text), headers...)
}

// changes is how many requests for a change reached PortOne.
func (h *accountHouse) changes() int { return h.sent() - 1 }

// openChange tells whether it is not known what became of a change.
func (h *accountHouse) openChange() bool {
	h.t.Helper()
	events, err := h.journal.Events(h.t.Context(), h.id())
	if err != nil {
		h.t.Fatal(err)
	}
	_, open := journal.OpenChange(events)
	return open
}

// TestAChangedAccount: an account is changed once, its attempt with it, and the deposit of the new amount pays it.
func TestAChangedAccount(t *testing.T) {
	t.Parallel()
	h := newOpenedHouse(t)
	due := accountDue().Add(24 * time.Hour)
	a := h.changeTo(map[string]any{"amount": 70000, "vbank_due": due.Unix()})
	if p, _ := a.json["response"].(map[string]any); a.status != 200 || a.json["code"] != 0.0 || p["amount"] != 70000.0 {
		t.Fatalf("answered %d %s", a.status, a.body)
	}
	st := h.state(h.id())
	if st.Amount != 70000 || st.OrderAmount != 70000 || !st.DepositDue.Equal(due) || st.State != payment.StateIssued || h.openChange() {
		t.Errorf("on record %+v", st)
	}
	// What it is already is not asked for again.
	if a := h.changeTo(map[string]any{"amount": 70000}); a.status != 200 || h.changes() != 1 {
		t.Errorf("again: %d %s, sent %d", a.status, a.body, h.changes())
	}
	h.deposit(sandbox.Deposit{})
	if st := h.state(h.id()); st.State != payment.StateApproved || st.Amount != 70000 {
		t.Errorf("after the deposit it is %s (%s) of %s won", st.State, st.Reason, st.Amount)
	}
	h.hidesReceipt()
}

// TestALostChange: whatever becomes of the answer, it is sent once, and the deposit is held against what the PG shows.
func TestALostChange(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		kind sandbox.FaultKind
		// known tells that the caller is told what it came to, won what the account takes.
		known bool
		won   payment.Won
	}{
		{sandbox.FaultDropAfterCommit, true, 70000},
		{sandbox.FaultGarbage, true, 70000},
		{sandbox.FaultHalfBody, true, 70000},
		{sandbox.FaultStatusAfterCommit, true, 70000},
		{sandbox.FaultDropBeforeCommit, false, 64900},
	} {
		t.Run(string(tt.kind), func(t *testing.T) {
			t.Parallel()
			h := newOpenedHouse(t)
			h.fault(h.op, sandbox.Fault{Kind: tt.kind, Status: 502})
			a := h.changeTo(map[string]any{"amount": 70000})
			p, _ := a.json["response"].(map[string]any)
			if told := a.status == 200 && p["amount"] == 70000.0; told != tt.known || !told && code(a) != string(payment.CodePaymentUnknown) {
				t.Errorf("answered %d %s", a.status, a.body)
			}
			if st := h.state(h.id()); st.Amount != tt.won || st.State != payment.StateIssued || h.openChange() == tt.known || h.changes() > 1 {
				t.Errorf("on record %+v, open %t, sent %d", st, h.openChange(), h.changes())
			}
			if !tt.known {
				// While nobody knows, there is no other change, and the same one may be sent again.
				if a := h.changeTo(map[string]any{"amount": 80000}); code(a) != string(payment.CodePaymentUnknown) {
					t.Errorf("another: %d %s", a.status, a.body)
				}
			}
			h.deposit(sandbox.Deposit{})
			if st := h.state(h.id()); st.State != payment.StateApproved || st.Amount != tt.won {
				t.Errorf("after the deposit it is %s (%s) of %s won", st.State, st.Reason, st.Amount)
			}
		})
	}
	t.Run("sent again", func(t *testing.T) {
		t.Parallel()
		h := newOpenedHouse(t)
		h.fault(h.op, sandbox.Fault{Kind: sandbox.FaultDropBeforeCommit})
		h.changeTo(map[string]any{"amount": 70000})
		if a := h.changeTo(map[string]any{"amount": 70000}); a.status != 200 {
			t.Errorf("answered %d %s", a.status, a.body)
		}
		if st := h.state(h.id()); st.Amount != 70000 || h.openChange() {
			t.Errorf("on record %+v", st)
		}
	})
	t.Run("a yes that is not shown", func(t *testing.T) {
		t.Parallel()
		h := newOpenedHouse(t)
		ok := `{"code":0,"message":null,"response":{"amount":70000}}`
		h.fault(h.op, sandbox.Fault{Kind: sandbox.FaultStatus, Status: 200, Body: ok})
		if a := h.changeTo(map[string]any{"amount": 70000}); code(a) != string(payment.CodePaymentUnknown) {
			t.Errorf("answered %d %s", a.status, a.body)
		}
		if st := h.state(h.id()); st.Amount != 64900 || !h.openChange() {
			t.Errorf("on record %+v", st)
		}
	})
}

// TestARefusedChange leaves the account as it was, and the next change is made.
func TestARefusedChange(t *testing.T) {
	t.Parallel()
	h := newOpenedHouse(t)
	no := `{"code":1,"message":"변경할 수 없습니다","response":null}`
	h.fault(h.op, sandbox.Fault{Kind: sandbox.FaultStatus, Status: 400, Body: no})
	if a := h.changeTo(map[string]any{"amount": 70000}); a.status != 400 || a.json["message"] != "변경할 수 없습니다" {
		t.Errorf("answered %d %s", a.status, a.body)
	}
	if st := h.state(h.id()); st.Amount != 64900 || h.openChange() {
		t.Errorf("on record %+v", st)
	}
	if a := h.changeTo(map[string]any{"amount": 80000}); a.status != 200 || h.state(h.id()).Amount != 80000 {
		t.Errorf("the next: %d %s", a.status, a.body)
	}
}

// TestAChangeIsDecided: what the rules, or sense, do not allow is not sent.
func TestAChangeIsDecided(t *testing.T) {
	t.Parallel()
	amount := map[string]any{"amount": 70000}
	for name, tt := range map[string]struct {
		fields  map[string]any
		headers []string
		code    payment.Code
	}{
		"over the method's limit": {map[string]any{"amount": 100_000_001}, nil, payment.CodeAmountTooLarge},
		"a deadline too late":     {map[string]any{"vbank_due": time.Now().Add(90 * 24 * time.Hour).Unix()}, nil, payment.CodeDepositDueRefused},
		"nothing":                 {map[string]any{}, nil, payment.CodeInvalidField},
		"a sub-merchant":          {amount, []string{"Tier", "ABC"}, payment.CodeCallNotTaken},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newOpenedHouse(t)
			if a := h.changeTo(tt.fields, tt.headers...); code(a) != string(tt.code) || h.changes() != 0 || h.openChange() {
				t.Errorf("answered %d %s, want %s; sent %d", a.status, a.body, tt.code, h.changes())
			}
		})
	}
	t.Run("paid, and nobody has heard of it", func(t *testing.T) {
		t.Parallel()
		h := newOpenedHouse(t)
		if err := h.sandbox.SetNotices(sandbox.NoticeNever); err != nil {
			t.Fatal(err)
		}
		h.deposit(sandbox.Deposit{})
		if a := h.changeTo(amount); code(a) != string(payment.CodeNotCancellable) || h.changes() != 0 {
			t.Errorf("answered %d %s, sent %d", a.status, a.body, h.changes())
		}
	})
	t.Run("parts that were stated", func(t *testing.T) {
		t.Parallel()
		h := newAccountHouse(t, "portone1")
		if a := h.open(func(b map[string]any) { b["vat_amount"] = 5900 }); !h.isOpen(a) {
			t.Fatalf("answered %d %s", a.status, a.body)
		}
		if a := h.changeTo(amount); code(a) != string(payment.CodeCallNotTaken) || h.changes() != 0 {
			t.Errorf("answered %d %s, sent %d", a.status, a.body, h.changes())
		}
	})
	t.Run("a window's account", func(t *testing.T) {
		t.Parallel()
		h := newBankHouse(t, "portone1", fixture.AccountsByAPI)
		id := h.issue("portone1")
		h.sandbox.WaitNotices()
		a := h.call("PUT", "/portone/v1/vbanks/"+h.state(id).PGTxID, `{"amount":70000}`)
		if code(a) != string(payment.CodeCallNotTaken) || len(h.sandbox.Executions("portone_v1", "vbank", "")) > 0 {
			t.Errorf("answered %d %s", a.status, a.body)
		}
	})
	t.Run("an account of nobody's", func(t *testing.T) {
		t.Parallel()
		h := newAccountHouse(t, "portone1")
		if a := h.call("PUT", "/portone/v1/vbanks/imp_000000000001", `{"amount":70000}`); code(a) != string(payment.CodeAttemptNotFound) {
			t.Errorf("answered %d %s", a.status, a.body)
		}
	})
}

// deafJournal takes no change.
type deafJournal struct{ Journal }

var errDeaf = errors.New("no room")

// TestAChangeNeedsTheJournal: what cannot be written down is not sent.
func TestAChangeNeedsTheJournal(t *testing.T) {
	t.Parallel()
	h := newOpenedHouse(t)
	h.g.journal = deafJournal{h.g.journal}
	if a := h.changeTo(map[string]any{"amount": 70000}); a.status < 500 || h.changes() != 0 {
		t.Errorf("answered %d %s, sent %d", a.status, a.body, h.changes())
	}
}

// TestChangesAreMadeWithOurCredentials, also where callers bring their own.
func TestChangesAreMadeWithOurCredentials(t *testing.T) {
	t.Parallel()
	var opened atomic.Bool
	payOf := func(status string) string {
		return fmt.Sprintf(`{"code":0,"message":null,"response":{"imp_uid":"imp_1","merchant_uid":"ACC-1","status":%q,"amount":64900,`+
			`"cancel_amount":0,"currency":"KRW","sandbox":true,"pg_id":"INIpayTest","pay_method":"vbank","paid_at":0,"vbank_num":"56210000000008",`+
			`"vbank_date":%d}}`, status, accountDue().Unix())
	}
	h, api := newFakeAPI(t, func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.Method == http.MethodPost:
			opened.Store(true)
			fmt.Fprint(w, payOf("ready"))
		case opened.Load() && strings.HasSuffix(r.URL.Path, "/payments/imp_1"), r.Method == http.MethodPut:
			fmt.Fprint(w, payOf("ready"))
		default:
			w.WriteHeader(http.StatusNotFound)
			fmt.Fprint(w, `{"code":-1,"message":"존재하지 않습니다","response":null}`)
		}
	}, fixture.AccountsByAPI, func(c *fixture.Config) { c.PGs["portone1"].Credentials = "passthrough" })
	path, body := accountCall("portone_v1", "ACC-1")
	text, err := json.Marshal(body)
	if err != nil {
		t.Fatal(err)
	}
	if a := h.call("POST", path, string(text), "Authorization", "of-the-shop"); a.status != 200 {
		t.Fatalf("answered %d %s", a.status, a.body)
	}
	before := api.calls()
	h.call("PUT", "/portone/v1/vbanks/imp_1?amount=1", `{"amount":70000}`, "Authorization", "of-the-shop")
	puts := 0
	for _, r := range api.asked()[before:] {
		if r.Method != http.MethodPut {
			continue
		}
		if puts++; r.Header.Get("Authorization") == "of-the-shop" || r.URL.RawQuery != "" {
			t.Errorf("heard %s with %q", r.URL, r.Header.Get("Authorization"))
		}
	}
	if puts != 1 {
		t.Errorf("sent %d", puts)
	}
}

func (deafJournal) IntendChange(context.Context, payment.AttemptID, journal.Change, time.Time) error {
	return errDeaf
}
