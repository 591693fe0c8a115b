package sandbox

import (
	"strconv"
	"time"

	"github.com/pg-gateway/pg-gateway/payment"
)

// v2CardInput is a card whose data the shop sends itself. It lives as long as its request.
type v2CardInput struct {
	Credential *struct {
		Number      string `json:"number"`
		ExpiryYear  string `json:"expiryYear"`
		ExpiryMonth string `json:"expiryMonth"`
		Birth       string `json:"birthOrBusinessRegistrationNumber"`
		Password    string `json:"passwordTwoDigits"`
	} `json:"credential"`
	InstallmentMonth int `json:"installmentMonth"`
}

// check tells what is wrong with the form of the card's data, or "".
func (p *v2CardInput) check() string {
	if p == nil || p.Credential == nil {
		return "method.card.credential은 필수입니다."
	}
	x := p.Credential
	month, err := strconv.Atoi(x.ExpiryMonth)
	switch {
	case !isDigits(x.Number) || len(x.Number) < 14 || len(x.Number) > 19:
		return "카드번호가 올바르지 않습니다."
	case len(x.ExpiryYear) != 2 || !isDigits(x.ExpiryYear) || len(x.ExpiryMonth) != 2 || err != nil || month < 1 ||
		month > 12:
		return "카드 유효기간이 올바르지 않습니다."
	case x.Birth != "" && (!isDigits(x.Birth) || (len(x.Birth) != 6 && len(x.Birth) != 10)):
		return "생년월일 또는 사업자등록번호가 올바르지 않습니다."
	case x.Password != "" && (!isDigits(x.Password) || len(x.Password) != 2):
		return "비밀번호 앞 두 자리가 올바르지 않습니다."
	}
	return ""
}

// refused is why the card company declines the card, whatever is charged, or nil.
func (p *v2CardInput) refused(now time.Time) *decline {
	year, _ := strconv.Atoi(p.Credential.ExpiryYear)
	month, _ := strconv.Atoi(p.Credential.ExpiryMonth)
	// A card is good until its month has ended.
	if end := time.Date(2000+year, time.Month(month)+1, 1, 0, 0, 0, 0, payment.KST()); !now.Before(end) {
		return declineFor("expired")
	}
	return nil
}

// masked is all that is kept of the card.
func (p *v2CardInput) masked() string {
	n := p.Credential.Number
	return n[:6] + "******" + n[len(n)-4:]
}

// v2CardWire is V2's card object of a masked number.
func v2CardWire(masked string) map[string]string {
	return map[string]string{
		"publisher": "SHINHAN_CARD", "issuer": "SHINHAN_CARD", "brand": "LOCAL", "type": "CREDIT", "ownerType": "PERSONAL",
		"bin": masked[:6], "number": masked,
	}
}
