package inicis

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/pg-gateway/pg-gateway/payment"
)

// The errors of a return POST.
var (
	// ErrReturn is returned for a body that is not an auth result.
	ErrReturn = errors.New("not an Inicis auth result")
	// ErrAuthURL is returned when the addresses of an auth result break the idc rule.
	ErrAuthURL = errors.New("the approval address breaks the idc rule")
)

// The bounds of what is read from a stranger.
const (
	maxReturn = 64 << 10
	maxToken  = 8192
	maxField  = 4096
	maxText   = 1024
)

// Return is the auth result that the window makes the browser post. Nothing in it is authenticated.
type Return struct {
	ResultCode string
	// ResultMsg is the PG's text: for a person, never for the buyer.
	ResultMsg    string
	MID          string
	OrderNumber  string
	AuthToken    payment.Secret
	IDC          string
	AuthURL      string
	NetCancelURL string
	// MerchantData is the token that Prepare was given.
	MerchantData string
	// BuyerCancelled tells that the buyer closed the window. It is for wording only.
	BuyerCancelled bool
}

// Authenticated tells whether the buyer came through the window.
func (r Return) Authenticated() bool { return r.ResultCode == "0000" }

// ParseReturn reads the body of a return POST. Only the fields that are used are held to their form: others, and the
// PG's texts, may hold whatever they like. A field that is used and comes twice is refused, since one reader would take
// the first and another the last. Errors match ErrReturn.
func ParseReturn(body []byte) (Return, error) {
	if len(body) > maxReturn {
		return Return{}, fmt.Errorf("%w: longer than %d bytes", ErrReturn, maxReturn)
	}
	f, err := splitPairs(string(body), loose)
	if err != nil {
		return Return{}, fmt.Errorf("%w: %w", ErrReturn, err)
	}
	r := Return{
		ResultCode: f.first["resultCode"], ResultMsg: freeText(f.first["resultMsg"]), MID: f.first["mid"],
		OrderNumber: f.first["orderNumber"], AuthToken: payment.Secret(f.first["authToken"]),
		IDC: f.first["idc_name"], AuthURL: f.first["authUrl"], NetCancelURL: f.first["netCancelUrl"],
		MerchantData: f.first["merchantData"],
	}
	if r.OrderNumber == "" {
		r.OrderNumber = f.first["MOID"]
	}
	if err := checkFields(f); err != nil {
		return Return{}, err
	}
	r.BuyerCancelled = buyerCancelled(r.ResultCode, r.ResultMsg)
	return r, nil
}

func checkFields(f fields) error {
	err := checkValues(f,
		"resultCode", "mid", "orderNumber", "MOID", "authToken", "idc_name", "authUrl", "netCancelUrl", "merchantData")
	if err != nil {
		return err
	}
	_, hasCode := f.first["resultCode"]
	if !hasCode && f.first["merchantData"] == "" && f.first["orderNumber"] == "" && f.first["MOID"] == "" {
		return fmt.Errorf("%w: none of its fields is there", ErrReturn)
	}
	return nil
}

// checkValues refuses fields that matter and come twice, are too long or are not plain ASCII.
func checkValues(f fields, names ...string) error {
	for _, name := range names {
		limit := maxField
		if name == "authToken" {
			limit = maxToken
		}
		value := f.first[name]
		switch {
		case f.twice[name]: //guard:return-field-twice
			return fmt.Errorf("%w: %s occurs twice", ErrReturn, name)
		case len(value) > limit:
			return fmt.Errorf("%w: %s is too long", ErrReturn, name)
		case strings.ContainsFunc(value, func(r rune) bool { return r < ' ' || r > '~' }):
			return fmt.Errorf("%w: %s holds characters other than printable ASCII", ErrReturn, name)
		case isProof(name) && strings.Contains(value, " "): //guard:token-as-the-pg-reads-it
			// Trimmed at the PG it would be another window's, which it would not be here.
			return fmt.Errorf("%w: %s holds a space", ErrReturn, name)
		}
	}
	return nil
}

// isProof tells whether a field is what an approval is asked for with. A proof is good for one attempt, which its very
// bytes are compared for.
func isProof(name string) bool { return name == "authToken" || name == "P_TID" }

func buyerCancelled(code, msg string) bool {
	if code == "0000" {
		return false
	}
	return slices.Contains([]string{"", "2001", "0021", "0022"}, code) || strings.Contains(msg, "취소")
}

// CheckReturn applies the idc rule to an authenticated return. Errors match ErrAuthURL, or ErrReturn when the
// token is missing. The addresses that are called afterwards are our own, never the received ones.
func CheckReturn(pg *payment.PG, r Return) error {
	urls := Endpoints(pg)
	switch {
	case !urls.AuthURLAllowed(r.IDC, r.AuthURL): //guard:idc-rule-of-approval
		return fmt.Errorf("%w: idc_name or authUrl", ErrAuthURL)
	case r.NetCancelURL != "" && r.NetCancelURL != urls.NetCancel(r.IDC):
		return fmt.Errorf("%w: netCancelUrl", ErrAuthURL)
	case !r.AuthToken.IsSet():
		return fmt.Errorf("%w: authToken is missing", ErrReturn)
	}
	return nil
}
