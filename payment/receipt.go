package payment

import (
	"net/url"
	"strings"
	"time"
	"unicode"
)

// Receipt is what a shop prints of a payment (매출전표, 영수증), as far as its PG said it: nothing in it is made up, and
// nothing hangs on it. It holds no card's whole number and names nobody. It is made by NewReceipt and changed by nobody
// after.
type Receipt struct {
	// ApprovalNumber is the approval number (승인번호). Easy pay from a balance has none.
	ApprovalNumber string `json:"approval_number,omitempty"`
	// ApprovedAt is when it was approved, in Korea's time, to the second.
	ApprovedAt time.Time `json:"approved_at,omitzero"`
	// CardCompany is the card company's name, as buyers call it; CardNumber is masked.
	CardCompany string `json:"card_company,omitempty"`
	CardNumber  string `json:"card_number,omitempty"`
	// Installment is the months of a card, 0 for a lump sum (일시불); nil when that is not told.
	Installment *int `json:"installment,omitempty"`
	// InterestFree tells whether the buyer pays no interest (무이자); nil when that is not told.
	InterestFree *bool `json:"interest_free,omitempty"`
	// Bank is the standard code of the bank of a transfer or a virtual account, BankName what the PG calls it.
	Bank     string `json:"bank,omitempty"`
	BankName string `json:"bank_name,omitempty"`
	// Carrier is whose phone bill it is on.
	Carrier string `json:"carrier,omitempty"`
	// URL is the PG's own receipt.
	URL string `json:"url,omitempty"`
}

// The bounds of a receipt's texts, in bytes.
const (
	maxReceiptText = 60
	maxReceiptURL  = 1000
)

// NewReceipt makes a receipt of what a PG said. What cannot be what it is said to be is left out: a card's number
// that is not masked, a whole card number in any other place, an address that is none. nil is returned where nothing
// is left.
func NewReceipt(said Receipt) *Receipt {
	r := &Receipt{
		ApprovalNumber: receiptText(said.ApprovalNumber), CardCompany: receiptText(said.CardCompany),
		CardNumber: maskedCard(said.CardNumber), Installment: said.Installment, InterestFree: said.InterestFree,
		Bank: receiptText(said.Bank), BankName: receiptText(said.BankName), Carrier: receiptText(said.Carrier),
		URL: receiptURL(said.URL),
	}
	if !said.ApprovedAt.IsZero() && said.ApprovedAt.Year() > 1999 && said.ApprovedAt.Year() < 10_000 {
		r.ApprovedAt = said.ApprovedAt.In(KST()).Truncate(time.Second)
	}
	if *r == (Receipt{}) {
		return nil
	}
	return r
}

// Over is r with what it does not tell taken from what was told before. Either may be nil.
func (r *Receipt) Over(before *Receipt) *Receipt {
	switch {
	case r == nil:
		return before
	case before == nil:
		return r
	}
	all := *r
	for _, text := range []struct {
		to   *string
		from string
	}{
		{&all.ApprovalNumber, before.ApprovalNumber},
		{&all.CardCompany, before.CardCompany},
		{&all.CardNumber, before.CardNumber},
		{&all.Bank, before.Bank},
		{&all.BankName, before.BankName},
		{&all.Carrier, before.Carrier},
		{&all.URL, before.URL},
	} {
		if *text.to == "" {
			*text.to = text.from
		}
	}
	if all.ApprovedAt.IsZero() {
		all.ApprovedAt = before.ApprovedAt
	}
	if all.Installment == nil {
		all.Installment = before.Installment
	}
	if all.InterestFree == nil {
		all.InterestFree = before.InterestFree
	}
	return &all
}

// receiptText is a text as it may stand in a receipt; "" for one that is too long, unreadable, or has a card's number
// in it.
func receiptText(s string) string {
	s = strings.TrimSpace(s)
	odd := func(r rune) bool { return unicode.IsControl(r) || r == unicode.ReplacementChar }
	if len(s) > maxReceiptText || strings.ContainsFunc(s, odd) || holdsCard(s, minCardDigits, " -") {
		return ""
	}
	return s
}

// receiptURL is an address that a browser may be sent to; "" for any other.
func receiptURL(s string) string {
	u, err := url.Parse(s)
	if err != nil || len(s) > maxReceiptURL || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" ||
		u.User != nil || strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r > '~' }) ||
		holdsCard(s, minInURL, "") {
		return ""
	}
	return s
}

// A card's number has 13 to 19 digits, 15 or more where addresses are concerned, which are full of other numbers. Card
// companies let the first eight and the last four be shown, no more.
const (
	minCardDigits   = 13
	minInURL        = 15
	maxCardDigits   = 19
	maxShownDigits  = 12
	maxShownRun     = 8
	minMaskedDigits = 3
)

// maskedCard is a card's number of which enough is masked; "" for any other text. Spaces and hyphens go.
func maskedCard(s string) string {
	s = strings.NewReplacer(" ", "", "-", "", "x", "*", "X", "*", "●", "*", "•", "*").Replace(s)
	shown, masked, run := 0, 0, 0
	for _, c := range s {
		switch {
		case c == '*':
			masked, run = masked+1, 0
		case c >= '0' && c <= '9':
			shown, run = shown+1, run+1
		default:
			return ""
		}
		if run > maxShownRun { //guard:whole-card-number-is-no-receipts
			return ""
		}
	}
	if masked < minMaskedDigits || shown > maxShownDigits || len(s) > maxCardDigits {
		return ""
	}
	return s
}

// holdsCard tells whether a text has what could be a whole card number in it: least digits or more in a row, what is
// between them left aside, with a check digit that is right. Of other numbers as long, one in ten passes for one.
func holdsCard(s string, least int, between string) bool {
	var digits []byte
	for i := range len(s) + 1 {
		switch {
		case i < len(s) && s[i] >= '0' && s[i] <= '9':
			digits = append(digits, s[i]-'0')
			continue
		case i < len(s) && strings.IndexByte(between, s[i]) >= 0:
			continue
		}
		//guard:card-number-in-a-receipts-text
		if len(digits) >= least && len(digits) <= maxCardDigits && luhn(digits) {
			return true
		}
		digits = digits[:0]
	}
	return false
}

// luhn tells whether the check digit, the last one, is right.
func luhn(digits []byte) bool {
	sum := 0
	for i, d := range digits {
		n := int(d)
		if (len(digits)-i)%2 == 0 {
			if n *= 2; n > 9 {
				n -= 9
			}
		}
		sum += n
	}
	return sum%10 == 0
}
