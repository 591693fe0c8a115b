package simulation

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strings"
	"time"

	"github.com/pg-gateway/pg-gateway/adapters/portonev1"
	"github.com/pg-gateway/pg-gateway/adapters/portonev2"
	"github.com/pg-gateway/pg-gateway/lifecycle"
	"github.com/pg-gateway/pg-gateway/payment"
)

// simDoor is how a shop asks for one cancel: at the gateway's own endpoint, or as PortOne's API has it.
type simDoor struct {
	// pg is empty for the gateway's own.
	pg     payment.PGID
	driver payment.DriverName
	// tx is V1's imp_uid, keyed tells that the call has an Idempotency-Key.
	tx    string
	keyed bool
	// blind tells that it says neither by key nor by checksum which cancel it is.
	blind bool
}

// simWish is what a cancel asks for; 0 is left out.
type simWish struct {
	Reason    string      `json:"reason"`
	Amount    payment.Won `json:"amount"`
	Remaining payment.Won `json:"remaining"`
	Account   *struct {
		Bank, Number, Holder, Tel string
	} `json:"refund_account"`
}

// simAPIAsked is a cancel that PortOne's API, which is the gateway's there, answered as done.
type simAPIAsked struct {
	attempt payment.AttemptID
	// id is known where the call had a key.
	id   payment.CancelID
	wish simWish
}

// door picks how a paid attempt is cancelled; the order service has had its SDK for longer than the gateway.
func (w *simWorld) door(p simPaid, wish simWish, r *rand.Rand) (d simDoor) {
	byAPI, byTx, keyed := r.Float64() < 0.5, r.Float64() < 0.5, r.Float64() < 0.4
	up := w.alive()
	if w.before || !byAPI || len(up) == 0 {
		return d
	}
	a, _, err := up[0].books.Attempt(context.Background(), p.id)
	switch {
	case err != nil:
		w.wrong("reading a paid attempt: %v", err)
		return d
	case a.Driver != portonev1.Name && a.Driver != portonev2.Name:
		return d
	}
	d = simDoor{pg: a.PG, driver: a.Driver, keyed: keyed, blind: !keyed && wish.Amount > 0 && wish.Remaining == 0}
	if byTx {
		d.tx = a.PGTxID
	}
	return d
}

// askedAt notes that a shop wishes for a cancel, and picks where it asks.
func (w *simWorld) askedAt(p simPaid, name, body string) (at struct {
	door simDoor
	wish simWish
},
) {
	if !p.paid {
		return at
	}
	w.mu.Lock()
	w.wished[p.id]++
	w.mu.Unlock()
	if err := json.Unmarshal([]byte(body), &at.wish); err != nil {
		w.wrong("a cancel is no JSON: %v", err)
	}
	at.door = w.door(p, at.wish, w.draw(name+" door"))
	return at
}

// request is a cancel as PortOne's API has it.
func (d simDoor) request(p simPaid, wish simWish, key string) (path string, header map[string]string, body []byte) {
	fields, path := map[string]any{"reason": wish.Reason}, "/payments/cancel"
	put := func(name string, won payment.Won) {
		if won > 0 {
			fields[name] = won
		}
	}
	put("amount", wish.Amount)
	if d.driver == portonev2.Name {
		path = "/payments/" + string(p.id) + "/cancel"
		put("currentCancellableAmount", wish.Remaining)
		if to := wish.Account; to != nil {
			fields["refundAccount"] = map[string]any{"bank": "SHINHAN", "number": to.Number, "holderName": to.Holder, "holderPhoneNumber": to.Tel}
		}
	} else {
		put("checksum", wish.Remaining)
		fields["merchant_uid"] = p.id
		if d.tx != "" {
			fields["imp_uid"] = d.tx
		}
		if to := wish.Account; to != nil {
			fields["refund_bank"], fields["refund_account"], fields["refund_holder"], fields["refund_tel"] = "088", to.Number, to.Holder, to.Tel
		}
	}
	body, _ = json.Marshal(fields)
	header = map[string]string{"Content-Type": "application/json"}
	if d.keyed {
		header[simKeyHeader] = `"` + key + `"`
	}
	return path, header, body
}

// sendAPICancel sends one cancel to the listener that is PortOne's API, on one of the pods.
func (w *simWorld) sendAPICancel(p simPaid, d simDoor, wish simWish, name, key string, r *rand.Rand) simReply {
	up := w.alive()
	if len(up) == 0 {
		return simReply{}
	}
	pod := up[r.IntN(len(up))]
	path, header, body := d.request(p, wish, key)
	a, ok := simAskFor(pod, simPatience, func() simReply { return pod.api(d.pg, http.MethodPost, path, header, body) })
	w.tracef("%s by %s's API: %s answers %d %s", name, d.pg, pod.name, a.status, a.reason)
	if !ok {
		w.tally("api_cancel_unanswered")
		return simReply{}
	}
	w.tally(strings.TrimSuffix(fmt.Sprintf("api_cancel_answer_%s_%d_%s", d.driver, a.status, a.reason), "_"))
	if a.status != http.StatusOK || !w.cancelledNow(d, a, wish, name) {
		return a
	}
	asked := simAPIAsked{attempt: p.id, wish: wish}
	if d.keyed {
		asked.id = lifecycle.CancelIDOf(p.id, key)
	}
	w.mu.Lock()
	w.askedByAPI = append(w.askedByAPI, asked)
	w.mu.Unlock()
	return a
}

// cancelledNow reads PortOne's answer: whether the money is back, or will be.
func (w *simWorld) cancelledNow(d simDoor, a simReply, wish simWish, name string) bool {
	var v1 struct {
		Code     *int `json:"code"`
		Response struct {
			Cancelled payment.Won `json:"cancel_amount"`
		} `json:"response"`
	}
	var v2 struct {
		Cancellation struct {
			Status string      `json:"status"`
			Total  payment.Won `json:"totalAmount"`
		} `json:"cancellation"`
	}
	if d.driver == portonev1.Name {
		if err := json.Unmarshal(a.body, &v1); err != nil || v1.Code == nil || *v1.Code != 0 || v1.Response.Cancelled < max(wish.Amount, 1) {
			w.wrong("%s: answered 200 %s", name, a.body)
		}
		return true
	}
	c := &v2.Cancellation
	if err := json.Unmarshal(a.body, &v2); err != nil || c.Total == 0 || wish.Amount > 0 && c.Total != wish.Amount {
		w.wrong("%s: answered 200 %s", name, a.body)
	}
	return c.Status == "SUCCEEDED"
}

// blindFor is how long a call that does not say which cancel it is may be repeated: the gateway takes it for a repeat
// for ten minutes after it is certain of the first.
const blindFor = 5 * time.Minute

// auditAPICancels wants what the shop was told at PortOne's API to be so, and no wish to have been granted twice.
func (w *simWorld) auditAPICancels(a payment.Attempt, rows []payment.Cancel) {
	granted := 0
	for _, c := range rows {
		if c.State == payment.CancelDone && c.Origin == payment.CancelByShop {
			granted++
		}
	}
	if wished := w.wished[a.ID]; granted > wished {
		w.wrong("%s: %d cancels were done of %d that the shop asked for", w.nameIn(string(a.ID)), granted, wished)
	}
	for _, s := range w.askedByAPI {
		if s.attempt != a.ID {
			continue
		}
		found := false
		for _, c := range rows {
			found = found || c.State == payment.CancelDone && s.matches(c)
		}
		if !found {
			w.wrong("%s: PortOne's API answered that %d of %d are back, and they are not", w.nameIn(string(a.ID)), s.wish.Amount, s.wish.Remaining)
		}
	}
}

func (s simAPIAsked) matches(c payment.Cancel) bool {
	switch {
	case s.id != "":
		return c.ID == s.id
	case s.wish.Amount == 0:
		return c.Amount == c.Remaining
	}
	return c.Amount == s.wish.Amount && (s.wish.Remaining == 0 || c.Remaining == s.wish.Remaining)
}
