package sandbox

import (
	"net/http"
	"slices"
	"strings"
)

func v2NoPayment() answer {
	return v2Error(http.StatusNotFound, "PAYMENT_NOT_FOUND", "결제 건이 존재하지 않습니다.")
}

// v2Transactions lists the attempts at a payment, the newest first.
func (s *Sandbox) v2Transactions(c *call) answer {
	p, ok := s.v2.payments.get(c.ref)
	if !ok {
		return v2NoPayment()
	}
	items := []map[string]any{}
	for _, a := range slices.Backward(p.attempts) {
		wire := s.v2Wire(a)
		wire["id"], wire["paymentId"] = a.txID, p.id
		for _, name := range []string{"transactionId", "origin", "disputes"} {
			delete(wire, name)
		}
		items = append(items, wire)
	}
	return jsonAnswer(http.StatusOK, map[string]any{"items": items})
}

// v2StopCancel withdraws a cancel that is not decided yet.
func (s *Sandbox) v2StopCancel(c *call) answer {
	p, ok := s.v2.payments.get(c.ref)
	if !ok {
		return v2NoPayment()
	}
	i := slices.IndexFunc(p.current.cancels, func(x *v2Cancellation) bool { return x.id == c.r.PathValue("cancellation") })
	if i < 0 {
		return v2Error(http.StatusNotFound, "PAYMENT_CANCELLATION_NOT_FOUND", "결제 취소 내역이 존재하지 않습니다.")
	}
	x := p.current.cancels[i]
	if x.status != "REQUESTED" {
		return v2Error(http.StatusConflict, "PAYMENT_CANCELLATION_NOT_PENDING", "취소 요청 상태가 아닙니다.")
	}
	s.v2.waiting = slices.DeleteFunc(s.v2.waiting, func(w *v2Cancellation) bool { return w == x })
	x.fails = true
	s.v2End(c, x)
	return jsonAnswer(http.StatusOK, map[string]string{"stoppedAt": rfc3339(c.now)})
}

// v2Banks lists banks, in V2's words and Korean.
func (s *Sandbox) v2Banks(_ *call) answer {
	const words = "KDB 산업은행,IBK 기업은행,KOOKMIN 국민은행,SUHYUP 수협은행,NONGHYUP 농협은행,WOORI 우리은행,STANDARD_CHARTERED SC제일은행," +
		"CITI 한국씨티은행,DAEGU 대구은행,BUSAN 부산은행,KWANGJU 광주은행,JEJU 제주은행,JEONBUK 전북은행,KYONGNAM 경남은행,KFCC 새마을금고," +
		"SHINHYUP 신협,POST 우체국,HANA 하나은행," + bankV2 + " " + bankName + ",K_BANK 케이뱅크,KAKAO 카카오뱅크,TOSS 토스뱅크"
	items := []any{}
	for bank := range strings.SplitSeq(words, ",") {
		word, name, _ := strings.Cut(bank, " ")
		items = append(items, map[string]any{"bank": word, "name": map[string]string{"ko": name}})
	}
	return jsonAnswer(http.StatusOK, map[string]any{"items": items})
}
