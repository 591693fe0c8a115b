package sandbox

import (
	"net/http"
	"time"
)

// v2Parcel is what is on its way to the buyer.
type v2Parcel struct {
	company string
	invoice string
	sent    time.Time
	applied time.Time
}

type v2ParcelParty struct {
	Name    string `json:"name"`
	Phone   string `json:"phoneNumber"`
	Zipcode string `json:"zipcode"`
	Address *struct {
		Line1 string `json:"addressLine1"`
	} `json:"address"`
}

func (p v2ParcelParty) complete() bool {
	return p.Name != "" && p.Phone != "" && p.Zipcode != "" && p.Address != nil && p.Address.Line1 != ""
}

type v2ParcelRequest struct {
	Sender    v2ParcelParty `json:"sender"`
	Receiver  v2ParcelParty `json:"receiver"`
	Logistics struct {
		Company string `json:"company"`
		Invoice string `json:"invoiceNumber"`
		SentAt  string `json:"sentAt"`
	} `json:"logistics"`
	Products []struct {
		ID string `json:"id"`
	} `json:"products"`
}

// read checks a request to register or change a parcel.
func (r v2ParcelRequest) read() (sent time.Time, why string) {
	sent, err := time.Parse(time.RFC3339, r.Logistics.SentAt)
	switch {
	case !bankWord.MatchString(r.Logistics.Company) || r.Logistics.Invoice == "" || err != nil:
		return sent, "logistics의 company, invoiceNumber, sentAt이 올바르지 않습니다."
	// Inicis needs all of both sides and the goods (portone.md §4.5).
	case !r.Sender.complete() || !r.Receiver.complete() || len(r.Products) == 0:
		return sent, "이니시스는 sender, receiver의 모든 정보와 products가 필요합니다."
	}
	return sent, ""
}

// v2Escrow finds an escrow payment that was paid.
func (s *Sandbox) v2Escrow(id string) (*v2Attempt, *answer) {
	p, ok := s.v2.payments.get(id)
	var refusal answer
	switch {
	case !ok:
		refusal = v2NoPayment()
	case !p.paid:
		refusal = v2Error(http.StatusConflict, "PAYMENT_NOT_PAID", "결제가 완료되지 않았습니다.")
	case p.current.escrow == "":
		refusal = v2PGError("500626", "에스크로 거래가 아닙니다")
	default:
		return p.current, nil
	}
	return nil, &refusal
}

// v2Ship registers what is sent to the buyer, or changes it.
func (s *Sandbox) v2Ship(c *call) answer {
	var req v2ParcelRequest
	if refusal := s.v2Decode(c, &req); refusal != nil {
		return *refusal
	}
	sent, why := req.read()
	if why != "" {
		return v2Invalid(why)
	}
	a, refusal := s.v2Escrow(c.ref)
	if refusal != nil {
		return *refusal
	}
	when := "appliedAt"
	if c.r.Method == http.MethodPatch {
		when = "modifiedAt"
	}
	if (when == "modifiedAt") != (a.escrow == escrowRegistered) {
		return v2PGError("500627", "배송 정보를 등록하거나 바꿀 수 있는 상태가 아닙니다")
	}
	a.escrow = escrowRegistered
	a.parcel = v2Parcel{company: req.Logistics.Company, invoice: req.Logistics.Invoice, sent: sent, applied: c.now}
	return jsonAnswer(http.StatusOK, map[string]string{
		"invoiceNumber": a.parcel.invoice, "sentAt": rfc3339(sent), when: rfc3339(c.now),
	})
}

// v2Complete confirms the purchase.
func (s *Sandbox) v2Complete(c *call) answer {
	var req struct {
		FromStore bool `json:"fromStore"`
	}
	if refusal := s.v2Decode(c, &req); refusal != nil {
		return *refusal
	}
	a, refusal := s.v2Escrow(c.ref)
	if refusal != nil {
		return *refusal
	}
	if a.escrow != escrowRegistered && a.escrow != escrowShipped {
		return v2PGError("500629", "구매를 확정할 수 있는 상태가 아닙니다")
	}
	a.escrow = escrowAccepted
	return jsonAnswer(http.StatusOK, map[string]string{"completedAt": rfc3339(c.now)})
}

// escrowWire is V2's escrow object.
func (a *v2Attempt) escrowWire() map[string]any {
	out := map[string]any{"status": escrowV2(a.escrow)}
	if a.escrow == escrowPaid {
		return out
	}
	p := a.parcel
	// An administrator may have moved it on without a word of any parcel.
	if p.company == "" {
		p = v2Parcel{company: "ETC", invoice: "0", sent: a.paidAt, applied: a.paidAt}
	}
	out["company"], out["invoiceNumber"] = p.company, p.invoice
	out["sentAt"], out["appliedAt"] = rfc3339(p.sent), rfc3339(p.applied)
	if escrowConfirmed(a.escrow) {
		out["isAutomaticallyConfirmed"] = a.escrow == "31"
	}
	return out
}
