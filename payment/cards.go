package payment

import "iter"

// CardCompany is a card company (카드사, 매입사) under all its names. A code is empty where the PG has none.
type CardCompany struct {
	// Word is the configuration's: shinhan, hyundai, kb, ...
	Word string
	// Name is what buyers call it.
	Name string
	// Inicis is the code that KG Inicis is asked for it with.
	Inicis string
	// V1 is PortOne V1's code, the standard one of three digits.
	V1 string
	// V2 is PortOne V2's name.
	V2 string
}

// CardCompanies are the card companies that the configuration may name, by their words.
func CardCompanies() iter.Seq[CardCompany] {
	return func(yield func(CardCompany) bool) {
		for i := range cardCompanies {
			if !yield(cardCompanies[i]) {
				return
			}
		}
	}
}

// CardCompanyOf finds a card company by the configuration's word.
func CardCompanyOf(word string) (CardCompany, bool) {
	for i := range cardCompanies {
		if cardCompanies[i].Word == word {
			return cardCompanies[i], true
		}
	}
	return CardCompany{}, false
}

// cardCompanies is one table for all: a function that made it would copy 1.7 KB onto the stack at each look.
var cardCompanies = [...]CardCompany{ //nolint:gochecknoglobals // a table that nobody writes
	{"bc", "비씨카드", "11", "361", "BC_CARD"},
	{"citi", "씨티카드", "43", "370", "CITI_CARD"},
	{"gwangju", "광주카드", "32", "364", "GWANGJU_CARD"},
	{"hana", "하나카드", "34", "374", "HANA_CARD"},
	{"hyundai", "현대카드", "04", "367", "HYUNDAI_CARD"},
	{"jeju", "제주카드", "52", "373", "JEJU_CARD"},
	{"jeonbuk", "전북카드", "33", "372", "JEONBUK_CARD"},
	{"kakaobank", "카카오뱅크", "56", "090", "KAKAO_BANK"},
	{"kb", "KB국민카드", "06", "381", "KOOKMIN_CARD"},
	{"kbank", "케이뱅크", "55", "089", "K_BANK"},
	{"kdb", "KDB산업은행카드", "35", "002", "KOREA_DEVELOPMENT_BANK"},
	{"kfcc", "새마을금고카드", "54", "045", "KFCC"},
	{"lotte", "롯데카드", "03", "368", "LOTTE_CARD"},
	{"nh", "NH농협카드", "41", "371", "NH_CARD"},
	{"post", "우체국카드", "71", "071", "EPOST"},
	{"samsung", "삼성카드", "12", "365", "SAMSUNG_CARD"},
	{"savings", "저축은행카드", "95", "", "SAVINGS_BANK_KOREA"},
	{"shinhan", "신한카드", "14", "366", "SHINHAN_CARD"},
	{"shinhyup", "신협카드", "48", "048", "SHINHYUP"},
	{"suhyup", "수협카드", "51", "369", "SUHYUP_CARD"},
	{"woori", "우리카드", "44", "041", "WOORI_CARD"},
}
