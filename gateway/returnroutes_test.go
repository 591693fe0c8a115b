package gateway

import (
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/pg-gateway/pg-gateway/adapters/inicis"
	"github.com/pg-gateway/pg-gateway/adapters/portonev2"
	"github.com/pg-gateway/pg-gateway/payment"
)

// TestATokenIsGoodAtItsDriversAddressesOnly: each driver reads its own windows, and what another one's made of a form says
// nothing of the attempt in it.
func TestATokenIsGoodAtItsDriversAddressesOnly(t *testing.T) {
	t.Parallel()
	h := newKeyHouse(t, "inicis")
	for _, tt := range []struct {
		path     string
		checkout map[string]any
		form     url.Values
		token    string
	}{
		{pathInicisReturn, h.checkout("card"), url.Values{"resultCode": {"9999"}}, "merchantData"},
		{pathInicisKey, h.keyCheckout(), url.Values{"resultCode": {"9999"}}, "merchantRedirectData"},
	} {
		a, by, err := h.g.sealer.openAttempt(h.inicisReturnToken(tt.checkout).token, time.Now())
		if err != nil {
			t.Fatal(err)
		}
		for driver, want := range map[payment.DriverName]int{inicis.Name: http.StatusSeeOther, portonev2.Name: http.StatusBadRequest} {
			a.Driver = driver
			token := h.g.sealer.sealAttempt(a, by)
			tt.form.Set(tt.token, token)
			if got := h.post(tt.path, "application/x-www-form-urlencoded", tt.form.Encode()); got.status != want {
				t.Errorf("%s: a token of %s is answered %d %s, want %d", tt.path, driver, got.status, got.body, want)
			}
		}
	}
}

// TestAKeysReturnIsKnownToBeOurs as a payment's is, so that neighbours do not hold a buyer who has a key.
func TestAKeysReturnIsKnownToBeOurs(t *testing.T) {
	t.Parallel()
	h := newKeyHouse(t, "inicis")
	routes := h.g.carriedReturns(inicis.Name, h.g.drivers[inicis.Name].Spec().Routes)
	window := h.inicisReturnToken(h.keyCheckout())
	form := url.Values{
		"resultCode": {"SUCCESS"}, "mid": {"INIBillTst"}, "orderId": {window.id}, "tid": {"t"}, "billkey": {"k"}, "merchantRedirectData": {window.token},
	}
	if id, ours := h.g.sealedReturn(routes[1], []byte(form.Encode())); !ours || string(id) != window.id {
		t.Errorf("the return of a key is of attempt %q, ours %t", id, ours)
	}
	form.Set("merchantRedirectData", bend(window.token))
	if _, ours := h.g.sealedReturn(routes[1], []byte(form.Encode())); ours {
		t.Error("a return with a token that was bent is taken for ours")
	}
}
