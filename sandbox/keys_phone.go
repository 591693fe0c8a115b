package sandbox

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
)

// ErrPhoneKey refuses a billing key for a phone bill.
var ErrPhoneKey = errors.New("no such billing key for a phone bill")

// PhoneKey asks for a billing key that pays by phone bill (휴대폰 정기결제). A buyer registers his phone in a window of
// the shop's own, which issues the key and charges it at once: this is what is there afterwards.
type PhoneKey struct {
	// Channel is a recurring one, of V1's Danal or of V2's Inicis.
	Channel string `json:"channel"`
	// Key is V1's customer_uid, or what V2 is to call the key.
	Key string `json:"key"`
}

// byPhone tells whether a key pays by phone bill.
func (k *billingKey) byPhone() bool { return k.card == "" }

// AddPhoneKey makes a billing key for a phone bill. Errors match ErrPhoneKey.
func (s *Sandbox) AddPhoneKey(p PhoneKey) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	i := slices.IndexFunc(s.cfg.Channels, func(ch Channel) bool { return ch.Key == p.Channel && ch.Recurring })
	if i < 0 || p.Key == "" || len(p.Key) > v1UIDMax {
		return fmt.Errorf("%w: a recurring channel and a key of 1 to %d characters are needed", ErrPhoneKey, v1UIDMax)
	}
	pg := map[string]string{moduleDanal: pgV1, moduleV2Inicis: pgV2}[s.cfg.Channels[i].Module]
	if _, used := s.keys.keys.get(p.Key); pg == "" || used {
		return fmt.Errorf("%w: the channel bills no phones, or the key is there already", ErrPhoneKey)
	}
	now := s.cfg.Now()
	s.keys.keys.put(p.Key, &billingKey{
		key: p.Key, pg: pg, channel: s.cfg.Channels[i], ref: p.Key, requested: now, issued: now, updated: now,
		customer: v2Customer{FullName: "홍길동", PhoneNumber: "01000000000", Email: "buyer@example.com"},
	})
	return nil
}

func (s *Sandbox) routePhoneKeys() {
	s.mux.HandleFunc("POST /_sandbox/phone-keys", func(w http.ResponseWriter, r *http.Request) {
		var p PhoneKey
		steer(w, r, &p, func() error { return s.AddPhoneKey(p) })
	})
}
