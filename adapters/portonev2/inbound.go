package portonev2

import (
	"net/http"

	"github.com/pg-gateway/pg-gateway/adapters"
	"github.com/pg-gateway/pg-gateway/payment"
)

var (
	_ adapters.Notifier = (*Driver)(nil)
	_ adapters.Verifier = (*Driver)(nil)
	_ adapters.Asker    = (*Driver)(nil)
)

// VerifyMessage implements adapters.Verifier.
func (d *Driver) VerifyMessage(pg *payment.PG, m adapters.Message) (string, error) {
	return VerifyWebhook(webhookSecretsOf(pg), m.Header, m.Body, m.Now)
}

// ReadNotification implements adapters.Notifier. What is of another store, or of nothing that we follow, is no news.
func (d *Driver) ReadNotification(pg *payment.PG, m adapters.Message) (adapters.Notification, error) {
	ev, err := ParseEvent(m.ContentType(), m.Body, false)
	if err != nil {
		return adapters.Notification{}, err
	}
	n := adapters.Notification{Kind: adapters.NotificationPayment, Attempt: ev.PaymentID, PGTxID: ev.TxID, Says: ev.Says()}
	switch {
	case ev.elsewhere(pg):
		n.Kind = adapters.NotificationOther
	case ev.Type == EventKeyIssued && ev.BillingKey.IsSet():
		n.Kind, n.BillingKey = adapters.NotificationKey, ev.BillingKey
	case ev.PaymentID == "":
		n.Kind = adapters.NotificationOther
	case ev.Type == EventReady:
		n.Kind = adapters.NotificationOpened
	}
	return n, nil
}

// ReadQuestion implements adapters.Asker.
func (d *Driver) ReadQuestion(pg *payment.PG, m adapters.Message) (adapters.Question, error) {
	ev, err := ParseEvent(m.ContentType(), m.Body, true)
	if err != nil {
		return adapters.Question{}, err
	}
	return adapters.Question{Attempt: ev.PaymentID, PGTxID: ev.TxID, Amount: ev.Amount, Elsewhere: ev.elsewhere(pg)}, nil
}

// AnswerQuestion implements adapters.Asker: a 200 is a yes, and every other status a no.
func (d *Driver) AnswerQuestion(yes bool, why string) adapters.Reply {
	if yes {
		return adapters.Reply{Status: http.StatusOK, Body: map[string]string{}}
	}
	return adapters.Reply{Status: http.StatusConflict, Body: map[string]string{"errorMessage": why}}
}

// elsewhere tells whether an event is of another store than pg's.
func (ev Event) elsewhere(pg *payment.PG) bool { return ev.StoreID != "" && ev.StoreID != storeOf(pg) }
