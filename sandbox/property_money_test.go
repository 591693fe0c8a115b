package sandbox_test

import (
	"fmt"
	"net/http"
	"testing"

	"pgregory.net/rapid"

	"github.com/pg-gateway/pg-gateway/sandbox"
)

// TestTheLedgerIsTheSumOfWhatWasDone plays random issues, deposits, cancels and closings through all stand-ins and
// keeps count by the answers alone: the ledger must agree to the won, and nothing may be given back that did not
// come in.
func TestTheLedgerIsTheSumOfWhatWasDone(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	round := 0
	rapid.Check(t, func(rt *rapid.T) {
		w.box.Reset()
		round++
		m := newMoneyGame(w, fmt.Sprintf("M%d", round))
		steps := m.steps(rt)
		for range rapid.IntRange(1, 20).Draw(rt, "steps") {
			steps[rapid.IntRange(0, len(steps)-1).Draw(rt, "step")]()
			m.check(rt)
		}
	})
}

// moneyGame is one round of it: an account at each PG, and what the answers said of each.
type moneyGame struct {
	w    *world
	auth map[string]string
	refs map[string]string
	tid  string
	imp  string
	in   map[string]int64
	out  map[string]int64
}

func newMoneyGame(w *world, name string) *moneyGame {
	m := &moneyGame{w: w, auth: w.v1Token(), refs: map[string]string{}, in: map[string]int64{}, out: map[string]int64{}}
	for _, pg := range []string{"inicis", "v1", "v2"} {
		m.refs[pg] = name + "-" + pg
	}
	got, _ := w.inicisAccount(m.refs["inicis"], "10000", nil)
	m.tid = got["tid"].(string)
	m.imp = w.v1Pay(v1AccountParams(m.refs["v1"], 10000), "pay")["imp_uid"].(string)
	w.v2Pay(v2AccountParams(m.refs["v2"], "channel-key-v2-auto", 10000), "pay")
	return m
}

func (m *moneyGame) steps(rt *rapid.T) []func() {
	pick := func() string { return rapid.SampledFrom([]string{"inicis", "v1", "v2"}).Draw(rt, "pg") }
	amount := func() int64 { return rapid.Int64Range(1, 12000).Draw(rt, "amount") }
	return []func(){
		func() {
			pg, n, times := pick(), amount(), rapid.IntRange(1, 2).Draw(rt, "times")
			d := sandbox.Deposit{Ref: m.refs[pg], Amount: sandbox.Won(n), Times: times, Force: rapid.Bool().Draw(rt, "force")}
			if m.w.box.Deposit(d) == nil {
				m.in[pg] += n * int64(times)
			}
		},
		func() { m.cancelInicis(amount()) },
		func() { m.cancelV1(amount()) },
		func() { m.cancelV2(amount()) },
		func() { m.w.closeInicis(m.tid) },
		func() {
			m.w.json(http.MethodDelete, "/portone/v1/vbanks/"+m.imp+"?pg_api_key="+testAPIKey, nil, m.auth)
		},
		func() { m.w.json(http.MethodPost, v2Root+m.refs["v2"]+"/virtual-account/close", nil, v2Header("")) },
		func() {
			pg, n := pick(), amount()
			x := sandbox.ConsoleCancel{Ref: m.refs[pg], Amount: sandbox.Won(n), Surplus: rapid.Bool().Draw(rt, "surplus")}
			before := m.w.box.Ledger().Cancelled
			if m.w.box.ConsoleCancel(x) == nil && m.w.box.Ledger().Cancelled > before {
				m.out[pg] += n
			}
		},
		func() {
			mode := rapid.SampledFrom([]sandbox.CancelMode{sandbox.CancelAtOnce, sandbox.CancelLaterFails}).Draw(rt, "mode")
			if err := m.w.box.SetCancels(mode, 0); err != nil {
				rt.Fatal(err)
			}
		},
		func() { m.w.box.FinishCancels("") },
	}
}

func (m *moneyGame) cancelInicis(n int64) {
	data := fmt.Sprintf(`{"tid":%q,"msg":"x","price":"%d","confirmPrice":"%d","refundAcctNum":%q,"refundBankCode":"88","refundAcctName":"홍길동"}`,
		m.tid, n, max(0, m.left()-n), refundTo)
	if m.w.iniapiV2("partialRefund/vacct", "partialRefund", data)["resultCode"] == "00" {
		m.out["inicis"] += n
	}
}

// left is what Inicis says is left, as a caller would ask.
func (m *moneyGame) left() int64 {
	got := m.w.iniapiV2("inquiry", "inquiry", fmt.Sprintf(`{"tid":%q}`, m.tid))
	var n int64
	_, _ = fmt.Sscan(fmt.Sprint(got["availablePartCancelPrice"]), &n)
	return n
}

func (m *moneyGame) cancelV1(n int64) {
	body := map[string]any{"imp_uid": m.imp, "amount": n, "reason": "x", "refund_holder": "홍길동", "refund_bank": "88", "refund_account": "56211105948400"}
	if _, got := m.w.json(http.MethodPost, "/portone/v1/payments/cancel", body, m.auth); fmt.Sprint(got["code"]) == "0" {
		m.out["v1"] += n
	}
}

func (m *moneyGame) cancelV2(n int64) {
	body := map[string]any{"amount": n, "reason": "x", "refundAccount": map[string]any{"bank": "SHINHAN", "number": "56211105948400", "holderName": "홍길동"}}
	status, got := m.w.json(http.MethodPost, v2Root+m.refs["v2"]+"/cancel", body, v2Header(""))
	if status == http.StatusOK && got["cancellation"].(map[string]any)["status"] == "SUCCEEDED" {
		m.out["v2"] += n
	}
}

func (m *moneyGame) check(rt *rapid.T) {
	l := m.w.box.Ledger()
	in, out := map[string]int64{}, map[string]int64{}
	for _, e := range l.Entries {
		if e.Kind == sandbox.EntryCapture {
			in[e.OrderRef] += int64(e.Amount)
		} else {
			out[e.OrderRef] += int64(e.Amount)
		}
	}
	var captured, cancelled int64
	for pg, ref := range m.refs {
		if in[ref] != m.in[pg] || out[ref] != m.out[pg] || out[ref] > in[ref] {
			rt.Fatalf("%s: the ledger has %d in and %d out, the answers said %d and %d", pg, in[ref], out[ref], m.in[pg], m.out[pg])
		}
		captured += in[ref]
		cancelled += out[ref]
	}
	if int64(l.Captured) != captured || int64(l.Cancelled) != cancelled || l.Net != l.Captured-l.Cancelled {
		rt.Fatalf("the sums are %d, %d and %d", l.Captured, l.Cancelled, l.Net)
	}
}
