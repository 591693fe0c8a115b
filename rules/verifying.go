package rules

import (
	"encoding/base64"
	"fmt"
	"strings"

	"github.com/pg-gateway/pg-gateway/payment"
)

// verifyingSecrets reads the secrets that a PG signs with, one or several. Of several, a malformed one is passed over
// as long as another is good: while a secret is replaced, what is pasted wrongly must not stop the one that works. It
// is named by check and keeps the file from going live.
func verifyingSecrets(dst *[]payment.Secret) reader {
	strict := signingSecrets(dst)
	return func(v value) {
		if v.schema != nil || v.n.Kind != sequenceKind || len(v.n.Content) < 2 {
			strict(v)
			return
		}
		var places []value
		list(dst, func(s *payment.Secret, at value) reader {
			places = append(places, at)
			return secret(s)
		})(v)
		v.passOver(dst, places)
	}
}

// passOver takes malformed secrets out of a list, or complains when none is left.
func (v value) passOver(dst *[]payment.Secret, places []value) {
	var good []payment.Secret
	var bad []value
	for i, s := range *dst {
		switch {
		case !s.IsSet(): // was complained about
		case signingForm(s):
			good = append(good, s)
		default:
			bad = append(bad, places[i])
		}
	}
	if len(good) == 0 && len(bad) > 0 {
		v.fail("copy one whole, with any = at its end",
			"none is whsec_ and base64 (with + and /, and padded) of at least %d bytes", minSecret)
		return
	}
	for _, at := range bad {
		v.d.passed = append(v.d.passed, Advice{
			Path: at.path, Fix: "copy it whole, with any = at its end, or leave it out",
			Msg: fmt.Sprintf("line %d: is passed over: it is not whsec_ and base64 of at least %d bytes", at.n.Line, minSecret),
		})
	}
	*dst = good
}

// signingForm tells whether a secret has the form of Standard Webhooks.
func signingForm(s payment.Secret) bool {
	key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(s.Reveal(), signingPrefix))
	return err == nil && len(key) >= minSecret //guard:signing-secret-verifies
}

// PassedOver lists what the file says and the snapshot does without.
func (s *Snapshot) PassedOver() []Advice { return s.passed }
