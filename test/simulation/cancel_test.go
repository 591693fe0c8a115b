package simulation

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/pg-gateway/pg-gateway/adapters/inicis"
	"github.com/pg-gateway/pg-gateway/lifecycle"
	"github.com/pg-gateway/pg-gateway/payment"
	"github.com/pg-gateway/pg-gateway/sandbox"
)

// simPaid is a paid attempt as the shop has it.
type simPaid struct {
	id   payment.AttemptID
	name string
	won  payment.Won
	// whole tells that it cannot be given back in part without knowing more.
	whole bool
	// account is where the money of a virtual account goes back to, as a field of the request.
	account string
	// paid tells that it is money that goes back, and no account that is closed.
	paid bool
}

// simAsked is a cancel that the shop was told to be done.
type simAsked struct {
	id  payment.CancelID
	won payment.Won
}

// paidAt are the attempts that the shop believes to be paid of an order, or of every order.
func (w *simWorld) paidAt(order payment.OrderID) []simPaid {
	var list []simPaid
	for _, o := range w.box.Shop().Orders {
		for id, won := range o.Paid {
			if w.paidTwice(id) {
				continue
			}
			account := ""
			if _, bank := o.Accounts[id]; bank {
				account = `,"refund_account":{"bank":"088","number":"110123456789","holder":"홍길동","tel":"01042424242"}`
			}
			if order == "" || o.ID == string(order) {
				list = append(list, simPaid{payment.AttemptID(id), w.nameIn(id), payment.Won(won), o.TaxFree > 0, account, false})
			}
		}
	}
	slices.SortFunc(list, func(a, b simPaid) int { return strings.Compare(a.name, b.name) })
	return list
}

// giveBack is a shop that gives money of a paid attempt back: whole, in parts, or in parts at once on several pods.
func (w *simWorld) giveBack(p simPaid, r *rand.Rand) {
	p.paid = true
	how := r.IntN(4)
	if p.whole || how == 0 || p.won < 100 {
		w.tally("shop_cancels_whole")
		w.askCancel(p, p.name+" cancel", r, `{"reason":"returned"`+p.account+`}`)
		return
	}
	parts, states := 2+r.IntN(2), !w.before && w.draw(p.name+" states").Float64() < 0.5
	part := func(i int) string {
		won := p.won / payment.Won(parts+1)
		if i == parts-1 && how == 1 {
			// The last one asks for what is left, and says what it believes that to be.
			return fmt.Sprintf(`{"reason":"returned","remaining":%d%s}`, p.won-won*payment.Won(i), p.account)
		}
		if states {
			// As SDKs' users are told to: what is left then, by which the PG tells a repeat from another.
			return fmt.Sprintf(`{"reason":"returned","amount":%d,"remaining":%d%s}`, won, p.won-won*payment.Won(i), p.account)
		}
		return fmt.Sprintf(`{"reason":"returned","amount":%d%s}`, won, p.account)
	}
	var at sync.WaitGroup
	defer at.Wait()
	for i := range parts {
		name := fmt.Sprintf("%s cancel %d", p.name, i)
		if how != 3 {
			w.tally("shop_cancels_part")
			w.askCancel(p, name, r, part(i))
			time.Sleep(time.Duration(r.Int64N(int64(time.Minute))))
			continue
		}
		w.tally("shop_cancels_parts_at_once")
		twin := w.draw(name)
		at.Go(func() {
			time.Sleep(time.Duration(twin.Int64N(int64(200 * time.Millisecond))))
			w.askCancel(p, name, twin, part(i))
		})
	}
}

// askCancel asks for one cancel under one key, on any pod, until it hears where it stands.
func (w *simWorld) askCancel(p simPaid, name string, r *rand.Rand, body string) {
	w.mu.Lock()
	n := w.drawn["ask "+name]
	w.drawn["ask "+name]++
	w.mu.Unlock()
	name = fmt.Sprintf("%s#%d", name, n)
	key := "key of " + name
	id := lifecycle.CancelIDOf(p.id, key)
	w.call(key, name)
	w.call(string(id), name)
	send := func(r *rand.Rand) simReply { return w.sendCancel(p, name, key, id, body, r) }
	began, d := time.Now(), w.askedAt(p, name, body)
	if d.door.pg != "" {
		send = func(r *rand.Rand) simReply { return w.sendAPICancel(p, d.door, d.wish, name, key, r) }
	}
	var twins sync.WaitGroup
	defer twins.Wait()
	if r.Float64() < 0.3 {
		w.tally("cancel_asked_twice_at_once")
		twin := w.draw(name + " twin")
		twins.Go(func() {
			time.Sleep(time.Duration(twin.Int64N(int64(300 * time.Millisecond))))
			send(twin)
		})
	}
	for range 4 {
		a := send(r)
		if a.status == http.StatusOK || a.status == http.StatusAccepted || simRefused(a) {
			break
		}
		time.Sleep(time.Second + time.Duration(r.Int64N(int64(40*time.Second))))
		if d.door.blind && time.Since(began) > blindFor {
			return
		}
	}
	if r.Float64() < 0.3 {
		w.tally("cancel_asked_again")
		time.Sleep(time.Duration(r.Int64N(int64(3 * time.Minute))))
		send(r)
	}
}

// simRefused tells whether a cancel was refused for good.
func simRefused(a simReply) bool {
	switch payment.Code(a.reason) { //nolint:exhaustive // after the others it is asked for again
	case payment.CodeCancelRefused, payment.CodeNotCancellable, payment.CodeCancelTooMuch, payment.CodeCancelRepeated:
		return true
	}
	return false
}

// sendCancel sends one request to a pod's sidecar listener.
func (w *simWorld) sendCancel(p simPaid, name, key string, id payment.CancelID, body string, r *rand.Rand) simReply {
	up := w.alive()
	if len(up) == 0 {
		return simReply{}
	}
	pod := up[r.IntN(len(up))]
	header := map[string]string{"Content-Type": "application/json", simKeyHeader: `"` + key + `"`}
	a, ok := simKnock(pod, simPatience, "/attempts/"+string(p.id)+"/cancels", header, []byte(body))
	w.tracef("%s: %s answers %d %s", name, pod.name, a.status, a.code())
	if !ok {
		w.tally("cancel_unanswered")
		return simReply{}
	}
	w.tally(fmt.Sprintf("cancel_answer_%d_%s", a.status, a.code()))
	var ans struct {
		CancelID payment.CancelID    `json:"cancel_id"`
		State    payment.CancelState `json:"state"`
		Amount   payment.Won         `json:"amount"`
	}
	if a.status == http.StatusOK {
		if err := json.Unmarshal(a.body, &ans); err != nil || ans.CancelID != id || ans.State != payment.CancelDone {
			w.wrong("%s: answered 200 %s", name, a.body)
		}
		w.mu.Lock()
		if ans.Amount == 0 {
			w.closings = append(w.closings, p.id)
			w.counts["account_closed"]++
		} else {
			w.asked = append(w.asked, simAsked{id, ans.Amount})
		}
		w.mu.Unlock()
	}
	return a
}

// shopRound gives money back of what is paid, some of it, and administrators do so in PortOne's console.
func (w *simWorld) shopRound(r *rand.Rand) {
	for _, p := range w.paidAt("") {
		x, unmatched := r.Float64(), time.Duration(r.Int64N(int64(10*time.Minute)))
		again := w.draw(p.name + " round")
		switch {
		case x < 0.3:
			w.mail.Go(func() {
				time.Sleep(unmatched)
				w.giveBack(p, again)
			})
		case x < 0.5 && w.quiet(p.id):
			w.mail.Go(func() {
				time.Sleep(unmatched)
				w.console(p, again)
			})
		}
	}
}

// paidTwice tells whether V1 has two windows of one id: which of the two is given back, these schedules do not tell.
func (w *simWorld) paidTwice(id string) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Contains(w.aliases, id)
}

// quiet tells whether PortOne holds a payment of which no cancel is open.
func (w *simWorld) quiet(id payment.AttemptID) bool {
	p := w.alive()[0]
	a, _, err := p.books.Attempt(context.Background(), id)
	if err != nil {
		w.wrong("reading a paid attempt: %v", err)
	}
	for _, c := range w.cancelsOpen(p) {
		if c.AttemptID == id {
			return false
		}
	}
	return a.Driver != inicis.Name
}

// console gives money back in PortOne's console, of which the gateway hears by PortOne's word, or by its list. V1 lists
// what a part of was given back as paid when it was.
func (w *simWorld) console(p simPaid, r *rand.Rand) {
	x := sandbox.ConsoleCancel{Ref: string(p.id)}
	// Of what was paid more than a day ago a part that went back is found within a day, and not at once.
	if r.Float64() < 0.5 && !w.isSilent(p.id) && time.Since(w.start) < 20*time.Hour {
		x.Amount = sandbox.Won(p.won / 2)
	}
	err := w.box.ConsoleCancel(x)
	w.tally("console_cancel")
	w.tracef("%s: %d are cancelled in the console: %v", p.name, x.Amount, err)
	if err != nil {
		w.wrong("%s: the console does not cancel: %v", p.name, err)
	}
}

// decideCancels lets PortOne V2 decide the cancels that it put off.
func (w *simWorld) decideCancels(r *rand.Rand) {
	var refs []string
	for _, e := range w.box.Ledger().Entries {
		if e.PG == "portone_v2" && !slices.Contains(refs, e.OrderRef) {
			refs = append(refs, e.OrderRef)
		}
	}
	for _, ref := range refs {
		time.Sleep(time.Second + time.Duration(r.Int64N(int64(time.Second))))
		if n := w.box.FinishCancels(ref); n > 0 {
			w.decided = time.Now()
			w.tally("pg_decides_cancel_" + w.weather.cancels)
			w.tracef("PortOne decides %d cancels of %s", n, w.nameIn(ref))
		}
	}
}

// longestLook is longer than the longest pause between two look-ups at a cancel.
const longestLook = 75 * time.Minute

// stuck tells whether a cancel waits for a person: PortOne has decided what it put off, and a look since then has not
// shown it. Nobody may have told of it.
func (w *simWorld) stuck(c payment.Cancel) bool {
	return waiting(c) && time.Since(w.decided) > longestLook
}

// waiting tells whether PortOne promised a cancel, and it did not come yet.
func waiting(c payment.Cancel) bool { return c.Code == lifecycle.CancelLater }
