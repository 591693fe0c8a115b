package sandbox

import (
	"encoding/json"
	"strings"
	"time"

	"github.com/pg-gateway/pg-gateway/payment"
)

// methodTitle is what buyers call a payment method, from any stand-in's word for it.
func methodTitle(word string) string {
	titles := map[string]string{
		"card": "신용카드", "trans": "실시간 계좌이체", "vbank": "가상계좌", "phone": "휴대폰 결제", "kakaopay": "카카오페이",
		"naverpay": "네이버페이", "samsung": "삼성페이", "applepay": "애플페이", "ssgpay": "SSG페이", "payco": "페이코",
		"tosspay": "토스페이", "lpay": "L.PAY", "cultureland": "문화상품권", "booknlife": "도서상품권", "happymoney": "해피머니",
		"smartculture": "스마트문상", "mileage": "마일리지", "11": "신용카드", "12": "실시간 계좌이체", "15": "카카오페이", "20": "토스페이", "32": "마일리지",
	}
	// Inicis' gopaymethod and PortOne V2's payMethod and easy-pay providers.
	others := map[string]string{
		"Card": "card", "DirectBank": "trans", methodVBank: "vbank", "HPP": "phone", "onlykakaopay": "kakaopay",
		"onlypayco": "payco", "onlylpay": "lpay", "onlyssp": "samsung", "onlynaverpay": "naverpay",
		"onlytosspay": "tosspay", "onlyssgcard": "ssgpay", "onlyapplepay": "applepay", "Culture": "cultureland",
		"Bcsh": "booknlife", "HPMN": "happymoney",
		"CARD": "card", "TRANSFER": "trans", payMethodAccount: "vbank", "MOBILE": "phone", "KAKAOPAY": "kakaopay",
		"NAVERPAY": "naverpay", "SAMSUNGPAY": "samsung", "SSGPAY": "ssgpay", "APPLEPAY": "applepay", "LPAY": "lpay",
		"TOSSPAY": "tosspay", "PAYCO": "payco", "EASY_PAY": "간편결제",
	}
	if own, ok := others[word]; ok {
		word = own
	}
	if title, ok := titles[word]; ok {
		return title
	}
	return word
}

// v2MethodTitle is methodTitle of PortOne V2, whose easy payments are told apart by their provider.
func v2MethodTitle(method, provider string) string {
	if provider != "" {
		return methodTitle(provider)
	}
	return methodTitle(method)
}

// statusTitle is an order's state in words.
func statusTitle(status string) string {
	titles := map[string]string{"waiting": "결제 대기", "paid": "결제 완료", "cancelled": "취소됨", "deposit": "입금 대기"}
	if title, ok := titles[status]; ok {
		return title
	}
	return status
}

// clock writes a moment the way people in Korea read it.
func clock(at time.Time) string {
	if at.IsZero() {
		return "-"
	}
	return at.In(payment.KST()).Format("2006년 1월 2일 15:04")
}

// pgTitle is a stand-in's name in words.
func pgTitle(pg string) string {
	switch pg {
	case pgInicis:
		return "KG이니시스"
	case pgV1:
		return "포트원 V1"
	case pgV2:
		return "포트원 V2"
	case pgShop:
		return "상점"
	}
	return pg
}

// modeTitle says what the shop answers to the question before an approval.
func modeTitle(m ShopMode) string {
	switch m {
	case ShopYes:
		return "승인합니다"
	case ShopNo:
		return "거절합니다"
	case ShopSlow:
		return "늦게 답합니다"
	case ShopDown:
		return "답하지 않습니다"
	}
	return string(m)
}

// oneLine is a value as JSON.
func oneLine(v any) (string, error) {
	b, err := json.Marshal(v)
	return string(b), err
}

// bankTitle is a bank's name, from any stand-in's code for it.
func bankTitle(code string) string {
	if code == bankV2 {
		return bankName
	}
	if bank, ok := v1BankNamed(code); ok {
		return bank.Name
	}
	return code
}

// operationTitle is what a fault disturbs, in words.
func operationTitle(operation string) string {
	if one, more, several := strings.Cut(operation, "|"); several {
		return operationTitle(one) + ", " + operationTitle(more)
	}
	titles := map[string]string{
		"": "모든 요청", "window": "결제창 열기", "open": "결제창 열기", "pay": "결제창의 결제", "approve": "승인", "confirm": "승인 확인",
		"net_cancel": "망취소", "inquiry": "조회", "lookup": "조회", "refund": "취소", "cancel": "취소", "token": "토큰 발급",
		"prepare": "사전 등록", "prepare_read": "사전 등록 조회", "events": "이벤트 수신", "create": "주문 생성",
		"list": "목록 조회", "again": "빌링키 결제", "charge": "빌링키 결제", "onetime": "수기 결제",
		"instant": "수기 결제", "issue": "빌링키 발급", "drop_key": "빌링키 삭제", "schedule": "결제 예약",
		"unschedule": "결제 예약 취소", "reschedule": "결제 예약 변경", "retry": "예약된 결제의 재시도", operationFire: "예약된 결제",
		"vbank": "가상계좌 발급", "receipt": "현금영수증 발급", "receipt_cancel": "현금영수증 취소", "escrow": "에스크로 배송 등록",
		"certification_delete": "본인인증 삭제",
		"identity":             "본인인증", "resend": "웹훅 재발송", "stop": "취소 철회",
	}
	if title, ok := titles[operation]; ok {
		return title
	}
	return operation
}

// kindTitle is how a fault misbehaves, in words.
func kindTitle(kind FaultKind) string {
	titles := map[FaultKind]string{
		FaultDropAfterCommit: "처리하고 응답을 잃음", FaultDropBeforeCommit: "요청을 잃음", FaultDelay: "늦게 답함",
		FaultDelayBeforeCommit: "늦게 처리함", FaultStatus: "오류로 답함", FaultStatusAfterCommit: "처리하고 오류로 답함",
		FaultWrongAmount: "다른 금액을 답함", FaultWrongMID: "다른 MID를 답함", FaultWrongOrder: "다른 주문을 답함",
		FaultGarbage: "알아볼 수 없는 답", FaultHalfBody: "답의 절반만 보냄", FaultDecline: "PG가 거절함",
		FaultWrongMode: "시험·실거래 구분이 바뀐 답",
	}
	if title, ok := titles[kind]; ok {
		return title
	}
	return string(kind)
}
