package lifecycle_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pg-gateway/pg-gateway/adapters"
	"github.com/pg-gateway/pg-gateway/journal"
	"github.com/pg-gateway/pg-gateway/lifecycle"
	"github.com/pg-gateway/pg-gateway/payment"
)

// receiptTold is the receipt of the message of a type.
func (h *house) receiptTold(kind string) *payment.Receipt {
	h.t.Helper()
	list, err := h.journal.OutboxDue(h.t.Context(), journal.OutboxLane{}, h.clock().Add(time.Hour), 10, time.Minute)
	if err != nil || len(list) != 1 || list[0].Type != kind {
		h.t.Fatalf("messages %v, %v; want one %s", list, err, kind)
	}
	var body struct {
		Data struct {
			Receipt *payment.Receipt `json:"receipt"`
		} `json:"data"`
	}
	if err := json.Unmarshal(list[0].Body, &body); err != nil {
		h.t.Fatal(err)
	}
	return body.Data.Receipt
}

// TestAReceiptIsKeptAndTold: as the PG said it with the approval, in the journal and in the message.
func TestAReceiptIsKeptAndTold(t *testing.T) {
	t.Parallel()
	want := payment.NewReceipt(payment.Receipt{
		ApprovalNumber: "30012345", ApprovedAt: time.Date(2026, 12, 1, 3, 0, 0, 0, time.UTC), CardCompany: "신한카드",
		CardNumber: "427289*********3", Installment: new(0),
	})
	pg := &netCanceller{fakePG: fakePG{approve: func(int, adapters.ApproveRequest) (adapters.Result, error) {
		r := approvedAs("A1", 50000)
		r.Receipt = want
		return r, nil
	}}}
	h := open(t, pg)
	h.shop = func(payment.Attempt) lifecycle.Answer { return lifecycle.Answer{Yes: true} }
	res, err := h.machine.Authenticated(t.Context(), h.attempt("A1"), h.proof("token"))
	if err != nil {
		t.Fatal(err)
	}
	for name, got := range map[string]*payment.Receipt{
		"result": res.Attempt.Receipt, "journal": h.state("A1").Receipt, "message": h.receiptTold(payment.MessageConfirmed),
	} {
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("%s (-want +got)\n%s", name, d)
		}
	}
}

// TestADepositsReceiptNamesTheBank that was told when its account was issued: nobody says it again.
func TestADepositsReceiptNamesTheBank(t *testing.T) {
	t.Parallel()
	pg := &bank{}
	h := open(t, pg)
	pg.approve = func(int, adapters.ApproveRequest) (adapters.Result, error) {
		r := issuedAs("A1", 50000)
		r.Receipt = payment.NewReceipt(payment.Receipt{Bank: "088", BankName: "신한은행"})
		return r, nil
	}
	if _, err := h.machine.Authenticated(t.Context(), h.account("A1"), h.proof("token")); err != nil {
		t.Fatal(err)
	}
	paidAt := time.Date(2026, 12, 2, 3, 0, 0, 0, time.UTC)
	pg.lookUp = func(int, adapters.LookUpRequest) (adapters.Result, error) {
		r := depositedAs("A1", 50000)
		r.Receipt = payment.NewReceipt(payment.Receipt{ApprovedAt: paidAt})
		return r, nil
	}
	h.drain()
	h.pass(2 * time.Hour)
	if _, err := h.machine.Resume(t.Context(), "A1"); err != nil {
		t.Fatal(err)
	}
	want := payment.NewReceipt(payment.Receipt{Bank: "088", BankName: "신한은행", ApprovedAt: paidAt})
	a := h.state("A1")
	if d := cmp.Diff(want, a.Receipt); d != "" || a.State != payment.StateApproved {
		t.Errorf("%s (-want +got)\n%s", a.State, d)
	}
	if d := cmp.Diff(want, h.receiptTold(payment.MessageDeposited)); d != "" {
		t.Errorf("the message (-want +got)\n%s", d)
	}
}

// TestNoReceiptIsKeptOfWhatIsNoPayment: of an approval that is undone the shop prints nothing.
func TestNoReceiptIsKeptOfWhatIsNoPayment(t *testing.T) {
	t.Parallel()
	pg := &netCanceller{fakePG: fakePG{approve: func(int, adapters.ApproveRequest) (adapters.Result, error) {
		r := approvedAs("A1", 49999)
		r.Receipt = payment.NewReceipt(payment.Receipt{ApprovalNumber: "30012345"})
		return r, nil
	}}}
	h := open(t, pg)
	h.shop = func(payment.Attempt) lifecycle.Answer { return lifecycle.Answer{Yes: true} }
	if _, err := h.machine.Authenticated(t.Context(), h.attempt("A1"), h.proof("token")); err != nil {
		t.Fatal(err)
	}
	if a := h.state("A1"); a.State != payment.StateCancelled || a.Receipt != nil {
		t.Errorf("%s with %+v", a.State, a.Receipt)
	}
	if r := h.receiptTold(payment.MessageFailed); r != nil {
		t.Errorf("the shop is told %+v", r)
	}
}
