package sandbox

import (
	"net/http"
	"time"
)

// testCard is the masked number of the card that buyers pay with in a window.
const testCard = "428790******0294"

// keyState is what all stand-ins remember of billing keys. No money moves when a key is issued.
type keyState struct {
	windows *shelf[*keyWindow]
	// keys are by the key itself: Inicis' billkey, V1's customer_uid, V2's billingKey.
	keys *shelf[*billingKey]
	// orders are the orders that a key was asked for at Inicis, each of them once.
	orders *shelf[bool]
}

// keyWindow is an open window that issues a billing key.
type keyWindow struct {
	key          string
	pg           string
	channel      Channel
	ref          string
	name         string
	returnURL    string
	merchantData string
	redirect     string
	device       string
	customer     v2Customer
	noticeURLs   []string
	opened       time.Time
	closed       bool
}

// billingKey is a key that was issued, and perhaps deleted since.
type billingKey struct {
	key     string
	pg      string
	channel Channel
	ref     string
	name    string
	// card is the card's masked number; empty where the key pays by phone bill.
	card string
	// data is V2's customData.
	data      string
	customer  v2Customer
	addr      string
	postcode  string
	notices   []string
	requested time.Time
	issued    time.Time
	updated   time.Time
	deleted   time.Time
}

func newKeyState(limit int) *keyState {
	return &keyState{
		windows: newShelf[*keyWindow](limit), keys: newShelf[*billingKey](limit), orders: newShelf[bool](limit),
	}
}

// KeyView is what there is to know of a billing key.
type KeyView struct {
	PG  string `json:"pg"`
	Key string `json:"key"`
	// Ref is what it was issued for: orderId, merchant_uid or issueId.
	Ref     string `json:"ref"`
	Deleted bool   `json:"deleted"`
}

// BillingKeys returns the billing keys that were issued, oldest first.
func (s *Sandbox) BillingKeys() []KeyView {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := []KeyView{}
	for _, k := range s.keys.keys.all() {
		out = append(out, KeyView{PG: k.pg, Key: k.key, Ref: k.ref, Deleted: !k.deleted.IsZero()})
	}
	return out
}

// issue writes a key down; callers hold the mutex.
func (s *Sandbox) issue(c *call, w *keyWindow, key string) *billingKey {
	k := &billingKey{
		key: key, pg: w.pg, channel: w.channel, ref: w.ref, name: w.name, customer: w.customer, notices: w.noticeURLs,
		requested: w.opened, issued: c.now, updated: c.now, card: testCard,
	}
	s.keys.keys.put(key, k)
	return k
}

// keyOf finds a key of a PG.
func (s *Sandbox) keyOf(pg, key string) (*billingKey, bool) {
	k, ok := s.keys.keys.get(key)
	if !ok || k.pg != pg {
		return nil, false
	}
	return k, true
}

func (s *Sandbox) routeKeys() {
	s.handle("POST /inicis/pay/card/billing", pgInicis, "window", s.liteOpen)
	s.handle("POST /inicis/pay/card/billing/act", pgInicis, "pay", s.liteAct)

	s.routeV1Keys()

	s.handleSDK("/portone/sdk/v2/issue", pgV2, "open", nil, s.v2OpenKey)
	s.handleSDK("/portone/sdk/v2/issue/act", pgV2, "pay", nil, s.v2ActKey)
	s.mux.HandleFunc("GET /portone/window/v2/key", s.v2KeyPage)
	s.handle("POST /portone/window/v2/key/act", pgV2, "pay", s.v2KeyAct)
	s.handle("GET /portone/v2/billing-keys", pgV2, "lookup", s.v2Guard(s.v2Keys))
	s.handle("GET /portone/v2/billing-keys/{id}", pgV2, "lookup", s.v2Guard(s.v2Key))
	s.handleV2Write("POST /portone/v2/billing-keys", "issue", s.v2IssueKey)
	s.handleV2Write("DELETE /portone/v2/billing-keys/{id}", "drop_key", s.v2DropKey)

	s.routePhoneKeys()
	s.mux.HandleFunc("GET /_sandbox/billing-keys", func(w http.ResponseWriter, _ *http.Request) {
		jsonAnswer(http.StatusOK, map[string]any{"billing_keys": s.BillingKeys()}).write(w)
	})
}
