package portonev1

import (
	"net/http"

	"github.com/pg-gateway/pg-gateway/adapters"
	"github.com/pg-gateway/pg-gateway/payment"
)

var (
	_ adapters.Notifier = (*Driver)(nil)
	_ adapters.Asker    = (*Driver)(nil)
)

// ReadNotification implements adapters.Notifier.
func (d *Driver) ReadNotification(_ *payment.PG, m adapters.Message) (adapters.Notification, error) {
	n, err := ParseNotice(m.ContentType(), m.Body)
	if err != nil {
		return adapters.Notification{}, err
	}
	notice := adapters.Notification{
		Kind: adapters.NotificationPayment, Attempt: n.MerchantUID, PGTxID: n.ImpUID, Says: n.Says(),
	}
	switch {
	case n.Event == EventCvsConfirm:
		// A 200 would let a barcode be paid that nobody here waits for.
		notice.Kind = adapters.NotificationAsks
	case n.Event == EventEscrow:
		notice.Kind = adapters.NotificationEscrow
		if n.KnownEscrow() {
			notice.Escrow = n.EscrowStatus
		}
	case n.Event != "":
		notice.Kind = adapters.NotificationOther
	}
	return notice, nil
}

// ReadQuestion implements adapters.Asker.
func (d *Driver) ReadQuestion(_ *payment.PG, m adapters.Message) (adapters.Question, error) {
	q, err := ParseQuestion(m.ContentType(), m.Body)
	if err != nil {
		return adapters.Question{}, err
	}
	return adapters.Question{Attempt: q.MerchantUID, PGTxID: q.ImpUID, Amount: q.Amount}, nil
}

// AnswerQuestion implements adapters.Asker: a 200 is a yes whatever its body says, and every other status a no.
func (d *Driver) AnswerQuestion(yes bool, why string) adapters.Reply {
	if yes {
		return adapters.Reply{Status: http.StatusOK, Body: map[string]string{}}
	}
	return adapters.Reply{Status: http.StatusConflict, Body: map[string]string{"reason": why}}
}
