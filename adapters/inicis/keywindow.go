package inicis

import (
	"fmt"
	"strings"

	"github.com/pg-gateway/pg-gateway/adapters"
	"github.com/pg-gateway/pg-gateway/adapters/wire"
	"github.com/pg-gateway/pg-gateway/payment"
)

// keyPrice is what issuing a key charges: nothing.
const keyPrice = "0"

// KeyForm is the form of the window that issues a card's billing key (INILite), for PCs and phones alike.
type KeyForm struct {
	MID        string `json:"mid"`
	BuyerTel   string `json:"buyerTel"`
	BuyerEmail string `json:"buyerEmail"`
	BuyerName  string `json:"buyerName"`
	GoodName   string `json:"goodName"`
	OrderID    string `json:"orderId"`
	Price      string `json:"price"`
	Timestamp  string `json:"timestamp"`
	ReturnURL  string `json:"returnUrl"`
	HashData   string `json:"hashdata"`
	// RedirectData comes back as it is.
	RedirectData string `json:"merchantRedirectData"`
}

// BuildKeyForm makes the form that has a billing key issued. It is pure, as BuildForm is.
func BuildKeyForm(req adapters.PrepareRequest) (KeyForm, error) {
	a, m := req.Attempt, req.Merchant
	if err := checkKeyWindow(req); err != nil {
		return KeyForm{}, err
	}
	mid, stamp := midOf(a, m), KST(req.Now)
	return KeyForm{
		MID:        mid,
		BuyerTel:   wire.Phone(req.Buyer.Tel),
		BuyerEmail: wire.Email(req.Buyer.Email, maxEmail),
		BuyerName:  wire.CutBytes(wire.Clean(req.Buyer.Name), 30),
		GoodName:   wire.OrderName(a.OrderName), OrderID: string(a.ID), Price: keyPrice, Timestamp: stamp,
		ReturnURL: req.ReturnURL, HashData: LiteHash(keyPrice, mid, string(a.ID), stamp, keysOf(m).lite),
		RedirectData: req.Token,
	}, nil
}

func checkKeyWindow(req adapters.PrepareRequest) error {
	a, m := req.Attempt, req.Merchant
	bad := func(field, msg string) error { return &adapters.FieldError{Field: field, Msg: msg} }
	switch {
	case a.Method != "card":
		return fmt.Errorf("preparing a billing-key window for %s: %w: %w",
			a.Method, adapters.ErrRejected, adapters.ErrUnsupported)
	case m.Purpose != payment.MerchantRecurring:
		return bad("merchants.purpose", "must be recurring")
	case !keysOf(m).lite.IsSet():
		return bad("merchants.lite_key", "is missing")
	}
	if err := checkWindow(&req); err != nil {
		return err
	}
	return checkReach(req.Buyer)
}

// KeyReturn is what the billing-key window makes the browser post. Nothing in it is authenticated, and no
// inquiry confirms it: believe it only together with our own token in MerchantData, once.
type KeyReturn struct {
	ResultCode string
	// ResultMsg is the PG's text: for a person, never for the buyer.
	ResultMsg string
	MID       string
	OrderID   string
	TID       string
	// BillKey is as good as a card.
	BillKey payment.Secret
	// CardCode is the card company's, in Inicis' response codes; empty when it is not told.
	CardCode string
	// MerchantData is the token that Prepare was given.
	MerchantData string
	// BuyerCancelled tells that the buyer closed the window. It is for wording only.
	BuyerCancelled bool
}

// Issued tells whether a key was issued.
func (r KeyReturn) Issued() bool { return r.ResultCode == "SUCCESS" }

// ParseKeyReturn reads the body of the billing-key window's return POST. Unknown fields are ignored; a field that
// matters and comes twice is refused, and so is a success without its key. Errors match ErrReturn.
func ParseKeyReturn(body []byte) (KeyReturn, error) {
	if len(body) > maxReturn {
		return KeyReturn{}, fmt.Errorf("%w: longer than %d bytes", ErrReturn, maxReturn)
	}
	f, err := splitPairs(string(body), loose)
	if err != nil {
		return KeyReturn{}, fmt.Errorf("%w: %w", ErrReturn, err)
	}
	err = checkValues(f, "resultCode", "mid", "orderId", "tid", "billkey", "cardCode", "merchantRedirectData")
	if err != nil {
		return KeyReturn{}, err
	}
	r := KeyReturn{
		ResultCode: f.first["resultCode"], MID: f.first["mid"], OrderID: f.first["orderId"], TID: f.first["tid"],
		CardCode: f.first["cardCode"], MerchantData: f.first["merchantRedirectData"],
	}
	r.ResultMsg = freeText(f.first["resultMessage"])
	if !r.Issued() { //guard:failed-window-brings-no-key
		if r.ResultCode == "" && r.OrderID == "" && r.MerchantData == "" {
			return KeyReturn{}, fmt.Errorf("%w: none of its fields is there", ErrReturn)
		}
		r.BuyerCancelled = strings.Contains(r.ResultMsg, "취소")
		return r, nil
	}
	for _, name := range []string{"mid", "orderId", "tid", "billkey"} {
		if f.first[name] == "" { //guard:key-was-issued-whole
			return KeyReturn{}, fmt.Errorf("%w: a key was issued without %s", ErrReturn, name)
		}
	}
	r.BillKey = payment.Secret(f.first["billkey"])
	return r, nil
}
