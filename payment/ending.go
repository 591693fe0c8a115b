package payment

import "strings"

// Ending is what a buyer and his shop are told of an attempt that did not become a payment: a stable code, and a text
// in both languages. A PG's own words are never among it.
type Ending struct {
	Code   Code
	Ko, En string
}

// The codes of endings that are no problem codes. Some endings are, and have theirs.
const (
	EndedByBuyer       Code = "BUYER_CANCELLED"
	EndedDeclined      Code = "DECLINED"
	EndedLimit         Code = "LIMIT_EXCEEDED"
	EndedBalance       Code = "BALANCE_TOO_LOW"
	EndedCard          Code = "CARD_NOT_USABLE"
	EndedIdentity      Code = "IDENTITY_NOT_CONFIRMED"
	EndedHours         Code = "OUT_OF_SERVICE_HOURS"
	EndedBusy          Code = "CARD_COMPANY_DOWN"
	EndedAmount        Code = "AMOUNT_NOT_PAYABLE"
	EndedSetup         Code = "SHOP_NOT_READY"
	EndedRefused       Code = "SHOP_REFUSED"
	EndedStock         Code = "OUT_OF_STOCK"
	EndedPrice         Code = "PRICE_CHANGED"
	EndedShopClosed    Code = "SHOP_CLOSED"
	EndedSilence       Code = "SHOP_SILENT"
	EndedInterrupted   Code = "INTERRUPTED"
	EndedExpired       Code = "EXPIRED"
	EndedDepositLate   Code = "DEPOSIT_EXPIRED"
	EndedGivenBack     Code = "GIVEN_BACK"
	EndedCancelledAtPG Code = "CANCELLED_AT_PG"
	EndedByShop        Code = "CLOSED_BY_SHOP"
)

// RefusedFor is the reason for a code of the shop's own no: OUT_OF_STOCK, PRICE_CHANGED or SHOP_CLOSED; empty for any
// other.
func RefusedFor(code string) Reason {
	return map[Code]Reason{EndedStock: RefusedStock, EndedPrice: RefusedPrice, EndedShopClosed: RefusedClosed}[Code(code)]
}

// EndingOf is what an attempt's reason is told as. Reasons that end nothing, as approved, have none: known tells them
// from words that are no reason at all.
func EndingOf(reason Reason) (e Ending, known bool) {
	if strings.HasPrefix(string(reason), string(ReasonMismatch)) {
		reason = ReasonMismatch
	}
	switch reason { //nolint:exhaustive // the others are told by endingAfter
	case ReasonApproved, ReasonIssued, ReasonNotShown:
		return Ending{}, true
	case DeclinedByBuyer:
		return Ending{EndedByBuyer, "결제를 취소하셨습니다. 청구된 금액은 없습니다", "You cancelled the payment. Nothing was charged"}, true
	case ReasonDeclined:
		return Ending{
			EndedDeclined, "결제가 승인되지 않았습니다. 다른 결제수단으로 다시 시도해 주세요", "The payment was declined. Please try another way to pay",
		}, true
	case DeclinedLimit:
		return Ending{
			EndedLimit, "결제 한도를 넘어 승인되지 않았습니다. 다른 결제수단으로 다시 시도해 주세요",
			"The payment exceeds a limit. Please try another way to pay",
		}, true
	case DeclinedBalance:
		return Ending{EndedBalance, "잔액이 부족해 승인되지 않았습니다", "There is not enough money for this payment"}, true
	case DeclinedCard, DeclinedExpired, DeclinedStolen:
		return Ending{
			EndedCard, "사용할 수 없는 카드입니다. 카드사에 확인하거나 다른 카드를 이용해 주세요",
			"This card cannot be used. Please ask its company, or use another card",
		}, true
	case DeclinedIdentity:
		return Ending{
			EndedIdentity, "비밀번호나 본인 확인이 맞지 않아 승인되지 않았습니다", "A password or your identity could not be confirmed",
		}, true
	case DeclinedHours:
		return Ending{
			EndedHours, "지금은 은행이나 카드사의 서비스 시간이 아닙니다. 잠시 뒤 다시 시도해 주세요",
			"The bank or card company is closed now. Please try again later",
		}, true
	case DeclinedBusy:
		return Ending{
			EndedBusy, "카드사나 은행의 시스템 장애로 승인되지 않았습니다. 잠시 뒤 다시 시도하거나 다른 결제수단을 이용해 주세요",
			"The card company or bank is out of order. Please try again later, or another way to pay",
		}, true
	case DeclinedAmount:
		return Ending{
			EndedAmount, "이 결제수단으로 결제할 수 없는 금액입니다. 다른 결제수단으로 다시 시도해 주세요",
			"This amount cannot be paid in this way. Please try another way to pay",
		}, true
	case DeclinedInstallment:
		return Ending{
			CodeInstallmentRefused, "선택한 할부로는 결제할 수 없습니다. 일시불이나 다른 할부 개월로 다시 시도해 주세요",
			"These instalments cannot be used. Please pay at once, or choose other months",
		}, true
	case DeclinedSetup:
		return Ending{
			EndedSetup, "쇼핑몰이 지금은 이 결제수단을 받을 수 없습니다. 다른 결제수단으로 다시 시도해 주세요",
			"The shop cannot take this way to pay now. Please try another way to pay",
		}, true
	case ReasonNotSent, ReasonNoWindow:
		return Ending{
			CodePGUnavailable, "결제사에 연결되지 않아 결제하지 않았습니다. 잠시 뒤 다시 시도해 주세요",
			"The payment company could not be reached, so nothing was charged. Please try again later",
		}, true
	case ReasonRejected:
		return Ending{
			CodePGRefused, "결제사가 요청을 받지 않아 결제하지 않았습니다. 다른 결제수단으로 다시 시도해 주세요",
			"The payment company did not take the request, so nothing was charged. Please try another way to pay",
		}, true
	}
	return endingAfter(reason)
}

// endingAfter is EndingOf for what the shop, the clock and the gateway end.
func endingAfter(reason Reason) (Ending, bool) {
	switch reason { //nolint:exhaustive // the others are told by EndingOf
	case ReasonShopRefused:
		return Ending{
			EndedRefused, "쇼핑몰이 이 주문의 결제를 받지 않았습니다. 청구된 금액은 없습니다",
			"The shop did not take the payment of this order. Nothing was charged",
		}, true
	case RefusedStock:
		return Ending{EndedStock, "상품이 품절되어 결제하지 않았습니다", "The goods are sold out, so nothing was charged"}, true
	case RefusedPrice:
		return Ending{
			EndedPrice, "주문 금액이 바뀌어 결제하지 않았습니다. 주문서를 새로 열어 주세요",
			"The price has changed, so nothing was charged. Please open the order again",
		}, true
	case RefusedClosed:
		return Ending{
			EndedShopClosed, "쇼핑몰이 지금은 주문을 받지 않습니다. 청구된 금액은 없습니다", "The shop takes no orders now. Nothing was charged",
		}, true
	case ReasonShopSilent:
		return Ending{
			EndedSilence, "쇼핑몰이 응답하지 않아 결제하지 않았습니다. 잠시 뒤 다시 시도해 주세요",
			"The shop did not answer, so nothing was charged. Please try again later",
		}, true
	case ReasonInterrupted:
		return Ending{
			EndedInterrupted, "결제가 중간에 끊겼습니다. 청구된 금액은 없습니다. 다시 결제해 주세요",
			"The payment was interrupted. Nothing was charged. Please pay again",
		}, true
	case ReasonNeverPaid, ReasonExpired, ReasonNoSuchPayment, ReasonNotAwaited:
		return Ending{EndedExpired, "결제 시간이 지났습니다. 다시 결제해 주세요", "The time to pay is over. Please pay again"}, true
	case ReasonNoDeposit:
		return Ending{EndedDepositLate, "입금 기한이 지났습니다", "The deadline for the deposit has passed"}, true
	case ReasonLost, ReasonMismatch:
		return Ending{
			EndedGivenBack, "결제를 확정할 수 없어 취소했습니다. 청구되었다면 돌려 드립니다",
			"The payment could not be made certain and was cancelled. Whatever was charged goes back to you",
		}, true
	case ReasonDuplicate:
		return Ending{
			CodeOrderAlreadyPaid, "이미 결제된 주문이라 이번 결제는 취소했습니다", "The order was paid already, so this payment was cancelled",
		}, true
	case ReasonOrderBlocked:
		return Ending{CodeOrderInProgress, "이 주문의 다른 결제가 진행되고 있습니다", "Another payment of this order is in progress"}, true
	case ReasonResolved:
		return Ending{
			EndedGivenBack, "담당자가 확인해 결제하지 않은 것으로 처리했습니다. 청구되었다면 돌려 드립니다",
			"A person looked into it and closed it as not paid. Whatever was charged goes back to you",
		}, true
	case ReasonCancelledAtPG:
		return Ending{EndedCancelledAtPG, "결제사에서 취소된 결제입니다", "The payment was cancelled at the payment company"}, true
	case ReasonClosedByShop:
		return Ending{
			EndedByShop, "쇼핑몰이 가상계좌를 닫았습니다. 입금하지 마세요", "The shop closed the virtual account. Please pay nothing into it",
		}, true
	case ReasonJournalDown, ReasonNoAccount, ReasonSeveralJournals:
		return Ending{
			CodeJournalDown, "지금은 결제할 수 없습니다. 잠시 뒤 다시 시도해 주세요", "No payment can be taken now. Please try again later",
		}, true
	}
	return Ending{}, false
}

// UnknownEnding is what is said while nobody knows whether money moved.
func UnknownEnding() Ending {
	return Ending{
		CodePaymentUnknown, "결제 결과를 확인하고 있습니다. 다시 결제하지 말고 주문 내역을 확인해 주세요",
		"The payment is being checked. Please do not pay again; look at your order",
	}
}
