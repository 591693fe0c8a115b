package payment

// Why a PG refused a cancel, where its answer tells. A refusal that says no more is declined_by_pg. Each has a text
// that says what to do.
const (
	CancelTooLate   = "cancel_period_over"
	CancelNoPart    = "partial_cancel_not_possible"
	CancelFigures   = "remaining_differs_at_pg"
	CancelNotTaken  = "not_cancellable_at_pg"
	CancelNoFunds   = "cancel_funds_used_up"
	CancelSetup     = "setup_refused_at_pg"
	CancelHours     = "out_of_service_hours"
	CancelAccount   = "refund_account_refused"
	CancelNoPayment = "no_such_payment_at_pg"
)

// CancelText says what a cancel's code means, for the shop; known tells its codes from other words.
func CancelText(code string) (ko, en string, known bool) {
	switch code {
	case "confirmed_by_pg":
		return "결제사가 취소를 확인했습니다", "The payment company confirmed the cancel", true
	case "seen_at_pg":
		return "결제사의 기록에서 취소를 확인했습니다", "The cancel was seen in the payment company's records", true
	case "declined_by_pg":
		return "결제사가 취소를 거절했습니다", "The payment company refused the cancel", true
	case "rejected_by_pg":
		return "결제사가 취소 요청을 받지 않았습니다", "The payment company did not take the request", true
	case "pg_unreachable":
		return "결제사에 연결되지 않아 취소하지 않았습니다", "The payment company could not be reached, so nothing was cancelled", true
	case "cancel_answer_lost":
		return "취소 응답을 받지 못해 결과를 확인하고 있습니다", "The answer was lost; the outcome is being checked", true
	case "pending_at_pg":
		return "결제사가 나중에 취소합니다", "The payment company will cancel later", true
	case "not_applied":
		return "취소가 이루어지지 않은 것으로 확인되었습니다", "It is proven that the cancel did not happen", true
	case "found_at_pg":
		return "결제사에서 직접 한 취소를 찾았습니다", "A cancel that was made at the payment company was found", true
	case "interrupted_before_the_answer":
		return "응답을 받기 전에 중단되어 결과를 확인하고 있습니다", "It was interrupted before the answer; the outcome is being checked", true
	case "resolved_by_hand":
		return "담당자가 확인해 처리했습니다", "A person looked and decided", true
	}
	return refusalText(code)
}

// refusalText is CancelText for why a PG refused.
func refusalText(code string) (ko, en string, known bool) {
	switch code {
	case CancelTooLate:
		return "취소 기간이 지나 결제사가 거절했습니다. 구매자의 계좌로 직접 환불하세요",
			"The time for cancelling is over: give the money back outside the payment company, as by a transfer", true
	case CancelNoPart:
		return "부분취소할 수 없는 거래라 결제사가 거절했습니다. 전액을 취소하거나 부분취소 계약을 결제사에 문의하세요",
			"This payment takes no cancel in part: cancel all of it, or ask the payment company for partial cancels", true
	case CancelFigures:
		return "취소 금액이 결제사에 남은 금액과 맞지 않습니다. 결제 내역을 다시 조회한 뒤 남은 금액 안에서 취소하세요",
			"The amount does not fit what is left at the payment company: " +
				"read the attempt again, and cancel within what is left", true
	case CancelNotTaken:
		return "결제사가 취소할 수 없는 거래라고 답했습니다. 결제사 관리자 화면에서 거래 상태를 확인하고, 에스크로는 구매 거절 절차로 취소하세요",
			"The payment company says that this payment cannot be cancelled: " +
				"look at it in its console; escrow has a procedure of its own",
			true
	case CancelNoFunds:
		return "상점의 취소 가능 금액을 다 써서 결제사가 거절했습니다. 결제사에 입금한 뒤 새 키로 다시 취소하세요",
			"The shop's funds for cancels are used up: " +
				"pay money in at the payment company, then cancel again with a new key", true
	case CancelSetup:
		return "결제사의 계약이나 키 설정이 맞지 않아 거절되었습니다. 가맹점의 키와 서비스 개통을 확인한 뒤 새 키로 다시 취소하세요",
			"A key or the contract does not fit: " +
				"check the merchant's keys and its services, then cancel again with a new key", true
	case CancelHours:
		return "은행이나 결제사의 서비스 시간이 아닙니다. 서비스 시간에 새 키로 다시 취소하세요",
			"The bank or payment company is closed now: cancel again in its hours, with a new key", true
	case CancelAccount:
		return "환불 계좌를 받지 않거나 은행이 지연되고 있습니다. refund_account를 확인한 뒤 새 키로 다시 취소하세요",
			"The account for the refund was not taken, or its bank is late: " +
				"check refund_account, then cancel again with a new key", true
	case CancelNoPayment:
		return "결제사가 이 거래를 찾지 못했습니다. 결제사 관리자 화면에서 거래번호를 확인하세요",
			"The payment company finds no such payment: look for its number in the console", true
	}
	return "", "", false
}
