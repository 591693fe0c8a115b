package rules

import (
	"cmp"
	"time"

	"github.com/pg-gateway/pg-gateway/payment"
)

// The words of billing.replace_key.
const (
	replaceDeny  = "deny"
	replaceAllow = "allow"
)

// identityWithin is how old an identity verification may be where nothing says it.
const identityWithin = 10 * time.Minute

// BillingConfig is the section billing: what holds for billing keys that the order service issues at a PG's own API.
type BillingConfig struct {
	// ReplaceKey tells that a card under a customer_uid in use replaces the one that it has, without being asked for.
	ReplaceKey bool
	// OneKeyPerCard tells that a card gets no second billing key.
	OneKeyPerCard bool
	// IdentityWithin is how old an identity verification may be that a billing key is issued with; zero wants none.
	IdentityWithin time.Duration
}

func billingReader(c *BillingConfig, recovery *payment.RecoveryRules) reader {
	word, identity, within := replaceDeny, false, time.Duration(0)
	fs := fields{
		"replace_key": {
			choice(&word, replaceDeny, replaceAllow),
			"May a second card under a customer_uid in use replace the first? deny wants the header X-PG-Gateway-Replace.",
		},
		"recovery": {
			recoveryReader(recovery), "When a declined charge is tried again (정기결제 재시도); never when left out.",
		},
		"one_key_per_card": {
			flag(&c.OneKeyPerCard),
			"Refuse a second billing key for the same card. The gateway remembers cards as keyed hashes from then on.",
		},
		"require_identity_verification": {
			flag(&identity),
			"Issue keys at a PG's API only with an identity verification (본인인증) of who is named in the call.",
		},
		"identity_verification_within": {
			duration(&within, time.Minute, 24*time.Hour), "How old that verification may be; 10m when left out.",
		},
	}
	return func(v value) {
		object(fs)(v)
		c.ReplaceKey = word == replaceAllow
		switch {
		case v.schema != nil:
		case identity:
			c.IdentityWithin = cmp.Or(within, identityWithin)
		case within > 0:
			v.fail("set require_identity_verification: Y, or leave it out",
				"identity_verification_within does nothing without require_identity_verification: Y")
		}
	}
}

// Billing is the section billing.
func (s *Snapshot) Billing() BillingConfig { return s.billing }
