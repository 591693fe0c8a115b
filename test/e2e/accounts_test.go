package e2e

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/pg-gateway/pg-gateway/journal"
	"github.com/pg-gateway/pg-gateway/payment"
	"github.com/pg-gateway/pg-gateway/test/fixture"
)

// accountsBy has a PG issue the virtual accounts.
func accountsBy(pg string) fixture.Edit {
	return func(c *fixture.Config) { c.RouteFirst(fixture.ByPG("accounts", "vbank", pg)) }
}

// change saves the configuration with more edits and waits until it decides.
func (p *gatewayProcess) change(more ...fixture.Edit) {
	p.t.Helper()
	p.write(p.text(more...))
	if status, a := p.reload(); status != http.StatusOK {
		p.t.Fatalf("the configuration was refused: %d %+v", status, a)
	}
}

// account is a virtual account as the sandbox's bank has it.
type account struct {
	PG       string  `json:"pg"`
	Ref      string  `json:"ref"`
	Number   string  `json:"account"`
	State    string  `json:"state"`
	Deposits []int64 `json:"deposits"`
}

func (p *gatewayProcess) account(attempt string) account {
	p.t.Helper()
	var list struct {
		Accounts []account `json:"accounts"`
	}
	p.getJSON("http://"+p.sandbox+"/_sandbox/accounts", &list)
	for _, a := range list.Accounts {
		if a.Ref == attempt {
			return a
		}
	}
	p.t.Fatalf("no account was issued for attempt %s", attempt)
	return account{}
}

// deposit pays into an attempt's account.
func (p *gatewayProcess) deposit(attempt string) {
	p.t.Helper()
	if status, a := p.postJSON("http://"+p.sandbox+"/_sandbox/deposits", map[string]string{"ref": attempt}); status != http.StatusOK {
		p.t.Fatalf("the bank refused a deposit: %d %v", status, a)
	}
}

// order is an order as the shop's books have it.
func (p *gatewayProcess) order(id string) shopBooks {
	p.t.Helper()
	var view struct {
		Orders []shopBooks `json:"orders"`
	}
	p.getJSON("http://"+p.sandbox+"/_sandbox/orders", &view)
	for _, o := range view.Orders {
		if o.ID == id {
			return o
		}
	}
	p.t.Fatalf("the shop has no order %s", id)
	return shopBooks{}
}

type shopBooks struct {
	shopOrder
	Confirmed  []string `json:"confirmed"`
	Failed     []string `json:"failed"`
	Events     int      `json:"events"`
	BillingKey string   `json:"billing_key"`
	Accounts   map[string]struct {
		Bank   string `json:"bank"`
		Number string `json:"number"`
		Due    string `json:"due"`
		State  string `json:"state"`
	} `json:"accounts"`
}

// A buyer takes an account in the PG's window, sees it on the order's page, pays into it, and the order is paid.
func TestABrowserTakesAVirtualAccount(t *testing.T) { //nolint:tparallel // one browser, one buyer after the other
	t.Parallel()
	p := start(t)
	ctx := browser(t)
	day := time.Now().In(payment.KST()).AddDate(0, 0, 7).Format(time.DateOnly)
	tests := []struct {
		name, pg, flow string
		mobile         bool
		due            string // what the buyer puts into the page's box
	}{
		{"Inicis, as shipped", "", "checkout", false, ""},
		{"Inicis, with a deadline", "inicis", "checkout", false, day},
		{"Inicis, intercepted, with a deadline", "inicis", "intercept", false, day},
		{"PortOne V2, with a deadline", "portone", "checkout", false, day},
		{"PortOne V2, intercepted", "portone", "intercept", false, ""},
		{"PortOne V2 by redirect", "portone", "checkout", true, ""},
		{"PortOne V1, with a deadline", "portone1", "checkout", false, day},
		{"PortOne V1, intercepted, by redirect", "portone1", "intercept", true, ""},
	}
	var confirmed int64
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if tt.pg != "" {
				p.change(accountsBy(tt.pg))
			}
			due := chromedp.SetValue(chromedp.CSS("input[name=due]"), tt.due)
			got, err := buy(ctx, "http://"+p.public, purchase{"vbank", tt.flow, tt.mobile, "pay", "deposit"}, due)
			if err != nil || got != "deposit" {
				t.Fatalf("the result page says %q: %v", got, err)
			}
			confirmed += p.payAsTheBuyer(ctx, t, tt.due)
			p.mustBalance(confirmed)
		})
	}
}

// payAsTheBuyer reads the account on the order's page, pays into it at the bank's, and finds the order paid.
func (p *gatewayProcess) payAsTheBuyer(ctx context.Context, t *testing.T, due string) (won int64) {
	t.Helper()
	tab, cancel := context.WithTimeout(ctx, 60*time.Second)
	defer cancel()
	page, err := chromedp.Run(tab, chromedp.Location())
	if err != nil {
		t.Fatal(err)
	}
	at, err := url.Parse(page)
	if err != nil {
		t.Fatal(err)
	}
	order, attempt := at.Query().Get("order_id"), at.Query().Get("attempt_id")
	if at.Query().Get("status") != "issued" || order == "" || attempt == "" {
		t.Fatalf("the buyer came back to %s", page)
	}
	shown := map[string]string{}
	for _, id := range []string{"bank", "number", "holder", "due"} {
		if shown[id], err = chromedp.Run(tab, chromedp.Text(chromedp.CSS("#account-"+id))); err != nil {
			t.Fatal(err)
		}
	}
	books, issued := p.order(order), p.account(attempt)
	told := books.Accounts[attempt]
	if told.Bank != "088" || shown["bank"] != "신한은행" || shown["number"] != issued.Number || shown["holder"] == "" || shown["due"] != inWords(t, told.Due) {
		t.Errorf("the order's page shows %v of the account %+v, %+v", shown, issued, told)
	}
	if due != "" && !strings.HasPrefix(told.Due, due+"T23:59") {
		t.Errorf("the deposit is due %s, the buyer asked for %s", told.Due, due)
	}
	if books.Status != "waiting" || len(books.Paid) != 0 || issued.State != "waiting" {
		t.Errorf("before the deposit the order is %s, paid %v, the account %s", books.Status, books.Paid, issued.State)
	}
	button := fmt.Sprintf(`button.deposit[data-account="%s"]`, issued.Number)
	if err := chromedp.Do(tab,
		chromedp.Navigate("http://"+p.sandbox+"/_sandbox/"),
		chromedp.Click(chromedp.CSS(button)),
		chromedp.WaitVisible(chromedp.CSS(`fieldset[data-state=paid] `+button)),
		chromedp.Navigate(page),
		chromedp.WaitVisible(chromedp.CSS(`#status[data-status="confirmed"]`)),
	); err != nil {
		t.Fatalf("paying into the account: %v", err)
	}
	won = p.order(order).Paid[attempt]
	if sum := issued.Deposits; len(sum) != 0 || won == 0 {
		t.Errorf("the shop has %d won of attempt %s", won, attempt)
	}
	return won
}

// inWords is a deadline as the order's page says it to a buyer in Korea.
func inWords(t *testing.T, due string) string {
	t.Helper()
	at, err := time.Parse(time.RFC3339, due)
	if err != nil {
		t.Fatal(err)
	}
	return at.In(payment.KST()).Format("2006년 1월 2일 15:04까지")
}

// Deposits come while the gateway is dead. Inicis and PortOne V2 tell again, PortOne V1 tells once: its deposit is
// found by the look that every open account gets.
func TestADepositWhileTheGatewayIsDead(t *testing.T) {
	t.Parallel()
	p := startApart(t)
	notice := "http://" + p.public + "/hooks/inicis/inicis/deposit"
	if status, a := p.postJSON("http://"+p.sandbox+"/_sandbox/notices", map[string]string{"url": notice}); status != http.StatusOK {
		t.Fatalf("setting where Inicis tells of deposits: %d %v", status, a)
	}
	b := p.buyer("vbank")
	visits := map[string]visit{}
	var confirmed int64
	for _, pg := range []string{"inicis", "portone", "portone1"} {
		p.change(accountsBy(pg))
		visits[pg] = b.mustBuy(t, "pay", "issued")
		confirmed += visits[pg].order.Amount
	}
	p.waitFor("the shop to know the accounts", 15*time.Second, func() bool {
		return p.metric(`pg_gateway_outbox_deliveries_total{result="delivered"}`) == 3
	})
	p.mustBalance(0)
	p.kill()
	for _, v := range visits {
		p.deposit(v.window.Attempt)
	}
	p.mustFailToTell(len(visits))
	p.lookSoon(t, visits["portone1"].window.Attempt)
	p.run()
	for _, v := range visits {
		b.mustBecome(t, v.order.ID, "paid", 40*time.Second)
	}
	p.mustBalance(confirmed)
	for pg, v := range visits {
		o := p.order(v.order.ID)
		if len(o.Paid) != 1 || o.Paid[v.window.Attempt] != v.order.Amount || o.Events != 2 {
			t.Errorf("%s: the shop heard %d events of order %s and has %v", pg, o.Events, o.ID, o.Paid)
		}
		if n := p.executions(v.window); n != 1 {
			t.Errorf("%s: the account was issued %d times", pg, n)
		}
	}
	if n := p.metric(`pg_gateway_outbox_deliveries_total{result="delivered"}`); n != 3 {
		t.Errorf("the gateway told the shop of %v deposits, want 3", n)
	}
}

// mustFailToTell waits until n accounts' deposits were told to nobody.
func (p *gatewayProcess) mustFailToTell(n int) {
	p.t.Helper()
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		var log struct {
			Webhooks []struct {
				Ref    string `json:"ref"`
				Status int    `json:"status"`
			} `json:"webhooks"`
		}
		p.getJSON("http://"+p.sandbox+"/_sandbox/webhooks", &log)
		lost := map[string]bool{}
		for _, w := range log.Webhooks {
			if w.Status == 0 {
				lost[w.Ref] = true
			}
		}
		if len(lost) == n {
			return
		}
		if time.Now().After(deadline) {
			p.t.Fatalf("%d of %d deposits were told in vain: %+v", len(lost), n, log.Webhooks)
		}
	}
}

// lookSoon lets the time until the next look-up of an account be over. The gateway must not run.
func (p *gatewayProcess) lookSoon(t *testing.T, attempt string) {
	t.Helper()
	j, err := journal.Open(t.Context(), onSQLite().open(p))
	if err != nil {
		t.Fatal(err)
	}
	defer j.Close()
	a, _, err := j.Attempt(t.Context(), payment.AttemptID(attempt))
	if err != nil {
		t.Fatal(err)
	}
	// An hour, a fifth longer or shorter by the attempt's id.
	if a.State != payment.StateIssued || time.Until(a.NextCheck) < 45*time.Minute || time.Until(a.NextCheck) > 75*time.Minute {
		t.Errorf("an open account is %s and looked at next in %s", a.State, time.Until(a.NextCheck))
	}
	look := journal.LookUp{ID: a.ID, State: a.State, Checks: a.Checks, NextCheck: time.Now()}
	if err := j.Touch(t.Context(), look); err != nil {
		t.Fatal(err)
	}
}
