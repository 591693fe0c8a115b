package simulation

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/pg-gateway/pg-gateway/lifecycle"
	"github.com/pg-gateway/pg-gateway/payment"
	"github.com/pg-gateway/pg-gateway/sandbox"
)

// simOwnKey is a billing key that the shop has issued for a card whose data it has itself, at V1's API.
type simOwnKey struct {
	s    *simSubscriber
	b    *simBuyer
	key  string
	path string
	// issued and refused are PortOne's word for its issue, replaced tells that another card was put in its place, deleted
	// its word that the key is gone.
	issued, refused, replaced, deleted bool
}

// anotherCard registers a card for a customer, charges it, and deletes it, as far as each succeeds.
func (s *simSubscriber) anotherCard(b *simBuyer) {
	w := s.w
	k := &simOwnKey{s: s, b: b, key: "card-of-" + string(b.id)}
	k.path = "/subscribe/customers/" + k.key
	w.call(k.key, b.name+" card")
	w.mu.Lock()
	w.keys = append(w.keys, k)
	for n := 1; n < 30; n++ {
		// The attempts of issues are their own orders.
		w.orders = append(w.orders, payment.OrderID(lifecycle.IssueIDOf("portone1", payment.Secret(k.key), n)))
	}
	w.mu.Unlock()
	for n := 1; n < 30; n++ {
		w.call(string(lifecycle.IssueIDOf("portone1", payment.Secret(k.key), n)), fmt.Sprintf("%s card issue %d", b.name, n))
	}
	k.issue()
	if k.issued {
		charged := *s
		charged.key = k.key
		charged.chargeByAPI(b, false)
	}
	if b.r.Float64() < 0.5 {
		k.delete()
	}
}

// issue has the card registered, insisting, and by two at once now and then; a card that is there is replaced only where
// the shop says so.
func (k *simOwnKey) issue() {
	w, r := k.s.w, k.b.r
	w.tally("key_issue")
	if w.storm() && r.Float64() < 0.5 {
		kind := []sandbox.FaultKind{sandbox.FaultDecline, sandbox.FaultGarbage}[r.IntN(2)]
		w.tally("key_issue_" + string(kind))
		f := sandbox.Fault{PG: k.s.pg, Operation: "issue", Kind: kind}
		if kind == sandbox.FaultDecline {
			f.Reason = "stolen"
		}
		if err := w.box.Inject(f); err != nil {
			w.wrong("%v", err)
		}
	}
	var twins sync.WaitGroup
	defer twins.Wait()
	if r.Float64() < 0.4 {
		twin := w.draw(k.b.name + " issue twin")
		w.tally("key_issue_asked_twice_at_once")
		twins.Go(func() {
			time.Sleep(time.Duration(twin.Int64N(int64(300 * time.Millisecond))))
			k.ask(false, twin)
		})
	}
	for range 4 {
		a := k.ask(false, r)
		if payment.Code(a.reason) == payment.CodeKeyInUse && r.Float64() < 0.3 {
			w.tally("key_replaced")
			k.replaced = true
			a = k.ask(true, r)
		}
		if a.status != 0 && (a.reason == "" || payment.Code(a.reason) == payment.CodeKeyInUse) {
			return
		}
		time.Sleep(time.Second + time.Duration(r.Int64N(int64(time.Minute))))
	}
}

// ask sends one issue.
func (k *simOwnKey) ask(replace bool, r *rand.Rand) simReply {
	s, w := k.s, k.s.w
	card := simCard()
	card["channel_key"], card["customer_name"], card["customer_tel"] = "channel-key-v1-billing", "홍길동", "010-4242-4242"
	body, err := json.Marshal(card)
	if err != nil {
		w.wrong("a card does not marshal: %v", err)
	}
	header := simJSON()
	if replace {
		header["X-Pg-Gateway-Replace"] = "true"
	}
	k.count("issue")
	a := s.sendWith(header, k.b.name+" issue", http.MethodPost, k.path, body, r)
	if a.reason == "" && a.status == http.StatusOK {
		w.mu.Lock()
		if s.granted(a) {
			k.issued = true
		} else {
			k.refused = true
		}
		w.mu.Unlock()
	}
	return a
}

func (k *simOwnKey) count(what string) {
	w := k.s.w
	w.mu.Lock()
	w.sent[what+" of "+k.b.name+" card"]++
	w.mu.Unlock()
}

// delete has the key deleted.
func (k *simOwnKey) delete() {
	w, r := k.s.w, k.b.r
	w.tally("key_delete")
	for range 3 {
		k.count("drop_key")
		a := k.s.sendWith(simJSON(), k.b.name+" drop", http.MethodDelete, k.path, nil, r)
		switch {
		case a.status == http.StatusOK && k.s.granted(a):
			k.deleted = true
			return
		case payment.Code(a.reason) == payment.CodeKeyNotFound:
			return
		}
		time.Sleep(time.Second + time.Duration(r.Int64N(int64(time.Minute))))
	}
}

// simIssued tells whether an attempt issued a key at V1's API: the shop, which asked for it, is not asked.
func simIssued(a payment.Attempt) bool {
	return a.Purpose == payment.PurposeBillingKey && strings.HasPrefix(string(a.ID), "k_")
}

// auditKeys wants a key that the shop was told of to be at PortOne, one that it was told to be gone not to be, and the
// attempts of its issues to say the same.
func (w *simWorld) auditKeys(final map[payment.AttemptID]payment.State) {
	there := map[string]bool{}
	for _, k := range w.box.BillingKeys() {
		there[k.Key] = !k.Deleted
	}
	for _, k := range w.keys {
		issued := 0
		for n := 1; n < 30; n++ {
			state := final[lifecycle.IssueIDOf("portone1", payment.Secret(k.key), n)]
			if state != "" {
				w.tally("key_final_" + strings.ReplaceAll(string(state), " ", "_"))
			}
			if state == payment.StateApproved {
				issued++
			}
		}
		name := w.nameIn(k.key)
		switch {
		case k.issued && issued == 0:
			w.wrong("%s: the shop was told that it is issued, and no attempt has it", name)
		case issued > 1 && !k.replaced:
			w.wrong("%s was issued %d times, and nobody wanted it replaced", name, issued)
		case k.deleted && there[k.key]:
			w.wrong("%s: the shop was told that it is deleted, and it is there", name)
		case k.issued && !there[k.key] && w.sent["drop_key of "+name] == 0:
			w.wrong("%s: the shop was told that it is issued, and it is not there", name)
		case issued > 0 && !there[k.key] && w.sent["drop_key of "+name] == 0:
			w.wrong("%s is issued on record, and not there", name)
		case issued == 0 && there[k.key]:
			w.wrong("%s is at PortOne, and on record no issue of it is done", name)
		}
	}
}
