package gateway

import (
	"strings"
	"testing"

	"github.com/pg-gateway/pg-gateway/test/fixture"
)

// TestAnEscrowThatTheBuyerPutIn: a payment that was not decided as an escrow does not stand as one. V1 charges before we
// are asked, so it is given back; V2 has it undone before or after.
func TestAnEscrowThatTheBuyerPutIn(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		version, method string
		param           string
		edit            fixture.Edit
	}{
		{"v1", "tosspay", "escrow", nil},
		{"v2", "kakaopay", "isEscrow", autoV2},
		{"v2", "kakaopay", "isEscrow", nil},
	} {
		h := newHookHouse(t, nil, tt.edit)
		for put, want := range map[bool]string{false: "approved", true: "cancelled"} {
			params := map[string]any{}
			if put {
				params[tt.param] = true
			}
			o := h.changed(tt.version, h.checkout(tt.method), params)
			h.click(o, "pay")
			status := h.complete(o)
			h.sandbox.WaitNotices()
			h.g.following.Wait()
			a := h.state(o.attempt)
			if string(a.State) != want {
				t.Errorf("%s, an escrow put in %t: %s, and the attempt is %s (%s)", tt.version, put, status, a.State, a.Reason)
			}
			if put && !strings.HasSuffix(string(a.Reason), "mismatch_escrow") {
				t.Errorf("%s: it ended for %s", tt.version, a.Reason)
			}
		}
	}
}
