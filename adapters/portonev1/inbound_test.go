package portonev1_test

import (
	"net/http"
	"testing"

	"github.com/pg-gateway/pg-gateway/adapters"
	"github.com/pg-gateway/pg-gateway/adapters/adapterstest"
	"github.com/pg-gateway/pg-gateway/adapters/portonev1"
	"github.com/pg-gateway/pg-gateway/payment"
)

func TestInbound(t *testing.T) {
	t.Parallel()
	header := func(kind string) http.Header { return http.Header{"Content-Type": {kind}} }
	paid := adapters.Notification{Kind: adapters.NotificationPayment, Attempt: "A1", PGTxID: "imp_740012345678", Says: payment.OutcomeApproved}
	asked := adapters.Question{Attempt: "A1", PGTxID: "imp_740012345678", Amount: 64_900}
	event := func(kind adapters.NotificationKind, escrow string) adapters.Notification {
		return adapters.Notification{Kind: kind, Attempt: "A1", PGTxID: "imp_1", Says: payment.OutcomeApproved, Escrow: escrow}
	}
	adapterstest.RunInbound(t, adapterstest.Inbound{
		Driver: portonev1.New(nil, nil), PG: &payment.PG{ID: "portone1"},
		Notifications: []adapterstest.Letter[adapters.Notification]{
			{Name: "in JSON", Header: header(asJSON), Body: `{"imp_uid":"imp_740012345678","merchant_uid":"A1","status":"paid"}`, Want: paid},
			{Name: "as a form", Header: header(asForm), Body: "imp_uid=imp_740012345678&merchant_uid=A1&status=paid", Want: paid},
			{
				Name: "of an escrow", Header: header(asJSON), Want: event(adapters.NotificationEscrow, portonev1.EscrowConfirmed),
				Body: `{"event":"Inicis.Escrow.Changed","imp_uid":"imp_1","merchant_uid":"A1","status":"paid","extra":{"escrow_status":"3"}}`,
			},
			{
				Name: "of an escrow in no known state", Header: header(asJSON), Want: event(adapters.NotificationEscrow, ""),
				Body: `{"event":"Inicis.Escrow.Changed","imp_uid":"imp_1","merchant_uid":"A1","status":"paid","extra":{"escrow_status":"99"}}`,
			},
			{
				Name: "that asks", Header: header(asJSON), Want: event(adapters.NotificationAsks, ""),
				Body: `{"event":"Galaxia.Cvs.Confirm","imp_uid":"imp_1","merchant_uid":"A1","status":"paid"}`,
			},
			{
				Name: "of something new", Header: header(asJSON), Want: event(adapters.NotificationOther, ""),
				Body: `{"event":"Something.New","imp_uid":"imp_1","merchant_uid":"A1","status":"paid"}`,
			},
		},
		Questions: []adapterstest.Letter[adapters.Question]{
			{Name: "in JSON", Header: header(asJSON), Body: `{"imp_uid":"imp_740012345678","merchant_uid":"A1","amount":64900}`, Want: asked},
			{Name: "as a form", Header: header(asForm), Body: "imp_uid=imp_740012345678&merchant_uid=A1&amount=64900", Want: asked},
		},
	})
}
