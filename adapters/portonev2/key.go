package portonev2

import (
	"github.com/pg-gateway/pg-gateway/payment"
)

// maxKey bounds a billing key, in bytes.
const maxKey = 128

// needsConfirmation is what the browser is told in the place of a key that is not issued yet (portone.md 4.7).
const needsConfirmation = "NEEDS_CONFIRMATION"

// isBillingKey tells whether s may be a billing key; what is not never gets into a path.
func isBillingKey(s payment.Secret) bool {
	text := s.Reveal()
	return text != "" && len(text) <= maxKey && plain(text) && text != needsConfirmation
}
