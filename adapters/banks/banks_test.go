package banks_test

import (
	"errors"
	"testing"

	"github.com/pg-gateway/pg-gateway/adapters"
	"github.com/pg-gateway/pg-gateway/adapters/banks"
)

func TestABankIsTheSameByEveryName(t *testing.T) {
	t.Parallel()
	for code, want := range map[string]struct{ inicis, v2 string }{
		"004": {"04", "KOOKMIN"}, "011": {"11", "NONGHYUP"}, "031": {"31", "DAEGU"}, "045": {"45", "KFCC"}, "071": {"71", "POST"},
		"081": {"81", "HANA"}, "088": {"88", "SHINHAN"}, "089": {"89", "K_BANK"}, "090": {"90", "KAKAO"}, "092": {"92", "TOSS"},
	} {
		for _, find := range []func() (banks.Bank, bool){
			func() (banks.Bank, bool) { return banks.ByCode(code) },
			func() (banks.Bank, bool) { return banks.ByV2(want.v2) },
		} {
			if b, ok := find(); !ok || b.Code != code || b.Inicis() != want.inicis || b.V2 != want.v2 {
				t.Errorf("%s: got %+v, %v", code, b, ok)
			}
		}
	}
	for _, find := range []func(string) (banks.Bank, bool){banks.ByCode, banks.ByV2} {
		for _, name := range []string{"", "88", "088", "shinhan", "999"} {
			if b, ok := find(name); ok && b.Code != "088" {
				t.Errorf("%q is %+v", name, b)
			}
		}
	}
}

func TestStandardGuessesNoBank(t *testing.T) {
	t.Parallel()
	for code, want := range map[string]string{
		"088": "088", "88": "088", "BK88": "088", " 88 ": "088", "": "", "8": "", "D1": "", "0088": "", "SHINHAN": "", "８８": "",
	} {
		if got := banks.Standard(code); got != want {
			t.Errorf("%q is %q, want %q", code, got, want)
		}
	}
}

func TestRefundSpeaksThePGsOwnCode(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ behind, code, want string }{
		{"inicis", "088", "88"},
		{"inicis", "012", "12"},
		{"inicis", "035", ""}, // Jeju is none that Inicis refunds to
		{"kcp", "004", "BK04"},
		{"toss", "088", "088"},
		{"danal", "003", "003"},
		{"nice", "020", "020"},
		{"kicc", "023", "023"},
		{"smartro", "027", "027"},
		{"hecto", "092", "092"},
		{"kiwoom", "011", "08"},
		{"kiwoom", "088", "10"},
		{"kiwoom", "004", "04"},
		{"kiwoom", "003", "03"},
		{"kiwoom", "020", "09"},
		{"kiwoom", "023", "11"},
		{"kiwoom", "032", "15"},
		{"kiwoom", "071", "31"},
		{"kiwoom", "081", "12"},
		{"kiwoom", "090", ""},
		{"ksnet", "088", ""},
		{"", "088", ""},
		{"inicis", "88", ""},
		{"inicis", "", ""},
		{"inicis", "001", ""},
	} {
		got, err := banks.Refund(tt.behind, tt.code)
		if got != tt.want {
			t.Errorf("%s %s: got %q, want %q", tt.behind, tt.code, got, tt.want)
		}
		e, ok := errors.AsType[*adapters.FieldError](err)
		if (tt.want == "") != (ok && e.Field == "refund_account.bank") {
			t.Errorf("%s %s: got %v", tt.behind, tt.code, err)
		}
	}
}
