package gateway

import (
	"maps"
	"net/http"
	"net/url"
	"testing"

	"github.com/pg-gateway/pg-gateway/payment"
	"github.com/pg-gateway/pg-gateway/sandbox"
	"github.com/pg-gateway/pg-gateway/test/fixture"
)

// newBankHouse is a house whose virtual accounts go to one PG.
func newBankHouse(t *testing.T, pg string, edits ...fixture.Edit) *hookHouse {
	t.Helper()
	h := newHookHouse(t, nil, append(edits, func(c *fixture.Config) { c.Method("vbank").Links = fixture.Links(pg) })...)
	if err := h.sandbox.SetInicisNotice("", h.base+pathHooksInicis+"inicis"+hookDeposit); err != nil {
		t.Fatal(err)
	}
	return h
}

// inicisFrom believes Inicis' notices from some addresses only.
func inicisFrom(sources ...string) fixture.Edit {
	return func(c *fixture.Config) { c.PGs["inicis"].WebhookSources = sources }
}

// issue has the buyer take an account in PG's window and come back.
func (h *hookHouse) issue(pg string) payment.AttemptID {
	h.t.Helper()
	if pg != "inicis" {
		o := h.windowOf(map[string]string{"portone": "v2", "portone1": "v1"}[pg], h.checkout("vbank"))
		h.click(o, "pay")
		if got := h.complete(o); got != "issued" {
			h.t.Fatalf("completed as %s, want issued", got)
		}
		return o.attempt
	}
	form := h.formOf(h.checkout("vbank"))
	back := h.postReturn(h.press(form, "pay"))
	to, err := url.Parse(back.header.Get("Location"))
	if back.status != http.StatusSeeOther || err != nil || to.Query().Get("status") != "issued" {
		h.t.Fatalf("the return answered %d %s", back.status, back.header.Get("Location"))
	}
	return payment.AttemptID(form.Get("oid"))
}

// A virtual account holds its order without paying it, until the deposit is told, twice at that.
func TestADepositPaysTheOrder(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		pg   string
		edit fixture.Edit
	}{
		{"Inicis", "inicis", nil},
		{"PortOne V2, confirmed by us", "portone", nil},
		{"PortOne V2", "portone", autoV2},
		{"PortOne V1", "portone1", nil},
		{"PortOne V1, asking before", "portone1", askingV1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			h := newBankHouse(t, tt.pg, tt.edit)
			id := h.issue(tt.pg)
			h.sandbox.WaitNotices()
			a := h.state(id)
			if a.State != payment.StateIssued || a.DepositDue.IsZero() {
				t.Fatalf("state %s (%s), due %s", a.State, a.Reason, a.DepositDue)
			}
			h.balanced(false)
			again := h.checkout("card")
			again["order_id"] = a.OrderID
			again["amount"] = a.Amount
			again["payments"] = []any{map[string]any{"method": "card", "amount": a.Amount}}
			if got := h.postCheckout(again); got.code() != string(payment.CodeOrderAwaitsDeposit) {
				t.Errorf("another window of the order answered %d %s", got.status, got.body)
			}
			if err := h.sandbox.Deposit(sandbox.Deposit{Ref: string(id)}); err != nil {
				t.Fatal(err)
			}
			h.sandbox.WaitNotices()
			if a = h.state(id); a.State != payment.StateApproved {
				t.Fatalf("after the deposit it is %s (%s)", a.State, a.Reason)
			}
			h.balanced(true)
		})
	}
}

// What comes into an account that is paid, or comes as another amount, is for a person: nothing is given back,
// since only the buyer knows where to.
func TestOddDepositsAreForAPerson(t *testing.T) {
	t.Parallel()
	t.Run("a second deposit", func(t *testing.T) {
		t.Parallel()
		h := newBankHouse(t, "inicis")
		id := h.issue("inicis")
		if err := h.sandbox.Deposit(sandbox.Deposit{Ref: string(id), Times: 2}); err != nil {
			t.Fatal(err)
		}
		h.sandbox.WaitNotices()
		h.flagged(id, 1)
		if a := h.state(id); a.State != payment.StateApproved {
			t.Errorf("state %s", a.State)
		}
	})
	t.Run("after the account was closed", func(t *testing.T) {
		t.Parallel()
		h := newBankHouse(t, "inicis")
		id := h.issue("inicis")
		if _, err := h.g.machine.CloseAccount(t.Context(), id, "closed_by_shop"); err != nil {
			t.Fatal(err)
		}
		if a := h.state(id); a.State != payment.StateCancelled {
			t.Fatalf("state %s", a.State)
		}
		if err := h.sandbox.Deposit(sandbox.Deposit{Ref: string(id), Force: true}); err != nil {
			t.Fatal(err)
		}
		h.sandbox.WaitNotices()
		h.flagged(id, 1)
	})
}

// flagged wants n unmatched payments of an attempt to wait for a person.
func (h *hookHouse) flagged(id payment.AttemptID, n int) {
	h.t.Helper()
	list, err := h.journal.UnmatchedOpen(h.t.Context(), 10)
	if err != nil {
		h.t.Fatal(err)
	}
	if len(list) != n || n > 0 && list[0].AttemptID != id {
		h.t.Errorf("unmatched payments %+v, want %d of %s", list, n, id)
	}
}

// A notice is not signed: whatever it claims, only the PG's inquiry pays an order.
func TestAForgedNoticePaysNothing(t *testing.T) {
	t.Parallel()
	h := newBankHouse(t, "inicis")
	id := h.issue("inicis")
	a := h.state(id)
	good := url.Values{
		"no_tid": {"ININPGVBNKINIpayTest20261201100000000001"}, "no_oid": {string(id)}, "id_merchant": {a.MID},
		"amt_input": {a.Amount.String()}, "no_vacct": {"56211105948400"}, "type_msg": {"0200"}, "no_req_tid": {a.PGTxID},
	}
	tests := []struct {
		name   string
		change url.Values
		status int
		body   string
	}{
		{"nobody has paid", nil, http.StatusServiceUnavailable, "FAIL"},
		{"another merchant", url.Values{"id_merchant": {"INIother00"}}, http.StatusNotFound, "FAIL"},
		{"another account", url.Values{"no_req_tid": {"StdpayVBNKINIpayTest20261201100000000009"}}, http.StatusNotFound, "FAIL"},
		{"no such attempt", url.Values{"no_oid": {"nobody"}}, http.StatusNotFound, "FAIL"},
		{"no attempt at all", url.Values{"no_oid": {"a b"}}, http.StatusBadRequest, "FAIL"},
		{"not a number", url.Values{"amt_input": {"-1"}}, http.StatusBadRequest, "FAIL"},
	}
	for _, tt := range tests {
		form := url.Values{}
		maps.Copy(form, good)
		maps.Copy(form, tt.change)
		status, body := h.sendHook(pathHooksInicis+"inicis"+hookDeposit, "application/x-www-form-urlencoded", nil, form.Encode())
		if status != tt.status || body != tt.body {
			t.Errorf("%s: answered %d %q, want %d %q", tt.name, status, body, tt.status, tt.body)
		}
	}
	if got := h.state(id); got.State != payment.StateIssued {
		t.Errorf("state %s", got.State)
	}
	h.flagged(id, 0)
	for _, path := range []string{"/hooks/inicis/portone/deposit", "/hooks/inicis/nobody/deposit", "/hooks/inicis/inicis"} {
		if status, _ := h.sendHook(path, "application/x-www-form-urlencoded", nil, good.Encode()); status != http.StatusNotFound {
			t.Errorf("%s answered %d", path, status)
		}
	}
}

func TestANoticeFromElsewhereIsRefused(t *testing.T) {
	t.Parallel()
	h := newBankHouse(t, "inicis", inicisFrom("203.0.113.7"))
	status, body := h.sendHook(pathHooksInicis+"inicis"+hookDeposit, "application/x-www-form-urlencoded", nil, "no_tid=x")
	if status != http.StatusForbidden || body != "FAIL" {
		t.Errorf("answered %d %q", status, body)
	}
}
