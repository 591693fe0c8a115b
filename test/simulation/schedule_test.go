package simulation

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/pg-gateway/pg-gateway/payment"
	"github.com/pg-gateway/pg-gateway/sandbox"
)

// dial is a connection by which a pod hands a call of PortOne's API on: what is written to it is one request on the
// schedule's network.
func (p *simPod) dial(string) (net.Conn, error) {
	ours, theirs := net.Pipe()
	go p.carryAPI(theirs)
	return ours, nil
}

// carryAPI takes one request over the network, and its answer back.
func (p *simPod) carryAPI(c net.Conn) {
	defer c.Close()
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
	defer cancel()
	req, err := http.ReadRequest(bufio.NewReader(c))
	if err != nil {
		return
	}
	res, err := simTransport{p}.RoundTrip(req.WithContext(ctx))
	if err != nil {
		return
	}
	body, _ := res.Body.(*simBody)
	long := body.Len()
	if body.cut {
		long++
	}
	var out bytes.Buffer
	fmt.Fprintf(&out, "HTTP/1.1 %d Answer\r\nContent-Type: %s\r\nContent-Length: %d\r\nConnection: close\r\n\r\n", res.StatusCode, res.Header.Get("Content-Type"), long)
	_, _ = body.WriteTo(&out)
	_, _ = c.Write(out.Bytes()) // who asked may be gone
}

// simPlan is a charge that PortOne is to make by itself, as the shop was told of it.
type simPlan struct {
	id                    payment.AttemptID
	taken, revoked, moved bool
}

// plan has PortOne charge a month by itself, later, and takes that back now and then.
func (s *simSubscriber) plan(b *simBuyer) {
	w := s.w
	at := time.Now().Add(time.Minute + time.Duration(b.r.Int64N(int64(15*time.Minute)))).Truncate(time.Second)
	plan := simPlan{id: payment.AttemptID(b.id)}
	w.tally("charge_scheduled")
	w.mail.Go(func() {
		// Whatever is due then, is made at this moment and not when somebody next asks.
		time.Sleep(time.Until(at) + time.Millisecond)
		w.box.FireDue()
	})
	path, body := s.scheduleOf(b, at)
	if s.r.Float64() < 0.3 && w.storm() {
		w.tally("scheduled_decline")
		f := sandbox.Fault{PG: s.pg, Operation: "fire", Kind: sandbox.FaultDecline, Reason: []string{"limit", "stolen"}[s.r.IntN(2)]}
		if err := w.box.Inject(f); err != nil {
			w.wrong("%v", err)
		}
	}
	var twins sync.WaitGroup
	defer twins.Wait()
	if b.r.Float64() < 0.3 {
		twin := w.draw(b.name + " twin")
		w.tally("schedule_asked_twice_at_once")
		twins.Go(func() {
			time.Sleep(time.Duration(twin.Int64N(int64(300 * time.Millisecond))))
			s.send(b.name+" schedule", http.MethodPost, path, body, twin)
		})
	}
	for range 3 {
		a := s.send(b.name+" schedule", http.MethodPost, path, body, b.r)
		plan.taken = plan.taken || a.status == http.StatusOK && s.granted(a)
		if plan.taken || payment.Code(a.reason) == payment.CodeChargeIDUsed {
			break
		}
		time.Sleep(time.Second + time.Duration(b.r.Int64N(int64(40*time.Second))))
	}
	if plan.taken && s.pg == "portone_v1" && b.r.Float64() < 0.4 {
		plan.moved = s.move(b, at, false)
	}
	if b.r.Float64() < 0.3 {
		plan.revoked = s.revoke(b)
		if plan.revoked && s.pg == "portone_v1" && b.r.Float64() < 0.4 && s.move(b, at, true) {
			plan.revoked = false
			w.tally("schedule_anew")
		}
	}
	w.mu.Lock()
	w.plans = append(w.plans, plan)
	w.mu.Unlock()
}

// move has PortOne charge a month at another time, once or more; anew is of a charge that was taken back. True is its word.
func (s *simSubscriber) move(b *simBuyer, at time.Time, anew bool) (done bool) {
	w := s.w
	method, path := http.MethodPut, "/subscribe/payments/schedule/"+string(b.id)
	if anew {
		method, path = http.MethodPost, path+"/reschedule"
	}
	to := at.Add(time.Duration(b.r.Int64N(int64(20*time.Minute)) - int64(5*time.Minute))).Truncate(time.Second)
	if !to.After(time.Now().Add(5 * time.Second)) {
		to = time.Now().Add(time.Minute).Truncate(time.Second)
	}
	w.mail.Go(func() {
		time.Sleep(time.Until(to) + time.Millisecond)
		w.box.FireDue()
	})
	send := func(r *rand.Rand) simReply {
		w.mu.Lock()
		w.sent["move of "+b.name]++
		w.mu.Unlock()
		return s.send(b.name+" move", method, path, fmt.Appendf(nil, `{"schedule_at":%d}`, to.Unix()), r)
	}
	var twins sync.WaitGroup
	defer twins.Wait()
	if b.r.Float64() < 0.3 {
		twin := w.draw(b.name + " move twin")
		twins.Go(func() {
			time.Sleep(time.Duration(twin.Int64N(int64(300 * time.Millisecond))))
			send(twin)
		})
	}
	for range 3 {
		a := send(b.r)
		if done = a.status == http.StatusOK && s.granted(a); done || payment.Code(a.reason) == payment.CodeChargeIDUsed {
			break
		}
		time.Sleep(time.Second + time.Duration(b.r.Int64N(int64(30*time.Second))))
	}
	return done
}

// scheduleOf is the call that schedules a month.
func (s *simSubscriber) scheduleOf(b *simBuyer, at time.Time) (path string, body []byte) {
	path = "/subscribe/payments/schedule"
	call := map[string]any{"customer_uid": s.key, "schedules": []any{map[string]any{
		"merchant_uid": b.id, "schedule_at": at.Unix(), "amount": b.won, "currency": "KRW", "name": b.text,
	}}}
	if s.pg == "portone_v2" {
		path = "/payments/" + string(b.id) + "/schedule"
		call = map[string]any{"timeToPay": at.UTC().Format(time.RFC3339), "payment": map[string]any{
			"billingKey": s.key, "orderName": b.text, "amount": map[string]any{"total": b.won}, "currency": "KRW",
			"customer": map[string]any{"name": map[string]any{"full": "홍길동"}, "email": "gildong@example.com", "phoneNumber": "010-4242-4242"},
		}}
	}
	body, err := json.Marshal(call)
	if err != nil {
		s.w.wrong("a schedule does not marshal: %v", err)
	}
	return path, body
}

// revoke takes a scheduled charge back; true is PortOne's word that it will not be made.
func (s *simSubscriber) revoke(b *simBuyer) bool {
	time.Sleep(time.Duration(b.r.Int64N(int64(10 * time.Minute))))
	s.w.tally("schedule_revoked")
	if s.pg == "portone_v2" {
		a := s.send(b.name+" revoke", http.MethodDelete, "/payment-schedules", fmt.Appendf(nil, `{"billingKey":%q}`, s.key), b.r)
		return a.status == http.StatusOK && s.granted(a)
	}
	a := s.send(b.name+" revoke", http.MethodPost, "/subscribe/payments/unschedule", fmt.Appendf(nil, `{"customer_uid":%q,"merchant_uid":[%q]}`, s.key, b.id), b.r)
	return a.status == http.StatusOK && s.granted(a)
}

// granted tells whether PortOne did what it was asked: of V1 only the code says so.
func (s *simSubscriber) granted(a simReply) bool {
	var v1 struct {
		Code *int `json:"code"`
	}
	err := json.Unmarshal(a.body, &v1)
	return err == nil && (s.pg == "portone_v2" || v1.Code != nil && *v1.Code == 0)
}

// send sends one call to PortOne's API at one of the pods.
func (s *simSubscriber) send(name, method, path string, body []byte, r *rand.Rand) simReply {
	return s.sendUnder("", name, method, path, body, r)
}

// sendUnder is send under an Idempotency-Key, or without one.
func (s *simSubscriber) sendUnder(key, name, method, path string, body []byte, r *rand.Rand) simReply {
	header := simJSON()
	if key != "" {
		header[simKeyHeader] = `"` + key + `"`
	}
	return s.sendWith(header, name, method, path, body, r)
}

// sendWith is send with headers of the caller's own.
func (s *simSubscriber) sendWith(header map[string]string, name, method, path string, body []byte, r *rand.Rand) simReply {
	w := s.w
	up := w.alive()
	if len(up) == 0 {
		return simReply{}
	}
	pod, pg := up[r.IntN(len(up))], map[string]payment.PGID{"portone_v1": "portone1", "portone_v2": "portone"}[s.pg]
	a, ok := simAskFor(pod, simPatience, func() simReply { return pod.api(pg, method, path, header, body) })
	w.tracef("%s: %s answers %d %s", name, pod.name, a.status, a.reason)
	what := name[strings.LastIndexByte(name, ' ')+1:]
	if !ok {
		w.tally(what + "_unanswered")
		return simReply{}
	}
	w.tally(strings.TrimSuffix(fmt.Sprintf("%s_answer_%d_%s", what, a.status, a.reason), "_"))
	return a
}

// auditPlans wants a charge that PortOne was to make by itself to have come to what its books say: made, declined, or
// never made.
func (w *simWorld) auditPlans(final map[payment.AttemptID]payment.State) {
	truth := w.truth()
	for _, p := range w.plans {
		state, made := final[p.id], truth[p.id].captures > 0
		switch {
		case made && state == payment.StateCancelled && truth[p.id].captured == truth[p.id].cancelled:
			// PortOne said that it charged something else.
		case p.revoked && made && !p.taken:
			// The call that was lost came after the one that took it back.
		case p.taken && state == "":
			w.wrong("%s: a charge that PortOne is to make is on no record", w.nameIn(string(p.id)))
		case made != (state == payment.StateApproved):
			w.wrong("%s: a scheduled charge was made: %t, and it is %s", w.nameIn(string(p.id)), made, state)
		case p.taken && !made && state != payment.StateDeclined && w.counts["schedule_revoked"] == 0:
			w.wrong("%s: a scheduled charge that nobody took back is %s", w.nameIn(string(p.id)), state)
		}
		w.tally("scheduled_final_" + string(state))
	}
}
