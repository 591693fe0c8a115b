package gateway

import (
	"testing"
	"time"
)

// TestReceiptsOfEachPG: what a shop must print is in the attempt, as the PG that took the payment said it.
func TestReceiptsOfEachPG(t *testing.T) {
	t.Parallel()
	eachPG(t, func(t *testing.T, h *cancelHouse) {
		r, _ := h.read()["receipt"].(map[string]any)
		at, err := time.Parse(time.RFC3339, anyText(r["approved_at"]))
		if _, offset := at.Zone(); err != nil || offset != 9*3600 || time.Since(at).Abs() > time.Hour {
			t.Errorf("approved at %v", r["approved_at"])
		}
		if len(anyText(r["approval_number"])) != 8 || r["card_company"] != "신한카드" || r["installment"] != 0.0 {
			t.Errorf("got %v", r)
		}
		if n := anyText(r["card_number"]); len(n) < 14 || n[6:9] != "***" {
			t.Errorf("the card's number is %q", n)
		}
		// It stays when money goes back.
		h.cancel("k1", part(1000))
		if again, _ := h.read()["receipt"].(map[string]any); len(again) != len(r) {
			t.Errorf("after a cancel %v", again)
		}
	})
}

func anyText(v any) string {
	s, _ := v.(string)
	return s
}
