package simulation

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"sync"
	"time"

	"github.com/pg-gateway/pg-gateway/lifecycle"
	"github.com/pg-gateway/pg-gateway/payment"
)

const simChargePath = "/subscriptions/charge"

// simSubscriber is a shop that charges the billing key of one of its customers, month by month, through whatever pod
// answers.
type simSubscriber struct {
	w    *simWorld
	name string
	r    *rand.Rand
	// pg is the sandbox's word, key the customer's billing key there.
	pg, key string
	// issuer is the attempt that issued a key, in whose place charges are asked for that are tried again; empty asks by key.
	issuer payment.AttemptID
}

// simCharged is what the shop was told of one charge: paid, or whether another try is safe.
type simCharged struct {
	id    payment.AttemptID
	paid  bool
	retry payment.KeySafety
	// onRecord tells that the answer was about a charge on record. Of a request that left none, another one under the
	// same key may still come to more.
	onRecord bool
}

// subscribe lets a customer's card be registered, in some schedules, before anything goes wrong. nil is none.
func (w *simWorld) subscribe() *simSubscriber {
	r := w.draw("subscriber")
	switch {
	case w.noCharges:
		return nil
	case r.Float64() < 0.6:
		return w.subscribeAtInicis()
	}
	s := &simSubscriber{w: w, name: "subscriber", r: r, pg: "portone_v1", key: "customer-1"}
	var opened, done map[string]any
	if r.Float64() < 0.5 {
		s.pg = "portone_v2"
		w.post("/portone/sdk/v2/issue", `{"device":"pc","params":{"storeId":"store-sandbox","channelKey":"channel-key-v2-billing",`+
			`"billingKeyMethod":"CARD","issueId":"customer-1","issueName":"월간 이용권","customer":{"fullName":"홍길동",`+
			`"phoneNumber":"010-4242-4242","email":"gildong@example.com"}}}`, &opened)
		w.post("/portone/sdk/v2/issue/act", fmt.Sprintf(`{"key":%q,"action":"pay"}`, opened["key"]), &done)
		s.key, _ = done["billingKey"].(string)
	} else {
		w.post("/portone/sdk/v1/open", `{"imp_code":"imp00000000","device":"pc","params":{"channelKey":"channel-key-v1-billing",`+
			`"pay_method":"card","merchant_uid":"customer-1","customer_uid":"customer-1","name":"월간 이용권","amount":0,`+
			`"buyer_name":"홍길동","buyer_tel":"010-4242-4242","buyer_email":"gildong@example.com"}}`, &opened)
		w.post("/portone/sdk/v1/act", fmt.Sprintf(`{"key":%q,"action":"pay"}`, opened["key"]), &done)
	}
	if keys := w.box.BillingKeys(); len(keys) != 1 || keys[0].Key != s.key {
		w.wrong("the customer of %s has no billing key: %v, %v", s.pg, opened, done)
	}
	w.call(s.key, "customer")
	return s
}

// run charges a few months.
func (s *simSubscriber) run() {
	if s.pg == "inicis" {
		s.monthsAtInicis()
		return
	}
	if s.w.draw("recoveries").Float64() < 0.3 {
		s.recoverMonths()
		return
	}
	for month := range 1 + s.r.IntN(3) {
		time.Sleep(time.Duration(s.r.Int64N(int64(3 * time.Minute))))
		b := &simBuyer{w: s.w, name: fmt.Sprintf("month%d", month), r: s.w.draw(fmt.Sprintf("month %d", month))}
		b.order()
		b.won += b.mileage // a charge is the whole order
		switch x := s.r.Float64(); {
		case x < 0.33:
			s.plan(b)
		case x < 0.55:
			s.bill(b)
		case x < 0.74:
			s.chargeByAPI(b, false)
		case x < 0.88 && s.pg == "portone_v1":
			s.anotherCard(b)
		default:
			s.chargeByAPI(b, true)
		}
	}
}

// bill charges a month until it is paid, or until it makes no sense any more.
func (s *simSubscriber) bill(b *simBuyer) {
	w := s.w
	for try := range 4 {
		s.disturbAt("charge")
		key := fmt.Sprintf("%s-%d", b.id, try)
		id := lifecycle.ChargeIDOf(b.id, key)
		name := fmt.Sprintf("%s charge %d", b.name, try)
		w.call(key, name)
		w.call(string(id), name)
		var twins sync.WaitGroup
		if b.r.Float64() < 0.3 {
			twin := w.draw(name + " twin")
			w.tally("charge_asked_twice_at_once")
			twins.Go(func() {
				time.Sleep(time.Duration(twin.Int64N(int64(300 * time.Millisecond))))
				s.ask(b, name, key, id, twin)
			})
		}
		told := s.insist(b, name, key, id)
		twins.Wait()
		if told.paid || told.retry != payment.NewKeySafe {
			return
		}
		time.Sleep(time.Duration(b.r.Int64N(int64(2 * time.Minute))))
	}
}

// insist asks under the same key as long as nothing is certain, or nobody answers.
func (s *simSubscriber) insist(b *simBuyer, name, key string, id payment.AttemptID) (told simCharged) {
	for range 6 {
		var ok bool
		if told, ok = s.ask(b, name, key, id, b.r); ok && (told.paid || told.retry != payment.NewKeyUnsafe) {
			return told
		}
		time.Sleep(time.Second + time.Duration(b.r.Int64N(int64(time.Minute))))
	}
	return simCharged{id: id, retry: payment.NewKeyUnsafe}
}

// ask asks for a charge once; ok is false when nobody answered.
func (s *simSubscriber) ask(b *simBuyer, name, key string, id payment.AttemptID, r *rand.Rand) (told simCharged, ok bool) {
	w := s.w
	up := w.alive()
	if len(up) == 0 {
		return told, false
	}
	pod := up[r.IntN(len(up))]
	fields := map[string]any{
		"order_id": b.id, "billing_key": s.key, "amount": b.won, "order_name": b.text,
		"buyer": map[string]any{"name": "홍길동", "email": "gildong@example.com", "tel": "010-4242-4242"},
	}
	if s.pg == "inicis" && r.Float64() < 0.5 {
		fields["pg"] = "inicis"
	}
	if s.issuer != "" {
		delete(fields, "billing_key")
		fields["attempt_id"], fields["recover"] = s.issuer, true
	}
	body, err := json.Marshal(fields)
	if err != nil {
		w.wrong("a charge does not marshal: %v", err)
	}
	header := map[string]string{"Content-Type": "application/json", simKeyHeader: `"` + key + `"`}
	a, ok := simKnock(pod, simPatience, simChargePath, header, body)
	if !ok {
		w.tally("charge_unanswered")
		return told, false
	}
	w.tracef("%s: %s answers %d %s", name, pod.name, a.status, a.code())
	w.tally(fmt.Sprintf("charge_answer_%d_%s", a.status, a.code()))
	if s.pg == "inicis" {
		w.tally(fmt.Sprintf("inicis_charge_answer_%d_%s", a.status, a.code()))
	}
	var said struct {
		AttemptID payment.AttemptID `json:"attempt_id"`
		Retry     payment.KeySafety `json:"retry"`
	}
	err = json.Unmarshal(a.body, &said)
	if err == nil && s.issuer != "" && a.status == http.StatusOK {
		id = said.AttemptID // a later try may have paid it
	}
	if err != nil || said.AttemptID != "" && said.AttemptID != id {
		w.wrong("%s: answered %d %s", name, a.status, a.body)
	}
	told = simCharged{id: id, paid: a.status == http.StatusOK, retry: said.Retry, onRecord: said.AttemptID != ""}
	if !told.paid && said.Retry == "" {
		told.retry = payment.NewKeyUnsafe // the same key again: it is being carried out
	}
	w.mu.Lock()
	w.charged = append(w.charged, told)
	w.mu.Unlock()
	return told, true
}

// auditCharged wants what the shop was told of charges to be so: what is paid is, and where another try was called safe,
// or senseless, nothing was charged that stands.
func (w *simWorld) auditCharged(final map[payment.AttemptID]payment.State) {
	for _, c := range w.charged {
		state, known := final[c.id]
		switch {
		case c.paid && state != payment.StateApproved:
			w.wrong("%s: the shop was told that it is paid, it is %q", w.nameIn(string(c.id)), state)
		case !c.paid && c.onRecord && c.retry != payment.NewKeyUnsafe && known && state == payment.StateApproved:
			w.wrong("%s: the shop was told that another try is %s, and it is paid", w.nameIn(string(c.id)), c.retry)
		}
	}
}
