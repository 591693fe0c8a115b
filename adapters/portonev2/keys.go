package portonev2

import "github.com/pg-gateway/pg-gateway/payment"

// The keys of the configuration that are this driver's own.
const (
	keyStoreID   = "store_id"
	keyAPISecret = "api_secret"
	keyWebhooks  = "webhook_secrets"
)

// storeOf is the store that payments of pg are in.
func storeOf(pg *payment.PG) string { return pg.Keys.Text(keyStoreID) }

// apiSecretOf is what calls for pg are authorised with.
func apiSecretOf(pg *payment.PG) payment.Secret { return pg.Keys.Secret(keyAPISecret) }

// webhookSecretsOf are what webhooks for pg are signed with: two while one is replaced.
func webhookSecretsOf(pg *payment.PG) []payment.Secret { return pg.Keys.Secrets(keyWebhooks) }
