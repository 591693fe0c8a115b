package portonev1_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pg-gateway/pg-gateway/adapters"
	"github.com/pg-gateway/pg-gateway/adapters/onewrite"
	"github.com/pg-gateway/pg-gateway/adapters/portonev1"
	"github.com/pg-gateway/pg-gateway/payment"
)

// Of two payments under one id, an exact look-up tells about the one that was asked for.
func TestAnExactLookUpIsAboutOnePayment(t *testing.T) {
	t.Parallel()
	const order, root = "ORD-20260301-0001-A1", "/portone/v1/payments/"
	wrap := func(s string) string { return `{"code":0,"response":` + s + `}` }
	paid := wrap(one("imp_2", order, "paid"))
	tests := []struct {
		name  string
		first string
		want  payment.Outcome
		id    string
	}{
		{"paid", one("imp_1", order, "paid"), payment.OutcomeApproved, "imp_1"},
		{"given back", strings.Replace(one("imp_1", order, "cancelled"), `"cancel_amount":0`, `"cancel_amount":64900`, 1), payment.OutcomeCancelled, "imp_1"},
		{"failed", one("imp_1", order, "failed"), payment.OutcomeDeclined, "imp_1"},
		{"another order's", one("imp_1", "ORD-OTHER", "paid"), payment.OutcomeNotFound, ""},
	}
	for _, tt := range tests {
		base, asked := payments(t, map[string]string{root + "imp_1": wrap(tt.first), root + "find/" + order + "/paid": paid})
		r, err := portonev1.New(onewrite.New(onewrite.Options{}), nil).LookUp(t.Context(),
			adapters.LookUpRequest{Account: account(base), Attempt: attempt(), PGTxID: "imp_1", Exact: true})
		if err != nil || r.Outcome != tt.want || r.PGTxID != tt.id || len(*asked) != 1 {
			t.Errorf("%s: got %s of %s, %v after %v", tt.name, r.Outcome, r.PGTxID, err, *asked)
		}
	}
}

func TestListPaid(t *testing.T) {
	t.Parallel()
	const order, path = "ORD-20260301-0001-A1", "/portone/v1/payments/findAll/ORD-20260301-0001-A1/paid"
	list := func(items string) string { return `{"code":0,"response":{"total":2,"list":[` + items + `]}}` }
	tests := []struct {
		name    string
		answers map[string]string
		want    []string
		err     error
	}{
		{"two", map[string]string{path: list(one("imp_2", order, "paid") + "," + one("imp_1", order, "paid"))}, []string{"imp_2", "imp_1"}, nil},
		{"none", nil, nil, nil},
		{"another order's", map[string]string{path: list(one("imp_1", "ORD-OTHER", "paid"))}, nil, adapters.ErrUnavailable},
		{"nonsense", map[string]string{path: `{"code":0,"response":{"list":7}}`}, nil, adapters.ErrUnavailable},
	}
	for _, tt := range tests {
		base, _ := payments(t, tt.answers)
		found, err := portonev1.New(onewrite.New(onewrite.Options{}), nil).ListPaid(t.Context(),
			adapters.LookUpRequest{Account: account(base), Attempt: attempt()})
		var ids []string
		for _, r := range found {
			ids = append(ids, r.PGTxID)
		}
		if d := cmp.Diff(tt.want, ids); d != "" || !errors.Is(err, tt.err) {
			t.Errorf("%s: %v (-want +got)\n%s", tt.name, err, d)
		}
	}
}
