package gateway

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/pg-gateway/pg-gateway/test/fixture"
)

func (h *house) adminPost(path, body string) answer {
	h.t.Helper()
	req := httptest.NewRequest(http.MethodPost, path, strings.NewReader(body))
	req.Header.Set("Content-Type", "application/json")
	return h.send(h.admin, req)
}

func (h *house) history() (string, []map[string]any) {
	h.t.Helper()
	a := h.send(h.admin, httptest.NewRequest(http.MethodGet, "/-/config/history", nil))
	list, _ := a.json["history"].([]any)
	var out []map[string]any
	for _, e := range list {
		out = append(out, e.(map[string]any))
	}
	version, _ := a.json["version"].(string)
	return version, out
}

// TestRollback: a version of before decides again, the history says who wanted it, and a reload ends it.
func TestRollback(t *testing.T) {
	t.Parallel()
	h := newHouse(t, nil)
	first, list := h.history()
	if len(list) != 1 || list[0]["trigger"] != "start" || list[0]["version"] != first || list[0]["kept"] != true {
		t.Fatalf("at the start: %v", list)
	}
	h.change(fixture.LinksOff("card"))
	h.adminPost("/-/reload", "")
	body := h.checkout("card")
	if a := h.postCheckout(body); a.code() != "METHOD_NOT_LINKED" {
		t.Fatalf("got %d %s", a.status, a.body)
	}
	a := h.adminPost("/-/config/rollback", `{"version":"`+first+`","who":"kim"}`)
	if a.status != http.StatusOK || a.json["changed"] != true || a.json["version"] != first {
		t.Fatalf("got %d %s", a.status, a.body)
	}
	if reach, _ := a.json["reach"].(string); !strings.Contains(reach, "this process only") {
		t.Errorf("the answer does not tell whom the rollback reached: %s", a.body)
	}
	if a := h.postCheckout(body); a.status != http.StatusOK {
		t.Errorf("got %d %s", a.status, a.body)
	}
	version, list := h.history()
	if version != first || len(list) != 3 || list[0]["trigger"] != "rollback by kim" || list[1]["trigger"] != "api" {
		t.Errorf("the history is %v", list)
	}
	h.adminPost("/-/reload", "")
	if a := h.postCheckout(body); a.code() != "METHOD_NOT_LINKED" {
		t.Errorf("after a reload: %d %s", a.status, a.body)
	}
	h.write("mode: tset")
	h.adminPost("/-/reload", "")
	if _, list := h.history(); !strings.Contains(list[0]["error"].(string), "config.yaml:1:7") || list[0]["changed"] != false {
		t.Errorf("a refused file is not in the history: %v", list[0])
	}
}

func (h *house) ready() answer {
	h.t.Helper()
	return h.send(h.admin, httptest.NewRequest(http.MethodGet, "/readyz", nil))
}

// TestReadyzTellsWhatDecides: which version it is, that the file on disk is another, and why.
func TestReadyzTellsWhatDecides(t *testing.T) {
	t.Parallel()
	h := newHouse(t, nil)
	a := h.ready()
	first, _ := a.json["rules_version"].(string)
	if a.status != http.StatusOK || first == "" || a.json["config_refused"] != nil || a.json["config_rollback"] != nil {
		t.Fatalf("at the start: %d %s", a.status, a.body)
	}
	for _, bad := range []fixture.Edit{
		func(c *fixture.Config) { c.OrderService.Events.Secret = "my-shop-secret-2027" },
		func(c *fixture.Config) { c.More = "sandbx: {}\n" },
	} {
		h.change(bad)
		if a := h.adminPost("/-/reload", ""); a.status != http.StatusUnprocessableEntity || a.json["version"] != first || a.json["changed"] != false {
			t.Errorf("a bad file: %d %s", a.status, a.body)
		}
		why, _ := h.ready().json["config_refused"].(string)
		if a := h.ready(); a.status != http.StatusOK || a.json["rules_version"] != first || !strings.HasPrefix(why, "config.yaml:") || strings.Contains(why, "\n") {
			t.Errorf("with a bad file: %d %s", a.status, a.body)
		}
	}
	h.change(func(c *fixture.Config) { c.Method("trans").InUse = false })
	second := h.adminPost("/-/reload", "").json["version"]
	if a := h.ready(); second == first || a.json["rules_version"] != second || a.json["config_refused"] != nil {
		t.Errorf("with a good file again: %s", a.body)
	}
	h.adminPost("/-/config/rollback", `{"version":"`+first+`","who":"kim"}`)
	a = h.ready()
	back, _ := a.json["config_rollback"].(map[string]any)
	note, _ := back["note"].(string)
	if a.status != http.StatusOK || a.json["rules_version"] != first || back["trigger"] != "rollback by kim" || back["set_aside_version"] != second ||
		!strings.Contains(note, "the file on disk still holds") {
		t.Errorf("after a rollback: %s", a.body)
	}
	h.adminPost("/-/reload", "")
	if a := h.ready(); a.json["rules_version"] != second || a.json["config_rollback"] != nil {
		t.Errorf("after a reload: %s", a.body)
	}
}

func TestRollbackRefusals(t *testing.T) {
	t.Parallel()
	h := newHouse(t, nil)
	tests := []struct {
		name, body string
		status     int
		code       string
	}{
		{"a version that is not kept", `{"version":"000000000000"}`, 404, "NOT_FOUND"},
		{"no version", `{"who":"kim"}`, 400, "MISSING_FIELD"},
		{"a field that is none", `{"version":"x","force":true}`, 400, "INVALID_FIELD"},
		{"a version twice", `{"version":"x","version":"y"}`, 400, "DUPLICATE_KEY"},
		{"control characters in a name", `{"version":"x","who":"a\nb"}`, 400, "INVALID_FIELD"},
		{"a body that is too large", `{"version":"` + strings.Repeat("x", 5000) + `"}`, 413, "BODY_TOO_LARGE"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if a := h.adminPost("/-/config/rollback", tt.body); a.status != tt.status || a.code() != tt.code {
				t.Errorf("got %d %s", a.status, a.body)
			}
		})
	}
	if a := h.post("/-/config/rollback", "application/json", `{"version":"x"}`); a.status == http.StatusOK {
		t.Error("the public listener rolls back")
	}
}
