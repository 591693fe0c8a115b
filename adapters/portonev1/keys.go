package portonev1

import "github.com/pg-gateway/pg-gateway/payment"

// The keys of the configuration that are this driver's own.
const (
	keyImpCode   = "imp_code"
	keyImp       = "imp_key"
	keyImpSecret = "imp_secret"
	keyINIAPI    = "api_key"
)

// keys are a PG's at PortOne V1.
type keys struct {
	code        string
	key, secret payment.Secret
}

func keysOf(pg *payment.PG) keys {
	return keys{code: pg.Keys.Text(keyImpCode), key: pg.Keys.Secret(keyImp), secret: pg.Keys.Secret(keyImpSecret)}
}
