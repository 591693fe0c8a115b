package lifecycle

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pg-gateway/pg-gateway/adapters"
	"github.com/pg-gateway/pg-gateway/payment"
)

var updateDocs = flag.Bool("update-docs", false, "write the samples in docs/events.md anew")

// TestEventsAreDocumented makes every message that a shop can get, and compares the samples in docs/events.md.
func TestEventsAreDocumented(t *testing.T) {
	t.Parallel()
	var want strings.Builder
	known := map[string]bool{}
	for _, m := range sampleMessages(t) {
		var body bytes.Buffer
		if err := json.Indent(&body, m.Body, "", "  "); err != nil {
			t.Fatal(err)
		}
		known[m.Type] = true
		fmt.Fprintf(&want, "### `%s`\n\n```json\n%s\n```\n\n", m.Type, body.String())
	}
	for _, kind := range payment.MessageTypes() {
		if !known[kind] {
			t.Errorf("no sample of %s", kind)
		}
	}
	const path, begins, ends = "../docs/events.md", "<!-- samples: go test ./lifecycle -update-docs -->\n", "<!-- end of samples -->\n"
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, found := strings.Cut(string(text), begins)
	got, after, closed := strings.Cut(rest, ends)
	if !found || !closed {
		t.Fatalf("%s has no place for the samples", path)
	}
	if *updateDocs {
		if err := os.WriteFile(path, []byte(before+begins+want.String()+ends+after), 0o600); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(want.String(), got); diff != "" {
		t.Errorf("%s is out of date; run go test ./lifecycle -update-docs (-want +got):\n%s", path, diff)
	}
}

// sampleMessages are one message of each kind, made by the code that makes the real ones.
func sampleMessages(t *testing.T) []payment.Message {
	t.Helper()
	now := time.Date(2026, 12, 10, 3, 0, 0, 0, time.UTC)
	s := New(Options{Sealer: unsealed{}, Now: func() time.Time { return now }})
	a := payment.Attempt{
		ID: "a_01jexample0000000000000000", OrderID: "O-1", PG: "inicis", Merchant: "1001", Method: "card",
		Amount: 64900, OrderAmount: 64900, PGTxID: "StdpayCARDINIpayTest20261210120000000001",
	}
	receipt := payment.Receipt{
		ApprovalNumber: "30012345", ApprovedAt: now, CardCompany: "신한카드", CardNumber: "427289*********3", Installment: new(3), InterestFree: new(true),
	}
	a.Receipt = payment.NewReceipt(receipt)
	account := a
	account.Receipt = payment.NewReceipt(payment.Receipt{Bank: "088", BankName: "신한은행"})
	account.Method, account.DepositDue = payment.MethodVBank, now.Add(72*time.Hour)
	account.PGTxID = "StdpayVBNKINIpayTest20261210120000000002"
	key := a
	key.Merchant, key.Purpose, key.Amount, key.OrderAmount, key.PGTxID = "1002", payment.PurposeBillingKey, 0, 0, ""
	charge := a
	receipt.Installment, receipt.InterestFree, receipt.URL = new(0), nil, "https://example.com/receipts/1"
	charge.Receipt = payment.NewReceipt(receipt)
	charge.ID, charge.OrderID, charge.Merchant, charge.Purpose = "r_01jexample", "SUB-77-2026-12", "2003", payment.PurposeRecurring
	charge.PG, charge.Amount, charge.OrderAmount, charge.PGTxID = "portone1", 9900, 9900, "imp_740012345678"
	cancel := payment.Cancel{ID: "c_01jexample", AttemptID: a.ID, Amount: 10000, Remaining: 64900, Origin: payment.CancelByShop}

	one := func(m payment.Message, err error) payment.Message {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return m
	}
	first := func(list []payment.Message, err error) payment.Message {
		t.Helper()
		if err != nil || len(list) != 1 {
			t.Fatalf("%d messages, %v", len(list), err)
		}
		return list[0]
	}
	last := func(list []payment.Message, err error) payment.Message {
		t.Helper()
		return first(list[len(list)-1:], err)
	}
	rules := payment.RecoveryRules{Budgets: map[payment.DeclineClass]payment.RecoveryBudget{payment.ClassLimit: {Tries: 3}}}
	recovery := func(state payment.RecoveryState, stopped payment.StopReason) payment.Recovery {
		return payment.Recovery{
			ID: charge.ID, OrderID: charge.OrderID, State: state, Stopped: stopped, Class: payment.ClassLimit,
			Reason: payment.DeclinedLimit, NextCheck: now.Add(24 * time.Hour),
		}
	}
	waits := recovery(payment.RecoveryWaiting, "").Standing(rules)
	paid := charge
	paid.State = payment.StateApproved
	return []payment.Message{
		first(ending(a, payment.StateApproved, payment.ReasonApproved, now, nil)),
		first(ending(a, payment.StateDeclined, payment.ReasonDeclined, now, nil)),
		one(s.accountMessage(account, payment.VirtualAccount{Bank: "088", Number: "56211100000000", Holder: "테스트상점", Due: account.DepositDue})),
		first(ending(account, payment.StateApproved, payment.ReasonApproved, now, nil)),
		first(cancelMessage(a, cancel, payment.CancelRequested, payment.CancelDone, CancelConfirmed, now)),
		first(cancelMessage(a, cancel, payment.CancelUnknown, payment.CancelRefused, "not_applied", now)),
		first(ending(charge, payment.StateApproved, payment.ReasonApproved, now, nil)),
		first(ending(charge, payment.StateDeclined, payment.DeclinedLimit, now, &waits)),
		last(recoveryMessages(recovery(payment.RecoveryTrying, ""), recovery(payment.RecoveryRecovered, ""), paid, rules, now)),
		last(recoveryMessages(
			recovery(payment.RecoveryWaiting, ""), recovery(payment.RecoveryStopped, payment.StopBudget), charge, rules, now,
		)),
		one(s.keyMessage(&work{a: key, seen: adapters.Result{BillingKey: "0000000000000000000000000000000000000000"}})),
		one(externalMessage("portone1", adapters.Listed{
			OrderRef: "SUB-78-2026-12", PGTxID: "imp_740012345679", Outcome: payment.OutcomeApproved, Amount: 9900, Cancelled: 4900, At: now,
		}, now)),
	}
}
