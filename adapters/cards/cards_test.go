package cards_test

import (
	"testing"

	"github.com/pg-gateway/pg-gateway/adapters/cards"
)

func TestEveryNameBelongsToOneCompany(t *testing.T) {
	t.Parallel()
	seen := map[string]string{}
	claim := func(kind, code, word string) {
		if code == "" {
			return
		}
		if other, ok := seen[kind+code]; ok {
			t.Errorf("%s %s is both %s and %s", kind, code, other, word)
		}
		seen[kind+code] = word
	}
	for _, a := range cards.All() {
		if a.Word == "" || a.Name == "" {
			t.Errorf("%+v has no word or no name", a)
		}
		claim("word ", a.Word, a.Word)
		claim("request ", a.InicisRequest, a.Word)
		claim("KFTC ", a.KFTC, a.Word)
		claim("V2 ", a.V2, a.Word)
		for _, code := range a.InicisResponse {
			claim("response ", code, a.Word)
		}
	}
}

func TestCompaniesAreFoundByAnyOfTheirNames(t *testing.T) {
	t.Parallel()
	for _, want := range []struct{ word, request, response, kftc, v2 string }{
		{"kb", "06", "06", "381", "KOOKMIN_CARD"},
		{"shinhan", "14", "14", "366", "SHINHAN_CARD"},
		{"hyundai", "04", "04", "367", "HYUNDAI_CARD"},
		{"samsung", "12", "12", "365", "SAMSUNG_CARD"},
		{"bc", "11", "11", "361", "BC_CARD"},
		{"lotte", "03", "03", "368", "LOTTE_CARD"},
		{"nh", "41", "16", "371", "NH_CARD"},
		{"hana", "34", "17", "374", "HANA_CARD"},
	} {
		for how, find := range map[string]func() (cards.Acquirer, bool){
			"word":     func() (cards.Acquirer, bool) { return cards.ByWord(want.word) },
			"response": func() (cards.Acquirer, bool) { return cards.ByInicisResponse(want.response) },
			"KFTC":     func() (cards.Acquirer, bool) { return cards.ByKFTC(want.kftc) },
			"V2":       func() (cards.Acquirer, bool) { return cards.ByV2(want.v2) },
		} {
			got, ok := find()
			if !ok || got.Word != want.word || got.InicisRequest != want.request {
				t.Errorf("%s by %s: got %+v", want.word, how, got)
			}
		}
	}
	for _, find := range []func(string) (cards.Acquirer, bool){cards.ByWord, cards.ByInicisResponse, cards.ByKFTC, cards.ByV2} {
		if got, ok := find(""); ok {
			t.Errorf("nothing was found as %+v", got)
		}
	}
}
