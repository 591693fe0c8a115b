package simulation

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/pg-gateway/pg-gateway/payment"
)

// confirmByAPI is a shop whose order service confirms at PortOne's API what the buyer's page brought it, with the SDK
// that it has. What it is told, the page shows.
func (b *simBuyer) confirmByAPI(a *simAttempt, token string) func(p *simPod) (simTold, error, bool) {
	w, id := b.w, a.answer.AttemptID
	w.tally("confirm_by_api")
	key := "key of " + a.name + " confirm"
	body, err := json.Marshal(map[string]any{"paymentToken": token, "totalAmount": b.won, "currency": "KRW", "isTest": true})
	if err != nil {
		w.wrong("a confirm does not marshal: %v", err)
	}
	type heard struct {
		told simTold
		err  error
	}
	return func(p *simPod) (simTold, error, bool) {
		header := simJSON()
		if w.draw(key).Float64() < 0.5 {
			header[simKeyHeader] = `"` + key + `"`
		}
		h, ok := simAskFor(p, simPatience, func() (h heard) {
			reply := p.api(a.answer.PG, http.MethodPost, "/payments/"+string(id)+"/confirm", header, body)
			w.tally(strings.TrimSuffix(fmt.Sprintf("confirm_answer_%d_%s", reply.status, reply.reason), "_"))
			h.told.id = id
			if h.err = w.confirmed(a, reply); h.err == nil {
				h.told.status, h.err = p.stateOf(id)
				h.told.word = string(h.told.status)
				if h.err == nil && h.told.status != payment.StateApproved && h.told.status != payment.StateIssued {
					w.wrong("%s was answered as confirmed, and is %s", a.name, h.told.status)
				}
			}
			return h
		})
		return h.told, h.err, ok
	}
}

// confirmed reads PortOne's answer to a confirm: nil is a yes. Of a yes or a certain no the audit wants that it stays so.
func (w *simWorld) confirmed(a *simAttempt, reply simReply) error {
	var said struct {
		PGTxID string    `json:"pgTxId"`
		PaidAt time.Time `json:"paidAt"`
	}
	code := payment.Code(reply.reason)
	told := simCharged{id: a.answer.AttemptID, onRecord: true}
	switch {
	case code == "" && reply.status == http.StatusOK:
		if err := json.Unmarshal(reply.body, &said); err != nil || said.PGTxID == "" || !a.account && said.PaidAt.IsZero() {
			w.wrong("%s: a confirm is answered 200 %s", a.name, reply.body)
		}
		told.paid = !a.account
	case code == payment.CodeOrderAlreadyPaid:
	case code == payment.CodeChargeDeclined:
		told.retry = payment.NewKeySafe
	case code == "":
		w.wrong("%s: a confirm is answered %d %s", a.name, reply.status, reply.body)
	}
	if told.paid || told.retry != "" {
		w.mu.Lock()
		w.charged = append(w.charged, told)
		w.mu.Unlock()
	}
	if told.paid || code == "" {
		return nil
	}
	return &payment.Problem{Code: code}
}
