package payment

// ForBuyer is what a buyer may be shown of a problem: no field, setting or word of a developer's. The rest of a problem
// is for whoever can put it right.
func (c Code) ForBuyer() (ko, en string) {
	switch c { //nolint:exhaustive // all others are nothing that a buyer could do anything about
	case CodeOrderAlreadyPaid:
		return "이미 결제된 주문입니다. 주문 내역을 확인해 주세요", "This order is paid already. Please look at your order"
	case CodePaymentUnknown, CodeReturnReplayed, CodeUpstreamTimeout:
		e := UnknownEnding()
		return e.Ko, e.En
	case CodeOrderInProgress, CodeKeyInProgress:
		return "이 주문의 결제가 진행되고 있습니다. 잠시 뒤 주문 내역을 확인해 주세요",
			"A payment of this order is in progress. Please look at your order in a moment"
	case CodeOrderAwaitsDeposit:
		return "가상계좌 입금을 기다리는 주문입니다. 주문 내역에서 계좌를 확인해 주세요",
			"This order waits for a deposit. Please look at your order for the account"
	case CodeReturnExpired:
		return "결제 시간이 지났습니다. 처음부터 다시 결제해 주세요", "The time to pay is over. Please start again"
	case CodeRateLimited:
		return "요청이 너무 잦습니다. 잠시 뒤 다시 시도해 주세요", "There were too many requests. Please try again in a moment"
	case CodeTooManyAttempts:
		return "결제를 여러 번 시도했습니다. 열려 있는 결제창에서 결제하거나 잠시 뒤 다시 시도해 주세요",
			"There were many tries at this payment. Please pay in a window that is open, or try again later"
	case CodeAmountMismatch, CodeSplitMismatch, CodeSumMismatch:
		return "주문 금액이 바뀌었습니다. 주문서를 새로 열어 다시 결제해 주세요", "The amount of the order has changed. Please open the order again"
	case CodeMethodNotInUse, CodeMethodNotLinked, CodePGNotInUse, CodeMerchantNotFound, CodeSiteNotAllowed, CodeNotRouted,
		CodeBlockedByControl, CodeUnknownMethod, CodePGRefused, CodeTwoPrimaries:
		return "이 결제수단은 지금 쓸 수 없습니다. 다른 결제수단을 선택해 주세요", "This way to pay is not available now. Please choose another"
	case CodeDeviceNotAllowed:
		return "이 기기에서는 쓸 수 없는 결제수단입니다. 다른 결제수단을 선택해 주세요",
			"This way to pay is not available on your device. Please choose another"
	case CodeAmountTooSmall:
		return "이 결제수단으로 결제하기에는 금액이 적습니다. 다른 결제수단을 선택해 주세요",
			"The amount is too small for this way to pay. Please choose another"
	case CodeAmountTooLarge:
		return "이 결제수단으로 결제할 수 있는 금액을 넘습니다. 다른 결제수단을 선택해 주세요",
			"The amount is too large for this way to pay. Please choose another"
	case CodeCardNotApproved:
		return "지금은 받지 않는 카드입니다. 다른 카드를 선택해 주세요", "This card is not taken now. Please choose another card"
	case CodeInstallmentRefused:
		return "선택할 수 없는 할부 개월입니다. 다시 선택해 주세요", "This instalment plan is not available. Please choose again"
	case CodeOrderNotFound, CodeAttemptNotFound, CodeNotFound:
		return "주문이나 결제를 찾을 수 없습니다. 쇼핑몰에서 주문 내역을 확인해 주세요",
			"The order or payment was not found. Please look at your orders in the shop"
	case CodeOrderRefused:
		return "쇼핑몰이 이 주문의 결제를 받지 않습니다. 주문 내역을 확인해 주세요",
			"The shop does not take a payment of this order. Please look at your order"
	case CodeReturnForged, CodeAuthURLRefused:
		return "결제를 확인할 수 없어 진행하지 않았습니다. 처음부터 다시 결제해 주세요",
			"The payment could not be verified and was not made. Please start again"
	}
	if c.Describe().Status >= 500 {
		return "지금은 결제를 처리할 수 없습니다. 잠시 뒤 주문 내역을 확인하고 다시 시도해 주세요",
			"The payment cannot be handled now. Please look at your order in a moment and try again"
	}
	return "결제를 진행하지 못했습니다. 쇼핑몰로 돌아가 다시 시도해 주세요", "The payment could not go on. Please go back to the shop and try again"
}
