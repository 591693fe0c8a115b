package simulation

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"github.com/pg-gateway/pg-gateway/journal"
	"github.com/pg-gateway/pg-gateway/lifecycle"
	"github.com/pg-gateway/pg-gateway/payment"
	"github.com/pg-gateway/pg-gateway/sandbox"
)

const simRecoveriesPath = "/subscriptions/recoveries/"

// simRecovered is a month that is charged with recovery, as the shop knows it.
type simRecovered struct {
	order payment.OrderID
	// stopped is when the gateway had said that no other try is begun; zero where it was not asked.
	stopped time.Time
}

// recoverMonths has a card registered through the gateway, and charges it, declines and all.
func (s *simSubscriber) recoverMonths() {
	with := *s
	for n := 0; n < 4 && with.issuer == ""; n++ {
		with.issuer = s.register(n)
		time.Sleep(time.Duration(s.r.Int64N(int64(time.Minute))))
	}
	if with.issuer == "" {
		s.w.tally("recovery_without_a_key")
		return
	}
	for month := range 1 + s.r.IntN(2) {
		b := &simBuyer{w: s.w, name: fmt.Sprintf("month%d", month), r: s.w.draw(fmt.Sprintf("month %d", month))}
		b.order()
		b.won += b.mileage
		with.recoverMonth(b)
	}
}

// register has a customer's card registered in a window of the gateway's; empty when it cannot be told that it was.
func (s *simSubscriber) register(n int) payment.AttemptID {
	w := s.w
	name := fmt.Sprintf("registration %d", n)
	o, err := w.box.MakeOrder(sandbox.OrderSpec{Name: "월간 이용권", Purpose: "billing_key"})
	if err != nil {
		w.wrong("no order for a key: %v", err)
	}
	w.call(o.ID, name)
	w.mu.Lock()
	w.orders = append(w.orders, payment.OrderID(o.ID))
	w.mu.Unlock()
	up := w.alive()
	if len(up) == 0 {
		return ""
	}
	pod := up[s.r.IntN(len(up))]
	body, err := json.Marshal(map[string]any{
		"order_id": o.ID, "amount": 0, "purpose": "billing_key", "payments": []any{map[string]any{"method": "card", "amount": 0}},
		"buyer": map[string]any{"name": "홍길동", "email": "gildong@example.com", "tel": "010-4242-4242"},
		"site":  map[string]string{"portone_v1": "keys_v1", "portone_v2": "keys_v2", "inicis": "keys_inicis"}[s.pg], "device": "pc", "return_url": "http://localhost:8080/result",
	})
	if err != nil {
		w.wrong("a checkout does not marshal: %v", err)
	}
	a, ok := simKnock(pod, simPatience, simCheckoutPath, simJSON(), body)
	opened, err, _ := simCheckoutAnswer(a)
	if !ok || err != nil {
		w.tracef("%s: %d %s", name, a.status, a.code())
		return ""
	}
	w.call(string(opened.AttemptID), name)
	if s.pg == "inicis" {
		return s.registerAtInicis(name, opened)
	}
	fields := map[string]any{"attempt_id": opened.AttemptID}
	var window, done map[string]any
	params := string(opened.Window.Params)
	if s.pg == "portone_v2" {
		w.post("/portone/sdk/v2/issue", fmt.Sprintf(`{"device":"pc","params":%s}`, params), &window)
		w.post("/portone/sdk/v2/issue/act", fmt.Sprintf(`{"key":%q,"action":"pay"}`, window["key"]), &done)
		fields["billing_key"] = done["billingKey"]
		if key, _ := done["billingKey"].(string); key != "" {
			w.call(key, name)
		}
	} else {
		w.post("/portone/sdk/v1/open", fmt.Sprintf(`{"imp_code":"imp00000000","device":"pc","params":%s}`, params), &window)
		w.post("/portone/sdk/v1/act", fmt.Sprintf(`{"key":%q,"action":"pay"}`, window["key"]), &done)
	}
	if body, err = json.Marshal(fields); err != nil {
		w.wrong("a completion does not marshal: %v", err)
	}
	for range 3 {
		a, ok := simKnock(pod, simPatience, simCompletePath, simJSON(), body)
		if ok && simStatus(a.body) == string(payment.StateApproved) {
			w.tally("key_registered")
			return opened.AttemptID
		}
		time.Sleep(time.Second + time.Duration(s.r.Int64N(int64(20*time.Second))))
		if up := w.alive(); len(up) > 0 {
			pod = up[s.r.IntN(len(up))]
		}
	}
	return ""
}

// recoverMonth charges a month that is declined a few times, and waits for the tries in the storm, or stops them.
func (s *simSubscriber) recoverMonth(b *simBuyer) {
	w, r := s.w, b.r
	month := &simRecovered{order: b.id}
	w.mu.Lock()
	w.recovered = append(w.recovered, month)
	w.mu.Unlock()
	if r.Float64() < 0.8 {
		f := sandbox.Fault{
			PG: s.pg, Operation: "charge", Kind: sandbox.FaultDecline, Times: 1 + r.IntN(6),
			Reason: []string{"limit", "limit", "funds", "busy", "stolen"}[r.IntN(5)],
		}
		if err := w.box.Inject(f); err != nil {
			w.wrong("%v", err)
		}
	}
	key := string(b.id) + "-0"
	id := lifecycle.ChargeIDOf(b.id, key)
	name := b.name + " charge"
	w.call(key, name)
	w.call(string(id), name)
	for n := range 12 {
		row := payment.Recovery{ID: id, OrderID: b.id, Tries: n}
		w.call(string(lifecycle.RecoveryTryID(row)), fmt.Sprintf("%s try %d", name, n+1))
	}
	told := s.insist(b, name, key, id)
	for range 2 {
		if told.paid || told.retry != payment.NewKeyWait {
			return
		}
		w.tally("recovery_waits")
		if r.Float64() < 0.3 {
			s.chargeBeside(b)
		}
		if r.Float64() < 0.25 {
			s.stopRecovery(b, month)
			return
		}
		// Until after the next try.
		time.Sleep(62*time.Minute + time.Duration(r.Int64N(int64(6*time.Minute))))
		told = s.insist(b, name, key, id)
	}
}

// chargeBeside asks for another charge of a month that is being recovered: it must be refused, or there must be no recovery any more.
func (s *simSubscriber) chargeBeside(b *simBuyer) {
	w := s.w
	key := string(b.id) + "-beside"
	id := lifecycle.ChargeIDOf(b.id, key)
	w.call(key, b.name+" beside")
	w.call(string(id), b.name+" beside")
	by := *s
	by.issuer = ""
	if told, ok := by.ask(b, b.name+" beside", key, id, b.r); ok && told.paid {
		w.wrong("%s was charged beside its recovery", b.name)
	}
}

// stopRecovery has a recovery stopped, insisting.
func (s *simSubscriber) stopRecovery(b *simBuyer, month *simRecovered) {
	w := s.w
	w.tally("recovery_stop_asked")
	for range 4 {
		if up := w.alive(); len(up) > 0 {
			pod := up[b.r.IntN(len(up))]
			a, ok := simAskFor(pod, simPatience, func() simReply { return pod.stop(b.id) })
			w.tracef("%s stop: %s answers %d %s", b.name, pod.name, a.status, a.code())
			if ok && a.status == http.StatusOK {
				w.mu.Lock()
				month.stopped = time.Now()
				w.mu.Unlock()
				return
			}
		}
		time.Sleep(time.Second + time.Duration(b.r.Int64N(int64(30*time.Second))))
	}
}

// auditRecoveries wants each recovery to have kept to its rules: its tries one after the other, each after the pause that
// its rules want and in no quiet hours, none after one that was paid or after it was stopped, and no more than its budget.
func (w *simWorld) auditRecoveries(ctx context.Context, books simBooks) {
	if w.noCharges {
		return
	}
	rows, err := books.Recoveries(ctx, journal.ListFilter{Limit: 1000})
	if err != nil {
		w.wrong("listing recoveries: %v", err)
	}
	stopped := map[payment.OrderID]time.Time{}
	for _, m := range w.recovered {
		stopped[m.order] = m.stopped
	}
	for _, r := range rows {
		w.auditRecovery(ctx, books, r, stopped[r.OrderID])
	}
}

func (w *simWorld) auditRecovery(ctx context.Context, books simBooks, r payment.Recovery, stopped time.Time) {
	name := w.nameIn(string(r.OrderID))
	rules := w.parts.store.Current().Recovery()
	ids := []payment.AttemptID{r.ID}
	for n := range r.Tries + 1 {
		ids = append(ids, lifecycle.RecoveryTryID(payment.Recovery{ID: r.ID, OrderID: r.OrderID, Tries: n}))
	}
	var last payment.Attempt
	var ended time.Time
	for n, id := range ids {
		a, _, err := books.Attempt(ctx, id)
		if known := err == nil; known != (n <= r.Tries) {
			w.wrong("%s: try %d of %d is on record: %t", name, n, r.Tries, known)
			return
		} else if !known {
			break
		}
		begun, end := w.intended(ctx, books, a)
		// A pod may freeze between what it decides and what it writes, and clocks differ.
		switch late := begun.Add(-15 * time.Minute); {
		case n > 0 && last.State == payment.StateApproved:
			w.wrong("%s was tried again after it was paid", name)
		case n > 0 && last.Reason != payment.ReasonNotSent && begun.Before(ended.Add(time.Hour-10*time.Second)):
			w.wrong("%s: try %d was begun %s after the last one had ended", name, n, begun.Sub(ended))
		case n > 0 && rules.Awake(begun).After(begun) && rules.Awake(late).After(late):
			w.wrong("%s: try %d was begun at %s", name, n, begun.In(payment.KST()))
		case !stopped.IsZero() && begun.After(stopped.Add(10*time.Second)):
			w.wrong("%s: try %d was begun %s after it was stopped", name, n, begun.Sub(stopped))
		}
		if n > 0 {
			w.tally("recovery_try_" + string(a.State))
		}
		last, ended = a, end
	}
	paid := r.State == payment.RecoveryRecovered || r.State == payment.RecoveryUnneeded
	switch {
	case paid != (last.State == payment.StateApproved):
		w.wrong("%s: its recovery is %s (%s), and its last charge %s", name, r.State, r.Stopped, last.State)
	case r.Attempt != last.ID, paid && (r.State == payment.RecoveryRecovered) != (r.Tries > 0), r.Used > r.Tries, len(r.Sealed) > 0:
		w.wrong("%s: its recovery is %s after %d tries, %d used, the last one %s", name, r.State, r.Tries, r.Used, w.nameIn(string(r.Attempt)))
	}
	most := 0
	for _, b := range rules.Budgets {
		most = max(most, b.Tries)
	}
	if r.Used > most {
		w.wrong("%s used %d tries", name, r.Used)
	}
}

// intended is when a charge was begun, and when it had ended.
func (w *simWorld) intended(ctx context.Context, books simBooks, a payment.Attempt) (begun, ended time.Time) {
	events, err := books.Events(ctx, a.ID)
	if err != nil {
		w.wrong("reading a history: %v", err)
	}
	for _, ev := range events {
		if ev.Kind == journal.EventIntended && begun.IsZero() {
			begun = ev.At
		}
		if ev.To != ev.From {
			ended = ev.At
		}
	}
	return begun, ended
}
