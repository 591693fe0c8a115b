package sandbox

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"time"
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

// routeMoneyControl registers the endpoints that play what happens to money outside a window: deposits, cancels
// that are decided later, orders of any amount.
func (s *Sandbox) routeMoneyControl() {
	s.mux.HandleFunc("GET /_sandbox/{$}", func(w http.ResponseWriter, _ *http.Request) {
		page(http.StatusOK, "control.html", map[string]any{"Accounts": s.Accounts()}).write(w)
	})
	s.mux.HandleFunc("GET /_sandbox/control.js", serveAsset("assets/control.js"))
	s.mux.HandleFunc("GET /_sandbox/accounts", func(w http.ResponseWriter, _ *http.Request) {
		jsonAnswer(http.StatusOK, map[string]any{"accounts": s.Accounts()}).write(w)
	})
	s.mux.HandleFunc("POST /_sandbox/deposits", func(w http.ResponseWriter, r *http.Request) {
		var d Deposit
		steer(w, r, &d, func() error { return s.Deposit(d) }) //nolint:contextcheck // a notice outlives the request it is about
	})
	s.mux.HandleFunc("POST /_sandbox/notices", func(w http.ResponseWriter, r *http.Request) {
		var n struct {
			// PG is inicis, which is meant when it is left out, portone_v1 or portone_v2.
			PG  string `json:"pg"`
			MID string `json:"mid"`
			URL string `json:"url"`
		}
		steer(w, r, &n, func() error {
			switch n.PG {
			case "", pgInicis:
				return s.SetInicisNotice(n.MID, n.URL)
			case pgV1:
				return s.SetV1Notice(n.URL)
			case pgV2:
				return s.SetV2Notice(n.URL)
			}
			return fmt.Errorf("%w: %q has no such address", ErrNoticeURL, n.PG)
		})
	})
	s.mux.HandleFunc("POST /_sandbox/cancels", func(w http.ResponseWriter, r *http.Request) {
		var m struct {
			V2      CancelMode `json:"v2"`
			DelayMS int        `json:"delay_ms"`
		}
		steer(w, r, &m, func() error { return s.SetCancels(m.V2, time.Duration(m.DelayMS)*time.Millisecond) })
	})
	s.mux.HandleFunc("POST /_sandbox/cancels/finish", func(w http.ResponseWriter, r *http.Request) {
		var m struct {
			Ref string `json:"ref"`
		}
		steer(w, r, &m, func() error { s.FinishCancels(m.Ref); return nil }) //nolint:contextcheck // a notice outlives the request it is about
	})
	s.mux.HandleFunc("POST /_sandbox/orders", func(w http.ResponseWriter, r *http.Request) {
		var spec OrderSpec
		if err := decodeStrict(r, &spec); err != nil {
			jsonAnswer(http.StatusBadRequest, map[string]string{"error": err.Error()}).write(w)
			return
		}
		o, err := s.MakeOrder(spec)
		if err != nil {
			jsonAnswer(http.StatusBadRequest, map[string]string{"error": err.Error()}).write(w)
			return
		}
		jsonAnswer(http.StatusOK, o).write(w)
	})
}

func decodeStrict(r *http.Request, into any) error {
	dec := json.NewDecoder(io.LimitReader(r.Body, maxBody))
	dec.DisallowUnknownFields()
	if err := dec.Decode(into); err != nil {
		return fmt.Errorf("reading the command: %w", err)
	}
	return nil
}

// steer reads a command and answers whether it was taken.
func steer(w http.ResponseWriter, r *http.Request, into any, do func() error) {
	err := decodeStrict(r, into)
	if err == nil {
		err = do()
	}
	if err != nil {
		jsonAnswer(http.StatusBadRequest, map[string]string{"error": err.Error()}).write(w)
		return
	}
	jsonAnswer(http.StatusOK, map[string]bool{"ok": true}).write(w)
}
