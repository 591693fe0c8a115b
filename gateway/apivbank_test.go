package gateway

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pg-gateway/pg-gateway/adapters"
	"github.com/pg-gateway/pg-gateway/journal"
	"github.com/pg-gateway/pg-gateway/payment"
	"github.com/pg-gateway/pg-gateway/sandbox"
	"github.com/pg-gateway/pg-gateway/test/fixture"
)

// accountHouse is a house whose order service opens accounts without a window.
type accountHouse struct {
	*hookHouse
	// pg is the sandbox's word, op its word for the call.
	pg, op, order string
}

func newAccountHouse(t *testing.T, pg string, edits ...fixture.Edit) *accountHouse {
	t.Helper()
	h := &accountHouse{
		hookHouse: newHookHouse(t, nil, append([]fixture.Edit{fixture.AccountsByAPI}, edits...)...), pg: "portone_v2", op: "instant",
	}
	if pg == "portone1" {
		h.pg, h.op = "portone_v1", "vbank"
	}
	o, err := h.sandbox.MakeOrder(sandbox.OrderSpec{Name: "노르웨이 회전 의자", Amount: 64900})
	if err != nil {
		t.Fatal(err)
	}
	h.order = o.ID
	return h
}

func eachAccountHouse(t *testing.T, test func(t *testing.T, h *accountHouse)) {
	t.Helper()
	for _, pg := range []string{"portone", "portone1"} {
		t.Run(pg, func(t *testing.T) {
			t.Parallel()
			test(t, newAccountHouse(t, pg))
		})
	}
}

// plantedReceipt is a number for a cash receipt, which is to be found nowhere.
const plantedReceipt = "01042424242"

// accountDue is until when the tests' accounts take the deposit.
func accountDue() time.Time { return time.Now().Add(48 * time.Hour).Truncate(time.Minute) }

func accountCall(pg, order string) (path string, body map[string]any) {
	if pg == "portone_v1" {
		return "/portone/v1/vbanks", map[string]any{
			"merchant_uid": order, "amount": 64900, "channel_key": "channel-key-v1-inicis", "vbank_code": "88",
			"vbank_due": accountDue().Unix(), "vbank_holder": "데모 상점", "buyer_name": "홍길동", "buyer_tel": "010-4242-4242",
			"buyer_email": "gildong@example.com", "custom_data": map[string]any{"n": 1},
		}
	}
	return "/portone/v2/payments/" + order + "/instant", map[string]any{
		"channelKey": "channel-key-v2-auto", "orderName": "노르웨이 회전 의자", "amount": map[string]any{"total": 64900}, "currency": "KRW",
		"customer": map[string]any{
			"name": map[string]any{"full": "홍길동"}, "email": "gildong@example.com", "phoneNumber": "010-4242-4242",
		},
		"method": map[string]any{"virtualAccount": map[string]any{
			"bank": "SHINHAN", "expiry": map[string]any{"dueDate": accountDue().Format(time.RFC3339)},
			"option":      map[string]any{"type": "FIXED", "fixed": map[string]any{"accountNumber": "56211105948400"}},
			"cashReceipt": map[string]any{"type": "PERSONAL", "customerIdentityNumber": plantedReceipt},
		}},
	}
}

// open asks for the order's account. change may alter the body.
func (h *accountHouse) open(change func(body map[string]any), headers ...string) answer {
	h.t.Helper()
	path, body := accountCall(h.pg, h.order)
	if change != nil {
		change(body)
	}
	text, err := json.Marshal(body)
	if err != nil {
		h.t.Fatal(err)
	}
	return h.call("POST", path, string(text), headers...)
}

// isOpen tells whether an answer in the PG's own form says that the account waits.
func (h *accountHouse) isOpen(a answer) bool {
	if h.pg == "portone_v2" {
		p, _ := a.json["payment"].(map[string]any)
		return a.status == 200 && p["pgTxId"] != nil && p["paidAt"] != "" && p["paidAt"] != nil
	}
	p, _ := a.json["response"].(map[string]any)
	return a.status == 200 && a.json["code"] == 0.0 && p["status"] == "ready" && p["vbank_num"] != "" && p["merchant_uid"] == h.order
}

func (h *accountHouse) sent() int { return len(h.sandbox.Executions(h.pg, h.op, "")) }

func (h *accountHouse) id() payment.AttemptID { return payment.AttemptID(h.order) }

func (h *accountHouse) fault(operation string, f sandbox.Fault) {
	h.t.Helper()
	f.PG, f.Operation = h.pg, operation
	if err := h.sandbox.Inject(f); err != nil {
		h.t.Fatal(err)
	}
}

// told are the types of the messages that the shop has heard, and of those that it is still to hear.
func (h *accountHouse) told() []string {
	h.t.Helper()
	h.sandbox.WaitNotices()
	h.g.following.Wait()
	h.g.worker.DeliverDue(h.t.Context())
	types := []string{}
	heard, err := h.journal.OutboxDelivered(h.t.Context(), journal.MessageFilter{}, 10)
	if err != nil {
		h.t.Fatal(err)
	}
	for _, m := range heard {
		types = append(types, m.Type)
	}
	err = h.journal.OutboxEach(h.t.Context(), journal.MessagePending, func(m journal.WaitingMessage) error {
		types = append(types, m.Type)
		return nil
	})
	if err != nil {
		h.t.Fatal(err)
	}
	return types
}

// deposit pays the account, and lets everybody hear of it.
func (h *accountHouse) deposit(d sandbox.Deposit) {
	h.t.Helper()
	d.Ref = h.order
	if err := h.sandbox.Deposit(d); err != nil {
		h.t.Fatal(err)
	}
	h.sandbox.WaitNotices()
	h.g.following.Wait()
}

// amountIs changes what is to be paid.
func (h *accountHouse) amountIs(won int) func(map[string]any) {
	return func(b map[string]any) {
		if b["amount"] = won; h.pg == "portone_v2" {
			b["amount"] = map[string]any{"total": won}
		}
	}
}

// TestAccountByAPIIsOurs: an account opened at PortOne's own API is an attempt that waits for its deposit as a window's
// does, told once and sent once, and nothing of who pays is written down.
func TestAccountByAPIIsOurs(t *testing.T) {
	t.Parallel()
	eachAccountHouse(t, func(t *testing.T, h *accountHouse) {
		if a := h.open(nil); !h.isOpen(a) {
			t.Fatalf("answered %d %s", a.status, a.body)
		}
		st := h.state(h.id())
		if st.State != payment.StateIssued || st.Purpose != payment.PurposeKeyIn || st.Method != payment.MethodVBank || st.Amount != 64900 ||
			!st.DepositDue.Equal(accountDue()) || st.PGTxID == "" {
			t.Fatalf("on record %+v", st)
		}
		if got := h.told(); !slices.Equal(got, []string{payment.MessageIssued}) {
			t.Errorf("told %q", got)
		}
		h.balanced(false)
		if a := h.open(nil); code(a) != string(payment.CodeOrderAwaitsDeposit) || a.status != 409 {
			t.Errorf("again: %d %s", a.status, a.body)
		}
		if a := h.open(nil, headerIdempotencyKey, `"one-key-for-this-account"`); !h.isOpen(a) {
			t.Errorf("again under a key: %d %s", a.status, a.body)
		}
		if a := h.open(h.amountIs(5000)); code(a) != string(payment.CodeChargeIDUsed) {
			t.Errorf("another amount: %d %s", a.status, a.body)
		}
		h.deposit(sandbox.Deposit{})
		if st := h.state(h.id()); st.State != payment.StateApproved {
			t.Fatalf("after the deposit it is %s (%s)", st.State, st.Reason)
		}
		if a := h.open(nil); code(a) != string(payment.CodeOrderAlreadyPaid) {
			t.Errorf("again when it is paid: %d %s", a.status, a.body)
		}
		if got := h.told(); !slices.Equal(got, []string{payment.MessageIssued, payment.MessageDeposited}) || h.sent() != 1 {
			t.Errorf("told %q, sent %d", got, h.sent())
		}
		h.balanced(true)
		h.hides()
		h.hidesReceipt()
	})
}

// hidesReceipt wants the cash receipt's number in no log.
func (h *accountHouse) hidesReceipt() {
	h.t.Helper()
	if strings.Contains(h.log.String(), plantedReceipt) || strings.Contains(h.log.String(), "홍길동") {
		h.t.Error("who pays is in the log")
	}
}

// TestLostAccountByAPI: whatever becomes of the answer, one account is opened, and in the end the caller is told.
func TestLostAccountByAPI(t *testing.T) {
	t.Parallel()
	for _, pg := range []string{"portone", "portone1"} {
		for _, kind := range []sandbox.FaultKind{
			sandbox.FaultDropAfterCommit, sandbox.FaultGarbage, sandbox.FaultHalfBody, sandbox.FaultStatusAfterCommit,
		} {
			t.Run(fmt.Sprintf("%s %s", pg, kind), func(t *testing.T) {
				t.Parallel()
				h := newAccountHouse(t, pg)
				h.fault(h.op, sandbox.Fault{Kind: kind, Status: 502})
				if a := h.open(nil); !h.isOpen(a) || h.sent() != 1 {
					t.Errorf("answered %d %s, sent %d", a.status, a.body, h.sent())
				}
				h.deposit(sandbox.Deposit{})
				h.balanced(true)
			})
		}
	}
}

// TestUnknownAccountByAPI: an account of which nobody knows is asked about with the same call, and opened no
// second time.
func TestUnknownAccountByAPI(t *testing.T) {
	t.Parallel()
	eachAccountHouse(t, func(t *testing.T, h *accountHouse) {
		h.fault(h.op, sandbox.Fault{Kind: sandbox.FaultDropBeforeCommit})
		for range 2 {
			if a := h.open(nil); code(a) != string(payment.CodePaymentUnknown) || h.sent() > 1 {
				t.Errorf("answered %d %s, sent %d", a.status, a.body, h.sent())
			}
		}
		h.balanced(false)
	})
}

// TestLateAccountByAPI: an account that PortOne opens after nobody waits for the answer any more is found: by its webhook,
// or by who asks again.
func TestLateAccountByAPI(t *testing.T) {
	t.Parallel()
	for _, pg := range []string{"portone", "portone1"} {
		for name, mode := range map[string]sandbox.NoticeMode{"told": sandbox.NoticeAfter, "asked": sandbox.NoticeNever} {
			t.Run(pg+" "+name, func(t *testing.T) {
				t.Parallel()
				h := newAccountHouse(t, pg, func(c *fixture.Config) { c.PGs[pg].ApproveTimeout = "1s" })
				if err := h.sandbox.SetNotices(mode); err != nil {
					t.Fatal(err)
				}
				h.fault(h.op, sandbox.Fault{Kind: sandbox.FaultDelayBeforeCommit, DelayMS: 1500})
				if a := h.open(nil); code(a) != string(payment.CodePaymentUnknown) {
					t.Fatalf("answered %d %s", a.status, a.body)
				}
				found := func() bool { return h.state(h.id()).State == payment.StateIssued }
				if name == "asked" {
					found = func() bool { return len(h.sandbox.Accounts()) > 0 }
				}
				for end := time.Now().Add(30 * time.Second); !found(); time.Sleep(20 * time.Millisecond) {
					if time.Now().After(end) {
						t.Fatalf("it is %s", h.state(h.id()).State)
					}
				}
				if a := h.open(nil, headerIdempotencyKey, `"one-key-for-this-account"`); !h.isOpen(a) || h.sent() != 1 {
					t.Errorf("asked again: %d %s, sent %d", a.status, a.body, h.sent())
				}
				if err := h.sandbox.SetNotices(sandbox.NoticeAfter); err != nil {
					t.Fatal(err)
				}
				h.deposit(sandbox.Deposit{})
				h.balanced(true)
			})
		}
	}
}

// TestAccountByAPIIsDeclined: a decline is the PG's own answer the first time, and the number is used up.
func TestAccountByAPIIsDeclined(t *testing.T) {
	t.Parallel()
	eachAccountHouse(t, func(t *testing.T, h *accountHouse) {
		h.fault(h.op, sandbox.Fault{Kind: sandbox.FaultStatus, Status: 200, Body: `{"code":1,"message":"은행 점검","response":null}`})
		if h.pg == "portone_v2" {
			h.sandbox.ClearFaults()
			h.fault(h.op, sandbox.Fault{Kind: sandbox.FaultDecline, Reason: "busy"})
		}
		a := h.open(nil)
		own := a.status == 200 && a.json["code"] == 1.0 && a.json["message"] == "은행 점검"
		if h.pg == "portone_v2" {
			own = a.status == 502 && a.json["type"] == "PG_PROVIDER"
		}
		if !own {
			t.Errorf("answered %d %s", a.status, a.body)
		}
		if a := h.open(nil); code(a) != string(payment.CodeChargeDeclined) || h.sent() != 1 {
			t.Errorf("again: %d %s, sent %d", a.status, a.body, h.sent())
		}
		if got := h.told(); !slices.Equal(got, []string{payment.MessageFailed}) {
			t.Errorf("told %q", got)
		}
	})
}

// TestAccountByAPIIsDecided: what the rules, or sense, do not allow is not sent.
func TestAccountByAPIIsDecided(t *testing.T) {
	t.Parallel()
	set := func(name string, value any) func(map[string]any) { return func(b map[string]any) { b[name] = value } }
	expiry := func(value map[string]any) func(map[string]any) {
		return func(b map[string]any) {
			b["method"].(map[string]any)["virtualAccount"].(map[string]any)["expiry"] = value
		}
	}
	far, past := time.Now().Add(90*24*time.Hour), time.Now().Add(-time.Hour)
	const v1, v2 = "portone1", "portone"
	for _, tt := range []struct {
		name, pg string
		change   func(map[string]any)
		headers  []string
		code     payment.Code
	}{
		{"over the method's limit", v1, set("amount", 100_000_001), nil, payment.CodeAmountTooLarge},
		{"over the method's limit", v2, set("amount", map[string]any{"total": 100_000_001}), nil, payment.CodeAmountTooLarge},
		{"a deadline too late", v1, set("vbank_due", far.Unix()), nil, payment.CodeDepositDueRefused},
		{"a deadline too late", v2, expiry(map[string]any{"dueDate": far.Format(time.RFC3339)}), nil, payment.CodeDepositDueRefused},
		{"too many hours", v2, expiry(map[string]any{"validHours": 9000}), nil, payment.CodeDepositDueRefused},
		{"a deadline that has passed", v1, set("vbank_due", past.Unix()), nil, payment.CodeDepositDueRefused},
		{"a deadline that is none", v1, set("vbank_due", "tomorrow"), nil, payment.CodeInvalidField},
		{"two deadlines", v2, expiry(map[string]any{"validHours": 3, "dueDate": far.Format(time.RFC3339)}), nil, payment.CodeInvalidField},
		{"no deadline", v2, expiry(map[string]any{}), nil, payment.CodeInvalidField},
		{"no bank", v1, set("vbank_code", nil), nil, payment.CodeInvalidField},
		{"no holder", v1, set("vbank_holder", nil), nil, payment.CodeInvalidField},
		{"nobody who pays", v1, set("buyer_email", ""), nil, payment.CodeInvalidField},
		{"another contract", v1, set("channel_key", "channel-key-v1-billing"), nil, payment.CodeMerchantNotFound},
		{"another contract", v2, set("channelKey", "channel-key-v2-inicis"), nil, payment.CodeMerchantNotFound},
		{"a contract by its MID", v1, set("pg", "html5_inicis.INIpayTest"), nil, payment.CodeInvalidField},
		{"a channel group", v1, set("channelGroupId", "g"), nil, payment.CodeInvalidField},
		{"a channel group", v2, set("channelGroupId", "g"), nil, payment.CodeInvalidField},
		{"an account without an end", v1, set("fixed_unlimited_vbank", true), nil, payment.CodeInvalidField},
		{"an escrow", v1, set("escrow_password", "1234"), nil, payment.CodeInvalidField},
		{"an escrow", v2, set("isEscrow", true), nil, payment.CodeInvalidField},
		{"instalments", v1, set("card_quota", 3), nil, payment.CodeInvalidField},
		{"dollars", v1, set("currency", "USD"), nil, payment.CodeInvalidField},
		{"nothing", v1, set("amount", 0), nil, payment.CodeInvalidField},
		{"no method", v2, set("method", map[string]any{}), nil, payment.CodeInvalidField},
		{"a sub-merchant", v1, nil, []string{"Tier", "ABC"}, payment.CodeCallNotTaken},
		{"a sub-merchant", v2, nil, []string{"Tier", "ABC"}, payment.CodeCallNotTaken},
	} {
		t.Run(tt.name+" "+tt.pg, func(t *testing.T) {
			t.Parallel()
			h := newAccountHouse(t, tt.pg)
			if a := h.open(tt.change, tt.headers...); code(a) != string(tt.code) || h.sent() != 0 {
				t.Errorf("answered %d %s, want %s; sent %d", a.status, a.body, tt.code, h.sent())
			}
		})
	}
	t.Run("a method that is not for it", func(t *testing.T) {
		t.Parallel()
		h := newAccountHouse(t, v1, func(c *fixture.Config) { c.Method("vbank").Purposes = nil })
		if a := h.open(nil); code(a) != string(payment.CodePurposeNotSupported) || h.sent() != 0 {
			t.Errorf("answered %d %s, sent %d", a.status, a.body, h.sent())
		}
	})
	t.Run("for hours", func(t *testing.T) {
		t.Parallel()
		h := newAccountHouse(t, v2)
		a := h.open(expiry(map[string]any{"validHours": 48}))
		if due := h.state(h.id()).DepositDue; !h.isOpen(a) || due.Before(accountDue().Add(-time.Minute)) || due.After(accountDue()) {
			t.Errorf("answered %d %s, due %s", a.status, a.body, due)
		}
	})
}

// TestAccountByAPIEnds: it is closed by API, or by its time, and money that comes late is for a person.
func TestAccountByAPIEnds(t *testing.T) {
	t.Parallel()
	eachAccountHouse(t, func(t *testing.T, h *accountHouse) {
		if a := h.open(nil); !h.isOpen(a) {
			t.Fatalf("answered %d %s", a.status, a.body)
		}
		method, path := "DELETE", "/portone/v1/vbanks/"+h.state(h.id()).PGTxID
		if h.pg == "portone_v2" {
			method, path = "POST", "/portone/v2/payments/"+h.order+"/virtual-account/close"
		}
		if a := h.call(method, path, ""); a.status != 200 {
			t.Fatalf("closing answered %d %s", a.status, a.body)
		}
		h.sandbox.WaitNotices()
		h.g.following.Wait()
		if st := h.state(h.id()); st.State != payment.StateCancelled {
			t.Errorf("closed, it is %s (%s)", st.State, st.Reason)
		}
		h.deposit(sandbox.Deposit{Force: true})
		h.flagged(h.id(), 1)
	})
	t.Run("by its time", func(t *testing.T) {
		t.Parallel()
		eachAccountHouse(t, func(t *testing.T, h *accountHouse) {
			if a := h.open(nil); !h.isOpen(a) {
				t.Fatalf("answered %d %s", a.status, a.body)
			}
			later := h.machineAt(func() time.Time { return accountDue().Add(90 * time.Minute) })
			if _, err := later.Complete(t.Context(), h.id(), adapters.Proof{}); err != nil {
				t.Fatal(err)
			}
			if st := h.state(h.id()); st.State != payment.StateExpired || st.Reason != payment.ReasonNoDeposit {
				t.Errorf("after its time it is %s (%s)", st.State, st.Reason)
			}
			if got := h.told(); !slices.Equal(got, []string{payment.MessageIssued, payment.MessageFailed}) {
				t.Errorf("told %q", got)
			}
			h.deposit(sandbox.Deposit{Force: true})
			h.flagged(h.id(), 1)
		})
	})
}
