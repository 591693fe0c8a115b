package wire

import (
	"strings"

	"github.com/pg-gateway/pg-gateway/payment"
)

// Decline reads why a PG declined out of its words, as an attempt's reason; empty when they do not tell. It is for
// what a buyer is told and for whether a declined charge is tried again, never for what became of the money.
func Decline(message string) payment.Reason {
	message = strings.ReplaceAll(message, " ", "")
	for _, kind := range []struct {
		reason payment.Reason
		words  []string
	}{
		// Before all others: a card that was reported is never tried again, whatever else is said of it.
		{payment.DeclinedStolen, []string{"분실", "도난", "사고"}},
		{payment.DeclinedExpired, []string{"유효기간"}},
		// A limit is named before what it is a limit of: 잔액 한도, 1회 인증 한도.
		{payment.DeclinedLimit, []string{"한도", "금액초과", "횟수초과"}},
		{payment.DeclinedBalance, []string{"잔액", "잔고", "예금부족"}},
		{payment.DeclinedHours, []string{"점검", "이용시간", "서비스시간", "영업시간", "업무시간", "거래시간"}},
		{payment.DeclinedBusy, []string{"시스템장애", "전산장애", "회선장애", "장애로"}},
		{payment.DeclinedIdentity, []string{"비밀번호", "본인확인", "본인인증", "인증실패", "인증오류", "생년월일", "CVC", "주민번호", "사업자번호"}},
		{payment.DeclinedCard, []string{"정지", "카드번호", "사용불가", "해지", "미등록카드", "유효하지않은카드"}},
	} {
		for _, word := range kind.words {
			if strings.Contains(message, word) {
				return kind.reason
			}
		}
	}
	return ""
}
