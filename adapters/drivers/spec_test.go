package drivers_test

import (
	"reflect"
	"testing"

	"github.com/pg-gateway/pg-gateway/adapters/drivers"
	"github.com/pg-gateway/pg-gateway/adapters/inicis"
	"github.com/pg-gateway/pg-gateway/adapters/portonev1"
	"github.com/pg-gateway/pg-gateway/adapters/portonev2"
	"github.com/pg-gateway/pg-gateway/payment"
)

// TestSpecs: what drivers say of themselves holds together, within each and between them.
func TestSpecs(t *testing.T) {
	t.Parallel()
	names := map[payment.DriverName]bool{}
	keys := map[string]payment.KeySpec{}
	for _, s := range drivers.Specs() {
		if s.Name == "" || names[s.Name] || s.Title == "" || s.Company == "" {
			t.Errorf("driver %q has no name of its own, or no words for people", s.Name)
		}
		names[s.Name] = true
		if (len(s.Methods) > 0) == (len(s.Behind) > 0) {
			t.Errorf("%s must either open windows itself or reach PGs behind channels", s.Name)
		}
		for door, list := range map[string][]payment.KeySpec{"pgs": s.PGKeys, "merchants": s.MerchantKeys} {
			for _, k := range list {
				if (k.Doc == "") == (k.NotBuilt == "") {
					t.Errorf("%s: the key %s is either of use or not built", s.Name, k.Name)
				}
				if other, taken := keys[door+k.Name]; taken && (other.Doc != k.Doc || other.Kind != k.Kind || other.Size != k.Size) {
					t.Errorf("%s: another driver has another key %s", s.Name, k.Name)
				}
				keys[door+k.Name] = k
			}
		}
		if s.ConfirmKey != "" && keys["pgs"+s.ConfirmKey].Name == "" {
			t.Errorf("%s has no key %s", s.Name, s.ConfirmKey)
		}
		for _, n := range append(append([]payment.LiveNeed{s.PhoneNeeds}, s.PGNeeds...), s.MerchantNeeds...) {
			if (n.Msg == "") != (n.Fix == "") {
				t.Errorf("%s: advice without a cure, or a cure for nothing: %+v", s.Name, n)
			}
		}
	}
	for name, d := range drivers.New(drivers.Options{}) {
		if !names[name] || d.Spec().Name != name || !reflect.DeepEqual(d.Spec(), d.Spec()) {
			t.Errorf("the driver %s says something else of itself", name)
		}
	}
}

// TestSpecsTellWhatMoneyHangsOn: whose ids are shared, and whose attempt travels in the browser.
func TestSpecsTellWhatMoneyHangsOn(t *testing.T) {
	t.Parallel()
	all := drivers.New(drivers.Options{})
	for name, want := range map[payment.DriverName][2]bool{
		inicis.Name: {false, true}, portonev1.Name: {true, false}, portonev2.Name: {false, false},
	} {
		if s := all[name].Spec(); s.SharesIDs != want[0] || s.CarriesToken != want[1] {
			t.Errorf("%s: shares ids %t, carries the token %t", name, s.SharesIDs, s.CarriesToken)
		}
	}
}
