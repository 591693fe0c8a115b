package portonev1

import (
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"github.com/pg-gateway/pg-gateway/adapters"
	"github.com/pg-gateway/pg-gateway/payment"
)

var _ adapters.Teller = (*Driver)(nil)

// Webhook implements adapters.Teller. V1 signs nothing, and calls what a part of went back cancelled too
// (portone.md §3.1).
func (d *Driver) Webhook(_ *payment.PG, l adapters.Listed, _ string, _ time.Time) (adapters.Webhook, error) {
	status := "paid"
	switch {
	case l.Outcome == payment.OutcomeIssued:
		status = "ready"
	case l.Outcome == payment.OutcomeCancelled, l.Cancelled > 0:
		status = "cancelled"
	}
	body, err := json.Marshal(struct {
		ImpUID      string            `json:"imp_uid"`
		MerchantUID payment.AttemptID `json:"merchant_uid"`
		Status      string            `json:"status"`
	}{l.PGTxID, l.OrderRef, status})
	if err != nil {
		return adapters.Webhook{}, fmt.Errorf("writing a webhook: %w", err)
	}
	return adapters.Webhook{
		Says: status, Header: http.Header{"Content-Type": {"application/json"}}, Body: body,
	}, nil
}
