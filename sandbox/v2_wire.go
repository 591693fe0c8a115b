package sandbox

// v2Provider is PortOne's word for KG Inicis, whom every channel for payments belongs to.
const v2Provider = "INICIS_V2"

func (ch Channel) provider() string {
	if ch.Module == moduleDanal {
		return "DANAL"
	}
	return v2Provider
}

// deviceAPI marks a payment that was made without a window.
const deviceAPI = "api"

// v2Wire is V2's payment object, discriminated by status.
func (s *Sandbox) v2Wire(a *v2Attempt) map[string]any {
	out := s.v2Head(a)
	out["status"], out["id"], out["amount"] = a.status, a.payment.id, a.amountWire(a.paidAmount, a.cancelled, a.back)
	out["updatedAt"], out["statusChangedAt"] = rfc3339(a.changedAt), rfc3339(a.changedAt)
	a.addOutcome(out)
	return out
}

// amountWire is the amount of a payment of which so much was paid and given back.
func (a *v2Attempt) amountWire(paid, cancelled Won, back taxes) map[string]Won {
	vat := a.taxes.vatIn(a.total)
	return map[string]Won{
		"total": a.total, "taxFree": a.taxes.taxFree, "vat": vat, "supply": a.total - a.taxes.taxFree - vat,
		"discount": 0, "paid": paid, "cancelled": cancelled, "cancelledTaxFree": back.taxFree,
	}
}

// wire is V2's channel object.
func (ch Channel) wire() map[string]string {
	kind := "LIVE"
	if ch.Test {
		kind = "TEST"
	}
	return map[string]string{
		"type": kind, "key": ch.Key, "name": "sandbox", "pgProvider": ch.provider(), "pgMerchantId": ch.MID,
	}
}

// wire is V2's customer object.
func (c v2Customer) wire() map[string]string {
	return map[string]string{"name": c.name(), "email": c.Email, "phoneNumber": c.PhoneNumber}
}

// v2Head is what a payment and an event of it have in common.
func (s *Sandbox) v2Head(a *v2Attempt) map[string]any {
	platform := "PC"
	switch a.device {
	case "mobile":
		platform = "MOBILE"
	case deviceAPI:
		platform = "API"
	}
	out := map[string]any{
		"transactionId": a.txID, "merchantId": "merchant-sandbox", "storeId": s.cfg.V2.StoreID, "version": "V2",
		"requestedAt": rfc3339(a.requestedAt), "orderName": a.orderName, "currency": a.currency,
		"customer": a.customer.wire(),
		"origin":   map[string]string{"platformType": platform, "ipAddress": "203.0.113.7"},
		"channel":  a.channel.wire(),
	}
	if a.customData != "" {
		out["customData"] = a.customData
	}
	if a.escrow != "" {
		out["escrow"] = a.escrowWire()
	}
	if len(a.payment.hooks) > 0 {
		out["webhooks"] = a.payment.hookWires()
	}
	if a.schedule != "" {
		out["scheduleId"] = a.schedule
	}
	return out
}

// addOutcome adds the fields that only some statuses have.
func (a *v2Attempt) addOutcome(out map[string]any) {
	if a.account != nil || !a.paidAt.IsZero() {
		out["method"] = a.methodWire()
		out["pgTxId"] = a.pgTxID
	}
	if a.billing != nil {
		out["billingKey"] = a.billing.key
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
	switch a.payMethod {
	case payMethodAccount:
		return a.accountWire()
	case "EASY_PAY":
		return map[string]any{"type": "PaymentMethodEasyPay", "provider": a.easyPay, "easyPayMethod": a.cardWire()}
	case "TRANSFER":
		return map[string]any{"type": "PaymentMethodTransfer", "bank": "SHINHAN"}
	case "MOBILE":
		return map[string]any{"type": "PaymentMethodMobile"}
	default:
		return a.cardWire()
	}
}

func (a *v2Attempt) cardWire() map[string]any {
	return map[string]any{
		"type": "PaymentMethodCard", "card": v2CardWire(a.card), "approvalNumber": "30012345",
		"installment": map[string]any{"month": a.months, "isInterestFree": false}, "pointUsed": false,
	}
}

func (c v2Customer) name() string {
	if c.FullName != "" {
		return c.FullName
	}
	return c.LastName + c.FirstName
}
