package e2e

import (
	"html"
	"io"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"strings"
	"testing"

	"gopkg.in/yaml.v3"
)

// The file that users begin with sells as it is, whatever its words: only its ports are others here.
func TestTheShippedFileSells(t *testing.T) {
	t.Parallel()
	p := startShipped(t, "../../config.yaml")
	var confirmed int64
	for _, method := range []string{"card", "kakaopay", "tosspay"} {
		confirmed += p.buyer(method).mustBuy(t, "pay", "approved").order.Amount
	}
	phone := p.buyer("card")
	phone.device = "mobile"
	confirmed += phone.mustBuy(t, "pay", "approved").order.Amount
	p.mustBalance(confirmed)
}

// A card is registered by the shipped file in KG Inicis' window, and charged by the attempt that did it.
func TestTheShippedFileChargesABillingKey(t *testing.T) {
	t.Parallel()
	p, sidecar := startShippedAt(t, "../../config.yaml")
	_, made := p.postJSON("http://"+p.sandbox+"/_sandbox/orders", map[string]string{"order_name": "월간 이용권", "purpose": "billing_key"})
	buyer := map[string]string{"name": "구매자", "email": "buyer@example.com", "tel": "010-0000-0000"}
	status, opened := p.postJSON("http://"+p.public+"/checkout", map[string]any{
		"order_id": made["order_id"], "amount": 0, "purpose": "billing_key", "buyer": buyer, "site": "main", "device": "mobile",
		"payments": []any{map[string]any{"method": "card", "amount": 0}}, "return_url": "http://" + p.public + "/result",
	})
	window, _ := opened["window"].(map[string]any)
	params, _ := window["params"].(map[string]any)
	if status != http.StatusOK || window["kind"] != "inicis_billing_key" {
		t.Fatalf("the checkout answered %d %v", status, opened)
	}
	form := url.Values{}
	for name, value := range params {
		form.Set(name, value.(string))
	}
	for range 2 { // the window's form, and the buyer's click in it
		action, fields := pageForm(t, p, window["action"].(string), form)
		fields.Set("action", "pay")
		window["action"], form = action, fields
	}
	form.Del("action")
	if at := p.formTo(t, window["action"].(string), form); !strings.Contains(at, "status=approved") {
		t.Fatalf("the key's return ends at %s", at)
	}
	_, bill := p.postJSON("http://"+p.sandbox+"/_sandbox/orders", map[string]any{"order_name": "월간 이용권", "amount": 9900})
	req, err := http.NewRequest(http.MethodPost, "http://"+sidecar+"/subscriptions/charge", strings.NewReader(jsonOf(map[string]any{
		"order_id": bill["order_id"], "attempt_id": opened["attempt_id"], "amount": 9900, "order_name": "월간 이용권", "buyer": buyer,
	})))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Idempotency-Key", `"first-month"`)
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if text, err := io.ReadAll(res.Body); err != nil || res.StatusCode != http.StatusOK || !strings.Contains(string(text), `"merchant":"1002"`) {
		t.Fatalf("the charge is answered %d %s, %v", res.StatusCode, text, err)
	}
	p.mustBalance(9900)
}

// pageForm posts a form to a stand-in and reads the form of the page that comes.
func pageForm(t *testing.T, p *gatewayProcess, to string, form url.Values) (action string, fields url.Values) {
	t.Helper()
	if strings.HasPrefix(to, "/") {
		to = "http://" + p.sandbox + to
	}
	res, err := http.PostForm(to, form)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	page, err := io.ReadAll(res.Body)
	found := formAction.FindSubmatch(page)
	if err != nil || found == nil {
		t.Fatalf("%s answered %d %s, %v", to, res.StatusCode, page, err)
	}
	fields = url.Values{}
	for _, m := range formInput.FindAllSubmatch(page, -1) {
		fields.Set(html.UnescapeString(string(m[1])), html.UnescapeString(string(m[2])))
	}
	return html.UnescapeString(string(found[1])), fields
}

// formTo posts a form as a browser, and returns where it is sent.
func (p *gatewayProcess) formTo(t *testing.T, to string, form url.Values) string {
	t.Helper()
	client := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	res, err := client.PostForm(to, form)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	return res.Header.Get("Location")
}

// startShipped runs a file that users begin with on ports of the test's own.
func startShipped(t *testing.T, path string) *gatewayProcess {
	t.Helper()
	p, _ := startShippedAt(t, path)
	return p
}

// startShippedAt is startShipped with the address of the sidecar's listener.
func startShippedAt(t *testing.T, path string) (p *gatewayProcess, sidecar string) {
	t.Helper()
	shipped, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	type listener struct{ Listen string }
	var file struct {
		Server  struct{ Public, Sidecar, Admin listener }
		Sandbox listener
	}
	if err := yaml.Unmarshal(shipped, &file); err != nil {
		t.Fatal(err)
	}
	p, sidecar = prepare(t), freePort(t)
	text := string(shipped)
	for _, move := range []struct{ from, to string }{
		{file.Server.Public.Listen, p.public},
		{file.Server.Sidecar.Listen, sidecar},
		{file.Server.Admin.Listen, p.admin},
		{file.Sandbox.Listen, p.sandbox},
	} {
		text = regexp.MustCompile(regexp.QuoteMeta(portOf(t, move.from))+`\b`).ReplaceAllString(text, portOf(t, move.to))
	}
	p.write(text)
	p.run()
	t.Cleanup(p.stop)
	return p, sidecar
}

// portOf is the port of an address with its colon.
func portOf(t *testing.T, address string) string {
	t.Helper()
	port := regexp.MustCompile(`:\d+$`).FindString(address)
	if port == "" {
		t.Fatalf("%q is no address to listen at", address)
	}
	return port
}
