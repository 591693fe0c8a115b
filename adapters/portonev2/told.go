package portonev2

import (
	"encoding/json"
	"time"

	"github.com/pg-gateway/pg-gateway/adapters"
	"github.com/pg-gateway/pg-gateway/payment"
)

// locale is V2's word for what a window speaks. Phones have no Chinese (portone.md §4.8), and are English then.
func locale(req adapters.PrepareRequest) string {
	switch l := req.Options.Language; {
	case l == payment.LanguageChinese && !req.Attempt.Device.Phone():
		return "ZH_CN"
	case l == payment.LanguageChinese, l == payment.LanguageEnglish:
		return "EN_US"
	}
	return "KO_KR"
}

// keyLocale is locale for a window that issues a billing key, which is Korean alone on phones.
func keyLocale(req adapters.PrepareRequest) string {
	if req.Attempt.Device.Phone() {
		return "KO_KR"
	}
	return locale(req)
}

// OfferPeriod is how long what is sold lasts, as the buyer is shown it: an interval, or a range.
type OfferPeriod struct {
	Interval string      `json:"interval,omitempty"`
	Range    *OfferRange `json:"range,omitempty"`
}

// OfferRange is from one moment to another, in RFC 3339.
type OfferRange struct {
	From string `json:"from"`
	To   string `json:"to"`
}

// offerPeriod is a period in V2's words; nil for none.
func offerPeriod(p payment.Period) *OfferPeriod {
	if !p.Valid() {
		return nil
	}
	first, last := p.Times()
	return &OfferPeriod{Range: &OfferRange{From: first.Format(time.RFC3339), To: last.Format(time.RFC3339)}}
}

// customData is the shop's own data, which has to be an object here; a text is put into one.
func customData(text string) json.RawMessage {
	switch {
	case text == "":
		return nil
	case text[0] == '"':
		return json.RawMessage(`{"text":` + text + `}`)
	}
	return json.RawMessage(text)
}

// cashReceipt hides the form for a cash receipt behind Inicis, which takes no other word (portone.md §4.8).
func cashReceipt(req adapters.PrepareRequest) string {
	if behindInicis(req.Merchant) && req.Options.CashReceipt == payment.CashReceiptNone {
		return "ANONYMOUS"
	}
	return ""
}
