package sandbox

import (
	"net/url"
	"strings"
	"time"
)

const (
	// staleBy is how old a stale webhook seems: twice of what a receiver lets pass.
	staleBy = 10 * time.Minute
	// strangerID is a payment that does not exist.
	strangerID = "payment-of-a-stranger"
	// foreignSecret signs forged webhooks.
	foreignSecret = "whsec_bm90LXRoZS1zaG9wcy1zZWNyZXQtMDAwMDAwMDE="
)

func noticeModes() []NoticeMode {
	return []NoticeMode{
		NoticeAfter, NoticeBefore, NoticeTwice, NoticeNever, NoticeLate, NoticeForged, NoticeStale, NoticeUnknown,
		NoticeStranger,
	}
}

// tricked is what becomes of webhooks in a mode. Inicis' deposit notices are not touched: they are not PortOne's.
func (s *Sandbox) tricked(list []notice, mode NoticeMode) []notice {
	out := make([]notice, 0, len(list))
	for _, n := range list {
		if n.pg != pgV1 && n.pg != pgV2 {
			out = append(out, n)
			continue
		}
		switch mode {
		case NoticeForged:
			if n.secret != "" {
				n.secret = foreignSecret
			}
		case NoticeStale:
			n.age = staleBy
		case NoticeUnknown, NoticeStranger:
			first := s.madeUp(n, mode)
			n.ahead = &first
		case NoticeAfter, NoticeBefore, NoticeTwice, NoticeNever, NoticeLate:
		}
		out = append(out, n)
	}
	return out
}

// madeUp is a webhook in the form of a true one that tells of nothing.
func (s *Sandbox) madeUp(n notice, mode NoticeMode) notice {
	n.heard, n.waits, n.kind = nil, nil, string(mode)
	kind, id := "Teleported", n.ref
	if mode == NoticeStranger {
		kind, id = "Paid", strangerID
	}
	if n.pg == pgV2 {
		n.id = "wh_" + randomHex(16)
		n.body = mustJSON(map[string]any{
			"type": "Transaction." + kind, "timestamp": rfc3339(s.cfg.Now()),
			"data": map[string]string{"storeId": s.cfg.V2.StoreID, "paymentId": id, "transactionId": randomUUID()},
		})
		return n
	}
	fields := map[string]string{"imp_uid": "imp_000000000000", "merchant_uid": id, "status": strings.ToLower(kind)}
	if n.contentType == "application/json" {
		n.body = mustJSON(fields)
		return n
	}
	form := url.Values{}
	for name, v := range fields {
		form.Set(name, v)
	}
	n.body = []byte(form.Encode())
	return n
}
