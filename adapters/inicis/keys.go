package inicis

import "github.com/pg-gateway/pg-gateway/payment"

// The keys of the configuration that are this driver's own.
const (
	keyIDCs     = "idcs"
	keyClientIP = "client_ip"
	keySign     = "sign_key"
	keyHash     = "hash_key"
	keyAPI      = "api_key"
	keyAPIIV    = "api_iv"
	keyLite     = "lite_key"
	keyBilling  = "billing_api"
	keyByOrder  = "inquiry_by_order"
)

// keys are a merchant's secrets (inicis.md §0).
type keys struct {
	sign, hash, api, iv, lite payment.Secret
}

func keysOf(m *payment.Merchant) keys {
	return keys{
		sign: m.Keys.Secret(keySign), hash: m.Keys.Secret(keyHash), api: m.Keys.Secret(keyAPI),
		iv: m.Keys.Secret(keyAPIIV), lite: m.Keys.Secret(keyLite),
	}
}
