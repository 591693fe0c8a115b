package sandbox

import (
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"
)

// kstStamp is the form of an INIAPI timestamp.
var kstStamp = regexp.MustCompile(`^[0-9]{14}$`)

// inicisGiveBack cancels part or all of a payment; callers hold the mutex.
func (s *Sandbox) inicisGiveBack(tx *inicisTx, amount Won, at time.Time, by string) {
	tx.remaining -= amount
	tx.cancelledAt = at
	s.book(Entry{PG: pgInicis, Kind: EntryCancel, OrderRef: tx.oid, TxID: tx.tid, Amount: amount, By: by})
}

// iniapiFailure is a refusal in INIAPI's form.
func iniapiFailure(detail, msg string) answer {
	return jsonAnswer(http.StatusOK, map[string]any{
		"resultCode": "01", "resultMsg": msg, "detailResultCode": detail, "cancelDate": nil, "cancelTime": nil,
	})
}

// refundRequest is a refund as v1 and v2 both mean it.
type refundRequest struct {
	mid     string
	tid     string
	partial bool
	// price and confirmPrice are what to give back now and what then stays approved.
	price        string
	confirmPrice string
}

// inicisRefund gives money back by INIAPI.
func (s *Sandbox) inicisRefund(c *call, req refundRequest) answer {
	tx, ok := s.inicis.find(req.mid, req.tid, "")
	if !ok {
		return iniapiFailure("500623", "거래를 찾을 수 없습니다 (500623)")
	}
	c.ref = tx.oid
	if tx.remaining == 0 {
		return iniapiFailure("500626", "이미 취소된 거래입니다 (500626)")
	}
	if !req.partial {
		s.inicisGiveBack(tx, tx.remaining, c.now, "refund")
		at := c.now.In(kst)
		return jsonAnswer(http.StatusOK, map[string]any{
			"resultCode": "00", "resultMsg": "정상처리되었습니다.", "cancelDate": at.Format("20060102"),
			"cancelTime": at.Format("150405"), "cshrCancelNum": "", "detailResultCode": "", "receiptInfo": "",
		})
	}
	return s.inicisPartialRefund(c, tx, req)
}

func (s *Sandbox) inicisPartialRefund(c *call, tx *inicisTx, req refundRequest) answer {
	price, err := parseWon(req.price)
	if err != nil || price <= 0 {
		return iniapiFailure("500701", "취소 금액이 잘못되었습니다 (500701)")
	}
	left, err := parseWon(req.confirmPrice)
	switch {
	case err != nil || price+left != tx.remaining:
		return iniapiFailure("500703", "취소 후 금액이 일치하지 않습니다 (500703)")
	case price == tx.price:
		return iniapiFailure("500749", "전체 금액은 부분취소할 수 없습니다 (500749)")
	}
	part := inicisPartial{tid: s.transactionID(tidMethod(tx.method), tx.mid, c.now), price: price, at: c.now}
	tx.partials = append(tx.partials, part)
	s.inicisGiveBack(tx, price, c.now, "refund")
	at := c.now.In(kst)
	return jsonAnswer(http.StatusOK, map[string]any{
		"resultCode": "00", "resultMsg": "정상처리되었습니다.", "detailResultCode": "", "receiptInfo": "",
		"tid": part.tid, "prtcTid": tx.tid, "prtcPrice": price.text(), "prtcRemains": tx.remaining.text(),
		"prtcCnt": fmt.Sprint(len(tx.partials)), "prtcType": "1", "prtcDate": at.Format("20060102"), "prtcTime": at.Format("150405"),
	})
}

// checkINIAPIv1 checks an INIAPI v1 request's hash over the named fields, key first.
func (s *Sandbox) checkINIAPIv1(f url.Values, fields ...string) (refusal *answer) {
	refuse := func(detail, msg string) *answer {
		a := iniapiFailure(detail, msg)
		return &a
	}
	m, ok := s.cfg.Inicis[f.Get("mid")]
	if !ok {
		return refuse("500400", "등록되지 않은 상점입니다 (500400)")
	}
	if !kstStamp.MatchString(f.Get("timestamp")) {
		return refuse("500251", "timestamp 형식이 잘못되었습니다 (500251)")
	}
	var plain strings.Builder
	plain.WriteString(m.APIKey)
	for _, name := range fields {
		if f.Get(name) == "" {
			return refuse("500251", name+" 값이 없습니다 (500251)")
		}
		plain.WriteString(f.Get(name))
	}
	if f.Get("hashData") != sha512Hex(plain.String()) {
		return refuse("500202", "hashData가 일치하지 않습니다 (500202)")
	}
	return nil
}

// iniapiV1Extra is INIAPI v1's inquiry.
func (s *Sandbox) iniapiV1Extra(c *call) answer {
	f := c.form()
	c.ref = f.Get("oid")
	if f.Get("type") != "Extra" || f.Get("paymethod") != "Inquiry" {
		return iniapiFailure("500251", "type 또는 paymethod가 잘못되었습니다 (500251)")
	}
	if refusal := s.checkINIAPIv1(f, "type", "paymethod", "timestamp", "clientIp", "mid"); refusal != nil {
		return *refusal
	}
	if f.Get("originalTid") == "" && f.Get("oid") == "" {
		return iniapiFailure("500708", "originalTid 또는 oid가 필요합니다 (500708)")
	}
	tx, ok := s.inicis.find(f.Get("mid"), f.Get("originalTid"), f.Get("oid"))
	if !ok {
		return jsonAnswer(http.StatusOK, map[string]string{"resultCode": "00", "resultMsg": "거래가 없습니다", "status": "9"})
	}
	c.ref = tx.oid
	at := tx.at.In(kst)
	out := map[string]string{
		"resultCode": "00", "resultMsg": "정상처리되었습니다.", "status": "0", "tid": tx.tid, "mid": tx.mid, "oid": tx.oid,
		"price": tx.price.text(), "applDate": at.Format("20060102"), "applTime": at.Format("150405"),
	}
	if tx.remaining == 0 {
		cancelled := tx.cancelledAt.In(kst)
		out["status"], out["cancelDate"], out["cancelTime"] = "1", cancelled.Format("20060102"), cancelled.Format("150405")
	}
	return jsonAnswer(http.StatusOK, out)
}

// iniapiV1Refund is INIAPI v1's full and partial refund.
func (s *Sandbox) iniapiV1Refund(c *call) answer {
	f := c.form()
	fields := []string{"type", "paymethod", "timestamp", "clientIp", "mid", "tid"}
	switch f.Get("type") {
	case "Refund":
	case "PartialRefund":
		fields = append(fields, "price", "confirmPrice")
	default:
		return iniapiFailure("500251", "type이 잘못되었습니다 (500251)")
	}
	if refusal := s.checkINIAPIv1(f, fields...); refusal != nil {
		return *refusal
	}
	if tx, ok := s.inicis.find(f.Get("mid"), f.Get("tid"), ""); ok && refundMethodOf(tx) != f.Get("paymethod") {
		c.ref = tx.oid
		return iniapiFailure("500625", "결제수단이 원거래와 다릅니다 (500625)")
	}
	return s.inicisRefund(c, refundRequest{
		mid: f.Get("mid"), tid: f.Get("tid"), partial: f.Get("type") == "PartialRefund",
		price: f.Get("price"), confirmPrice: f.Get("confirmPrice"),
	})
}
