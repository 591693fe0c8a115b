package gateway

import (
	"bytes"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gofiber/fiber/v2"

	"github.com/pg-gateway/pg-gateway/adapters/drivers"
	"github.com/pg-gateway/pg-gateway/adapters/onewrite"
	"github.com/pg-gateway/pg-gateway/journal"
	"github.com/pg-gateway/pg-gateway/journal/journaltest"
	"github.com/pg-gateway/pg-gateway/metrics"
	"github.com/pg-gateway/pg-gateway/reload"
	"github.com/pg-gateway/pg-gateway/sandbox"
	"github.com/pg-gateway/pg-gateway/test/fixture"
)

// house is a gateway with a sandbox, on the configuration of the tests, without listeners.
type house struct {
	t       *testing.T
	g       *Gateway
	app     *fiber.App
	admin   *fiber.App
	sidecar *fiber.App
	sandbox *sandbox.Sandbox
	url     string // the sandbox's
	config  string // path
	edits   []fixture.Edit
	journal *journal.Journal
	// log is what the gateway has logged.
	log logLines
}

const publicURL = "http://localhost:8080"

func newHouse(t *testing.T, edits ...fixture.Edit) *house {
	t.Helper()
	return newHouseWith(t, sandbox.Defaults(), edits...)
}

// newHouseWith is newHouse with a sandbox of one's own.
func newHouseWith(t *testing.T, box sandbox.Config, edits ...fixture.Edit) *house {
	t.Helper()
	h := &house{t: t, sandbox: sandbox.New(box)}
	server := httptest.NewServer(h.sandbox.Handler())
	t.Cleanup(server.Close)
	h.url = server.URL
	here := func(c *fixture.Config) { c.SandboxAt(strings.TrimPrefix(server.URL, "http://")) }
	h.edits = append([]fixture.Edit{here}, edits...)
	dir := t.TempDir()
	h.config = filepath.Join(dir, "config.yaml")
	h.change()
	store, err := reload.New(reload.Options{Path: h.config, Load: loader().LoadFile, Prepare: Prepare})
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, "journal.db")
	journaltest.Blank(t, file)
	h.journal, err = journal.Open(t.Context(), journal.Config{Driver: journal.DriverSQLite, Path: file, Alone: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := h.journal.Close(); err != nil {
			t.Error(err)
		}
	})
	client := onewrite.New(onewrite.Options{})
	registry := metrics.NewRegistry()
	m := metrics.New(registry)
	PublishRules(store.Current(), m)
	h.g, err = New(Options{
		Store: store, Journal: h.journal, Drivers: drivers.New(drivers.Options{Client: client}), OrderHTTP: client,
		Metrics: m, Registry: registry, Log: slog.New(slog.NewJSONHandler(&h.log, &slog.HandlerOptions{Level: slog.LevelDebug})),
		Now: time.Now, Identity: h.journal.Identity, DataDir: dir,
	})
	if err != nil {
		t.Fatal(err)
	}
	h.app, h.admin, h.sidecar = h.g.publicApp(), h.g.adminApp(), h.g.sidecarApp()
	return h
}

func (h *house) write(config string) {
	h.t.Helper()
	if err := os.WriteFile(h.config, []byte(config), 0o600); err != nil {
		h.t.Fatal(err)
	}
}

// change saves the configuration that the house began with, and more edits of it.
func (h *house) change(more ...fixture.Edit) {
	h.t.Helper()
	h.write(fixture.Text(slices.Concat(h.edits, more)...))
}

// answer is what a request came to.
type answer struct {
	status int
	header http.Header
	body   []byte
	json   map[string]any
	// closes tells that the connection ends with it.
	closes bool
}

func (a answer) code() string { s, _ := a.json["code"].(string); return s }

func (h *house) send(app *fiber.App, req *http.Request) answer {
	h.t.Helper()
	res, err := app.Test(req, 30_000)
	if err != nil {
		h.t.Fatalf("%s %s: %v", req.Method, req.URL, err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		h.t.Fatal(err)
	}
	a := answer{status: res.StatusCode, closes: res.Close, header: res.Header, body: body}
	isObject := bytes.HasPrefix(bytes.TrimSpace(body), []byte("{"))
	if isObject && strings.Contains(res.Header.Get("Content-Type"), "json") && req.Method != http.MethodHead {
		if err := json.Unmarshal(body, &a.json); err != nil {
			h.t.Fatalf("%s %s answered %q: %v", req.Method, req.URL, body, err)
		}
	}
	return a
}

func (h *house) post(path, contentType, body string) answer {
	h.t.Helper()
	req := httptest.NewRequest(http.MethodPost, path, strings.NewReader(body))
	req.Header.Set("Content-Type", contentType)
	return h.send(h.app, req)
}

func (h *house) get(path string) answer {
	h.t.Helper()
	return h.send(h.app, httptest.NewRequest(http.MethodGet, path, nil))
}

// order makes an order at the demo shop and returns its id and amount.
func (h *house) order(payWay string) (string, float64) {
	h.t.Helper()
	res, err := http.Post(h.url+"/shop/api/orders", "application/json", strings.NewReader(
		`{"goods":[{"goodsNo":"`+h.goods()+`","qty":1}],"payMeans":[{"payWayCd":"`+payWay+`"}]}`))
	if err != nil {
		h.t.Fatal(err)
	}
	defer res.Body.Close()
	var a struct {
		Payload struct {
			OrdNo  string  `json:"ordNo"`
			PayAmt float64 `json:"payAmt"`
		} `json:"payload"`
	}
	if err := json.NewDecoder(res.Body).Decode(&a); err != nil || a.Payload.OrdNo == "" {
		h.t.Fatalf("the demo shop made no order: %v", err)
	}
	return a.Payload.OrdNo, a.Payload.PayAmt
}

// goods is the number of the demo shop's first article.
func (h *house) goods() string {
	h.t.Helper()
	res, err := http.Get(h.url + "/shop/")
	if err != nil {
		h.t.Fatal(err)
	}
	defer res.Body.Close()
	page, err := io.ReadAll(res.Body)
	if err != nil {
		h.t.Fatal(err)
	}
	_, after, _ := strings.Cut(string(page), `name="goods" value="`)
	no, _, _ := strings.Cut(after, `"`)
	return no
}

// checkout is a good request body for an order; change what a test is about.
func (h *house) checkout(method string) map[string]any {
	id, amount := h.order("11")
	return map[string]any{
		"order_id": id, "amount": amount, "payments": []any{map[string]any{"method": method, "amount": amount}},
		"buyer": map[string]any{"name": "홍길동", "email": "gildong@example.com", "tel": "010-4242-4242"},
		"site":  "main", "device": "pc", "return_url": publicURL + "/result",
	}
}

func (h *house) postCheckout(body map[string]any) answer {
	h.t.Helper()
	return h.post(pathCheckout, "application/json", h.textOf(body))
}

// textOf is a request body as JSON.
func (h *house) textOf(body map[string]any) string {
	h.t.Helper()
	b, err := json.Marshal(body)
	if err != nil {
		h.t.Fatal(err)
	}
	return string(b)
}

// inicisForm opens an Inicis window and returns the form that the browser would post to it.
func (h *house) inicisForm() url.Values {
	h.t.Helper()
	return h.formOf(h.checkout("card"))
}

// formOf is inicisForm for any checkout.
func (h *house) formOf(checkout map[string]any) url.Values {
	h.t.Helper()
	a := h.postCheckout(checkout)
	if a.status != http.StatusOK {
		h.t.Fatalf("checkout answered %d %s", a.status, a.body)
	}
	return formIn(a)
}

// formIn is the form of the window in an answer.
func formIn(a answer) url.Values {
	form := url.Values{}
	window, _ := a.json["window"].(map[string]any)
	params, _ := window["params"].(map[string]any)
	for k, v := range params {
		form.Set(k, v.(string))
	}
	return form
}

// inicisReturn plays the window: the buyer presses a button, and the auth result comes back as a form.
func (h *house) inicisReturn(button string) url.Values {
	h.t.Helper()
	return h.press(h.inicisForm(), button)
}

// press opens a window with a form and presses a button in it.
func (h *house) press(opened url.Values, button string) url.Values {
	h.t.Helper()
	return h.pressAt(h.url+"/inicis/window", opened, button)
}

// pressAt is press for a window at any address.
func (h *house) pressAt(address string, opened url.Values, button string) url.Values {
	h.t.Helper()
	res, err := http.PostForm(address, opened)
	if err != nil {
		h.t.Fatal(err)
	}
	defer res.Body.Close()
	page, err := io.ReadAll(res.Body)
	if err != nil {
		h.t.Fatal(err)
	}
	act, err := http.PostForm(h.url+attr(string(page), `<form method="post" action="`), url.Values{
		"key": {attr(string(page), `name="key" value="`)}, "action": {button},
	})
	if err != nil {
		h.t.Fatal(err)
	}
	defer act.Body.Close()
	page, err = io.ReadAll(act.Body)
	if err != nil {
		h.t.Fatal(err)
	}
	form := url.Values{}
	for rest := string(page); ; {
		_, after, found := strings.Cut(rest, `<input type="hidden" name="`)
		if !found {
			break
		}
		name, after, _ := strings.Cut(after, `"`)
		form.Set(name, attr(after, `value="`))
		rest = after
	}
	if form.Get("resultCode") == "" && form.Get("P_STATUS") == "" {
		h.t.Fatalf("the window did not return a form: %s", page)
	}
	return form
}

// attr returns the attribute text behind a marker, unescaped.
func attr(page, marker string) string {
	_, after, _ := strings.Cut(page, marker)
	v, _, _ := strings.Cut(after, `"`)
	return strings.NewReplacer("&#43;", "+", "&amp;", "&", "&#34;", `"`, "&#39;", "'", "&lt;", "<", "&gt;", ">").Replace(v)
}

func (h *house) postReturn(form url.Values) answer {
	h.t.Helper()
	return h.post(pathInicisReturn, "application/x-www-form-urlencoded", form.Encode())
}
