package drivers_test

import (
	"testing"
	"time"

	"github.com/pg-gateway/pg-gateway/adapters"
	"github.com/pg-gateway/pg-gateway/adapters/drivers"
	"github.com/pg-gateway/pg-gateway/adapters/portonev2"
	"github.com/pg-gateway/pg-gateway/payment"
)

// What a driver makes of a listed payment it reads as its PG's own webhook, signed where the PG signs.
func TestAWebhookThatIsMadeReadsAsTheRealOne(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 29, 10, 0, 0, 0, time.UTC)
	secret := payment.Secret("whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=")
	var keys payment.Keys
	keys = keys.WithText("store_id", "store-1").WithSecret("webhook_secrets", payment.Secret("whsec_odd"), secret)
	told := 0
	for name, d := range drivers.New(drivers.Options{}) {
		teller, tells := d.(adapters.Teller)
		if _, lists := d.(adapters.Lister); lists != tells {
			t.Errorf("%s lists and does not tell, or the other way round", name)
		}
		if !tells {
			continue
		}
		told++
		pg := &payment.PG{ID: "pg", Driver: name, Keys: keys}
		for what, tt := range map[string]struct {
			l    adapters.Listed
			want payment.Outcome
		}{
			"paid":          {adapters.Listed{Outcome: payment.OutcomeApproved, Amount: 1000}, payment.OutcomeApproved},
			"a part back":   {adapters.Listed{Outcome: payment.OutcomeApproved, Amount: 1000, Cancelled: 400}, payment.OutcomeCancelled},
			"back":          {adapters.Listed{Outcome: payment.OutcomeCancelled, Amount: 1000, Cancelled: 1000}, payment.OutcomeCancelled},
			"a new account": {adapters.Listed{Outcome: payment.OutcomeIssued, Amount: 1000, At: now.Add(-time.Hour)}, payment.OutcomeIssued},
		} {
			tt.l.OrderRef, tt.l.PGTxID = "A1", "imp_000000000001"
			hook, err := teller.Webhook(pg, tt.l, "msg_1", now)
			if err != nil {
				t.Fatal(err)
			}
			m := adapters.Message{Header: hook.Header, Body: hook.Body, Now: now}
			if v, signs := d.(adapters.Verifier); signs {
				if id, err := v.VerifyMessage(pg, m); err != nil || id != "msg_1" {
					t.Errorf("%s, %s: %q, %v", name, what, id, err)
				}
			}
			n, err := d.(adapters.Notifier).ReadNotification(pg, m)
			if err != nil || n.Attempt != "A1" || n.PGTxID != "imp_000000000001" || n.Says != tt.want {
				t.Errorf("%s, %s: %s reads as %+v, %v", name, what, hook.Body, n, err)
			}
		}
	}
	if told == 0 {
		t.Error("no driver tells")
	}
	v2 := drivers.New(drivers.Options{})[portonev2.Name].(adapters.Teller)
	if _, err := v2.Webhook(&payment.PG{ID: "pg"}, adapters.Listed{}, "msg_1", now); err == nil {
		t.Error("without a secret a V2 webhook was made")
	}
}
