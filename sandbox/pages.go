package sandbox

import (
	"bytes"
	"embed"
	"html/template"
	"mime"
	"net/http"
	"path"
	"strconv"
)

// assets are the pages and scripts of all stand-ins.
//
//go:embed assets
var assets embed.FS

// templates are the parsed pages; parsing cannot fail after the tests have passed.
var templates = template.Must(template.New("").Funcs(template.FuncMap{
	"won": groupWon, "method": methodTitle, "status": statusTitle, "clock": clock, "pg": pgTitle, "mode": modeTitle,
	"json": oneLine, "bank": bankTitle, "operation": operationTitle, "kind": kindTitle,
}).ParseFS(assets, "assets/*.html"))

// windowPage is a payment window.
type windowPage struct {
	PG     string
	Shop   string
	Goods  string
	Amount Won
	Method string
	// Action is what the buttons are posted to, with Key.
	Action string
	Key    string
	// AuthFail adds the button that fails the authentication itself.
	AuthFail bool
	// Issues tells that a virtual account is issued, and nothing is paid yet.
	Issues bool
	// Registers tells that a card is registered, and nothing is paid.
	Registers bool
	// App is the shop's app that the apps of card companies come back to; empty for none.
	App string
}

// page renders a template.
func page(status int, name string, data any) answer {
	var buf bytes.Buffer
	if err := templates.ExecuteTemplate(&buf, name, data); err != nil {
		return answer{
			status: http.StatusInternalServerError, contentType: "text/plain; charset=utf-8", body: []byte("rendering " + name),
		}
	}
	return answer{status: status, contentType: "text/html; charset=utf-8", body: buf.Bytes()}
}

// groupWon writes an amount the way buyers read it: 12,345원.
func groupWon(w Won) string {
	digits := strconv.FormatInt(int64(w), 10)
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return digits + "원"
}

// serveAsset serves an embedded file. Scripts may be loaded from any origin, as a PG's are.
func serveAsset(name string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		body, err := assets.ReadFile(name)
		if err != nil {
			http.Error(w, "no such asset", http.StatusNotFound)
			return
		}
		kind := mime.TypeByExtension(path.Ext(name))
		if path.Ext(name) == ".js" {
			kind = "text/javascript; charset=utf-8"
		}
		w.Header().Set("Access-Control-Allow-Origin", "*")
		w.Header().Set("Cross-Origin-Resource-Policy", "cross-origin")
		answer{status: http.StatusOK, contentType: kind, body: body}.write(w)
	}
}

// handleSDK registers an endpoint that the browser SDKs call from the shop's origin.
func (s *Sandbox) handleSDK(path, pg, name string, before func(*call), do func(*call) answer) {
	op := operation{s: s, pg: pg, name: name, before: before, do: do}
	allow := func(h http.Header) {
		h.Set("Access-Control-Allow-Origin", "*")
		h.Set("Access-Control-Allow-Headers", "Content-Type")
		h.Set("Access-Control-Allow-Methods", "POST")
		h.Set("Access-Control-Allow-Private-Network", "true")
	}
	s.mux.HandleFunc("POST "+path, func(w http.ResponseWriter, r *http.Request) {
		allow(w.Header())
		op.ServeHTTP(w, r)
	})
	s.mux.HandleFunc("OPTIONS "+path, func(w http.ResponseWriter, _ *http.Request) {
		allow(w.Header())
		w.WriteHeader(http.StatusNoContent)
	})
}
