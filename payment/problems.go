package payment

// describe is the table of problem codes. docs/problems.md lists the same.
func describe(c Code) (Description, bool) {
	switch c {
	case CodeRequestUnreadable:
		return Description{
			400, "HTTP 요청을 읽을 수 없습니다", "The HTTP request cannot be read",
			"요청의 헤더와 본문 길이를 확인하세요", "Check the request's headers and the length of its body",
		}, true
	case CodeInvalidJSON:
		return Description{
			400, "요청 본문이 올바른 JSON이 아닙니다", "The body is not valid JSON",
			"JSON 문법을 확인하세요", "Check the JSON syntax",
		}, true
	case CodeDuplicateKey:
		return Description{
			400, "같은 키가 두 번 들어 있습니다", "A key appears twice",
			"중복된 키를 하나로 줄이세요", "Send each key once",
		}, true
	case CodeNotUTF8:
		return Description{
			400, "본문이 UTF-8이 아닙니다", "The body is not UTF-8",
			"UTF-8로 보내세요", "Send UTF-8",
		}, true
	case CodeInvalidField:
		return Description{
			400, "값이 올바르지 않습니다", "A field has a wrong value",
			"field가 가리키는 값을 고치세요", "Mend the value that field names",
		}, true
	case CodeMissingField:
		return Description{
			400, "필수 값이 없습니다", "A required field is missing",
			"field가 가리키는 값을 넣으세요", "Add the field named",
		}, true
	case CodeBodyTooLarge:
		return Description{
			413, "요청 본문이 너무 큽니다", "The body is too large",
			"본문 크기를 줄이세요", "Send a smaller body",
		}, true
	case CodeHeadersTooLarge:
		return Description{
			431, "요청 헤더가 너무 큽니다", "The request's headers are too large",
			"쿠키나 주소를 16 KiB보다 작게 줄이세요", "Send less than 16 KiB of cookies, address and other headers",
		}, true
	case CodeUnsupportedMediaType:
		return Description{
			415, "지원하지 않는 Content-Type입니다", "The content type is not supported",
			"application/json으로 보내세요", "Send application/json",
		}, true
	case CodeNotFound:
		return Description{
			404, "요청한 주소가 없습니다", "There is nothing at this address",
			"주소를 확인하세요", "Check the address",
		}, true
	case CodePathNotForwarded:
		return Description{
			404, "쇼핑몰로 전달하지 않는 주소입니다", "This address is not handed on to the shop",
			"쇼핑몰 서버 전용 주소로 읽힐 수 있습니다: %2e, %2f, ;, .. 없이 보내세요",
			"A server could read it as an endpoint of the order service's own: send it without %2e, %2f, ; and ..",
		}, true
	case CodeOriginNotAllowed:
		return Description{
			403, "허용되지 않은 사이트에서 보낸 요청입니다", "The request was sent by a page of a site that is not allowed",
			"쇼핑몰의 주소를 server.public.allow_origins에 넣으세요", "Put the shop's origin into server.public.allow_origins",
		}, true
	case CodeMethodNotAllowed:
		return Description{
			405, "허용되지 않은 HTTP 메서드입니다", "The HTTP method is not allowed here",
			"Allow 헤더의 메서드를 쓰세요", "Use a method from the Allow header",
		}, true
	case CodeUnknownMethod:
		return Description{
			422, "알 수 없는 결제수단입니다", "The payment method is unknown",
			"설정에 있는 결제수단 코드를 보내세요", "Send a payment method code of the configuration",
		}, true
	case CodeTwoPrimaries:
		return Description{
			422, "주결제수단은 하나만 쓸 수 있습니다", "A payment has at most one primary method",
			"주결제수단을 하나만 남기세요", "Keep one primary method",
		}, true
	case CodeSumMismatch:
		return Description{
			422, "결제수단 금액의 합이 주문 금액과 다릅니다", "The methods' amounts do not add up to the order",
			"합계가 주문 금액과 같게 하세요", "Make the amounts add up to the order's",
		}, true
	case CodeReturnURLNotAllowed:
		return Description{
			422, "허용되지 않은 return_url입니다", "The return_url is not allowed",
			"allow_origins나 app_schemes에 있는 주소를 쓰세요", "Use an origin of allow_origins, or a scheme of app_schemes",
		}, true
	case CodeAppSchemeNotAllowed:
		return Description{
			422, "허용되지 않은 app_scheme입니다", "The app_scheme is not allowed",
			"app_schemes에 있는 스킴을 쓰세요", "Use a scheme of app_schemes",
		}, true
	case CodeAmountMismatch:
		return Description{
			409, "주문 금액이 쇼핑몰의 금액과 다릅니다", "The amount differs from the shop's order",
			"주문서를 새로 고친 뒤 다시 시도하세요", "Reload the order and try again",
		}, true
	case CodeSplitMismatch:
		return Description{
			409, "결제수단별 금액이 쇼핑몰의 주문과 다릅니다", "The split between methods differs from the shop's order",
			"주문서를 새로 고친 뒤 다시 시도하세요", "Reload the order and try again",
		}, true
	case CodeMethodNotInUse:
		return Description{
			409, "지금 사용하지 않는 결제수단입니다", "The payment method is not in use",
			"다른 결제수단을 선택하세요", "Choose another payment method",
		}, true
	case CodeMethodNotLinked:
		return Description{
			409, "결제수단이 PG와 연결되어 있지 않습니다", "The payment method is not linked to a PG",
			"다른 결제수단을 선택하세요", "Choose another payment method",
		}, true
	case CodePGNotInUse:
		return Description{
			409, "연결된 PG를 사용하지 않습니다", "No linked PG is in use",
			"다른 결제수단을 선택하세요", "Choose another payment method",
		}, true
	case CodeMerchantNotFound:
		return Description{
			409, "결제할 수 있는 가맹점이 없습니다", "No merchant can take this payment",
			"가맹점 설정(사이트, 기기, 용도)을 확인하세요", "Check the merchants' sites, devices and purpose",
		}, true
	case CodeAmountTooSmall:
		return Description{
			422, "결제수단의 최소 금액보다 적습니다", "The amount is below the method's minimum",
			"금액을 늘리거나 다른 결제수단을 선택하세요", "Raise the amount or choose another method",
		}, true
	case CodeAmountTooLarge:
		return Description{
			422, "결제수단의 최대 금액보다 많습니다", "The amount is above the method's maximum",
			"금액을 줄이거나 다른 결제수단을 선택하세요", "Lower the amount or choose another method",
		}, true
	case CodeSiteNotAllowed:
		return Description{
			409, "이 사이트에서 쓸 수 없는 결제수단입니다", "The method is not available on this site",
			"다른 결제수단을 선택하세요", "Choose another payment method",
		}, true
	case CodeDeviceNotAllowed:
		return Description{
			409, "이 기기에서 쓸 수 없는 결제수단입니다", "The method is not available on this device",
			"다른 기기나 결제수단을 쓰세요", "Use another device or method",
		}, true
	case CodeBlockedByControl:
		return Description{
			409, "지금은 점검 시간입니다", "The method is closed for now",
			"점검이 끝난 뒤 다시 시도하세요", "Try again after the maintenance",
		}, true
	case CodeCardNotApproved:
		return Description{
			409, "심사가 끝나지 않은 카드사입니다", "The card company's review is not done",
			"다른 카드를 선택하세요", "Choose another card",
		}, true
	case CodeInstallmentRefused:
		return Description{
			422, "허용되지 않은 할부 개월입니다", "The instalment plan is not allowed",
			"할부 개월을 다시 선택하세요", "Choose another plan",
		}, true
	case CodeTaxFreeRequired:
		return Description{
			422, "복합과세 가맹점에는 면세 금액이 필요합니다", "A mixed-tax merchant needs the tax-free part",
			"tax_free를 보내세요", "Send tax_free",
		}, true
	case CodeTaxNotAllowed:
		return Description{
			422, "가맹점의 과세 구분에 맞지 않는 세금 금액입니다", "The tax figures do not fit the merchant's kind of tax",
			"tax_free와 vat_amount를 확인하세요", "Check tax_free and vat_amount",
		}, true
	case CodeDepositDueRefused:
		return Description{
			422, "가상계좌 입금 기한이 허용 범위를 벗어났습니다", "The deposit deadline is out of bounds",
			"vbank_due를 더 이르거나 늦게 정하세요", "Choose another vbank_due",
		}, true
	case CodeNotRouted:
		return Description{
			409, "이 결제를 받을 PG 경로가 없습니다", "No routing rule takes this payment",
			"라우팅 규칙을 확인하세요", "Check the routing rules",
		}, true
	case CodePurposeNotSupported:
		return Description{
			422, "아직 지원하지 않는 결제 목적입니다", "The purpose is not supported by this method",
			"purpose를 확인하세요", "Check purpose",
		}, true
	case CodeOrderNotFound:
		return Description{
			404, "주문을 찾을 수 없습니다", "The order does not exist",
			"주문 번호를 확인하세요", "Check the order number",
		}, true
	case CodeOrderAlreadyPaid:
		return Description{
			409, "이미 결제된 주문입니다", "The order is already paid",
			"주문 내역을 확인하세요", "Look at the order",
		}, true
	case CodeOrderInProgress:
		return Description{
			409, "다른 결제가 진행 중인 주문입니다", "Another payment of this order is in progress",
			"잠시 뒤 주문 상태를 확인하세요", "Look at the order again in a moment",
		}, true
	case CodeOrderAwaitsDeposit:
		return Description{
			409, "가상계좌 입금을 기다리는 주문입니다", "The order waits for a deposit into its virtual account",
			"계좌에 입금하거나 가상계좌를 먼저 취소하세요", "Pay into the account, or cancel it first",
		}, true
	case CodeOrderServiceDown:
		return Description{
			503, "주문 서비스가 응답하지 않습니다", "The order service does not answer",
			"잠시 뒤 다시 시도하세요", "Try again in a moment",
		}, true
	case CodeOrderAnswerInvalid:
		return Description{
			502, "주문 서비스의 응답을 쓸 수 없습니다", "The order service's answer cannot be used",
			"주문 서비스의 응답에서 field가 가리키는 값을 고치세요", "Correct what field names in the order service's answer",
		}, true
	case CodeOrderRefused:
		return Description{
			409, "쇼핑몰이 결제를 승인하지 않았습니다", "The shop refused to have the order charged",
			"재고와 가격을 확인하세요", "Check stock and price",
		}, true
	case CodeJournalDown:
		return Description{
			503, "결제 기록을 남길 수 없어 결제를 멈췄습니다", "The payment journal cannot be written, so nothing is charged",
			"잠시 뒤 다시 시도하세요", "Try again in a moment",
		}, true
	case CodeSeveralJournals:
		return Description{
			503, "이 쇼핑몰의 결제 서버들이 결제 기록을 함께 쓰지 않아 결제를 멈췄습니다",
			"This is one of several processes that each keep a journal of their own, so nothing is charged",
			"운영자: journal.driver를 postgres로 하나만 두고 모두 다시 시작하세요",
			"Operator: let all of them share one journal (journal.driver: postgres) and restart them",
		}, true
	case CodePGUnavailable:
		return Description{
			503, "PG가 응답하지 않습니다", "The PG does not answer",
			"잠시 뒤 다시 시도하거나 다른 결제수단을 쓰세요", "Try again in a moment or use another method",
		}, true
	case CodePGRefused:
		return Description{
			502, "PG가 요청을 거절했습니다", "The PG refused the request",
			"설정과 PG 상태를 확인하세요", "Check the configuration and the PG's state",
		}, true
	case CodeUpstreamUnavailable:
		return Description{
			502, "연결된 서비스에 닿지 못했습니다", "The upstream cannot be reached",
			"잠시 뒤 다시 시도하세요", "Try again in a moment",
		}, true
	case CodeUpstreamTimeout:
		return Description{
			504, "연결된 서비스의 응답이 늦습니다", "The upstream did not answer in time",
			"결과를 먼저 확인한 뒤 다시 시도하세요", "Check the result before trying again",
		}, true
	case CodeAttemptNotFound:
		return Description{
			404, "결제 시도를 찾을 수 없습니다", "The attempt does not exist",
			"attempt_id를 확인하세요", "Check attempt_id",
		}, true
	case CodeReturnForged:
		return Description{
			400, "결제 결과를 확인할 수 없습니다", "The returned data is not ours",
			"결제를 처음부터 다시 하세요", "Start the payment again",
		}, true
	case CodeReturnExpired:
		return Description{
			410, "결제 시간이 지났습니다", "The payment window has expired",
			"결제를 처음부터 다시 하세요", "Start the payment again",
		}, true
	case CodeReturnReplayed:
		return Description{
			409, "이미 처리한 결제 결과입니다", "The returned data was already used",
			"주문 내역을 확인하세요", "Look at the order",
		}, true
	case CodeAuthURLRefused:
		return Description{
			400, "승인 주소가 규칙에 맞지 않습니다", "The approval address breaks the idc rule",
			"결제를 처음부터 다시 하세요", "Start the payment again",
		}, true
	case CodePaymentUnknown:
		return Description{
			409, "결제 결과를 확인하고 있습니다", "The payment's outcome is being checked",
			"다시 결제하지 말고 주문 내역을 확인하세요", "Do not pay again; look at the order",
		}, true
	case CodeNotCancellable:
		return Description{
			409, "취소할 수 없는 결제입니다", "The payment cannot be cancelled",
			"결제 상태를 확인하세요", "Look at the payment's state",
		}, true
	case CodeCancelTooMuch:
		return Description{
			422, "취소할 수 있는 금액을 넘습니다", "The cancel is more than what remains",
			"남은 금액과 세금 금액을 확인하세요", "Check the remaining amount and its taxes",
		}, true
	case CodeCancelInProgress:
		return Description{
			409, "다른 취소를 처리하고 있습니다", "Another cancel of this payment is in progress",
			"그 취소가 끝난 뒤 다시 시도하세요", "Try again once it has ended",
		}, true
	case CodeCancelRepeated:
		return Description{
			409, "같은 금액을 방금 취소했습니다", "The same amount was cancelled a moment ago",
			"다시 취소하려면 남은 금액(checksum, currentCancellableAmount)을 함께 보내세요",
			"To cancel it once more, state what is left (checksum, currentCancellableAmount)",
		}, true
	case CodeCancelRefused:
		return Description{
			409, "PG가 취소를 거절했습니다", "The PG refused the cancel",
			"취소 기한과 결제수단의 취소 조건을 확인하세요", "Check the PG's time limits and rules for this method",
		}, true
	case CodeCancelUnknown:
		return Description{
			409, "취소 결과를 확인하고 있습니다", "The cancel's outcome is being checked",
			"다시 취소하지 말고 같은 키로 결과를 물어보세요", "Do not cancel again; ask with the same key",
		}, true
	case CodeCallNotTaken:
		return Description{
			501, "게이트웨이가 전달하지 않는 호출입니다", "The gateway does not hand this call on",
			"docs/order-service.md의 표에서 대신 쓸 호출을 찾으세요", "Find what to call instead in the table of docs/order-service.md",
		}, true
	case CodeUnauthorized:
		return Description{
			401, "인증되지 않은 요청입니다", "The request carries no valid token",
			"Authorization: Bearer 토큰을 확인하세요", "Check the bearer token",
		}, true
	case CodeWebhookForged:
		return Description{
			401, "웹훅 서명을 확인할 수 없습니다", "The webhook's signature cannot be verified",
			"webhook_secrets가 PG 콘솔과 같은지 확인하세요", "Check that webhook_secrets are those of the PG's console",
		}, true
	case CodeSourceNotAllowed:
		return Description{
			503, "목록에 없는 주소에서 온 요청이 너무 많습니다", "Too many requests come from addresses that are not listed",
			"webhook_sources와 trusted_proxies를 확인하세요", "Check webhook_sources and trusted_proxies",
		}, true
	case CodeWebhookInvalid:
		return Description{
			400, "웹훅 본문을 읽을 수 없습니다", "The webhook cannot be read",
			"PG 콘솔의 웹훅 버전을 확인하세요", "Check the webhook version in the PG's console",
		}, true
	case CodeKeyNotFound:
		return Description{
			404, "빌링키를 찾을 수 없습니다", "No PG knows the billing key",
			"빌링키(customer_uid)를 확인하거나 카드를 다시 등록하세요", "Check the billing key (customer_uid), or have the card registered again",
		}, true
	case CodeKeyNotUsable:
		return Description{
			422, "이 빌링키로는 결제할 수 없습니다", "The billing key cannot be charged here",
			"빌링키를 발급한 가맹점(purpose: recurring)과 결제 모드를 확인하세요",
			"Check that the configuration has the recurring merchant which the key was issued for, in the same mode",
		}, true
	case CodeKeyInUse:
		return Description{
			409, "이미 카드가 등록된 빌링키입니다", "The billing key has a card already",
			"카드마다 다른 customer_uid를 쓰거나, 카드를 바꾸려면 X-PG-Gateway-Replace: true 헤더를 보내세요",
			"Use a customer_uid of its own for each card, or send X-PG-Gateway-Replace: true to have the card replaced",
		}, true
	case CodeKeyUnknown:
		return Description{
			409, "빌링키가 발급되었는지 아직 알 수 없습니다", "It is not known yet whether the billing key was issued",
			"잠시 후 빌링키를 조회하거나 같은 요청을 다시 보내세요. 게이트웨이가 계속 확인합니다",
			"Read the key, or ask again, in a minute; the gateway goes on finding out by itself",
		}, true
	case CodeCardHasKey:
		return Description{
			409, "이미 빌링키가 있는 카드입니다", "The card has a billing key already",
			"그 빌링키로 결제하거나, 다시 등록하려면 먼저 게이트웨이를 통해 빌링키를 삭제하세요",
			"Charge the key that the card has, or delete that key through the gateway first",
		}, true
	case CodeIdentityRequired:
		return Description{
			403, "본인인증이 필요합니다", "An identity verification is required",
			"카드 주인의 본인인증을 마친 뒤 그 번호를 X-PG-Gateway-Identity-Verification 헤더로 보내세요",
			"Have the card's holder verified, and send the number of that in the header X-PG-Gateway-Identity-Verification",
		}, true
	case CodeIdentityRefused:
		return Description{
			403, "본인인증을 쓸 수 없습니다", "The identity verification cannot be used",
			"이름과 생년월일을 확인하고, 본인인증을 새로 받아 다시 요청하세요",
			"Check the name and the birthday of the call, and ask again with a new verification",
		}, true
	case CodeKeyScheduled:
		return Description{
			409, "예약된 결제가 남아 있는 빌링키입니다", "Charges of the billing key are still scheduled",
			"예약을 먼저 취소하거나, 남겨 두려면 X-PG-Gateway-Schedules: keep 헤더를 보내세요",
			"Take the schedules back first, or send X-PG-Gateway-Schedules: keep to leave them where they are",
		}, true
	case CodeChargeDeclined:
		return Description{
			402, "정기결제가 승인되지 않았습니다", "The charge was not approved",
			"reason과 retry를 보고 새 키로 다시 시도하거나 다른 카드를 등록받으세요",
			"See reason and retry: try again under a new key, or have another card registered",
		}, true
	case CodeRecovering:
		return Description{
			409, "거절된 정기결제를 게이트웨이가 다시 시도하는 주문입니다", "The gateway tries the declined charge of this order again",
			"결제하지 말고 기다리거나, 먼저 DELETE /subscriptions/recoveries/{order_id}로 멈추세요",
			"Wait, or stop it first: DELETE /subscriptions/recoveries/{order_id}",
		}, true
	case CodeRecoveryNotFound:
		return Description{
			404, "다시 시도하는 정기결제가 없습니다", "No charge of this order is being recovered",
			"주문번호를 확인하세요", "Check the order's number",
		}, true
	case CodeChargeIDUsed:
		return Description{
			409, "이미 쓰인 결제 번호입니다", "The charge's id was used before",
			"지난 결제의 결과를 먼저 확인하고, 다시 결제하려면 새 번호를 쓰세요",
			"Find out what became of that charge first; to charge again use a new id",
		}, true
	case CodeKeyInvalid:
		return Description{
			400, "Idempotency-Key가 올바르지 않습니다", "The Idempotency-Key is malformed",
			"큰따옴표로 감싼 256자 이하의 ASCII 문자열을 보내세요", "Send an RFC 8941 string: up to 256 ASCII characters in double quotes",
		}, true
	case CodeKeyReused:
		return Description{
			422, "같은 Idempotency-Key로 다른 요청을 보냈습니다", "The Idempotency-Key was used with another body",
			"새 요청에는 새 키를 쓰세요", "Use a new key for a new request",
		}, true
	case CodeKeyInProgress:
		return Description{
			409, "같은 요청을 처리하고 있습니다", "The first request with this key is still running",
			"Retry-After 뒤에 같은 키로 다시 물어보세요", "Ask again with the same key after Retry-After",
		}, true
	case CodeTooManyAttempts:
		return Description{
			429, "이 주문의 결제를 너무 많이 시도했습니다", "The order has too many open attempts",
			"열려 있는 결제창에서 결제하거나 잠시 뒤 다시 시도하세요", "Pay in a window that is open, or try again later",
		}, true
	case CodeRateLimited:
		return Description{
			429, "요청이 너무 잦습니다", "Too many requests",
			"Retry-After 초 뒤에 다시 시도하세요", "Try again after Retry-After seconds",
		}, true
	case CodeShuttingDown:
		return Description{
			503, "서비스가 재시작 중입니다", "The gateway is shutting down",
			"잠시 뒤 다시 시도하세요", "Try again in a moment",
		}, true
	case CodeOverloaded:
		return Description{
			503, "지금 요청이 너무 많습니다", "There are too many requests at the moment",
			"Retry-After만큼 기다렸다가 다시 시도하세요", "Wait for as long as Retry-After says, and try again",
		}, true
	case CodeInternal:
		return Description{
			500, "처리 중 오류가 났습니다", "Something went wrong inside",
			"잠시 뒤 다시 시도하고 trace_id를 알려 주세요", "Try again in a moment and report the trace_id",
		}, true
	case EndedByBuyer, EndedDeclined, EndedLimit, EndedBalance, EndedCard, EndedIdentity, EndedHours,
		EndedBusy, EndedRefused, EndedStock, EndedPrice, EndedShopClosed, EndedSilence, EndedInterrupted,
		EndedExpired, EndedDepositLate, EndedGivenBack, EndedCancelledAtPG, EndedByShop, EndedAmount, EndedSetup:
		// How a payment ended is no problem; EndingOf tells it.
	}
	return Description{}, false
}
