package portonev2_test

import (
	"strings"
	"testing"

	"github.com/pg-gateway/pg-gateway/adapters"
	"github.com/pg-gateway/pg-gateway/adapters/portonev2"
	"github.com/pg-gateway/pg-gateway/payment"
)

// oddAccount tells whether an account holds what nobody should be told to pay into.
func oddAccount(v payment.VirtualAccount) bool {
	number := v.Number.Reveal()
	return strings.Trim(number+v.Bank, "0123456789") != "" || len(v.Bank) != 0 && len(v.Bank) != 3 || len(number) > 40 || len(v.Holder) > 60
}

func FuzzPayment(f *testing.F) {
	f.Add([]byte(object("PAID", `"total":64900,"cancelled":0`, "")))
	f.Add([]byte(object("CANCELLED", `"total":1e3,"cancelled":-1`, "")))
	f.Add([]byte(vbank("VIRTUAL_ACCOUNT_ISSUED", whole, "")))
	f.Add([]byte(object("CANCELLED", `"total":64900,"cancelled":64900`, `,"cancellations":[{"status":"REQUESTED","totalAmount":64900}]`)))
	f.Fuzz(func(t *testing.T, body []byte) {
		r, err := portonev2.ParsePayment(body, attempt())
		if err != nil {
			return
		}
		if r.Amount < 0 || r.Amount > payment.MaxWon || r.Cancelled < 0 || r.CancelPending < 0 || r.Cancelled+r.CancelPending > r.Amount || r.OrderRef != attempt().ID {
			t.Errorf("accepted %+v", r)
		}
		if oddAccount(r.Account) || r.Outcome == payment.OutcomeCancelled && r.CancelPending > 0 {
			t.Errorf("accepted %+v %q", r, r.Account.Number.Reveal())
		}
	})
}

func FuzzKey(f *testing.F) {
	f.Add([]byte(keyOf("ISSUED", ours)))
	f.Add([]byte(keyOf("DELETED", theirs)))
	req := adapters.LookUpRequest{Account: account(""), Attempt: keyAttempt()}
	f.Fuzz(func(t *testing.T, body []byte) {
		r, err := portonev2.ParseKey(body, req)
		if err != nil && r != (adapters.Result{}) {
			t.Errorf("%+v beside %v", r, err)
		}
		if key := r.BillingKey.Reveal(); err == nil && (key == "" || strings.ContainsAny(key, "/?#%. ") || r.PGTxID != "" || r.OrderRef == "") {
			t.Errorf("accepted %+v %q", r, key)
		}
	})
}
