package sandbox

import (
	"regexp"
	"testing"
)

// TestEveryWordHasATitle: the pages show no code of ours.
func TestEveryWordHasATitle(t *testing.T) {
	t.Parallel()
	code := regexp.MustCompile(`^[a-z_A-Z]+$`)
	check := func(title string) {
		t.Helper()
		if code.MatchString(title) {
			t.Errorf("%q is shown as it is", title)
		}
	}
	for _, k := range faultKinds() {
		check(kindTitle(k))
	}
	for pg, operations := range operationNames() {
		check(pgTitle(pg))
		for _, name := range operations {
			check(operationTitle(name))
		}
	}
	for _, m := range gopayMethods() {
		check(methodTitle(m))
	}
	for _, p := range v2Providers() {
		check(v2MethodTitle("EASY_PAY", p))
	}
	for _, m := range []ShopMode{ShopYes, ShopNo, ShopSlow, ShopDown} {
		check(modeTitle(m))
	}
	for _, b := range faultButtons() {
		if _, err := b.Fault.normal(); err != nil {
			t.Errorf("the button %s: %v", b.Title, err)
		}
	}
}
