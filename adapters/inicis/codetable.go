package inicis

import "github.com/pg-gateway/pg-gateway/payment"

// kind is the class of a code in inicis.md §9.
type kind string

// The kinds of codes.
const (
	// kindPermanent: no, and it stays no.
	kindPermanent kind = "permanent"
	// kindTemporary: no, for now.
	kindTemporary kind = "temporary"
	// kindBuyer: no, and the buyer can do something about it.
	kindBuyer kind = "buyer"
	// kindRequest: no, since what was asked for is wrong.
	kindRequest kind = "request"
	// kindConfiguration: no, since keys or contract do not fit.
	kindConfiguration kind = "configuration"
	// kindMerchant: no, until the shop does something at Inicis.
	kindMerchant kind = "merchant"
	// kindAlarm: no, since an amount is not the one that Inicis knows.
	kindAlarm kind = "alarm"
	// kindUnknown: it may have happened.
	kindUnknown kind = "unknown"
	// kindDone: it happened before; whether that was this one, an inquiry tells.
	kindDone kind = "done before"
	// kindNotFound: there is no such payment.
	kindNotFound kind = "not found"
)

// class is what a kind means for the money.
func (k kind) class() class {
	switch k {
	case kindUnknown, kindDone: //guard:done-before-is-looked-up
		return classUnknown
	case kindNotFound:
		return classNotFound
	case kindPermanent, kindTemporary, kindBuyer, kindRequest, kindConfiguration, kindMerchant, kindAlarm:
	}
	return classDeclined
}

// codeRow is what Inicis means by some of its codes.
type codeRow struct {
	kind kind
	// suffixes are those of detail codes, of families alone where there are some; codes are whole ones, a card company's
	// in their long form.
	suffixes, families, codes []string
	// reason and cancel are why and refused of a verdict where they are not the kind's.
	reason payment.Reason
	cancel string
	ko, en string
}

// why is the reason of an attempt that was declined by the row's codes; empty for one that says no more.
func (r *codeRow) why() payment.Reason {
	switch {
	case r.reason != "":
		return r.reason
	case r.kind == kindConfiguration, r.kind == kindMerchant:
		return payment.DeclinedSetup
	case r.kind == kindRequest, r.kind == kindAlarm:
		return payment.ReasonRejected
	}
	return ""
}

// refused is the code of a cancel that was declined by the row's codes; empty for one that says no more.
func (r *codeRow) refused() string {
	switch {
	case r.cancel != "":
		return r.cancel
	case r.kind == kindConfiguration:
		return payment.CancelSetup
	case r.kind == kindRequest:
		return string(payment.ReasonRejected)
	}
	return ""
}

// codeTable is inicis.md §9. A row for some families stands before the one for all.
var codeTable = []codeRow{
	{
		kind: kindUnknown, codes: []string{"0000", "00", "02", "SUCCESS", "120000", "160000"},
		ko: "다른 호출의 성공 코드", en: "the success of another call",
	},
	{
		kind: kindUnknown, codes: []string{codeUsed},
		ko: "이미 쓴 인증", en: "the authentication was used before",
	},
	{
		kind: kindUnknown, codes: []string{"R101", "V801"},
		ko: "공개된 뜻이 없음", en: "no public source says what it means",
	},
	{
		kind:     kindUnknown,
		suffixes: []string{"050", "051", "052", "053", "054", "055", "105", "106", "108", "110"},
		ko:       "송수신, 접속, 통신 장애나 데이터베이스 오류", en: "sending, receiving, connecting or the PG's database failed",
	},
	{
		kind: kindUnknown, suffixes: []string{"127", "772"},
		ko: "부분취소 실패(중복 확인 필요), 은행 취소 진행 중", en: "a partial cancel that may be a duplicate; a cancel that the bank is at",
	},
	{
		kind: kindUnknown, suffixes: []string{"630", "631"}, codes: []string{"120036", "060702", "060785"},
		ko: "거래번호·시각·요청 중복, 이미 승인됨", en: "a duplicate, or approved already",
	},
	{
		kind: kindUnknown, codes: []string{"120010", "120055"},
		ko: "카드사 응답 시간 초과", en: "the card company's time ran out",
	},
	{
		kind: kindUnknown, codes: []string{"120035", "120041"}, reason: payment.DeclinedBusy,
		ko: "카드사 회선 장애", en: "the line to the card company is down",
	},
	{
		kind: kindDone, suffixes: []string{"626", "704"}, codes: []string{"120025", "070006"},
		ko: "이미 취소되었거나 완료된 거래", en: "cancelled or completed before",
	},
	{
		kind: kindNotFound, suffixes: []string{"263", "623", "700", "828"}, cancel: payment.CancelNoPayment,
		ko: "거래번호 불일치, 없는 거래", en: "the transaction does not fit, or there is none",
	},
	{
		kind: kindPermanent, codes: []string{"120024", "160016"}, cancel: payment.CancelNoPayment,
		ko: "카드사·은행에 원거래가 없음", en: "the card company or bank has no such transaction",
	},
	{
		kind: kindConfiguration, suffixes: []string{"200", "201", "202", "209", "632", "633", "634"},
		ko: "키, 암호화, 서명 오류", en: "a key, the encryption or a signature is wrong",
	},
	{
		kind: kindConfiguration, suffixes: []string{"400", "403", "405", "411", "413", "414", "602"},
		ko: "없는 상점, 개통되지 않은 서비스, 수수료 정보 없음", en: "the merchant is unknown, its service not opened, or it has no fees",
	},
	{
		kind: kindConfiguration, codes: []string{"V023", "2001", "0021", "0022"},
		ko: "결제창 값 오류 또는 계약되지 않은 결제수단", en: "the window's fields are wrong, or the method is not contracted",
	},
	{
		kind: kindRequest,
		suffixes: []string{
			"251", "252", "253", "254", "255", "256", "257", "258", "259", "260", "261", "262", "661",
		},
		ko: "전문 해석·검증 오류", en: "the message could not be read or checked",
	},
	{
		kind: kindRequest, suffixes: []string{"619", "620", "708", "827"},
		ko: "주문번호 중복, 예약 필드 오류, 주문번호 없음",
		en: "the order's number was used before or is missing, or a reserved field is wrong",
	},
	{
		kind: kindRequest, suffixes: []string{"609", "611", "655", "656", "701"},
		ko: "숫자가 아닌 금액, 통화·합계·부가세 오류, 0원 이하", en: "an amount, currency, sum or VAT is wrong",
	},
	{
		kind: kindRequest, codes: []string{"MX1003", "MX1006", "MX3001", "ER0102"},
		ko: "모바일 결제창·빌링 요청의 값 오류", en: "a field of the phone's window or of a billing charge is wrong",
	},
	{
		kind: kindRequest, suffixes: []string{"817"}, families: []string{"509"}, reason: payment.DeclinedIdentity,
		ko: "OK캐쉬백 비밀번호 형식 오류", en: "the PIN of OK Cashbag has another form",
	},
	{
		kind:     kindRequest,
		suffixes: []string{"640", "641", "643", "817", "818", "908", "913", "954"}, cancel: payment.CancelAccount,
		ko: "가상계좌 기한·번호·자료 오류, 은행 지연", en: "a date or number of an account is wrong, or the bank is late",
	},
	{
		kind: kindAlarm, suffixes: []string{"610", "703"}, cancel: payment.CancelFigures,
		ko: "금액 위변조, 금액 불일치", en: "the amount was tampered with, or does not fit",
	},
	{
		kind: kindPermanent, suffixes: []string{"706", "826"}, codes: []string{"160015"}, cancel: payment.CancelFigures,
		ko: "취소 금액이 남은 금액과 맞지 않음", en: "the amount does not fit what is left",
	},
	{
		kind:     kindPermanent,
		suffixes: []string{"412", "624", "625", "699", "702", "705", "707", "715", "749", "824", "959"},
		codes:    []string{"11C9"}, cancel: payment.CancelNoPart,
		ko: "부분취소할 수 없는 상점·거래·결제수단", en: "the merchant, payment or method takes no cancel in part",
	},
	{
		kind: kindBuyer, suffixes: []string{"685"}, families: []string{"506"}, reason: payment.DeclinedCard,
		ko: "유효하지 않은 카드", en: "the card is not valid",
	},
	{
		kind: kindPermanent, suffixes: []string{"621", "622", "627", "628", "685"}, codes: []string{"120022", "160110"},
		cancel: payment.CancelNotTaken,
		ko:     "다른 상점의 거래, 취소할 수 없는 거래, 에스크로 거래", en: "another merchant's payment, one that cannot be cancelled, or escrow",
	},
	{
		kind: kindPermanent, suffixes: []string{"667", "714"}, codes: []string{"120061", "120064"},
		cancel: payment.CancelTooLate,
		ko:     "취소 기간 경과", en: "the time for cancelling is over",
	},
	{
		kind: kindMerchant, suffixes: []string{"906"}, cancel: payment.CancelNoFunds,
		ko: "상점의 취소 한도 소진: 입금해야 취소됩니다", en: "the merchant's limit for cancels is used up: money must be paid in",
	},
	{
		kind: kindMerchant, codes: []string{"120029"},
		ko: "가맹점 한도 초과", en: "the merchant's limit at the card company is exceeded",
	},
	{
		kind: kindTemporary, suffixes: []string{"751", "754", "941"},
		reason: payment.DeclinedHours, cancel: payment.CancelHours,
		ko: "서비스 시간이 아님", en: "outside the service hours",
	},
	{
		kind: kindTemporary, codes: []string{"MX1002"}, reason: payment.DeclinedBusy,
		ko: "모바일 결제창 일시 오류", en: "the phone's window failed for a moment",
	},
	{
		kind: kindBuyer, suffixes: []string{"600", "603", "605", "607", "676"}, codes: []string{"120005", "120006"},
		reason: payment.DeclinedInstallment,
		ko:     "할부·무이자 설정 오류", en: "the instalments, or their interest-free months, are not taken",
	},
	{
		kind: kindRequest, suffixes: []string{"608", "654", "690"}, codes: []string{"120013"}, reason: payment.DeclinedAmount,
		ko: "최소 금액 미만, 금액 오류", en: "the amount is too small, or not taken",
	},
	{
		kind:     kindBuyer,
		suffixes: []string{"644", "645", "646", "647", "648", "649", "650", "651", "653", "786"},
		codes:    []string{"120002", "120016", "120037", "120049"}, reason: payment.DeclinedLimit,
		ko: "한도 초과", en: "a limit is exceeded",
	},
	{
		kind: kindBuyer, codes: []string{"120054"}, reason: payment.DeclinedBalance,
		ko: "잔액 부족", en: "there is not enough money",
	},
	{
		kind: kindBuyer, codes: []string{"120001", "120014", "120048"}, reason: payment.DeclinedCard,
		ko: "정지된 카드, 카드번호 오류", en: "the card is stopped, or its number wrong",
	},
	{
		kind: kindBuyer, codes: []string{"120004", "120023", "1165"}, reason: payment.DeclinedExpired,
		ko: "유효기간 오류", en: "the card has expired, or its date is wrong",
	},
	{
		kind: kindPermanent, codes: []string{"120026"}, reason: payment.DeclinedStolen,
		ko: "분실·도난 카드", en: "the card was lost or stolen",
	},
	{
		kind: kindBuyer, codes: []string{"120019", "120021", "120051", "120052"}, reason: payment.DeclinedIdentity,
		ko: "비밀번호·본인 확인 오류", en: "a PIN or the buyer's identity is wrong",
	},
	{
		// The buyer closed the card company's page, or did not come through it: these do not say which.
		kind: kindBuyer, codes: []string{"A011", "A012", "A013", "AV17"},
		ko: "카드사 인증을 마치지 않음", en: "the card company's authentication was not completed",
	},
}
