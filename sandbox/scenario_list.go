package sandbox

import (
	"fmt"
	"net/http"
)

const (
	// v2Takes and v1Charges are the operations that take money by API.
	v2Takes   = "charge|instant|confirm"
	v1Charges = "again|onetime"
	// htmlPage is what a proxy says for a PG that it cannot reach.
	htmlPage = "<html><head><title>502 Bad Gateway</title></head><body>nginx</body></html>"
)

// one is a scenario of one fault.
func one(name, about string, f Fault) Scenario {
	return Scenario{Name: name, About: about, Faults: []Fault{f}}
}

// v2Says is V2's refusal of the next request of an operation; nothing is done.
func v2Says(operation string, status int, kind string) Fault {
	return Fault{
		PG: pgV2, Operation: operation, Kind: FaultStatus, Status: status,
		Body: fmt.Sprintf(`{"type":%q,"message":"샌드박스"}`, kind),
	}
}

// v1Says is V1's refusal of the next request of an operation; nothing is done.
func v1Says(operation string, status, code int, message string) Fault {
	return Fault{
		PG: pgV1, Operation: operation, Kind: FaultStatus, Status: status,
		Body: fmt.Sprintf(`{"code":%d,"message":%q,"response":null}`, code, message),
	}
}

// declineScenarios are the reasons for which a PG declines the next payment, under these names.
func declineScenarios(pg, operations string, names [7]string) []Scenario {
	var list []Scenario
	for i, x := range [7][2]string{
		{"limit", "is above the card's limit (한도초과)"},
		{"funds", "is declined, as the account behind the card is empty (잔액부족)"},
		{"expired", "is declined, as the card has expired (유효기간 경과)"},
		{"stolen", "is declined, as the card was reported stolen (분실·도난)"},
		{"suspended", "is declined, as the card is suspended (거래정지)"},
		{"number", "is declined, as the card's number is wrong"},
		{"busy", "is declined for now, as the card company's system is down: trying later helps"},
	} {
		list = append(list, one(names[i], "The next payment "+x[1]+".",
			Fault{PG: pg, Operation: operations, Kind: FaultDecline, Reason: x[0]}))
	}
	return list
}

func v2Scenarios() []Scenario {
	return append(declineScenarios(pgV2, v2Takes+"|pay", [7]string{
		"v2_declined_limit", "v2_declined_funds", "v2_card_expired", "v2_card_stolen",
		"v2_card_suspended", "v2_card_number_wrong", "v2_issuer_busy",
	}),
		one("v2_schedule_declined", "The next scheduled payment is declined when its time comes; only a webhook tells.",
			Fault{PG: pgV2, Operation: operationFire, Kind: FaultDecline, Reason: "funds"}),
		one("v2_key_refused", "The next billing key is not issued, as the card company refuses the card.",
			Fault{PG: pgV2, Operation: "issue", Kind: FaultDecline, Reason: "number"}),
		one("v2_charge_answer_lost", "The next charge is made and its answer is lost.",
			Fault{PG: pgV2, Operation: v2Takes, Kind: FaultDropAfterCommit}),
		one("v2_charge_request_lost", "The next charge is lost before anything is done.",
			Fault{PG: pgV2, Operation: v2Takes, Kind: FaultDropBeforeCommit}),
		one("v2_charge_half_answer", "The next charge is made, and half of its answer comes.",
			Fault{PG: pgV2, Operation: v2Takes, Kind: FaultHalfBody}),
		one("v2_charge_slow", "The next charge is made at once and answered late.",
			Fault{PG: pgV2, Operation: v2Takes, Kind: FaultDelay}),
		one("v2_charge_late", "The next charge is made late, when its caller may have left.",
			Fault{PG: pgV2, Operation: v2Takes, Kind: FaultDelayBeforeCommit}),
		one("v2_bare_502", "The next charge gets a proxy's 502, and nothing was done.",
			Fault{PG: pgV2, Operation: v2Takes, Kind: FaultStatus, Status: http.StatusBadGateway, Body: htmlPage}),
		one("v2_bare_502_after_charge", "The next charge is made and gets a proxy's 502 all the same.",
			Fault{PG: pgV2, Operation: v2Takes, Kind: FaultStatusAfterCommit, Status: http.StatusBadGateway, Body: htmlPage}),
		one("v2_already_paid", "The next charge is refused as paid already, although nothing was paid.",
			v2Says(v2Takes, http.StatusConflict, "ALREADY_PAID")),
		one("v2_request_outstanding", "The next charge is refused, as one under its Idempotency-Key seems to run still.",
			v2Says(v2Takes, http.StatusConflict, "IDEMPOTENCY_OUTSTANDING_REQUEST")),
		one("v2_key_gone", "The next charge is refused, as its billing key does not exist.",
			v2Says("charge|schedule", http.StatusNotFound, "BILLING_KEY_NOT_FOUND")),
		one("v2_too_many_requests", "The next three requests are too many (429).",
			times(3, v2Says("", http.StatusTooManyRequests, "TOO_MANY_REQUESTS"))),
		one("v2_secret_refused", "The next request is refused, as its API secret is not known.",
			v2Says("", http.StatusUnauthorized, "UNAUTHORIZED")),
		one("v2_down", "Every request of V2 fails with 503 until calm is triggered.",
			Fault{PG: pgV2, Kind: FaultStatus, Status: http.StatusServiceUnavailable, Body: htmlPage, Times: -1}),
		one("v2_cancel_answer_lost", "The next cancel is made and its answer is lost.",
			Fault{PG: pgV2, Operation: "cancel", Kind: FaultDropAfterCommit}),
		one("v2_cancel_stale_balance", "The next cancel is refused, as another balance is left than its caller believes.",
			v2Says("cancel", http.StatusConflict, "CANCELLABLE_AMOUNT_CONSISTENCY_BROKEN")),
		one("v2_cancel_refused", "The next cancel is refused by the PG.", Fault{
			PG: pgV2, Operation: "cancel", Kind: FaultStatus, Status: http.StatusBadGateway,
			Body: `{"type":"PG_PROVIDER","message":"PG사에서 오류를 전달했습니다.","pgCode":"500622","pgMessage":"정산 처리 중입니다"}`,
		}),
		Scenario{
			Name: "v2_cancel_later", About: "Cancels are only REQUESTED, until they are finished by hand.", Cancels: CancelLater,
		},
		Scenario{
			Name: "v2_cancel_later_fails", About: "Cancels are only REQUESTED, and fail when they are finished.",
			Cancels: CancelLaterFails,
		},
		one("v2_lookup_down", "The next three look-ups fail with 500.",
			Fault{PG: pgV2, Operation: "lookup", Kind: FaultStatus, Times: 3}),
		one("v2_lookup_not_found", "The next look-up does not find the payment, although it is there.",
			v2Says("lookup", http.StatusNotFound, "PAYMENT_NOT_FOUND")),
		one("v2_lookup_wrong_amount", "The next look-up states another amount than was paid.",
			Fault{PG: pgV2, Operation: "lookup", Kind: FaultWrongAmount}),
		one("v2_lookup_wrong_mode", "The next look-up states a live payment for a test one.",
			Fault{PG: pgV2, Operation: "lookup", Kind: FaultWrongMode}),
		one("v2_lookup_wrong_mid", "The next look-up states another merchant's MID.",
			Fault{PG: pgV2, Operation: "lookup", Kind: FaultWrongMID}),
		one("v2_list_garbage", "The next list is a page that is no answer.",
			Fault{PG: pgV2, Operation: "list", Kind: FaultGarbage}),
		one("v2_prepare_refused_twice", "The next two pre-registrations are refused as paid already.",
			times(2, v2Says("prepare", http.StatusConflict, "ALREADY_PAID"))),
	)
}

// times is a fault that is played so often.
func times(n int, f Fault) Fault {
	f.Times = n
	return f
}

func v1Scenarios() []Scenario {
	return append(declineScenarios(pgV1, v1Charges, [7]string{
		"v1_declined_limit", "v1_declined_funds", "v1_card_expired", "v1_card_stolen",
		"v1_card_suspended", "v1_card_number_wrong", "v1_issuer_busy",
	}),
		one("v1_schedule_declined", "The next scheduled payment is declined when its time comes; only a webhook tells.",
			Fault{PG: pgV1, Operation: operationFire, Kind: FaultDecline, Reason: "funds"}),
		one("v1_charge_answer_lost", "The next charge is made and its answer is lost.",
			Fault{PG: pgV1, Operation: v1Charges, Kind: FaultDropAfterCommit}),
		one("v1_charge_request_lost", "The next charge is lost before anything is done.",
			Fault{PG: pgV1, Operation: v1Charges, Kind: FaultDropBeforeCommit}),
		one("v1_charge_slow", "The next charge is made at once and answered late.",
			Fault{PG: pgV1, Operation: v1Charges, Kind: FaultDelay}),
		one("v1_bare_502_after_charge", "The next charge is made and gets a proxy's 502 all the same.",
			Fault{PG: pgV1, Operation: v1Charges, Kind: FaultStatusAfterCommit, Status: http.StatusBadGateway, Body: htmlPage}),
		one("v1_uid_used", "The next charge is refused, as its merchant_uid seems to be paid.",
			v1Says(v1Charges, http.StatusOK, 1, "이미 결제가 이루어진 merchant_uid입니다.")),
		one("v1_too_many_requests", "The next three requests are too many (429).",
			times(3, v1Says("", http.StatusTooManyRequests, -1, "요청이 너무 많습니다."))),
		one("v1_token_expired", "The next request is refused, as its token has expired early.",
			v1Says("lookup|cancel|again|onetime|prepare|list", http.StatusUnauthorized, -1, "Unauthorized")),
		one("v1_token_down", "No token can be had three times.",
			Fault{PG: pgV1, Operation: "token", Kind: FaultStatus, Times: 3}),
		one("v1_down", "Every request of V1 fails with 503 until calm is triggered.",
			Fault{PG: pgV1, Kind: FaultStatus, Status: http.StatusServiceUnavailable, Body: htmlPage, Times: -1}),
		one("v1_cancel_answer_lost", "The next cancel is made and its answer is lost.",
			Fault{PG: pgV1, Operation: "cancel", Kind: FaultDropAfterCommit}),
		one("v1_cancel_stale_checksum", "The next cancel is refused, as its checksum is not what is left.",
			v1Says("cancel", http.StatusOK, 1, "취소 후 잔액과 checksum이 일치하지 않습니다.")),
		one("v1_lookup_not_found", "The next look-up does not find the payment, although it is there.",
			v1Says("lookup", http.StatusNotFound, -1, "존재하지 않는 결제정보입니다.")),
		one("v1_lookup_wrong_amount", "The next look-up states another amount than was paid.",
			Fault{PG: pgV1, Operation: "lookup", Kind: FaultWrongAmount}),
		one("v1_lookup_wrong_mode", "The next look-up states a live payment for a test one.",
			Fault{PG: pgV1, Operation: "lookup", Kind: FaultWrongMode}),
		one("v1_prepare_refused_twice", "The next two pre-registrations are refused as registered already.",
			times(2, v1Says("prepare", http.StatusOK, 1, "결제정보 사전등록에 실패하였습니다(이미 등록된 merchant_uid입니다)."))),
		one("v1_list_down", "The next three lists fail with 500.",
			Fault{PG: pgV1, Operation: "list", Kind: FaultStatus, Times: 3}),
	)
}

func inicisScenarios() []Scenario {
	return append(declineScenarios(pgInicis, "approve|charge", [7]string{
		"inicis_declined_limit", "inicis_declined_funds", "inicis_card_expired", "inicis_card_stolen",
		"inicis_card_suspended", "inicis_card_number_wrong", "inicis_issuer_busy",
	}),
		one("inicis_approve_answer_lost", "The next approval is made and its answer is lost: a net cancel (망취소) is due.",
			Fault{PG: pgInicis, Operation: "approve", Kind: FaultDropAfterCommit}),
		one("inicis_approve_request_lost", "The next approval is lost before anything is done.",
			Fault{PG: pgInicis, Operation: "approve", Kind: FaultDropBeforeCommit}),
		one("inicis_approve_slow", "The next approval is made at once and answered late.",
			Fault{PG: pgInicis, Operation: "approve", Kind: FaultDelay}),
		one("inicis_approve_late", "The next approval is made late, when its caller may have left.",
			Fault{PG: pgInicis, Operation: "approve", Kind: FaultDelayBeforeCommit}),
		one("inicis_approve_wrong_amount", "The next approval states another amount than was taken.",
			Fault{PG: pgInicis, Operation: "approve", Kind: FaultWrongAmount}),
		one("inicis_approve_garbage", "The next approval is made and answered with a page that is no answer.",
			Fault{PG: pgInicis, Operation: "approve", Kind: FaultGarbage}),
		Scenario{
			Name:  "inicis_net_cancel_lost_too",
			About: "The next approval is made and its answer is lost, and so is the answer of the net cancel that follows.",
			Faults: []Fault{
				{PG: pgInicis, Operation: "approve", Kind: FaultDropAfterCommit},
				{PG: pgInicis, Operation: "net_cancel", Kind: FaultDropAfterCommit},
			},
		},
		one("inicis_charge_answer_lost", "The next charge of a billing key is made and its answer is lost.",
			Fault{PG: pgInicis, Operation: "charge", Kind: FaultDropAfterCommit}),
		one("inicis_charge_request_lost", "The next charge of a billing key is lost before anything is done.",
			Fault{PG: pgInicis, Operation: "charge", Kind: FaultDropBeforeCommit}),
		one("inicis_refund_answer_lost", "The next refund is made and its answer is lost.",
			Fault{PG: pgInicis, Operation: "refund", Kind: FaultDropAfterCommit}),
		one("inicis_inquiry_down", "The next three inquiries fail with 500.",
			Fault{PG: pgInicis, Operation: "inquiry", Kind: FaultStatus, Times: 3}),
		one("inicis_down", "Every request of Inicis fails with 500 until calm is triggered.",
			Fault{PG: pgInicis, Kind: FaultStatus, Times: -1}),
	)
}

func webhookScenarios() []Scenario {
	send := func(name string, mode NoticeMode, about string) Scenario {
		return Scenario{Name: name, About: about, Send: mode}
	}
	return []Scenario{
		send("webhook_twice", NoticeTwice, "Every webhook comes twice at once."),
		send("webhook_before_answer", NoticeBefore, "Every webhook comes before the answer that it belongs to."),
		send("webhook_never", NoticeNever, "Every webhook is lost."),
		send("webhook_late", NoticeLate, "Every webhook comes late."),
		send("webhook_forged", NoticeForged, "Every webhook of V2 is signed with a secret that is not the shop's."),
		send("webhook_stale", NoticeStale, "Every webhook of V2 seems to have been signed ten minutes ago."),
		send("webhook_unknown_kind", NoticeUnknown, "Before every webhook comes one of a kind that nobody knows."),
		send("webhook_of_stranger", NoticeStranger, "Before every webhook comes one about a payment that does not exist."),
	}
}

func shopScenarios() []Scenario {
	return []Scenario{
		{Name: "shop_refuses", About: "The shop says no to every approval.", Shop: ShopNo},
		{Name: "shop_slow", About: "The shop answers late whether a payment may be approved.", Shop: ShopSlow},
		{Name: "shop_down", About: "The shop fails (503) when it is asked before an approval.", Shop: ShopDown},
		one("shop_events_refused", "The shop refuses the next three events.",
			Fault{PG: pgShop, Operation: "events", Kind: FaultStatus, Times: 3}),
		one("shop_lookup_down", "The shop fails at the next look-up of an order.",
			Fault{PG: pgShop, Operation: "lookup", Kind: FaultStatus}),
	}
}
