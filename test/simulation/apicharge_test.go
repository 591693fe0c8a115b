package simulation

import (
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/pg-gateway/pg-gateway/payment"
	"github.com/pg-gateway/pg-gateway/sandbox"
)

// simAPICharge is a charge that a shop asks for as PortOne's API has it: of a billing key, or of a card by its data.
type simAPICharge struct {
	s *simSubscriber
	b *simBuyer
	// what is charge or key_in, op the sandbox's word for it.
	what, op string
	path     string
	body     []byte
	key      string
}

// chargeByAPI charges a month at PortOne's API, each try under a number of its own.
func (s *simSubscriber) chargeByAPI(b *simBuyer, keyIn bool) {
	for {
		c := s.apiCharge(b, keyIn)
		s.disturbAt(c.op)
		told := c.insist()
		if told.paid || told.retry != payment.NewKeySafe || b.r.Float64() < 0.5 {
			return
		}
		// Another order for the month: a number is used up by its charge.
		next := &simBuyer{w: b.w, name: b.name + " anew", r: b.r}
		next.order()
		next.won += next.mileage
		b = next
		time.Sleep(time.Duration(b.r.Int64N(int64(2 * time.Minute))))
	}
}

func (s *simSubscriber) apiCharge(b *simBuyer, keyIn bool) *simAPICharge {
	c := &simAPICharge{s: s, b: b, what: "api_charge", op: "charge"}
	buyer := map[string]any{"name": map[string]any{"full": "홍길동"}, "email": "gildong@example.com", "phoneNumber": "010-4242-4242"}
	var body map[string]any
	if s.pg == "portone_v2" {
		c.path = "/payments/" + string(b.id) + "/billing-key"
		body = map[string]any{
			"billingKey": s.key, "orderName": b.text, "amount": map[string]any{"total": b.won}, "currency": "KRW", "customer": buyer,
		}
	} else {
		c.path = "/subscribe/payments/again"
		body = map[string]any{
			"customer_uid": s.key, "merchant_uid": b.id, "amount": b.won, "name": b.text, "buyer_tel": "010-4242-4242",
		}
	}
	if keyIn {
		c.what, c.op = "key_in", "onetime"
		card := simCard()
		if s.pg == "portone_v2" {
			delete(body, "billingKey")
			c.path = "/payments/" + string(b.id) + "/instant"
			body["channelKey"], body["isEscrow"] = "channel-key-v2-auto", false
			body["method"] = map[string]any{"card": map[string]any{"credential": map[string]any{
				"number": strings.ReplaceAll(card["card_number"].(string), "-", ""), "expiryYear": "39", "expiryMonth": "04",
				"birthOrBusinessRegistrationNumber": card["birth"], "passwordTwoDigits": card["pwd_2digit"],
			}}}
		} else {
			delete(body, "customer_uid")
			c.path, body["pg"] = "/subscribe/payments/onetime", "html5_inicis.INIBillTst"
			body["buyer_name"], body["buyer_email"] = "홍길동", "gildong@example.com"
			maps.Copy(body, card)
		}
	}
	if b.r.Float64() < 0.5 {
		c.key = "key of " + c.what + " " + string(b.id)
	}
	var err error
	if c.body, err = json.Marshal(body); err != nil {
		s.w.wrong("a charge does not marshal: %v", err)
	}
	return c
}

// simCard is a card's data, in V1's words.
func simCard() map[string]any {
	return map[string]any{"card_number": "4287-9077-1188-0294", "expiry": "2039-04", "birth": "880717", "pwd_2digit": "83"}
}

// insist sends the same until something is certain.
func (c *simAPICharge) insist() (told simCharged) {
	w, r := c.s.w, c.b.r
	w.tally(c.what)
	var twins sync.WaitGroup
	defer twins.Wait()
	if r.Float64() < 0.3 {
		w.tally(c.what + "_asked_twice_at_once")
		twin := w.draw(c.b.name + " " + c.what + " twin")
		twins.Go(func() {
			time.Sleep(time.Duration(twin.Int64N(int64(300 * time.Millisecond))))
			c.ask(twin)
		})
	}
	for range 6 {
		if told = c.ask(r); told.paid || told.retry != payment.NewKeyUnsafe {
			break
		}
		time.Sleep(time.Second + time.Duration(r.Int64N(int64(time.Minute))))
	}
	if told.paid && r.Float64() < 0.3 {
		// Once more, long after it was answered.
		time.Sleep(time.Duration(r.Int64N(int64(3 * time.Minute))))
		if again := c.ask(r); !again.paid && again.retry != payment.NewKeyUnsafe {
			w.wrong("%s: it was paid, and asked again it is not", c.b.name)
		}
	}
	return told
}

// ask sends it once, and notes what was told of it.
func (c *simAPICharge) ask(r *rand.Rand) simCharged {
	a := c.s.sendUnder(c.key, c.b.name+" "+c.what, http.MethodPost, c.path, c.body, r)
	told := simCharged{id: payment.AttemptID(c.b.id), retry: payment.NewKeyUnsafe}
	switch code := payment.Code(a.reason); {
	case a.status == 0:
		return told
	case code == "":
		// In PortOne's own words, which are about what was asked for.
		told.onRecord = true
		if told.paid = c.paidIn(a); !told.paid {
			told.retry = payment.NewKeySafe
		}
	case code == payment.CodeOrderAlreadyPaid:
		told.paid, told.onRecord = true, true
	case code == payment.CodeChargeDeclined, code == payment.CodePGRefused:
		told.onRecord, told.retry = true, payment.NewKeySafe
	}
	w := c.s.w
	w.mu.Lock()
	w.charged = append(w.charged, told)
	w.mu.Unlock()
	return told
}

// paidIn reads an answer in PortOne's own form: of V1 only code and status together say that it is paid (portone.md §1.2).
func (c *simAPICharge) paidIn(a simReply) bool {
	var said struct {
		Code     *int `json:"code"`
		Response struct {
			Status string          `json:"status"`
			ID     payment.OrderID `json:"merchant_uid"`
			Amount payment.Won     `json:"amount"`
		} `json:"response"`
		Payment struct {
			PGTxID string `json:"pgTxId"`
			PaidAt string `json:"paidAt"`
		} `json:"payment"`
	}
	if err := json.Unmarshal(a.body, &said); err != nil {
		c.s.w.wrong("%s is answered %d %s", c.b.name, a.status, a.body)
		return false
	}
	if c.s.pg == "portone_v2" {
		return a.status == http.StatusOK && said.Payment.PGTxID != "" && said.Payment.PaidAt != ""
	}
	paid := a.status == http.StatusOK && said.Code != nil && *said.Code == 0 && said.Response.Status == "paid"
	if paid && (said.Response.ID != c.b.id || said.Response.Amount != c.b.won) {
		c.s.w.wrong("%s is answered with another payment: %s", c.b.name, a.body)
	}
	return paid
}

// disturbAt has the PG decline the next charge of a kind, or answer it wrongly.
func (s *simSubscriber) disturbAt(op string) {
	if !s.w.storm() || s.r.Float64() < 0.6 {
		return
	}
	kind := []sandbox.FaultKind{sandbox.FaultDecline, sandbox.FaultDecline, sandbox.FaultGarbage, sandbox.FaultWrongOrder, sandbox.FaultWrongAmount}[s.r.IntN(5)]
	if s.pg == "portone_v2" && kind != sandbox.FaultDecline {
		kind = sandbox.FaultGarbage // its answer has nothing else that could be wrong
	}
	f := sandbox.Fault{PG: s.pg, Operation: op, Kind: kind}
	if kind == sandbox.FaultDecline {
		f.Reason = []string{"limit", "stolen"}[s.r.IntN(2)]
	}
	s.w.tally(fmt.Sprintf("%s_%s", map[string]string{"charge": "charge", "onetime": "key_in"}[op], kind))
	if err := s.w.box.Inject(f); err != nil {
		s.w.wrong("%v", err)
	}
}
