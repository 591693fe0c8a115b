package simulation

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/pg-gateway/pg-gateway/payment"
)

// simKeyed is what was answered to one body under an Idempotency-Key. An answer that stands must be the only one.
type simKeyed struct {
	w    *simWorld
	name string
	key  string
	path string

	mu    sync.Mutex
	stood []byte
	// once are the answers that stood before stood did: a window that is over is not handed out again.
	once [][]byte
}

// ofAStranger is the same key in the hands of somebody who sends another body under it.
func (k *simKeyed) ofAStranger() *simKeyed {
	return &simKeyed{w: k.w, name: k.name + " of a stranger", key: k.key, path: k.path}
}

func (w *simWorld) keyed(path, name string) *simKeyed {
	k := &simKeyed{w: w, name: "key of " + name, key: "key of " + name, path: path}
	w.call(k.key, k.name)
	return k
}

// stands tells whether a body is an answer that a repeat must be given too.
func (k *simKeyed) stands(a simReply) bool {
	if a.status != http.StatusOK {
		return false
	}
	return k.path == simCheckoutPath || simCertain(simStatus(a.body))
}

// simCertain tells the statuses that are an end. Declined may be one, or a hint that a page may try again.
func simCertain(status string) bool {
	s := payment.State(status)
	return s.Final() && s != payment.StateDeclined
}

// send sends a request under the key to a pod.
func (k *simKeyed) send(p *simPod, body []byte) (simReply, bool) {
	w := k.w
	k.mu.Lock()
	before := k.stood
	k.mu.Unlock()
	header := map[string]string{"Content-Type": "application/json", simKeyHeader: `"` + k.key + `"`}
	a, ok := simKnock(p, simPatience, k.path, header, body)
	if !ok {
		w.tally("key_unanswered")
		return a, false
	}
	w.tracef("%s: %s answers %d %s", k.name, p.name, a.status, a.code())
	k.mu.Lock()
	defer k.mu.Unlock()
	switch {
	case k.stands(a) && k.stood == nil:
		k.stood = a.body
		w.tally("key_stood")
	case k.stands(a) && a.replayed && slices.ContainsFunc(k.once, func(b []byte) bool { return string(b) == string(a.body) }):
		w.tally("key_replayed_late")
	case k.stands(a) && string(a.body) != string(k.stood) && !a.replayed && k.over(k.stood):
		k.once, k.stood = append(k.once, k.stood), a.body
		w.tally("key_renewed")
	case k.stands(a) && string(a.body) != string(k.stood):
		w.wrong("%s has two standing answers: %s and %s", k.name, k.stood, a.body)
	case k.stands(a):
		w.tally("key_replayed")
	case a.code() == payment.CodeKeyInProgress:
		w.tally("key_in_progress")
	case a.code() == payment.CodeKeyReused:
		w.wrong("%s was taken by another body", k.name)
	}
	switch {
	case before == nil || a.status >= 500 || !a.replayed && k.over(before):
	case a.status != http.StatusOK || !a.replayed:
		w.wrong("%s: the answer stood, but a repeat is answered %d %s, replayed %t", k.name, a.status, a.code(), a.replayed)
	}
	return a, true
}

// over tells whether a window that was handed out can no longer be paid in: the request is carried out anew then.
func (k *simKeyed) over(answer []byte) bool {
	var a simOpened
	up := k.w.alive()
	if k.path != simCheckoutPath || json.Unmarshal(answer, &a) != nil || len(up) == 0 {
		return false
	}
	expires, err := time.Parse(time.RFC3339, a.ExpiresAt)
	list, listing := up[0].books.AttemptsOf(context.Background(), a.OrderID)
	if err != nil || listing != nil {
		k.w.wrong("%s: an answer cannot be judged: %v, %v", k.name, err, listing)
		return false
	}
	// Clocks of pods differ by a few seconds, and what held the order once may have let go of it since.
	return time.Now().Add(5*time.Second).After(expires) || slices.ContainsFunc(list, func(a payment.Attempt) bool { return a.State != payment.StateOpened })
}

// again tells whether a client repeats a request after this answer: he was told to, or we failed.
func (a simReply) again() bool {
	return a.status >= 500 || a.code() == payment.CodeKeyInProgress
}

// checkoutBody is the body of POST /checkout for his order.
func (b *simBuyer) checkoutBody(method payment.Method, site payment.Site, due time.Time) []byte {
	return b.w.checkoutBody(b.id, b.won+b.mileage, b.payments(method), site, due, b.device())
}

// device is what the buyer shops with, always the same.
func (b *simBuyer) device() payment.Device {
	if b.w.draw(b.name+" device").Float64() < 0.4 {
		return payment.DeviceMobile
	}
	return payment.DevicePC
}

// checkoutBody is the body of POST /checkout; due is for virtual accounts.
func (w *simWorld) checkoutBody(
	order payment.OrderID, won payment.Won, payments []payment.MethodAmount, site payment.Site, due time.Time, device payment.Device,
) []byte {
	fields := map[string]any{
		"order_id": order, "amount": won, "payments": payments,
		"buyer": map[string]any{"name": "홍길동", "email": "gildong@example.com", "tel": "010-4242-4242"},
		"site":  site, "device": device, "return_url": "http://localhost:8080/result",
	}
	if !due.IsZero() {
		fields["vbank_due"] = due.In(payment.KST()).Format(time.DateTime)
	}
	body, err := json.Marshal(fields)
	if err != nil {
		w.wrong("a checkout does not marshal: %v", err)
	}
	return body
}

// askUnderKey asks for a window under a key, impatiently: the same again to other pods while the first one runs.
func (b *simBuyer) askUnderKey(n int, method payment.Method) (ans simOpened, err error, ok bool) {
	w := b.w
	w.tally("checkout_under_key")
	k := w.keyed(simCheckoutPath, fmt.Sprintf("%s checkout %d", b.name, n))
	body := b.checkoutBody(method, "main", time.Time{})
	var twins sync.WaitGroup
	defer twins.Wait()
	if b.r.Float64() < 0.4 {
		twin := w.draw(k.name + " twin")
		twins.Go(func() {
			time.Sleep(time.Duration(twin.Int64N(int64(200 * time.Millisecond))))
			k.send(b.pod(twin), body)
		})
	}
	if b.r.Float64() < 0.1 {
		other := w.draw(k.name + " other")
		twins.Go(func() {
			time.Sleep(time.Duration(other.Int64N(int64(time.Second))))
			w.tally("key_with_another_body")
			k.ofAStranger().send(b.pod(other), b.checkoutBody(method, "other", time.Time{}))
		})
	}
	for range 4 {
		a, answered := k.send(b.pod(b.r), body)
		if answered && !a.again() {
			if b.r.Float64() < 0.2 {
				twins.Go(func() { k.repeat(b, w.draw(k.name+" repeat"), body) })
			}
			return simCheckoutAnswer(a)
		}
		time.Sleep(time.Duration(b.r.Int64N(int64(40 * time.Second))))
	}
	return ans, nil, false
}

// repeat sends the same again much later.
func (k *simKeyed) repeat(b *simBuyer, r *rand.Rand, body []byte) {
	time.Sleep(time.Duration(r.Int64N(int64(5 * time.Minute))))
	k.send(b.pod(r), body)
}

func simCheckoutAnswer(a simReply) (ans simOpened, err error, ok bool) {
	if a.status != http.StatusOK {
		return ans, &payment.Problem{Code: a.code()}, true
	}
	return ans, json.Unmarshal(a.body, &ans), true
}

// completeUnderKey sends a window's result over HTTP, every time under the same key.
func (b *simBuyer) completeUnderKey(at *simAttempt, body []byte) func(p *simPod) (simTold, error, bool) {
	w := b.w
	w.tally("complete_under_key")
	k := w.keyed(simCompletePath, at.name+" complete")
	return func(p *simPod) (simTold, error, bool) {
		a, ok := k.send(p, body)
		if !ok || a.again() {
			return simTold{}, nil, false
		}
		if a.status != http.StatusOK {
			return simTold{}, &payment.Problem{Code: a.code()}, true
		}
		told := simTold{id: at.answer.AttemptID, word: simStatus(a.body)}
		if simCertain(told.word) {
			told.status = payment.State(told.word)
		}
		return told, nil, true
	}
}
