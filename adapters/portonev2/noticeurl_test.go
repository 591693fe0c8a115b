package portonev2_test

import (
	"testing"

	"github.com/pg-gateway/pg-gateway/adapters/portonev2"
	"github.com/pg-gateway/pg-gateway/payment"
)

// TestNothingIsAskedForThatCannotBeVerified: PortOne signs what it tells and asks. Without a secret all of it would be
// refused, and a question that is refused is a payment lost.
func TestNothingIsAskedForThatCannotBeVerified(t *testing.T) {
	t.Parallel()
	const notice, confirm = "https://gw.example.com/hooks/portone/v2/portone", "https://gw.example.com/hooks/portone/v2/portone/confirm"
	for _, tt := range []struct {
		name             string
		secrets          []payment.Secret
		manual           bool
		notices          int
		question, forKey string
	}{
		{"with a secret", []payment.Secret{"whsec_c2VjcmV0"}, false, 1, confirm, notice},
		{"with a secret, approved by us", []payment.Secret{"whsec_c2VjcmV0"}, true, 1, "", notice},
		{"without one", nil, false, 0, "", ""},
	} {
		req := prepareRequest("https://pg.example.com")
		req.NoticeURL, req.ConfirmURL, req.Attempt.ManualConfirm = notice, confirm, tt.manual
		req.PG.Keys = req.PG.Keys.WithSecret("webhook_secrets", tt.secrets...)
		p, err := portonev2.BuildParams(req)
		if err != nil || len(p.NoticeURLs) != tt.notices || p.ConfirmURL != tt.question {
			t.Errorf("%s: the window of a payment tells %q and asks %q: %v", tt.name, p.NoticeURLs, p.ConfirmURL, err)
		}
		key := keyRequest("https://pg.example.com")
		key.PG.Keys = key.PG.Keys.WithSecret("webhook_secrets", tt.secrets...)
		k, err := portonev2.BuildKeyParams(key)
		if err != nil || len(k.NoticeURLs) != tt.notices || tt.forKey != "" && k.NoticeURLs[0] != tt.forKey {
			t.Errorf("%s: the window of a key tells %q: %v", tt.name, k.NoticeURLs, err)
		}
	}
}
