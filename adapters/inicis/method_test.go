package inicis_test

import (
	"strings"
	"testing"

	"github.com/pg-gateway/pg-gateway/adapters/inicis"
	"github.com/pg-gateway/pg-gateway/payment"
)

// What the windows are asked for, and what an answer to it may be called, must lead back to the method.
func TestMethodsInTheWordsOfBothWindows(t *testing.T) {
	t.Parallel()
	tests := []struct {
		method     payment.Method
		pc, mobile string
		answers    string
		channel    string
	}{
		{"card", "Card", "CARD", "Card VCard CARD ISP", ""},
		{"trans", "DirectBank", "BANK", "DirectBank iDirectBank BANK", ""},
		{"vbank", "VBank", "VBANK", "VBank VBANK", ""},
		{"phone", "HPP", "MOBILE", "HPP MOBILE", ""},
		{"cultureland", "Culture", "CULTURE", "Culture CULTURE", ""},
		{"booknlife", "Bcsh", "", "Bcsh BCSH", ""},
		{"happymoney", "HPMN", "HPMN", "HPMN", ""},
		{"kakaopay", "onlykakaopay", "CARD", "Card CARD", "O"},
		{"naverpay", "onlynaverpay", "CARD", "Card CARD", "I"},
		{"payco", "onlypayco", "CARD", "Card CARD", "C"},
		{"samsung", "onlyssp", "CARD", "Card VCard", "B"},
		{"samsung", "onlyssp", "CARD", "Card VCard", "D"},
		{"lpay", "onlylpay", "CARD", "Card", "L"},
		{"tosspay", "onlytosspay", "CARD", "Card", "H"},
		{"ssgpay", "onlyssgcard", "", "Card", "G"},
		{"mileage", "", "", "", ""},
	}
	for _, tt := range tests {
		pc, direct, ok := inicis.GoPayMethod(tt.method)
		if pc != tt.pc || ok != (tt.pc != "") || direct != strings.HasPrefix(pc, "only") {
			t.Errorf("%s: PC window %q, direct %v, %v", tt.method, pc, direct, ok)
		}
		mobile, _, ok := inicis.MobileMethod(tt.method)
		if mobile != tt.mobile || ok != (tt.mobile != "") {
			t.Errorf("%s: mobile window %q, %v", tt.method, mobile, ok)
		}
		for answer := range strings.FieldsSeq(tt.answers) {
			if got := inicis.Method(tt.method, answer, tt.channel); got != tt.method {
				t.Errorf("%s: the answer %s %s is read as %q", tt.method, answer, tt.channel, got)
			}
		}
	}
	for _, tt := range []struct {
		asked           payment.Method
		answer, channel string
		want            payment.Method
	}{
		{"card", "OCBPoint", "", "OCBPoint"},
		{"card", "", "", ""},
		{"card", "Card", "O", "kakaopay"},
		{"kakaopay", "Card", "I", "naverpay"},
		{"kakaopay", "HPP", "", "phone"},
		{"applepay", "Card", "", "applepay"}, // an easy-pay payment may come back as a plain card
	} {
		if got := inicis.Method(tt.asked, tt.answer, tt.channel); got != tt.want {
			t.Errorf("%s answered as %q is read as %q", tt.asked, tt.answer, got)
		}
	}
}

func TestATIDOfAnotherFormIsAWarning(t *testing.T) {
	t.Parallel()
	for _, id := range []string{"short", strings.Replace(tid, "INIpayTest", "INIother00", 1)} {
		r, err := inicis.ParseApproval([]byte(strings.Replace(approved(""), tid, id, 1)), "", "1775106900123", attempt())
		if err != nil || r.Outcome != payment.OutcomeApproved || r.Warning != "tid is not of the known form" {
			t.Errorf("%s: got %s, warning %q, %v", id, r.Outcome, r.Warning, err)
		}
	}
}
