package payment_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pg-gateway/pg-gateway/payment"
)

func TestPartsComeBackAsTheyWere(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		list []payment.MethodAmount
		text payment.Parts
		want []payment.MethodAmount
	}{
		{"none", nil, "", nil},
		{"one", []payment.MethodAmount{{Method: "mileage", Amount: 4900}}, "mileage:4900", nil},
		{"two, in order", []payment.MethodAmount{{Method: "mileage", Amount: 1}, {Method: "giftcard", Amount: 2}}, "mileage:1,giftcard:2", nil},
		{"what pays nothing is left out", []payment.MethodAmount{{Method: "a", Amount: 0}, {Method: "b", Amount: 5}}, "b:5", []payment.MethodAmount{{Method: "b", Amount: 5}}},
		{"odd names", []payment.MethodAmount{{Method: "a,b:c", Amount: 7}, {Method: "포인트", Amount: 8}}, "a%2Cb%3Ac:7,%ED%8F%AC%EC%9D%B8%ED%8A%B8:8", nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			want := tt.want
			if want == nil {
				want = tt.list
			}
			got := payment.PartsOf(tt.list)
			if diff := cmp.Diff(want, got.List()); got != tt.text || diff != "" {
				t.Errorf("got %q (-want +got)\n%s", got, diff)
			}
		})
	}
}

func TestAnAttemptsSplitNamesThePGsPartFirst(t *testing.T) {
	t.Parallel()
	a := payment.Attempt{Method: "card", Amount: 60_000, Secondary: "mileage:4900"}
	want := []payment.MethodAmount{{Method: "card", Amount: 60_000}, {Method: "mileage", Amount: 4900}}
	if diff := cmp.Diff(want, a.Split()); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}
