package sandbox

import (
	"net/url"
	"strconv"
	"time"

	"github.com/pg-gateway/pg-gateway/payment"
)

// inicisApprove moves the money of an authentication, once.
func (s *Sandbox) inicisApprove(c *call) answer {
	f := c.form()
	auth, refusal := s.inicisAuthOf(c, f)
	if refusal != nil {
		return *refusal
	}
	if auth.used || auth.dead {
		return inicisFailure(c, "R201", "이미 인증/승인요청된 거래입니다. 승인처리 할 수 없습니다")
	}
	// Before all that can fail: R201 follows a refused try as well (inicis.md §1.9).
	auth.used = true
	win := auth.win
	// price is optional; when sent, it is held against the window's (inicis.md §1.9).
	if price := f.Get("price"); price != "" && price != win.price.text() {
		return inicisFailure(c, "500610", "금액이 위변조되었습니다 (500610)")
	}
	if auth.decline && c.decline == nil {
		c.decline = declineFor("")
	}
	if c.decline != nil {
		return inicisFailure(c, "120016", c.decline.text+" (120016)")
	}
	s.inicisTake(auth, s.transactionID(tidMethod(win.method), win.mid, c.now), c.now)
	return inicisAnswer(c, s.approvalFields(auth.tx, f.Get("timestamp")))
}

// inicisTake books what an authentication is approved for.
func (s *Sandbox) inicisTake(auth *inicisAuth, tid string, now time.Time) {
	win := auth.win
	auth.tx = &inicisTx{
		tid: tid, mid: win.mid, oid: win.oid, goods: win.goods,
		method: win.method, currency: win.currency, price: win.price, remaining: win.price, at: now, quota: "00",
		taxes: win.taxes, taxed: win.taxed,
	}
	s.inicis.txs.put(auth.tx.tid, auth.tx)
	s.inicis.byOrder.put(win.mid+"/"+win.oid, auth.tx)
	if win.escrow {
		auth.tx.escrow = escrowPaid
	}
	if win.method == methodVBank {
		s.inicisIssue(auth.tx, win)
	} else {
		s.book(Entry{
			PG: pgInicis, Kind: EntryCapture, OrderRef: win.oid, TxID: auth.tx.tid, Amount: win.price, By: "approve",
		})
	}
}

// inicisAuthOf checks who asks and returns the authentication that is asked about.
func (s *Sandbox) inicisAuthOf(c *call, f url.Values) (*inicisAuth, *answer) {
	refuse := func(code, msg string) (*inicisAuth, *answer) {
		a := inicisFailure(c, code, msg)
		return nil, &a
	}
	if c.r.PathValue("idc") != idcName {
		return refuse("R101", "요청 주소가 잘못되었습니다")
	}
	m, ok := s.cfg.Inicis[f.Get("mid")]
	if !ok {
		return refuse("500400", "등록되지 않은 상점입니다 (500400)")
	}
	auth, ok := s.inicis.auths.get(f.Get("authToken"))
	if !ok || auth.win.mid != f.Get("mid") {
		return refuse("500263", "인증 정보를 찾을 수 없습니다 (500263)")
	}
	c.ref = auth.win.oid
	ts := f.Get("timestamp")
	switch {
	case checkMillis(ts, c.now) != "":
		return refuse("V023", checkMillis(ts, c.now))
	case f.Get("signature") != approvalSignature(auth.token, ts):
		return refuse("500202", "signature 위변조가 확인되었습니다 (500202)")
	case f.Get("verification") != approvalVerification(auth.token, m.SignKey, ts):
		return refuse("500202", "verification 위변조가 확인되었습니다 (500202)")
	}
	return auth, nil
}

// approvalFields is the answer of a successful approval.
func (s *Sandbox) approvalFields(tx *inicisTx, timestamp string) [][2]string {
	at := tx.at.In(payment.KST())
	price := tx.price.text()
	number := strconv.FormatInt(30_000_000+s.next()%10_000_000, 10)
	fields := [][2]string{
		{"resultCode", "0000"},
		{"resultMsg", "정상처리되었습니다."},
		{"tid", tx.tid},
		{"mid", tx.mid},
		{"MOID", tx.oid},
		{"TotPrice", price},
		{"payMethod", payMethodOf(tx.method)},
		{"payMethodDetail", payMethodOf(tx.method)},
		{"currency", tx.currency},
		// Both spellings are in use (inicis.md §1.10).
		{"goodName", tx.goods},
		{"goodsName", tx.goods},
		{"applDate", at.Format("20060102")},
		{"applTime", at.Format("150405")},
		{"applNum", number},
		{"payDevice", "PC"},
		{"EventCode", ""},
		{"authSignature", authSignature(tx.mid, tx.oid, price, timestamp)},
	}
	switch payMethodOf(tx.method) {
	case methodVBank:
		return append(fields, issuedFields(tx.account)...)
	case "DirectBank":
		return append(fields, [2]string{"ACCT_BankCode", "88"}, [2]string{"CSHR_ResultCode", ""}, [2]string{"CSHR_Type", ""})
	case "HPP":
		return append(fields, [2]string{"HPP_Num", "010****0000"})
	default:
		return append(fields, [][2]string{
			{"CARD_Num", "427289*********3"},
			{"CARD_Code", "14"},
			{"CARD_BankCode", "88"},
			{"CARD_Quota", tx.quota},
			{"CARD_Interest", "0"},
			{"CARD_CorpFlag", "0"},
			{"CARD_CheckFlag", "0"},
			{"CARD_PRTC_CODE", "1"},
			{"CARD_SrcCode", sourceOf(tx.method)},
			{"CARD_ApplPrice", price},
			{"CARD_ApplNum", number},
			{"CARD_Point", ""},
		}...)
	}
}

// inicisNetCancel undoes an approval whose answer was lost. Before the approval it makes the authentication
// unusable; repeated it says the same again.
func (s *Sandbox) inicisNetCancel(c *call) answer {
	f := c.form()
	auth, refusal := s.inicisAuthOf(c, f)
	if refusal != nil {
		return *refusal
	}
	if code, why := s.inicisUndo(auth, c.now); code != "" {
		return inicisFailure(c, code, why+" ("+code+")")
	}
	tid := ""
	if auth.tx != nil {
		tid = auth.tx.tid
	}
	return inicisAnswer(c, [][2]string{
		{"resultCode", "0000"}, {"resultMsg", "망취소 처리되었습니다."}, {"tid", tid}, {"mid", auth.win.mid}, {"MOID", auth.win.oid},
	})
}

// inicisUndo gives back what an authentication was approved for, or says why not.
func (s *Sandbox) inicisUndo(auth *inicisAuth, now time.Time) (code, why string) {
	if now.After(auth.at.Add(netCancelWindow)) {
		return "500714", "망취소 가능 시간이 지났습니다"
	}
	// Also without a payment: an approval that is still on its way must find the token spent.
	auth.dead = true
	if tx := auth.tx; tx != nil {
		switch {
		case auth.undone:
		case tx.vbankStatus() == "N":
			tx.account.closed, tx.cancelledAt = now, now
		case tx.account != nil && len(tx.account.deposits) > 0:
			return "504621", "입금된 가상계좌는 망취소할 수 없습니다"
		case tx.spent():
			return "500626", "이미 취소된 거래입니다"
		case tx.remaining != tx.price:
			return "500627", "부분취소된 거래는 망취소할 수 없습니다"
		default:
			s.inicisGiveBack(tx, tx.remaining, now, "net_cancel")
		}
	}
	auth.undone = true
	return "", ""
}
