package gateway

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/pg-gateway/pg-gateway/journal"
	"github.com/pg-gateway/pg-gateway/payment"
)

// gaveUp is what an Inicis window posts when its buyer closes it, in the place of a return.
func gaveUp(paid url.Values) url.Values {
	return url.Values{
		"resultCode": {"2001"}, "resultMsg": {"사용자가 결제를 취소하였습니다"}, "mid": paid["mid"],
		"orderNumber": paid["orderNumber"], "merchantData": paid["merchantData"],
	}
}

// Whatever a window says after the order was paid, the browser is told that it is.
func TestAReturnAfterTheApprovalTellsTheTruth(t *testing.T) {
	t.Parallel()
	tells := func(h *house, what string, a answer, status string) {
		h.t.Helper()
		to, err := url.Parse(a.header.Get("Location"))
		if err != nil || a.status != http.StatusSeeOther || to.Query().Get("status") != status || status == "approved" && to.Query().Has("code") {
			h.t.Errorf("%s: answered %d %s, want %s", what, a.status, to, status)
		}
	}
	t.Run("Inicis", func(t *testing.T) {
		t.Parallel()
		h := newHouse(t, nil)
		form := h.inicisReturn("pay")
		tells(h, "closed before it is paid", h.postReturn(gaveUp(form)), "declined")
		tells(h, "paid", h.postReturn(form), "approved")
		tells(h, "closed after it is paid", h.postReturn(gaveUp(form)), "approved")
		failed := gaveUp(form)
		failed.Set("resultCode", "A011")
		tells(h, "failed after it is paid", h.postReturn(failed), "approved")
		h.g.now = func() time.Time { return time.Now().Add(time.Hour) }
		tells(h, "an old page", h.postReturn(form), "approved")
		tells(h, "an old page that was closed", h.postReturn(gaveUp(form)), "approved")
	})
	t.Run("Inicis, a refused one", func(t *testing.T) {
		t.Parallel()
		h := newHouse(t, nil)
		form := h.inicisReturn("fail")
		tells(h, "declined by the PG", h.postReturn(form), "declined")
		tells(h, "and closed", h.postReturn(gaveUp(form)), "declined")
	})
	t.Run("Inicis, while nobody knows", func(t *testing.T) {
		t.Parallel()
		h := newHouse(t, nil)
		form := h.inicisReturn("cancel")
		h.g.journal = deadJournal{h.g.journal}
		h.g.machine = (&hookHouse{house: h}).machineAt(time.Now)
		a := h.postReturn(form)
		if to := a.header.Get("Location"); strings.Contains(to, "declined") || !strings.Contains(to, "code="+string(payment.CodeJournalDown)) {
			t.Errorf("answered %d %s", a.status, to)
		}
	})
	for version, tx := range map[string]string{"v1": "imp_uid", "v2": "tx_id"} {
		t.Run("PortOne "+version, func(t *testing.T) {
			t.Parallel()
			h := newHookHouse(t, nil)
			o := h.window(version)
			h.click(o, "pay")
			if got := h.complete(o); got != "approved" {
				t.Fatalf("completed as %s", got)
			}
			q := url.Values{"attempt_id": {string(o.attempt)}, tx: {o.txID}, "code": {"PAY_PROCESS_CANCELED"}, "error_code": {"F0001"}}
			tells(h.house, "the redirect", h.get(pathPortOneReturn+"?"+q.Encode()), "approved")
			a := h.post(pathComplete, "application/json", `{"attempt_id":"`+string(o.attempt)+`","code":"PAY_PROCESS_CANCELED","success":false}`)
			if a.json["status"] != "approved" {
				t.Errorf("the callback is told %v", a.json["status"])
			}
		})
	}
}

// While somebody has an attempt in hand, a window that calls itself cancelled says nothing about it.
func TestAWindowsNoDuringAnApprovalIsNoDecline(t *testing.T) {
	t.Parallel()
	h := newHookHouse(t, nil)
	o := h.window("v2")
	_, err := h.journal.Move(t.Context(), journal.Transition{
		ID: o.attempt, From: []payment.State{payment.StateOpened}, To: payment.StateCaptured, NextCheck: time.Now().Add(time.Hour),
	})
	if err != nil {
		t.Fatal(err)
	}
	// It waits for the other as long as its caller does, which leaves the journal time on a slow disk.
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
	defer cancel()
	res, err := h.g.complete(ctx, completeRequest{AttemptID: o.attempt, Code: "PAY_PROCESS_CANCELED"})
	if err != nil || res.Status() != "pending" {
		t.Errorf("told %s, %v", res.Status(), err)
	}
}
