package sandbox

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// refundTimeout is longer than the gateway takes to find out what became of a cancel.
const refundTimeout = 90 * time.Second

// Gateway is where the demo shop asks for cancels: the gateway's sidecar listener.
type Gateway struct {
	// URL is empty where the shop has no way to it; then it offers no refunds.
	URL string
	// Token identifies the shop; empty where the listener wants none.
	Token string
}

// refundAsk is what the shop asks the gateway for: all of one attempt, under a key that stays the same until an answer
// says that nothing was given back.
type refundAsk struct {
	attempt, key string
}

// refundable is the attempt of a paid order that a buyer may have given back.
func (s *Sandbox) refundable(o *Order) (refundAsk, bool) {
	if s.cfg.Gateway.URL == "" || o.Status != "paid" || len(o.Paid) != 1 || len(o.Accounts) > 0 {
		return refundAsk{}, false // money of an account goes back to one that the shop does not know
	}
	for attempt := range o.Paid {
		return refundAsk{attempt, fmt.Sprintf("refund-%s-%d", attempt, o.refunds)}, true
	}
	return refundAsk{}, false
}

// shopRefund gives a paid order back as an order service does: by the gateway, whose event books it.
func (s *Sandbox) shopRefund(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	o, found := s.shop.orders.get(r.PathValue("id"))
	ask, can := refundAsk{}, false
	if found {
		ask, can = s.refundable(o)
	}
	s.mu.Unlock()
	if !can {
		s.envelope(http.StatusConflict, "2001", "환불할 수 없는 주문입니다", nil).write(w)
		return
	}
	told, err := s.askRefund(r, ask)
	if told.SafeNewKey {
		s.mu.Lock()
		o.refunds++ // nothing was given back: the next click is another cancel
		s.mu.Unlock()
	}
	switch {
	case err != nil:
		s.envelope(http.StatusBadGateway, "3001", "환불 결과를 아직 알 수 없습니다. 잠시 후 다시 눌러 주세요.", nil).write(w)
	case told.State == "":
		s.envelope(http.StatusConflict, "3002", told.DetailKo, map[string]any{"code": told.Code}).write(w)
	default:
		s.envelope(http.StatusOK, "0000", "SUCCESS", map[string]any{"ordNo": r.PathValue("id"), "state": told.State}).write(w)
	}
}

// refundAnswer is what the shop reads of the gateway's answer: a cancel, or a problem.
type refundAnswer struct {
	State      string `json:"state"`
	Code       string `json:"code"`
	DetailKo   string `json:"detail_ko"`
	SafeNewKey bool   `json:"safe_new_key"`
}

func (s *Sandbox) askRefund(r *http.Request, ask refundAsk) (told refundAnswer, err error) {
	body, err := json.Marshal(map[string]string{"reason": "buyer's wish"})
	if err != nil {
		return told, err
	}
	to := strings.TrimSuffix(s.cfg.Gateway.URL, "/") + "/attempts/" + url.PathEscape(ask.attempt) + "/cancels"
	req, err := http.NewRequestWithContext(r.Context(), http.MethodPost, to, bytes.NewReader(body))
	if err != nil {
		return told, err
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Idempotency-Key", `"`+ask.key+`"`)
	if s.cfg.Gateway.Token != "" {
		req.Header.Set("Authorization", "Bearer "+s.cfg.Gateway.Token)
	}
	client := http.Client{Timeout: refundTimeout}
	resp, err := client.Do(req)
	if err != nil {
		return told, err
	}
	defer func() { _ = resp.Body.Close() }()
	text, err := io.ReadAll(io.LimitReader(resp.Body, maxBody))
	if err != nil {
		return told, err
	}
	return told, json.Unmarshal(text, &told)
}
