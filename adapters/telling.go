package adapters

import (
	"net/http"
	"time"

	"github.com/pg-gateway/pg-gateway/payment"
)

// Teller is implemented by drivers that can say of a listed payment what their PG's webhook says of it. It is for
// machines that the PG does not reach: whoever takes the webhook cannot tell the two apart.
type Teller interface {
	// Webhook makes the webhook of what a list shows, as it is sent at now. The id is the message's, the same when it
	// is sent again. The error says which of the PG's keys is missing to sign it with.
	Webhook(pg *payment.PG, l Listed, id string, now time.Time) (Webhook, error)
}

// Webhook is a message that a PG sends by POST.
type Webhook struct {
	// Says is what it says in the PG's own word, as in Transaction.Paid.
	Says   string
	Header http.Header
	Body   []byte
}
