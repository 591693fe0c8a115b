package simulation

import (
	"encoding/json"
	"fmt"
	"net/url"
	"time"

	"github.com/pg-gateway/pg-gateway/payment"
)

const simKeyReturnPath = "/return/inicis/key"

// subscribeAtInicis is a shop whose customer registers a card at KG Inicis itself, in some of the schedules that have no
// other subscriber. nil is none.
func (w *simWorld) subscribeAtInicis() *simSubscriber {
	r := w.draw("inicis subscriber")
	if r.Float64() < 0.6 {
		return nil
	}
	return &simSubscriber{w: w, name: "subscriber", r: r, pg: "inicis"}
}

// monthsAtInicis has a card registered in a window and charges it for a few months: by the key, which only the gateway
// and the customer's own shop know of, or by the attempt that issued it, with recovery.
func (s *simSubscriber) monthsAtInicis() {
	with := *s
	for n := 0; n < 4 && with.issuer == ""; n++ {
		with.issuer = s.register(n)
		time.Sleep(time.Duration(s.r.Int64N(int64(time.Minute))))
	}
	if with.issuer == "" {
		s.w.tally("inicis_without_a_key")
		return
	}
	for _, k := range s.w.box.BillingKeys() {
		if k.Ref == string(with.issuer) {
			with.key = k.Key
		}
	}
	for month := range 1 + s.r.IntN(3) {
		time.Sleep(time.Duration(s.r.Int64N(int64(3 * time.Minute))))
		b := &simBuyer{w: s.w, name: fmt.Sprintf("month%d", month), r: s.w.draw(fmt.Sprintf("month %d", month))}
		b.order()
		b.won += b.mileage // a charge is the whole order
		if s.r.Float64() < 0.3 {
			s.w.tally("inicis_recovery")
			with.recoverMonth(b)
			continue
		}
		by := with
		by.issuer = ""
		by.bill(b)
	}
}

// registerAtInicis goes through the window for billing keys, which ends with a POST to the gateway.
func (s *simSubscriber) registerAtInicis(name string, opened simOpened) payment.AttemptID {
	w := s.w
	var params map[string]string
	if err := json.Unmarshal(opened.Window.Params, &params); err != nil {
		w.wrong("the form of a key's window is not text: %v", err)
		return ""
	}
	form := url.Values{}
	for k, v := range params {
		form.Set(k, v)
	}
	act, fields := simPage(w.form("/inicis/pay/card/billing", form))
	fields.Set("action", "pay")
	_, back := simPage(w.form(act, fields))
	if back.Get("billkey") == "" {
		w.wrong("%s: no key came back: %v", name, back)
		return ""
	}
	w.call(back.Get("billkey"), name)
	for range 3 {
		if up := w.alive(); len(up) > 0 {
			told, err, ok := simHear(up[s.r.IntN(len(up))], simKeyReturnPath, simForm(), []byte(back.Encode()))
			if ok && err == nil && told.word == string(payment.StateApproved) {
				w.tally("key_registered_at_inicis")
				return opened.AttemptID
			}
		}
		time.Sleep(time.Second + time.Duration(s.r.Int64N(int64(20*time.Second))))
	}
	return ""
}
