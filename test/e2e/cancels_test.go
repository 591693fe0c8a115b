package e2e

import (
	"bytes"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/pg-gateway/pg-gateway/test/fixture"
)

// orderService is the shop's own service, which calls the sidecar listener.
type orderService struct {
	p    *gatewayProcess
	base string
	// token is sent when there is one.
	token string
}

// orderServiceAt makes an order service, and the edit that opens the sidecar listener for it.
func orderServiceAt(t *testing.T) (*orderService, fixture.Edit) {
	t.Helper()
	address := freePort(t)
	return &orderService{base: "http://" + address}, func(c *fixture.Config) { c.Server.Sidecar.Listen = address }
}

// cancelled is what the gateway answers a cancel with, a problem's code included.
type cancelled struct {
	http      int
	ID        string `json:"cancel_id"`
	State     string `json:"state"`
	Amount    int64  `json:"amount"`
	Remaining int64  `json:"remaining_after"`
	Total     int64  `json:"cancelled_total"`
	Code      string `json:"code"`
}

func (s *orderService) cancel(attempt, key string, body map[string]any) cancelled {
	s.p.t.Helper()
	text, err := json.Marshal(body)
	if err != nil {
		s.p.t.Fatal(err)
	}
	var c cancelled
	c.http = s.call(http.MethodPost, "/attempts/"+attempt+"/cancels", key, text, &c)
	return c
}

// standing is where an attempt stands, as the order service reads it.
type standing struct {
	ID        string `json:"attempt_id"`
	State     string `json:"state"`
	Cancelled int64  `json:"cancelled"`
	Remaining int64  `json:"remaining"`
	Cancels   []struct {
		ID     string `json:"cancel_id"`
		State  string `json:"state"`
		Amount int64  `json:"amount"`
	} `json:"cancels"`
	Code string `json:"code"`
}

func (s *orderService) read(attempt string) (a standing) {
	s.p.t.Helper()
	s.call(http.MethodGet, "/attempts/"+attempt, "", nil, &a)
	return a
}

// call sends one request and reads the answer, whatever its status.
func (s *orderService) call(method, path, key string, body []byte, into any) (status int) {
	s.p.t.Helper()
	req, err := http.NewRequestWithContext(s.p.t.Context(), method, s.base+path, bytes.NewReader(body))
	if err != nil {
		s.p.t.Fatal(err)
	}
	if len(body) > 0 {
		req.Header.Set("Content-Type", "application/json")
	}
	if key != "" {
		req.Header.Set("Idempotency-Key", `"`+key+`"`)
	}
	if s.token != "" {
		req.Header.Set("Authorization", "Bearer "+s.token)
	}
	res, err := noRedirects().Do(req)
	if err != nil {
		s.p.t.Fatalf("%s %s: %v", method, path, err)
	}
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	if err != nil {
		s.p.t.Fatal(err)
	}
	if err := json.Unmarshal(raw, into); err != nil {
		s.p.t.Fatalf("%s %s answered %d %q: %v", method, path, res.StatusCode, raw, err)
	}
	return res.StatusCode
}

// mustCancel cancels and checks what the answer says is left.
func (s *orderService) mustCancel(t *testing.T, attempt, key string, body map[string]any, amount, left int64) cancelled {
	t.Helper()
	c := s.cancel(attempt, key, body)
	if c.http != http.StatusOK || c.State != "done" || c.Amount != amount || c.Remaining != left || c.ID == "" {
		t.Fatalf("cancelling %v answered %+v, want %d given back and %d left", body, c, amount, left)
	}
	return c
}

// mustRefuse wants a problem.
func (s *orderService) mustRefuse(t *testing.T, attempt, key string, body map[string]any, status int, code string) {
	t.Helper()
	if c := s.cancel(attempt, key, body); c.http != status || c.Code != code {
		t.Errorf("cancelling %v answered %+v, want %d %s", body, c, status, code)
	}
}

// sentCancels counts the cancels that reached a PG.
func (p *gatewayProcess) sentCancels() (n int) {
	p.t.Helper()
	for _, q := range []string{"pg=inicis&operation=refund", "pg=portone_v1&operation=cancel", "pg=portone_v2&operation=cancel"} {
		var list struct {
			Count int `json:"count"`
		}
		p.getJSON("http://"+p.sandbox+"/_sandbox/executions?"+q, &list)
		n += list.Count
	}
	return n
}

func TestAPaidOrderIsGivenBackInParts(t *testing.T) { //nolint:tparallel // one order after the other, one sum
	t.Parallel()
	s, sidecar := orderServiceAt(t)
	s.p = start(t, sidecar)
	for _, method := range []string{"card", "kakaopay", "tosspay"} {
		t.Run(method, func(t *testing.T) {
			v := s.p.buyer(method).mustBuy(t, "pay", "approved")
			id, sum, before := v.window.Attempt, v.order.Amount, s.p.sentCancels()
			part := map[string]any{"amount": 10_000, "remaining": sum, "reason": "one chair returned"}
			first := s.mustCancel(t, id, "return-1", part, 10_000, sum-10_000)
			s.p.mustBalance(sum - 10_000)
			if again := s.cancel(id, "return-1", part); again != first {
				t.Errorf("the same key answered %+v, before %+v", again, first)
			}
			s.mustRefuse(t, id, "return-1", map[string]any{"amount": 9_000, "reason": "x"}, http.StatusUnprocessableEntity, "IDEMPOTENCY_KEY_REUSED")
			s.mustRefuse(t, id, "return-2", part, http.StatusUnprocessableEntity, "CANCEL_EXCEEDS_REMAINING")
			s.mustRefuse(t, id, "", part, http.StatusBadRequest, "IDEMPOTENCY_KEY_INVALID")
			second := map[string]any{"amount": 4_900, "reason": "another"}
			s.mustCancel(t, id, "return-3", second, 4_900, sum-14_900)
			s.p.mustBalance(sum - 14_900)
			rest := s.mustCancel(t, id, "return-4", map[string]any{"reason": "the rest"}, sum-14_900, 0)
			if rest.Total != sum {
				t.Errorf("%d won went back in all, want %d", rest.Total, sum)
			}
			s.p.mustBalance(0)
			s.mustRefuse(t, id, "return-5", map[string]any{"reason": "more"}, http.StatusConflict, "NOT_CANCELLABLE")
			if sent := s.p.sentCancels() - before; sent != 3 {
				t.Errorf("%d cancels reached the PG, want 3", sent)
			}
			s.p.buyer(method).mustBecome(t, v.order.ID, "cancelled", 5*time.Second)
			if a := s.read(id); a.State != "approved" || a.Cancelled != sum || a.Remaining != 0 || len(a.Cancels) != 3 {
				t.Errorf("the attempt stands at %+v", a)
			}
			var attempts struct {
				Attempts []standing `json:"attempts"`
			}
			s.call(http.MethodGet, "/orders/"+v.order.ID+"/attempts", "", nil, &attempts)
			if len(attempts.Attempts) != 1 || attempts.Attempts[0].ID != id || len(attempts.Attempts[0].Cancels) != 3 {
				t.Errorf("the order's attempts: %+v", attempts)
			}
		})
	}
}

// An account is closed before its deposit, and given back after it to the account that the buyer names.
func TestAccountsAreClosedAndGivenBack(t *testing.T) { //nolint:tparallel // one PG after the other, one sum
	t.Parallel()
	s, sidecar := orderServiceAt(t)
	s.p = start(t, sidecar)
	b := s.p.buyer("vbank")
	for _, pg := range []string{"inicis", "portone", "portone1"} {
		t.Run(pg, func(t *testing.T) {
			s.p.change(accountsBy(pg))
			v := b.mustBuy(t, "pay", "issued")
			closed, sum := v.window.Attempt, v.order.Amount
			if _, err := b.checkout(t.Context(), v.order); !hasCode(err, "ORDER_AWAITS_DEPOSIT") {
				t.Errorf("another window of an order with an account: %v", err)
			}
			s.mustCancel(t, closed, "close", map[string]any{"reason": "pays otherwise"}, 0, 0)
			if a := s.p.account(closed); a.State != "closed" {
				t.Errorf("the account is %s", a.State)
			}
			s.p.waitFor("the shop to hear of it", 10*time.Second, func() bool {
				return slices.Contains(s.p.order(v.order.ID).Failed, closed)
			})
			// The order is free for another account, into which the money comes.
			if err := b.reopen(t.Context(), &v, "pay"); err != nil {
				t.Fatal(err)
			}
			if out, err := b.bring(t.Context(), v.ret); err != nil || out.status != "issued" {
				t.Fatalf("another account ended as %+v: %v", out, err)
			}
			paid := v.window.Attempt
			s.p.deposit(paid)
			b.mustBecome(t, v.order.ID, "paid", 10*time.Second)
			s.p.mustBalance(sum)
			s.mustRefuse(t, paid, "no-account", map[string]any{"reason": "x"}, http.StatusBadRequest, "MISSING_FIELD")
			to := map[string]string{"bank": "088", "number": "110123456789", "holder": "구매자", "tel": "010-4242-4242"}
			s.mustCancel(t, paid, "part", map[string]any{"amount": 10_000, "reason": "part", "refund_account": to}, 10_000, sum-10_000)
			s.p.mustBalance(sum - 10_000)
			s.mustCancel(t, paid, "rest", map[string]any{"reason": "rest", "refund_account": to}, sum-10_000, 0)
			s.p.mustBalance(0)
			b.mustBecome(t, v.order.ID, "cancelled", 5*time.Second)
		})
	}
	if bytes.Contains([]byte(s.p.log.String()), []byte("110123456789")) {
		t.Error("the buyer's account is in the log")
	}
}

func hasCode(err error, code string) bool {
	p, ok := problemOf(err)
	return ok && p.Code == code
}

func TestTheSidecarListenerWantsATokenBeyondLoopback(t *testing.T) {
	t.Parallel()
	const token = "sidecar-token-of-this-test-000001"
	address := freePort(t)
	_, port, err := net.SplitHostPort(address)
	if err != nil {
		t.Fatal(err)
	}
	s := &orderService{base: "http://" + address}
	s.p = start(t, func(c *fixture.Config) {
		c.Server.Sidecar = fixture.Sidecar{Listen: ":" + port, Tokens: []string{token}}
	})
	v := s.p.buyer("card").mustBuy(t, "pay", "approved")
	id, body := v.window.Attempt, map[string]any{"reason": "x"}
	for _, wrong := range []string{"", token + "0", "sidecar"} {
		s.token = wrong
		s.mustRefuse(t, id, "return-1", body, http.StatusUnauthorized, "UNAUTHORIZED")
		if a := s.read(id); a.Code != "UNAUTHORIZED" || a.State != "" {
			t.Errorf("token %q reads %+v", wrong, a)
		}
	}
	s.p.mustBalance(v.order.Amount)
	s.token = token
	s.mustCancel(t, id, "return-1", body, v.order.Amount, 0)
	s.p.mustBalance(0)
}
