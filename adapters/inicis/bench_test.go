package inicis_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/pg-gateway/pg-gateway/adapters/inicis"
	"github.com/pg-gateway/pg-gateway/payment"
)

// sink keeps the compiler from dropping work whose result nobody reads.
type sink struct{ text string }

func BenchmarkSign(b *testing.B) {
	const key payment.Secret = "SU5JTElURV9UUklQTEVERVNfS0VZU1RS"
	var s sink
	b.ReportAllocs()
	for b.Loop() {
		s.text = inicis.Signature("ORD-20260402-0001-A1", "64900", "1775106900123")
		s.text = inicis.Verification("ORD-20260402-0001-A1", "64900", "1775106900123", key)
		s.text = inicis.MKey(key)
	}
	if len(s.text) != 64 {
		b.Fatal("no signature")
	}
}

func BenchmarkBuildForm(b *testing.B) {
	req := prepareRequest()
	req.Token = strings.Repeat("Ab9_", 140) // as long as ours are
	req.Attempt.Amount = 350_000
	req.Installments = payment.Installments{
		Months:       []int{2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12},
		InterestFree: []payment.AcquirerMonths{{Acquirer: "shinhan", Months: []int{2, 3, 4, 5, 6}}, {Acquirer: "hana", Months: []int{2, 3}}},
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := inicis.BuildForm(req); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkWindow is the form as the browser gets it.
func BenchmarkWindow(b *testing.B) {
	driver, req := inicis.New(nil), prepareRequest()
	req.Token = strings.Repeat("Ab9_", 140)
	b.ReportAllocs()
	for b.Loop() {
		w, err := driver.Prepare(b.Context(), req)
		if err != nil {
			b.Fatal(err)
		}
		if _, err := json.Marshal(w); err != nil {
			b.Fatal(err)
		}
	}
}
