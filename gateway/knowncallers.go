package gateway

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"strings"

	"github.com/gofiber/fiber/v2"

	"github.com/pg-gateway/pg-gateway/payment"
)

// knownCallers are who may call at the sidecar's listeners: whoever has one of the tokens. Without any, only the
// loopback interface is listened on.
type knownCallers [][sha256.Size]byte

func knownCallersOf(tokens []payment.Secret) knownCallers {
	sums := make(knownCallers, len(tokens))
	for i, t := range tokens {
		sums[i] = sha256.Sum256([]byte(t.Reveal()))
	}
	return sums
}

// nameOf is who has a token, without the token, in a time that tells nothing of the tokens.
func (k knownCallers) nameOf(token string) (caller string, ok bool) {
	sum := sha256.Sum256([]byte(token))
	known := 0
	for i := range k {
		known |= subtle.ConstantTimeCompare(sum[:], k[i][:])
	}
	return hex.EncodeToString(sum[:8]), known == 1
}

// has tells whether somebody of this name may still call.
func (k knownCallers) has(caller string) bool {
	if len(k) == 0 {
		return caller == loopback
	}
	for i := range k {
		if hex.EncodeToString(k[i][:8]) == caller {
			return true
		}
	}
	return false
}

// admit lets a caller of a PG's API in. The token may stand where the PG's own credentials would: behind PortOne,
// behind Bearer, or alone, and may be one that was granted for a token. Where those are the PG's, it has a header of
// its own.
func (k knownCallers) admit(c *fiber.Ctx, g grants) error {
	if len(k) == 0 {
		if ofOtherPage(c) { //guard:other-pages-call-no-api
			return &payment.Problem{Code: payment.CodeUnauthorized}
		}
		requestOf(c).caller = loopback
		return nil
	}
	token := c.Get(headerToken)
	if token == "" {
		token = withoutScheme(c.Get(fiber.HeaderAuthorization))
	}
	caller, ok := k.nameOf(token)
	if !ok {
		caller, ok = g.holder(token, grantAccess)
		ok = ok && k.has(caller) //guard:grant-ends-with-its-token
	}
	if !ok { //guard:api-wants-token
		return &payment.Problem{Code: payment.CodeUnauthorized}
	}
	requestOf(c).caller = caller
	return nil
}

// withoutScheme is what is behind the scheme of an Authorization header, or all of it where there is none.
func withoutScheme(header string) string {
	for _, scheme := range [...]string{"Bearer ", "PortOne "} {
		if len(header) > len(scheme) && strings.EqualFold(header[:len(scheme)], scheme) {
			return header[len(scheme):]
		}
	}
	return header
}
