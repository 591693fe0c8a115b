package portonev1_test

import (
	"strings"
	"testing"

	"github.com/pg-gateway/pg-gateway/adapters"
	"github.com/pg-gateway/pg-gateway/adapters/portonev1"
	"github.com/pg-gateway/pg-gateway/payment"
)

// oddAccount tells whether an account holds what nobody should be told to pay into.
func oddAccount(v payment.VirtualAccount) bool {
	number := v.Number.Reveal()
	return strings.Trim(number+v.Bank, "0123456789") != "" || len(v.Bank) != 0 && len(v.Bank) != 3 || len(number) > 40 || len(v.Holder) > 60
}

func FuzzPayment(f *testing.F) {
	f.Add([]byte(object("paid", "64900", "0", "")))
	f.Add([]byte(object("cancelled", "1e9", "-1", "")))
	f.Add([]byte(vbank("ready", "0", "0", issuedAccount)))
	f.Add([]byte(vbank("cancelled", "0", "0", issuedAccount)))
	f.Fuzz(func(t *testing.T, body []byte) {
		r, err := portonev1.ParsePayment(body, attempt())
		if err != nil {
			return
		}
		if r.Amount < 0 || r.Amount > payment.MaxWon || r.Cancelled < 0 || r.Cancelled > r.Amount || r.PGTxID == "" {
			t.Errorf("accepted %+v", r)
		}
		if oddAccount(r.Account) || r.Outcome == payment.OutcomeIssued && r.Method != payment.MethodVBank {
			t.Errorf("accepted %+v %q", r, r.Account.Number.Reveal())
		}
	})
}

func FuzzKey(f *testing.F) {
	f.Add([]byte(strings.TrimSuffix(strings.TrimPrefix(billingKey, `{"code":0,"message":null,"response":`), "}")))
	f.Fuzz(func(t *testing.T, body []byte) {
		a := keyAttempt()
		r, err := portonev1.ParseKey(body, a)
		if err != nil && r != (adapters.Result{}) {
			t.Errorf("%+v beside %v", r, err)
		}
		if err == nil && (r.OrderRef != a.ID || r.BillingKey.Reveal() != string(a.ID) || r.Amount != 0) {
			t.Errorf("accepted %+v", r)
		}
	})
}
