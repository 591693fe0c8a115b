package sandbox

import (
	"net/http"
	"slices"
	"strconv"
	"time"
)

// v2Hook is a webhook of a payment, and what became of it at one address.
type v2Hook struct {
	notice notice
	url    string
	status string
	made   time.Time
	tries  int
	code   int
	body   string
	heard  time.Time
}

// v2Hooked writes down the webhooks that a notice is about to send; callers hold the mutex.
func (s *Sandbox) v2Hooked(p *v2Payment, n *notice, status string, now time.Time) {
	id := n.id
	n.heard = func(address string, code int, body []byte) {
		i := slices.IndexFunc(p.hooks, func(h *v2Hook) bool { return h.notice.id == id && h.url == address })
		if i >= 0 {
			h := p.hooks[i]
			h.tries, h.code, h.body, h.heard = h.tries+1, code, string(body), s.cfg.Now()
		}
	}
	for _, address := range n.urls {
		p.hooks = append(p.hooks, &v2Hook{notice: *n, url: address, status: status, made: now})
	}
}

// wire is V2's webhook object.
func (h *v2Hook) wire() map[string]any {
	out := map[string]any{
		"paymentStatus": h.status, "id": h.notice.id, "url": h.url, "isAsync": false, "currentExecutionCount": h.tries,
		"maxExecutionCount": len(h.notice.waits) + 1, "triggeredAt": rfc3339(h.made),
		"request": map[string]any{"header": "{}", "body": string(h.notice.body), "requestedAt": rfc3339(h.made)},
	}
	switch {
	case h.tries == 0:
	case h.code == 0:
		out["status"] = "FAILED_UNEXPECTED_ERROR"
	case h.code >= 200 && h.code < 300:
		out["status"] = "SUCCEEDED"
	default:
		out["status"] = "FAILED_NOT_OK_RESPONSE"
	}
	if h.code != 0 {
		out["response"] = map[string]any{
			"code": strconv.Itoa(h.code), "header": "{}", "body": h.body, "respondedAt": rfc3339(h.heard),
		}
	}
	return out
}

func (p *v2Payment) hookWires() []map[string]any {
	out := []map[string]any{}
	for _, h := range p.hooks {
		out = append(out, h.wire())
	}
	return out
}

// v2ResendWebhook sends a webhook again under its own id: the newest, or the one that is named.
func (s *Sandbox) v2ResendWebhook(c *call) answer {
	var req struct {
		WebhookID string `json:"webhookId"`
	}
	if refusal := s.v2Decode(c, &req); refusal != nil {
		return *refusal
	}
	p, ok := s.v2.payments.get(c.ref)
	if !ok {
		return v2NoPayment()
	}
	for _, h := range slices.Backward(p.hooks) {
		if req.WebhookID == "" || req.WebhookID == h.notice.id {
			again := h.notice
			again.urls = []string{h.url}
			c.notices = append(c.notices, again)
			out := h.wire()
			out["trigger"] = "MANUAL"
			return jsonAnswer(http.StatusOK, map[string]any{"webhook": out})
		}
	}
	return v2Error(http.StatusNotFound, "WEBHOOK_NOT_FOUND", "웹훅 내역이 존재하지 않습니다.")
}

// SetV2Notice says where V2 tells of payments that name no address of their own, as the console does; empty tells
// nobody. Errors match ErrNoticeURL.
func (s *Sandbox) SetV2Notice(address string) error {
	if address != "" && !isAbsoluteURL(address) {
		return ErrNoticeURL
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.v2.noticeURL = address
	return nil
}

// v2Addresses are where a webhook goes: the payment's own addresses, else the console's.
func (s *Sandbox) v2Addresses(own []string) []string {
	if len(own) == 0 && s.v2.noticeURL != "" {
		return []string{s.v2.noticeURL}
	}
	return own
}
