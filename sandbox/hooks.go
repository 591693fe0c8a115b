package sandbox

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// NoticeMode says when PortOne's webhooks are sent, seen from the browser's result.
type NoticeMode string

// The modes.
const (
	// NoticeAfter sends them a moment after the browser was answered.
	NoticeAfter NoticeMode = "after"
	// NoticeBefore sends them first, and answers the browser only then.
	NoticeBefore NoticeMode = "before"
	// NoticeTwice sends each of them twice at once.
	NoticeTwice NoticeMode = "twice"
	// NoticeNever loses them.
	NoticeNever NoticeMode = "never"
	// NoticeLate sends them long after the browser was answered.
	NoticeLate NoticeMode = "late"
	// NoticeForged signs V2's with a secret that is not the shop's.
	NoticeForged NoticeMode = "forged"
	// NoticeStale signs V2's as if they had been sent ten minutes ago.
	NoticeStale NoticeMode = "stale"
	// NoticeUnknown sends one of a kind that nobody knows before each.
	NoticeUnknown NoticeMode = "unknown"
	// NoticeStranger sends one about a payment that does not exist before each.
	NoticeStranger NoticeMode = "stranger"
)

// ErrNoticeMode is returned for a mode that does not exist.
var ErrNoticeMode = errors.New("no such webhook mode")

const (
	// noticeDelay keeps a webhook behind the browser's result.
	noticeDelay = 30 * time.Millisecond
	// noticeTimeout is how long a webhook's receiver is waited for, confirmTimeout how long the confirm process is.
	noticeTimeout  = 30 * time.Second
	confirmTimeout = 10 * time.Second
	// maxNotices bounds the log of deliveries.
	maxNotices = 10_000
)

// Notice is one try at delivering a webhook, or one question of the confirm process.
type Notice struct {
	PG   string `json:"pg"`
	URL  string `json:"url"`
	Ref  string `json:"ref"`
	Kind string `json:"kind"`
	// Status is the receiver's answer; 0 when there was none.
	Status int `json:"status"`
}

// notice is a webhook to be delivered.
type notice struct {
	pg, ref, kind string
	urls          []string
	contentType   string
	body          []byte
	// id and secret sign it; empty for V1, which does not.
	id, secret string
	// ack is the very answer that the receiver must give; without one any 2xx will do.
	ack string
	// age is how long ago it seems to have been signed, and ahead a made-up one that comes before it.
	age   time.Duration
	ahead *notice
	// heard, when set, is told of each try, under the mutex.
	heard func(address string, code int, body []byte)
	// waits are the pauses before it is sent again; without any it is sent once.
	waits []time.Duration
}

// SetNotices says when webhooks are sent from now on. Errors match ErrNoticeMode.
func (s *Sandbox) SetNotices(m NoticeMode) error {
	if !slices.Contains(noticeModes(), m) {
		return fmt.Errorf("%w: %q", ErrNoticeMode, m)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.noticeMode = m
	return nil
}

// Notices returns every delivery so far, oldest first.
func (s *Sandbox) Notices() []Notice {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Notice{}, s.notices...)
}

// WaitNotices returns once the webhooks that are due were delivered or given up.
func (s *Sandbox) WaitNotices() { s.posting.Wait() }

// publish sends the webhooks that an operation gave rise to.
func (s *Sandbox) publish(list []notice) { s.publishAs(list, "") }

// publishAs sends webhooks in a mode; an empty one is that of the sandbox.
func (s *Sandbox) publishAs(list []notice, mode NoticeMode) {
	s.mu.Lock()
	if mode == "" {
		mode = s.noticeMode
	}
	delay := noticeDelay
	if mode == NoticeLate {
		delay = s.noticeLate
	}
	s.mu.Unlock()
	if s.cfg.HookClient == nil || mode == NoticeNever {
		return
	}
	for _, n := range s.tricked(list, mode) {
		for _, address := range n.urls {
			if mode == NoticeBefore {
				s.deliverNotice(n, address)
				continue
			}
			times := 1
			if mode == NoticeTwice {
				times = 2
			}
			for range times {
				s.posting.Go(func() {
					s.wait(int(delay / time.Millisecond))
					s.deliverNotice(n, address)
				})
			}
		}
	}
}

// deliverNotice posts a webhook, and again as often as its sender does while it is not acknowledged.
func (s *Sandbox) deliverNotice(n notice, address string) {
	if n.ahead != nil {
		s.post(*n.ahead, address, noticeTimeout)
	}
	for try := 0; ; try++ {
		status, body := s.post(n, address, noticeTimeout)
		taken := status >= 200 && status < 300
		// Inicis takes exactly OK and sends anything else again (inicis.md §7).
		if n.ack != "" {
			taken = status == http.StatusOK && string(body) == n.ack
		}
		if taken || try >= len(n.waits) {
			return
		}
		s.wait(int(n.waits[try] / time.Millisecond))
		select {
		case <-s.stop:
			return
		default:
		}
	}
}

// v2Waits are the pauses between the tries at a V2 webhook: PortOne's minutes are units here.
func (s *Sandbox) v2Waits() []time.Duration {
	unit := s.cfg.V2.RetryUnit
	if unit <= 0 {
		return nil
	}
	// PortOne goes on with 64 and 256 (portone.md §4.9), which outlasts any test.
	return []time.Duration{unit, 4 * unit, 16 * unit}
}

// post sends one message and returns the answer: status 0 when there was none.
func (s *Sandbox) post(n notice, address string, timeout time.Duration) (status int, body []byte) {
	defer func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		if n.heard != nil {
			n.heard(address, status, body)
		}
		if len(s.notices) < maxNotices {
			s.notices = append(s.notices, Notice{PG: n.pg, URL: address, Ref: n.ref, Kind: n.kind, Status: status})
		}
	}()
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, address, bytes.NewReader(n.body))
	if err != nil || s.cfg.HookClient == nil {
		return 0, nil
	}
	req.Header.Set("Content-Type", n.contentType)
	if n.secret != "" {
		s.sign(req, n)
	}
	resp, err := s.cfg.HookClient.Do(req)
	if err != nil {
		return 0, nil
	}
	defer func() { _ = resp.Body.Close() }()
	body, err = io.ReadAll(io.LimitReader(resp.Body, maxBody))
	if err != nil {
		return 0, nil
	}
	return resp.StatusCode, body
}

// sign adds the headers of Standard Webhooks; the time is that of the delivery.
func (s *Sandbox) sign(req *http.Request, n notice) {
	key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(n.secret, "whsec_"))
	if err != nil {
		return
	}
	stamp := strconv.FormatInt(s.cfg.Now().Add(-n.age).Unix(), 10)
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(n.id + "." + stamp + "."))
	mac.Write(n.body)
	req.Header.Set("Webhook-Id", n.id)
	req.Header.Set("Webhook-Timestamp", stamp)
	req.Header.Set("Webhook-Signature", "v1,"+base64.StdEncoding.EncodeToString(mac.Sum(nil)))
}

// v1Notice is V1's notification of a payment, for the addresses that the payment was opened with.
func (s *Sandbox) v1Notice(p *v1Payment) notice {
	return s.v1Message(p, p.status,
		map[string]string{"imp_uid": p.impUID, "merchant_uid": p.merchantUID, "status": p.status})
}

// v1CancelNotice is V1's notification of the newest cancel of a payment.
func (s *Sandbox) v1CancelNotice(p *v1Payment) notice {
	return s.v1Message(p, "cancelled", map[string]string{
		"imp_uid": p.impUID, "merchant_uid": p.merchantUID, "status": "cancelled",
		"cancellation_id": p.history[len(p.history)-1].CancellationID,
	})
}

// v1EscrowNotice is V1's notification of where an escrow payment stands; it is nested, and so always JSON.
func (s *Sandbox) v1EscrowNotice(p *v1Payment, now time.Time) notice {
	n := s.v1Message(p, "escrow", nil)
	n.contentType, n.body = "application/json", mustJSON(map[string]any{
		"event": "Inicis.Escrow.Changed", "imp_uid": p.impUID, "merchant_uid": p.merchantUID, "status": p.status,
		"extra": map[string]any{"escrow_status": p.escrow, "changed_at": now.Unix(), "denied_reason": nil},
	})
	return n
}

func (s *Sandbox) v1Message(p *v1Payment, kind string, fields map[string]string) notice {
	n := notice{pg: pgV1, ref: p.merchantUID, kind: kind, urls: p.noticeURLs}
	// The console chooses between the two (portone.md §3.1).
	if s.cfg.V1.FormNotices {
		form := url.Values{}
		for k, v := range fields {
			form.Set(k, v)
		}
		n.contentType, n.body = "application/x-www-form-urlencoded", []byte(form.Encode())
		return n
	}
	n.contentType, n.body = "application/json", mustJSON(fields)
	return n
}

// v2Notice is V2's notification of an attempt; kind is Paid, Failed, Cancelled, ...
func (s *Sandbox) v2Notice(a *v2Attempt, kind string, now time.Time) notice {
	return s.v2Message(a, kind, a.noticeURLs, now, map[string]any{
		"storeId": s.cfg.V2.StoreID, "paymentId": a.payment.id, "transactionId": a.txID,
	}, map[string]any{"payment_id": a.payment.id, "tx_id": a.txID, "status": kind})
}

// v2CancelNotice is V2's notification of a cancel.
func (s *Sandbox) v2CancelNotice(x *v2Cancellation, kind string, now time.Time) notice {
	a := x.attempt
	return s.v2Message(a, kind, a.noticeURLs, now, map[string]any{
		"storeId": s.cfg.V2.StoreID, "paymentId": a.payment.id, "transactionId": a.txID, "cancellationId": x.id,
	}, map[string]any{"payment_id": a.payment.id, "tx_id": a.txID, "status": kind})
}

func (s *Sandbox) v2Message(a *v2Attempt, kind string, urls []string, now time.Time, data, old map[string]any) notice {
	n := notice{
		pg: pgV2, ref: a.payment.id, kind: kind, urls: s.v2Addresses(urls), contentType: "application/json",
		id: "wh_" + randomHex(16), secret: s.cfg.V2.WebhookSecret, waits: s.v2Waits(),
	}
	n.body = mustJSON(map[string]any{"type": "Transaction." + kind, "timestamp": rfc3339(now), "data": data})
	// Version 2024-01-01 can still be chosen (portone.md §4.9).
	if s.cfg.V2.OldNotices {
		n.body = mustJSON(old)
	}
	if kind != "Confirm" {
		s.v2Hooked(a.payment, &n, a.status, now)
	}
	return n
}

func mustJSON(v any) []byte {
	text, err := json.Marshal(v)
	if err != nil {
		return nil
	}
	return text
}

// windowKey is the key of the window that a click is in, and what was clicked: the SDK sends JSON, the page of
// its own a form.
func (c *call) windowKey() actRequest {
	var req actRequest
	if json.Unmarshal(c.body, &req) == nil && req.Key != "" {
		return req
	}
	f := c.form()
	return actRequest{Key: f.Get("key"), Action: f.Get("action")}
}

// v1Ask is V1's confirm process: just before a payment is approved, the shop is asked. It runs without the
// mutex, since the shop looks things up meanwhile.
func (s *Sandbox) v1Ask(c *call) {
	req := c.windowKey()
	s.mu.Lock()
	p, ok := s.v1.windows.get(req.Key)
	ask := ok && p.status == "ready" && p.account == nil && req.Action == "pay" && p.confirmURL != "" &&
		!s.v1.paid(p.merchantUID)
	var n notice
	var address string
	if ask {
		address = p.confirmURL
		n = notice{
			pg: pgV1, ref: p.merchantUID, kind: "confirm", contentType: "application/json", body: mustJSON(map[string]any{
				"imp_uid": p.impUID, "merchant_uid": p.merchantUID, "amount": p.amount,
			}),
		}
	}
	s.mu.Unlock()
	if !ask {
		return
	}
	status, body := s.post(n, address, confirmTimeout)
	// 200 alone is a yes; silence for 10 seconds is a no (portone.md §3.3).
	if status == http.StatusOK {
		return
	}
	why := struct {
		Reason string `json:"reason"`
	}{"알 수 없음"}
	_ = json.Unmarshal(body, &why)
	// V1 writes the reason into fail_reason in these words (portone.md §3.3).
	c.refused = "고객사 요청에 의해 결제를 중단합니다. (상세사유 : " + why.Reason + ")"
}

// v2Ask is V2's confirm process.
func (s *Sandbox) v2Ask(c *call) {
	req := c.windowKey()
	s.mu.Lock()
	a, ok := s.v2.windows.get(req.Key)
	// With manual confirm the window approves nothing, so there is nothing to ask about (portone.md §4.7).
	ask := ok && !a.closed && req.Action == "pay" && a.confirmURL != "" && !a.channel.ManualConfirm &&
		!a.payment.paid && a.payment.current == a
	var n notice
	var address string
	if ask {
		address = a.confirmURL
		n = s.v2Message(a, "Confirm", nil, s.cfg.Now(), map[string]any{
			"paymentId": a.payment.id, "transactionId": a.txID, "totalAmount": a.total,
		}, map[string]any{"payment_id": a.payment.id, "tx_id": a.txID, "total_amount": a.total})
	}
	s.mu.Unlock()
	if !ask {
		return
	}
	status, body := s.post(n, address, confirmTimeout)
	if status >= 200 && status < 300 {
		return
	}
	why := struct {
		Message string `json:"errorMessage"`
	}{"결제 승인이 거부되었습니다"}
	_ = json.Unmarshal(body, &why)
	c.refused = why.Message
}

// addresses reads a webhook address, or a list of them; what is no address is left out.
func addresses(raw json.RawMessage) []string {
	var one string
	var many []string
	if json.Unmarshal(raw, &one) == nil && one != "" {
		many = []string{one}
	} else {
		_ = json.Unmarshal(raw, &many)
	}
	// An empty list is as good as none (portone.md §4.9).
	return slices.DeleteFunc(many, func(a string) bool { return !isAbsoluteURL(a) })
}
