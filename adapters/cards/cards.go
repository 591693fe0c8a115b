// Package cards is the one table of card companies: the word that the configuration uses, and what Inicis and
// PortOne call the same company. Codes that are not in it are passed through and never fail a payment.
package cards

import "slices"

// Acquirer is a card company under all its names. A code is empty where the PG has none.
type Acquirer struct {
	// Word is the configuration's: shinhan, hyundai, kb, ...
	Word string
	// Name is the Korean name.
	Name string
	// InicisRequest is the code in nointerest, SLIMQUOTA and direct-call options.
	InicisRequest string
	// InicisResponse lists the codes that Inicis answers with (CARD_Code).
	InicisResponse []string
	// KFTC is the three-digit standard code that PortOne V1 uses.
	KFTC string
	// V2 is PortOne V2's name.
	V2 string
}

// All returns the table, domestic companies first.
func All() []Acquirer {
	return []Acquirer{
		{"bc", "비씨카드", "11", []string{"11"}, "361", "BC_CARD"},
		{"kb", "KB국민카드", "06", []string{"06"}, "381", "KOOKMIN_CARD"},
		{"shinhan", "신한카드", "14", []string{"14"}, "366", "SHINHAN_CARD"},
		{"hyundai", "현대카드", "04", []string{"04"}, "367", "HYUNDAI_CARD"},
		{"samsung", "삼성카드", "12", []string{"12"}, "365", "SAMSUNG_CARD"},
		{"lotte", "롯데카드", "03", []string{"03"}, "368", "LOTTE_CARD"},
		{"nh", "NH농협카드", "41", []string{"16"}, "371", "NH_CARD"},
		{"hana", "하나카드", "34", []string{"17", "01"}, "374", "HANA_CARD"},
		{"woori", "우리카드", "44", nil, "041", "WOORI_CARD"},
		{"citi", "씨티카드", "43", []string{"15"}, "370", "CITI_CARD"},
		{"kakaobank", "카카오뱅크", "56", nil, "090", "KAKAO_BANK"},
		{"kbank", "케이뱅크", "55", nil, "089", "K_BANK"},
		{"gwangju", "광주카드", "32", nil, "364", "GWANGJU_CARD"},
		{"jeonbuk", "전북카드", "33", nil, "372", "JEONBUK_CARD"},
		{"jeju", "제주카드", "52", nil, "373", "JEJU_CARD"},
		{"suhyup", "수협카드", "51", nil, "369", "SUHYUP_CARD"},
		{"kdb", "산업은행카드", "35", nil, "002", "KOREA_DEVELOPMENT_BANK"},
		{"shinhyup", "신협체크카드", "48", nil, "048", "SHINHYUP"},
		{"kfcc", "새마을금고체크카드", "54", nil, "045", "KFCC"},
		{"post", "우체국체크카드", "71", nil, "071", "EPOST"},
		{"savings", "저축은행체크카드", "95", nil, "", "SAVINGS_BANK_KOREA"},
		{"tossbank", "토스뱅크", "", nil, "", "TOSS_BANK"},
		{"visa", "해외 비자", "21", []string{"21"}, "10005", ""},
		{"master", "해외 마스터", "22", []string{"22"}, "10004", ""},
		{"jcb", "해외 JCB", "23", []string{"23"}, "10006", ""},
		{"amex", "해외 아멕스", "", []string{"24"}, "10003", ""},
		{"diners", "해외 다이너스", "", []string{"25"}, "10002", ""},
		{"unionpay", "은련카드", "26", nil, "10001", ""},
	}
}

// ByWord finds a card company by the configuration's word.
func ByWord(word string) (Acquirer, bool) {
	return find(func(a Acquirer) bool { return a.Word == word })
}

// ByInicisResponse finds a card company by the code that Inicis answered with.
func ByInicisResponse(code string) (Acquirer, bool) {
	return find(func(a Acquirer) bool {
		return slices.Contains(a.InicisResponse, code)
	})
}

// ByKFTC finds a card company by its three-digit code.
func ByKFTC(code string) (Acquirer, bool) {
	return find(func(a Acquirer) bool { return code != "" && a.KFTC == code })
}

// ByV2 finds a card company by PortOne V2's name.
func ByV2(name string) (Acquirer, bool) {
	return find(func(a Acquirer) bool { return name != "" && a.V2 == name })
}

func find(match func(Acquirer) bool) (Acquirer, bool) {
	for _, a := range All() {
		if match(a) {
			return a, true
		}
	}
	return Acquirer{}, false
}
