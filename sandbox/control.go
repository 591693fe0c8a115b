package sandbox

import (
	"encoding/json"
	"io"
	"net/http"
)

// routeControl registers the endpoints that tests and operators steer the sandbox with.
func (s *Sandbox) routeControl() {
	s.mux.HandleFunc("GET /_sandbox/health", func(w http.ResponseWriter, _ *http.Request) {
		jsonAnswer(http.StatusOK, map[string]bool{"ok": true}).write(w)
	})
	s.mux.HandleFunc("GET /_sandbox/ledger", func(w http.ResponseWriter, _ *http.Request) {
		jsonAnswer(http.StatusOK, s.Ledger()).write(w)
	})
	s.mux.HandleFunc("GET /_sandbox/audit", func(w http.ResponseWriter, _ *http.Request) {
		jsonAnswer(http.StatusOK, s.Audit()).write(w)
	})
	s.mux.HandleFunc("GET /_sandbox/orders", func(w http.ResponseWriter, _ *http.Request) {
		jsonAnswer(http.StatusOK, s.Shop()).write(w)
	})
	s.mux.HandleFunc("GET /_sandbox/executions", func(w http.ResponseWriter, r *http.Request) {
		q := r.URL.Query()
		list := s.Executions(q.Get("pg"), q.Get("operation"), q.Get("ref"))
		jsonAnswer(http.StatusOK, map[string]any{"count": len(list), "executions": list}).write(w)
	})
	s.mux.HandleFunc("POST /_sandbox/reset", func(w http.ResponseWriter, _ *http.Request) {
		s.Reset()
		jsonAnswer(http.StatusOK, map[string]bool{"ok": true}).write(w)
	})
	s.mux.HandleFunc("POST /_sandbox/faults", func(w http.ResponseWriter, r *http.Request) {
		var f Fault
		steer(w, r, &f, func() error { return s.Inject(f) })
	})
	s.mux.HandleFunc("DELETE /_sandbox/faults", func(w http.ResponseWriter, _ *http.Request) {
		s.ClearFaults()
		jsonAnswer(http.StatusOK, map[string]bool{"ok": true}).write(w)
	})
	s.mux.HandleFunc("GET /_sandbox/webhooks", func(w http.ResponseWriter, _ *http.Request) {
		jsonAnswer(http.StatusOK, map[string]any{"webhooks": s.Notices()}).write(w)
	})
	s.mux.HandleFunc("POST /_sandbox/webhooks", func(w http.ResponseWriter, r *http.Request) {
		var mode struct {
			Send NoticeMode `json:"send"`
		}
		steer(w, r, &mode, func() error { return s.SetNotices(mode.Send) })
	})
	s.mux.HandleFunc("POST /_sandbox/shop", func(w http.ResponseWriter, r *http.Request) {
		var mode struct {
			Confirm ShopMode `json:"confirm"`
		}
		steer(w, r, &mode, func() error { return s.SetShop(mode.Confirm) })
	})
}

// steer reads a command and answers whether it was taken.
func steer(w http.ResponseWriter, r *http.Request, into any, do func() error) {
	dec := json.NewDecoder(io.LimitReader(r.Body, maxBody))
	dec.DisallowUnknownFields()
	err := dec.Decode(into)
	if err == nil {
		err = do()
	}
	if err != nil {
		jsonAnswer(http.StatusBadRequest, map[string]string{"error": err.Error()}).write(w)
		return
	}
	jsonAnswer(http.StatusOK, map[string]bool{"ok": true}).write(w)
}
