package payment

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
	return "", "", false
}
