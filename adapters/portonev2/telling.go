package portonev2

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/pg-gateway/pg-gateway/adapters"
	"github.com/pg-gateway/pg-gateway/payment"
)

var _ adapters.Teller = (*Driver)(nil)

// Webhook implements adapters.Teller, in the body version of 2024-04-25, signed with the first of the PG's webhook
// secrets that can sign (portone.md §4.9). Which cancel it is about, a list does not say.
func (d *Driver) Webhook(pg *payment.PG, l adapters.Listed, id string, now time.Time) (adapters.Webhook, error) {
	keys, err := webhookKeys(webhookSecretsOf(pg))
	if err != nil {
		return adapters.Webhook{}, fmt.Errorf("pgs.%s.%s: %w", pg.ID, keyWebhooks, err)
	}
	type data struct {
		StoreID       string            `json:"storeId,omitempty"`
		PaymentID     payment.AttemptID `json:"paymentId"`
		TransactionID string            `json:"transactionId"`
	}
	at := l.At
	if at.IsZero() {
		at = now
	}
	says := said(l)
	body, err := json.Marshal(struct {
		Type      string `json:"type"`
		Timestamp string `json:"timestamp"`
		Data      data   `json:"data"`
	}{says, stamp(at), data{storeOf(pg), l.OrderRef, l.PGTxID}})
	if err != nil {
		return adapters.Webhook{}, fmt.Errorf("writing a webhook: %w", err)
	}
	sent := strconv.FormatInt(now.Unix(), 10)
	mac := hmac.New(sha256.New, keys[0])
	mac.Write([]byte(id + "." + sent + "."))
	mac.Write(body)
	return adapters.Webhook{Says: says, Body: body, Header: http.Header{
		"Content-Type":      {"application/json"},
		"Webhook-Id":        {id},
		"Webhook-Timestamp": {sent},
		"Webhook-Signature": {"v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil))},
	}}, nil
}

// said is what a webhook calls what a list shows.
func said(l adapters.Listed) string {
	switch {
	case l.Outcome == payment.OutcomeIssued:
		return "Transaction.VirtualAccountIssued"
	case l.Outcome == payment.OutcomeCancelled:
		return "Transaction.Cancelled"
	case l.Cancelled > 0:
		return "Transaction.PartialCancelled"
	}
	return "Transaction.Paid"
}
