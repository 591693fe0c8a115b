package portonev1_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pg-gateway/pg-gateway/adapters/portonev1"
	"github.com/pg-gateway/pg-gateway/adapters/wire"
	"github.com/pg-gateway/pg-gateway/payment"
)

const (
	asJSON = "application/json"
	asForm = "application/x-www-form-urlencoded"
)

func TestParseNotice(t *testing.T) {
	t.Parallel()
	escrow := portonev1.Notification{
		Event: portonev1.EventEscrow, ImpUID: "imp_1", MerchantUID: "A1", Status: "paid", EscrowStatus: portonev1.EscrowAutoConfirmed,
	}
	paid := portonev1.Notification{ImpUID: "imp_740012345678", MerchantUID: "A1", Status: "paid"}
	tests := []struct {
		name, kind, body string
		want             portonev1.Notification
		fails            bool
	}{
		{"JSON", asJSON, `{"imp_uid":"imp_740012345678","merchant_uid":"A1","status":"paid"}`, paid, false},
		{"a form", asForm, "imp_uid=imp_740012345678&merchant_uid=A1&status=paid", paid, false},
		{"JSON that does not say so", "text/plain", `{"imp_uid":"imp_740012345678","merchant_uid":"A1","status":"paid"}`, paid, false},
		{
			"a cancel in part", asJSON, `{"imp_uid":"imp_740012345678","merchant_uid":"A1","status":"cancelled","cancellation_id":"cxl-0001"}`,
			portonev1.Notification{ImpUID: "imp_740012345678", MerchantUID: "A1", Status: "cancelled", CancellationID: "cxl-0001"},
			false,
		},
		{
			"an account that was issued", asForm, "imp_uid=imp_740012345678&merchant_uid=A1&status=ready",
			portonev1.Notification{ImpUID: "imp_740012345678", MerchantUID: "A1", Status: "ready"},
			false,
		},
		{
			"an escrow event", asJSON,
			`{"event":"Inicis.Escrow.Changed","imp_uid":"imp_1","merchant_uid":"A1","status":"paid","extra":{"escrow_status":"31","changed_at":1772327700,"denied_reason":null}}`,
			escrow, false,
		},
		{
			"an escrow event with a number", asJSON,
			`{"event":"Inicis.Escrow.Changed","imp_uid":"imp_1","merchant_uid":"A1","status":"paid","extra":{"escrow_status":31}}`, escrow, false,
		},
		{
			"an escrow event as a form", asForm,
			"event=Inicis.Escrow.Changed&imp_uid=imp_1&merchant_uid=A1&status=paid&extra%5Bescrow_status%5D=31", escrow, false,
		},
		{
			"an event nobody knows", asJSON, `{"event":"Something.New","extra":[]}`,
			portonev1.Notification{Event: "Something.New"},
			false,
		},

		{
			"an escrow event without a status", asJSON, `{"event":"Inicis.Escrow.Changed","imp_uid":"imp_1","merchant_uid":"A1","status":"paid"}`,
			portonev1.Notification{Event: portonev1.EventEscrow, ImpUID: "imp_1", MerchantUID: "A1", Status: "paid"},
			false,
		},
		{"an escrow event with a list", asJSON, `{"event":"Inicis.Escrow.Changed","imp_uid":"imp_1","merchant_uid":"A1","extra":[]}`, portonev1.Notification{}, true},
		{"an escrow event with an endless status", asJSON, `{"event":"Inicis.Escrow.Changed","imp_uid":"imp_1","merchant_uid":"A1","extra":{"escrow_status":"` + strings.Repeat("3", 200) + `"}}`, portonev1.Notification{}, true},
		{"nothing", asJSON, ``, portonev1.Notification{}, true},
		{"a list", asJSON, `[]`, portonev1.Notification{}, true},
		{"a field twice", asJSON, `{"imp_uid":"imp_1","merchant_uid":"A1","merchant_uid":"A2","status":"paid"}`, portonev1.Notification{}, true},
		{"a form's field twice", asForm, "imp_uid=imp_1&merchant_uid=A1&merchant_uid=A2&status=paid", portonev1.Notification{}, true},
		{"a broken form", asForm, "imp_uid=%zz", portonev1.Notification{}, true},
		{"no imp_uid", asJSON, `{"merchant_uid":"A1","status":"paid"}`, portonev1.Notification{}, true},
		{"an imp_uid that is a path", asJSON, `{"imp_uid":"imp_1/../x","merchant_uid":"A1","status":"paid"}`, portonev1.Notification{}, true},
		{"no merchant_uid", asForm, "imp_uid=imp_1&status=paid", portonev1.Notification{}, true},
		{"no status", asForm, "imp_uid=imp_1&merchant_uid=A1", portonev1.Notification{}, true},
		{"an endless merchant_uid", asForm, "imp_uid=imp_1&status=paid&merchant_uid=" + strings.Repeat("A", 200), portonev1.Notification{}, true},
		{"no UTF-8", asForm, "imp_uid=imp_1&status=paid&merchant_uid=%ff", portonev1.Notification{}, true},
	}
	for _, tt := range tests {
		got, err := portonev1.ParseNotice(tt.kind, []byte(tt.body))
		if (err != nil) != tt.fails || err != nil && !errors.Is(err, wire.ErrShape) {
			t.Errorf("%s: %v", tt.name, err)
		}
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%s:\n%s", tt.name, diff)
		}
	}
}

func TestParseQuestion(t *testing.T) {
	t.Parallel()
	want := portonev1.Question{ImpUID: "imp_1", MerchantUID: "A1", Amount: 64_900}
	for name, tt := range map[string]struct {
		kind, body string
		fine       bool
	}{
		"JSON":                  {asJSON, `{"imp_uid":"imp_1","merchant_uid":"A1","amount":64900}`, true},
		"a form":                {asForm, "imp_uid=imp_1&merchant_uid=A1&amount=64900", true},
		"an amount as text":     {asJSON, `{"imp_uid":"imp_1","merchant_uid":"A1","amount":"64900"}`, false},
		"part of a won":         {asJSON, `{"imp_uid":"imp_1","merchant_uid":"A1","amount":64900.1}`, false},
		"a negative amount":     {asForm, "imp_uid=imp_1&merchant_uid=A1&amount=-64900", false},
		"nothing to be charged": {asForm, "imp_uid=imp_1&merchant_uid=A1&amount=0", false},
		"no amount":             {asForm, "imp_uid=imp_1&merchant_uid=A1", false},
		"two amounts":           {asForm, "imp_uid=imp_1&merchant_uid=A1&amount=1&amount=2", false},
		"two amounts in JSON":   {asJSON, `{"imp_uid":"imp_1","merchant_uid":"A1","amount":1,"amount":64900}`, false},
		"no imp_uid":            {asForm, "merchant_uid=A1&amount=64900", false},
	} {
		got, err := portonev1.ParseQuestion(tt.kind, []byte(tt.body))
		if (err == nil) != tt.fine || tt.fine && got != want || err != nil && !errors.Is(err, wire.ErrShape) {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
}

func FuzzParseNotice(f *testing.F) {
	f.Add(asJSON, []byte(`{"imp_uid":"imp_740012345678","merchant_uid":"A1","status":"paid","amount":1}`))
	f.Add(asForm, []byte("imp_uid=imp_740012345678&merchant_uid=A1&amount=64900&status=paid"))
	f.Add(asJSON, []byte(`{"event":"Inicis.Escrow.Changed","imp_uid":"imp_1","merchant_uid":"A1","extra":{"escrow_status":"3"}}`))
	f.Add(asForm, []byte("event=Inicis.Escrow.Changed&imp_uid=imp_1&merchant_uid=A1&extra[escrow_status]=3"))
	f.Fuzz(func(t *testing.T, kind string, body []byte) {
		n, err := portonev1.ParseNotice(kind, body)
		if err == nil && n.Event == "" && (!strings.HasPrefix(n.ImpUID, "imp") || strings.ContainsAny(n.ImpUID, "/?#%") || n.MerchantUID == "") {
			t.Errorf("taken: %+v", n)
		}
		if n.EscrowStatus != "" && (err != nil || n.Event != portonev1.EventEscrow) {
			t.Errorf("taken: %+v", n)
		}
		q, err := portonev1.ParseQuestion(kind, body)
		if err == nil && (q.Amount <= 0 || q.Amount > payment.MaxWon || q.MerchantUID == "") {
			t.Errorf("taken: %+v", q)
		}
	})
}
