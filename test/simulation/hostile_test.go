package simulation

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"github.com/pg-gateway/pg-gateway/payment"
	"github.com/pg-gateway/pg-gateway/sandbox"
)

// simHostile is the share of windows whose buyer changes what passes through his browser.
const simHostile = 0.2

// simOtherChannels are contracts that nobody decided on: another shop's, and one that charges real money.
func simOtherChannels() []sandbox.Channel {
	return []sandbox.Channel{
		{Key: "channel-key-v1-other", Module: "html5_inicis", MID: "INIother01", Test: true},
		{Key: "channel-key-v1-live", Module: "html5_inicis", MID: "INIpayTest"},
		{Key: "channel-key-v2-other", Module: "inicis_v2", MID: "INIother01", Test: true},
		{Key: "channel-key-v2-live", Module: "inicis_v2", MID: "INIpayTest"},
	}
}

// simTrick changes the parameters of a window; won is what was decided.
type simTrick struct {
	name   string
	change func(p map[string]any, won payment.Won, r *rand.Rand)
}

// pick sets a parameter to one of several values.
func pick(name string, values ...any) func(map[string]any, payment.Won, *rand.Rand) {
	return func(p map[string]any, _ payment.Won, r *rand.Rand) { p[name] = values[r.IntN(len(values))] }
}

// drop takes parameters away.
func drop(names ...string) func(map[string]any, payment.Won, *rand.Rand) {
	return func(p map[string]any, _ payment.Won, _ *rand.Rand) {
		for _, n := range names {
			delete(p, n)
		}
	}
}

// simTricks are what a buyer can change in a window of a kind. Some of it the PG notices, and some of it only we can.
func simTricks(kind payment.WindowKind) []simTrick {
	switch kind { //nolint:exhaustive // the others are not opened here
	case payment.WindowPortOneV2:
		return []simTrick{
			{"method", func(p map[string]any, _ payment.Won, r *rand.Rand) {
				p["payMethod"] = []string{"VIRTUAL_ACCOUNT", "VIRTUAL_ACCOUNT", "CARD", "TRANSFER", "MOBILE"}[r.IntN(5)]
				p["productType"] = "PRODUCT_TYPE_REAL"
				delete(p, "easyPay")
			}},
			{"easy_pay", func(p map[string]any, _ payment.Won, r *rand.Rand) {
				p["payMethod"] = "EASY_PAY"
				p["easyPay"] = map[string]any{"easyPayProvider": []string{"KAKAOPAY", "NAVERPAY", "TOSSPAY", "PAYCO"}[r.IntN(4)]}
			}},
			{"amount", pick("totalAmount", 100, 1)},
			{"currency", pick("currency", "CURRENCY_USD", "USD")},
			{"channel", pick("channelKey", "channel-key-v2-other", "channel-key-v2-live", "channel-key-v2-auto", "channel-key-v2-inicis")},
			{"taxes", func(p map[string]any, won payment.Won, _ *rand.Rand) { p["taxFreeAmount"], p["vatAmount"] = won, 0 }},
			{"silence", drop("noticeUrls")},
			{"no_question", drop("confirmUrl")},
		}
	case payment.WindowPortOneV1:
		return []simTrick{
			{"method", pick("pay_method", "vbank", "vbank", "card", "trans", "phone", "kakaopay", "payco")},
			{"amount", pick("amount", 100, 1000)},
			{"currency", pick("currency", "USD", "JPY")},
			{"channel", pick("channelKey", "channel-key-v1-other", "channel-key-v1-live")},
			{"taxes", func(p map[string]any, won payment.Won, _ *rand.Rand) { p["tax_free"], p["vat_amount"] = won, 0 }},
			{"silence", drop("notice_url")},
			{"no_question", drop("confirm_url")},
		}
	}
	if kind == payment.WindowInicisMobile {
		return simPhoneTricks()
	}
	return []simTrick{
		{"method", func(p map[string]any, _ payment.Won, r *rand.Rand) {
			p["gopaymethod"] = []string{"VBank", "VBank", "Card", "DirectBank", "HPP", "onlykakaopay"}[r.IntN(6)]
			p["acceptmethod"] = fmt.Sprint(p["acceptmethod"]) + ":HPP(1):cardonly"
		}},
		{"amount", func(p map[string]any, _ payment.Won, _ *rand.Rand) {
			// What a stranger can sign, he signs.
			p["price"] = "1000"
			sum := sha256.Sum256(fmt.Appendf(nil, "oid=%v&price=1000&timestamp=%v", p["oid"], p["timestamp"]))
			p["signature"] = hex.EncodeToString(sum[:])
		}},
		{"currency", pick("currency", "USD")},
		{"channel", pick("mid", "INIother01", "INIBillTst", "iniescrow0")},
		{"taxes", func(p map[string]any, won payment.Won, _ *rand.Rand) { p["tax"], p["taxfree"] = "0", won.String() }},
		{"any_deposit", func(p map[string]any, _ payment.Won, _ *rand.Rand) {
			p["acceptmethod"] = strings.ReplaceAll(fmt.Sprint(p["acceptmethod"]), "va_ckprice", "")
		}},
	}
}

// tamper lets a buyer change one thing in a window's parameters. It returns what they were.
func (b *simBuyer) tamper(a *simAttempt) (before []byte) {
	r := b.w.draw(a.name + " mischief")
	if r.Float64() >= simHostile {
		return a.params
	}
	before = a.params
	var p map[string]any
	if err := json.Unmarshal(a.params, &p); err != nil {
		b.w.wrong("the window's parameters are no object: %v", err)
		return before
	}
	tricks := simTricks(a.answer.Window.Kind)
	trick := tricks[r.IntN(len(tricks))]
	trick.change(p, b.won, r)
	params, err := json.Marshal(p)
	if err != nil {
		b.w.wrong("changed parameters do not marshal: %v", err)
		return before
	}
	b.w.tally("hostile_window_" + trick.name)
	b.w.tracef("%s: the buyer changes the %s of his window", a.name, trick.name)
	a.params, a.account = params, false
	for _, word := range []any{p["payMethod"], p["pay_method"], p["gopaymethod"], p["P_INI_PAYMENT"]} {
		a.account = a.account || word == "VIRTUAL_ACCOUNT" || word == "vbank" || word == "VBank" || word == "VBANK"
	}
	b.w.mu.Lock()
	defer b.w.mu.Unlock()
	switch {
	case trick.name == "silence":
		b.w.silent = append(b.w.silent, a.answer.AttemptID)
	case a.account && a.method != payment.MethodVBank:
		b.w.counts["hostile_account"]++
		b.w.banked = append(b.w.banked, a.answer.AttemptID)
	}
	return before
}

// behave gives a window its own parameters back, which its PG did not take otherwise.
func (b *simBuyer) behave(a *simAttempt, params []byte) {
	b.w.tally("hostile_window_refused")
	a.params, a.account = params, a.method == payment.MethodVBank
	b.w.mu.Lock()
	defer b.w.mu.Unlock()
	is := func(id payment.AttemptID) bool { return id == a.answer.AttemptID }
	b.w.banked, b.w.silent = slices.DeleteFunc(b.w.banked, is), slices.DeleteFunc(b.w.silent, is)
}

// cheat asks for a window with something else than the order is. No PG may hear of it.
func (b *simBuyer) cheat(n int, method payment.Method) {
	r := b.w.draw(fmt.Sprintf("%s cheats at checkout %d", b.name, n))
	if r.Float64() >= simHostile/2 {
		return
	}
	var c map[string]any
	if err := json.Unmarshal(b.checkoutBody(method, "main", time.Time{}), &c); err != nil {
		b.w.wrong("a checkout is no object: %v", err)
		return
	}
	what := []string{"amount", "currency", "taxes", "split", "split"}[r.IntN(5)]
	switch what {
	case "amount":
		c["amount"], c["payments"] = 100, []any{map[string]any{"method": method, "amount": 100}}
	case "currency":
		c["currency"] = []string{"USD", "krw", ""}[r.IntN(3)]
	case "taxes":
		c["tax_free"], c["vat_amount"] = b.won, 0
	case "split":
		less := []payment.Won{100, b.won / 2, b.won - 1}[r.IntN(3)]
		c["payments"] = []payment.MethodAmount{{Method: method, Amount: less}, {Method: "mileage", Amount: b.won + b.mileage - less}}
	}
	body, err := json.Marshal(c)
	if err != nil {
		b.w.wrong("a checkout does not marshal: %v", err)
		return
	}
	b.w.tally("hostile_checkout_" + what)
	a, ok := simKnock(b.pod(r), simPatience, simCheckoutPath, simJSON(), body)
	if ok && a.status < 300 {
		b.w.wrong("%s: a window was opened although the buyer changed the %s: %s", b.name, what, a.body)
	}
}

// isBank tells whether money of an attempt may come into a virtual account, as decided or as the buyer had it.
func (w *simWorld) isBank(a payment.Attempt) bool {
	if a.Method == payment.MethodVBank {
		return true
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Contains(w.banked, a.ID)
}

// isSilent tells whether the buyer took away where PortOne reports to. What happens to such a payment later, we are
// told by nobody, and find in PortOne's list.
func (w *simWorld) isSilent(id payment.AttemptID) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Contains(w.silent, id)
}

// taken is what a PG took for an attempt so far, whatever was given back of it.
func (w *simWorld) taken(id payment.AttemptID) payment.Won {
	var won payment.Won
	for _, e := range w.box.Ledger().Entries {
		if e.Kind == sandbox.EntryCapture && payment.AttemptID(w.unalias([]byte(e.OrderRef))) == id {
			won += payment.Won(e.Amount)
		}
	}
	return won
}

// hears checks what the shop is told at the moment that it hears it: no order is confirmed whose money is not there.
func (w *simWorld) hears(body []byte) {
	var ev struct {
		Type string `json:"type"`
		Data struct {
			AttemptID payment.AttemptID `json:"attempt_id"`
			Amount    payment.Won       `json:"amount"`
		} `json:"data"`
	}
	if err := json.Unmarshal(body, &ev); err != nil {
		w.wrong("the shop is told something else than JSON: %v", err)
		return
	}
	if ev.Type != payment.MessageConfirmed && ev.Type != payment.MessageDeposited {
		return
	}
	w.tally("confirmation_checked")
	if got := w.taken(ev.Data.AttemptID); got < ev.Data.Amount || ev.Data.Amount <= 0 {
		w.wrong("the shop is told that %s is paid with %d, and %d were taken", w.nameIn(string(ev.Data.AttemptID)), ev.Data.Amount, got)
	}
}

// auditOrders checks that every confirmed order was paid: what its attempt took is what the order costs.
func (w *simWorld) auditOrders(attempts map[payment.AttemptID]payment.Attempt) {
	for _, o := range w.box.Shop().Orders {
		for id := range o.Paid {
			name, a := w.nameIn(id), attempts[payment.AttemptID(id)]
			switch got := w.taken(a.ID); {
			case a.State != payment.StateApproved:
				w.wrong("%s: the shop believes it paid, it is %q", name, a.State)
			case got < payment.Won(o.Amount-o.Mileage):
				w.wrong("%s: an order of %d, less %d of mileage, is confirmed, and %d were taken", name, o.Amount, o.Mileage, got)
			case a.Currency != payment.CurrencyKRW || !a.Test:
				w.wrong("%s is confirmed in %s, test %t", name, a.Currency, a.Test)
			}
		}
	}
}

// simPhoneTricks are those in Inicis' window on phones, which looks at the amount's hash only where it is asked to.
func simPhoneTricks() []simTrick {
	reserved := func(p map[string]any, from, to string) {
		p["P_RESERVED"] = strings.Replace(fmt.Sprint(p["P_RESERVED"]), from, to, 1)
	}
	return []simTrick{
		{"method", func(p map[string]any, _ payment.Won, r *rand.Rand) {
			p["P_INI_PAYMENT"] = []string{"VBANK", "CARD", "BANK", "MOBILE"}[r.IntN(4)]
			p["P_HPP_METHOD"], p["P_NOTI_URL"] = "1", "http://localhost:8080/hooks/inicis/inicis/deposit"
			reserved(p, "centerCd=Y", "centerCd=Y&twotrs_bank=Y")
		}},
		{"easy_pay", func(p map[string]any, _ payment.Won, _ *rand.Rand) {
			reserved(p, "centerCd=Y", "centerCd=Y&d_kakaopay=Y")
		}},
		{"amount", func(p map[string]any, _ payment.Won, _ *rand.Rand) {
			p["P_AMT"] = "1000"
			reserved(p, "amt_hash=Y&", "")
		}},
		{"channel", pick("P_MID", "INIother01", "iniescrow0")},
		{"taxes", func(p map[string]any, won payment.Won, _ *rand.Rand) { p["P_TAX"], p["P_TAXFREE"] = "0", won.String() }},
	}
}
