package portonev2

import (
	"fmt"

	"github.com/pg-gateway/pg-gateway/adapters"
	"github.com/pg-gateway/pg-gateway/adapters/wire"
	"github.com/pg-gateway/pg-gateway/payment"
)

// methodCard is the method whose billing keys are issued here (portone.md 4.8).
const methodCard payment.Method = "card"

// isKey tells whether an attempt issues a billing key.
func isKey(a payment.Attempt) bool { return a.Purpose == payment.PurposeBillingKey }

// KeyParams are the parameters of PortOne.requestIssueBillingKey, ready to be handed on.
type KeyParams struct {
	StoreID     string       `json:"storeId"`
	ChannelKey  string       `json:"channelKey"`
	Method      string       `json:"billingKeyMethod"`
	IssueID     string       `json:"issueId"`
	IssueName   string       `json:"issueName"`
	Customer    *Customer    `json:"customer,omitempty"`
	RedirectURL string       `json:"redirectUrl,omitempty"`
	NoticeURLs  []string     `json:"noticeUrls,omitempty"`
	Locale      string       `json:"locale"`
	OfferPeriod *OfferPeriod `json:"offerPeriod,omitempty"`
}

// BuildKeyParams makes the parameters of the window that issues a billing key. It is pure.
func BuildKeyParams(req adapters.PrepareRequest) (KeyParams, error) {
	if err := checkPrepare(req); err != nil {
		return KeyParams{}, err
	}
	a := req.Attempt
	p := KeyParams{
		StoreID: storeOf(req.PG), ChannelKey: req.Merchant.ChannelKey, Method: "CARD", IssueID: string(a.ID),
		IssueName: wire.OrderName(a.OrderName), Customer: customerOf(req.Buyer), RedirectURL: req.ReturnURL,
		Locale:     keyLocale(req),
		NoticeURLs: noticeURLs(req),
	}
	if a.Device == payment.DeviceMobile || a.Device == payment.DeviceApp {
		// Inicis' mobile window needs one; what recurs by card does so by the month.
		p.OfferPeriod = &OfferPeriod{Interval: "1m"}
	}
	return p, nil
}

func checkKeyWindow(req adapters.PrepareRequest) error {
	a := req.Attempt
	switch {
	case a.Method != methodCard || a.ManualConfirm:
		return fmt.Errorf("preparing a billing-key window for %s: %w: %w",
			a.Method, adapters.ErrRejected, adapters.ErrUnsupported)
	case req.Merchant.Purpose != payment.MerchantRecurring:
		return &adapters.FieldError{Field: "merchants.purpose", Msg: "must be recurring"}
	case a.Amount != 0:
		return &adapters.FieldError{Field: "amount", Msg: "must be 0 for a billing key"}
	}
	return nil
}
