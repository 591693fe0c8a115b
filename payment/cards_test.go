package payment_test

import (
	"testing"

	"github.com/pg-gateway/pg-gateway/payment"
)

func TestEveryNameBelongsToOneCardCompany(t *testing.T) {
	t.Parallel()
	seen := map[string]string{}
	before := ""
	for c := range payment.CardCompanies() {
		if c.Word <= before || c.Name == "" {
			t.Errorf("%+v is not in the order of the words, or has no name", c)
		}
		before = c.Word
		for kind, code := range map[string]string{"name": c.Name, "Inicis": c.Inicis, "V1": c.V1, "V2": c.V2} {
			if other := seen[kind+code]; code != "" && other != "" {
				t.Errorf("%s %s is both %s and %s", kind, code, other, c.Word)
			}
			seen[kind+code] = c.Word
		}
	}
}

func TestACardCompanyIsFoundByItsWord(t *testing.T) {
	t.Parallel()
	for _, want := range []payment.CardCompany{
		{"kb", "KB국민카드", "06", "381", "KOOKMIN_CARD"},
		{"shinhan", "신한카드", "14", "366", "SHINHAN_CARD"},
		{"hyundai", "현대카드", "04", "367", "HYUNDAI_CARD"},
		{"samsung", "삼성카드", "12", "365", "SAMSUNG_CARD"},
		{"bc", "비씨카드", "11", "361", "BC_CARD"},
		{"lotte", "롯데카드", "03", "368", "LOTTE_CARD"},
		{"nh", "NH농협카드", "41", "371", "NH_CARD"},
		{"hana", "하나카드", "34", "374", "HANA_CARD"},
	} {
		if got, ok := payment.CardCompanyOf(want.Word); !ok || got != want {
			t.Errorf("%s: got %+v, %v; want %+v", want.Word, got, ok, want)
		}
	}
	for _, word := range []string{"", "KB", "신한카드", "nobody"} {
		if got, ok := payment.CardCompanyOf(word); ok {
			t.Errorf("%q was found as %+v", word, got)
		}
	}
}
