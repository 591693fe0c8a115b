package rules

import (
	"encoding/base64"
	"slices"
	"strings"

	"github.com/pg-gateway/pg-gateway/payment"
)

// minSecret is the shortest key or password that guards real payments, in bytes: INIAPI keys have 16.
const minSecret = 16

// keyed is a secret as the file gave it, with its place.
type keyed struct {
	at    value
	value payment.Secret
	// long tells that its length says nothing, as of a connection string.
	long bool
}

// keySecret reads a key that is signed with or sent as it is: nothing that nobody sees, no spaces, ASCII.
func keySecret(dst *payment.Secret) reader {
	return checkedSecret(dst, func(v value, s string) bool { return v.plainKey(s) })
}

// sizedSecret reads a key of a fixed length in bytes.
func sizedSecret(dst *payment.Secret, size int) reader {
	return checkedSecret(dst, func(v value, s string) bool {
		if !v.plainKey(s) {
			return false
		}
		if len(s) != size {
			v.fail("copy it whole, with any = at its end", "must have %d characters, not %d", size, len(s))
			return false
		}
		return true
	})
}

// signingSecret reads a secret in the form of Standard Webhooks. One of another form verifies nothing, also beside a
// good one.
func signingSecret(dst *payment.Secret) reader {
	return checkedSecret(dst, func(v value, s string) bool {
		if !v.plainKey(s) {
			return false
		}
		if !signingForm(payment.Secret(s)) {
			v.fail("copy it whole, with any = at its end, as in whsec_MDEyMzQ1Njc4OWFiY2RlZg==",
				"must be whsec_ and base64 (with + and /, and padded) of at least %d bytes", minSecret)
			return false
		}
		return true
	})
}

const signingPrefix = "whsec_"

// signingSecrets reads one signing secret or several.
func signingSecrets(dst *[]payment.Secret) reader {
	return secretsOf(dst, signingSecret)
}

// checkedSecret is secret with a test of its form, which complains by itself.
func checkedSecret(dst *payment.Secret, fits func(v value, s string) bool) reader {
	return func(v value) {
		if secret(dst)(v); v.schema == nil && dst.IsSet() && !fits(v, dst.Reveal()) {
			*dst = ""
		}
	}
}

// keyText reads what a PG calls us or our channel: no secret, but one wrong character in it and nothing works.
func keyText(dst *string) reader {
	return func(v value) {
		if filled(dst)(v); v.schema == nil && *dst != "" && !v.plainKey(*dst) {
			*dst = ""
		}
	}
}

// weak says what is wrong with a secret that guards real payments; empty when nothing is.
func (k keyed) weak(public []string) string {
	s := k.value.Reveal()
	bare := strings.TrimPrefix(s, signingPrefix)
	switch {
	case slices.Contains(public, bare): //guard:manuals-keys
		return "is a public test key"
	case slices.Contains(demoKeys(), bare): //guard:demo-keys
		return "is a key of the demo, which everybody knows"
	case !k.long && len(bare) < minSecret: //guard:guessed-keys
		return "is too short to be a real key"
	case !k.long && distinct([]byte(bare)) < 4:
		return "is the same few characters again and again, no real key"
	}
	if key, err := base64.StdEncoding.DecodeString(bare); err == nil && strings.HasPrefix(s, signingPrefix) &&
		!random(key) {
		return "is no random key"
	}
	return ""
}

func distinct(b []byte) int {
	return len(slices.Compact(slices.Sorted(slices.Values(b))))
}

// random tells whether bytes may have been drawn: not a few again and again, and not counted up. Of 16 drawn bytes
// fewer than 6 different ones come up less than once in 10^13.
func random(key []byte) bool {
	if distinct(key) < min(6, len(key)) {
		return false
	}
	for i := 2; i < len(key); i++ {
		if key[i]-key[i-1] != key[1]-key[0] {
			return true
		}
	}
	return false
}

// weakKeys lists the secrets of the file that must not guard real payments. In mode live they are errors.
func (b *builder) weakKeys() {
	for _, k := range b.d.keys {
		what := k.weak(b.d.known.publicKeys)
		if what == "" || k.at.broken("") {
			continue
		}
		if b.s.mode == payment.ModeLive {
			k.at.fail("use the contract's own key; make our own with: openssl rand -base64 32", "%s, refused in mode live", what)
			continue
		}
		b.s.left = append(b.s.left, Advice{Path: k.at.path, Msg: what, Fix: "use a key of its own"})
	}
}
