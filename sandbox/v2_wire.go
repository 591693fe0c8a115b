package sandbox

// v2Wire is V2's payment object, discriminated by status.
func (s *Sandbox) v2Wire(a *v2Attempt) map[string]any {
	channelType := "LIVE"
	if a.channel.Test {
		channelType = "TEST"
	}
	platform := "PC"
	if a.device == "mobile" {
		platform = "MOBILE"
	}
	vat := a.taxes.vatIn(a.total)
	out := map[string]any{
		"status": a.status, "id": a.payment.id, "transactionId": a.txID, "merchantId": "merchant-sandbox",
		"storeId": s.cfg.V2.StoreID, "version": "V2", "requestedAt": rfc3339(a.requestedAt),
		"updatedAt": rfc3339(a.changedAt), "statusChangedAt": rfc3339(a.changedAt), "orderName": a.orderName,
		"amount": map[string]Won{
			"total": a.total, "taxFree": a.taxes.taxFree, "vat": vat, "supply": a.total - a.taxes.taxFree - vat,
			"discount": 0, "paid": a.paidAmount, "cancelled": a.cancelled, "cancelledTaxFree": a.back.taxFree,
		},
		"currency": a.currency,
		"customer": map[string]string{
			"name": a.customer.name(), "email": a.customer.Email, "phoneNumber": a.customer.PhoneNumber,
		},
		"origin": map[string]string{"platformType": platform, "ipAddress": "203.0.113.7"},
		"channel": map[string]string{
			"type": channelType, "key": a.channel.Key, "name": "sandbox", "pgProvider": "INICIS_V2",
			"pgMerchantId": a.channel.MID,
		},
	}
	if a.customData != "" {
		out["customData"] = a.customData
	}
	if a.escrow != "" {
		out["escrow"] = map[string]string{"status": escrowV2(a.escrow)}
	}
	a.addOutcome(out)
	return out
}

// addOutcome adds the fields that only some statuses have.
func (a *v2Attempt) addOutcome(out map[string]any) {
	if a.account != nil || !a.paidAt.IsZero() {
		out["method"] = a.methodWire()
		out["pgTxId"] = a.pgTxID
	}
	if !a.paidAt.IsZero() {
		out["paidAt"] = rfc3339(a.paidAt)
	}
	if len(a.cancels) > 0 {
		out["cancellations"] = a.cancelWires()
	}
	switch a.status {
	case "PAID":
		out["disputes"] = []any{}
	case "FAILED":
		out["failedAt"] = rfc3339(a.changedAt)
		out["failure"] = a.failure
	case "CANCELLED", "PARTIAL_CANCELLED":
		out["cancelledAt"] = rfc3339(a.cancelledAt)
		out["cancellations"] = a.cancelWires()
	}
}

func (a *v2Attempt) methodWire() map[string]any {
	card := map[string]any{
		"type": "PaymentMethodCard",
		"card": map[string]string{
			"publisher": "SHINHAN_CARD", "issuer": "SHINHAN_CARD", "brand": "LOCAL", "type": "CREDIT",
			"ownerType": "PERSONAL", "bin": "428790", "number": "428790******0294",
		},
		"approvalNumber": "30012345",
		"installment":    map[string]any{"month": 0, "isInterestFree": false},
		"pointUsed":      false,
	}
	switch a.payMethod {
	case payMethodAccount:
		return a.accountWire()
	case "EASY_PAY":
		return map[string]any{"type": "PaymentMethodEasyPay", "provider": a.easyPay, "easyPayMethod": card}
	case "TRANSFER":
		return map[string]any{"type": "PaymentMethodTransfer", "bank": "SHINHAN"}
	case "MOBILE":
		return map[string]any{"type": "PaymentMethodMobile"}
	default:
		return card
	}
}

func (c v2Customer) name() string {
	if c.FullName != "" {
		return c.FullName
	}
	return c.LastName + c.FirstName
}
