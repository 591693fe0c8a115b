package portonev2

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/pg-gateway/pg-gateway/payment"
)

// webhookTolerance is how far a webhook's timestamp may be from now, either way.
const webhookTolerance = 300 * time.Second

// maxWebhookID bounds a webhook's id, which is kept so that repeats are known.
const maxWebhookID = 256

// Errors of webhooks.
var (
	// ErrForged: the message cannot be shown to come from PortOne; nothing in it may be believed.
	ErrForged = errors.New("the webhook's signature cannot be verified")
	// ErrNoWebhookSecret: there is nothing to verify with, so nothing is believed.
	ErrNoWebhookSecret = errors.New("no webhook secret is configured")
)

// VerifyWebhook checks the Standard Webhooks signature of a message over its raw body, with any of the secrets,
// and returns the message's id. Errors match ErrForged or ErrNoWebhookSecret.
func VerifyWebhook(secrets []payment.Secret, header http.Header, body []byte, now time.Time) (id string, err error) {
	keys, err := webhookKeys(secrets)
	if err != nil {
		return "", err
	}
	var stamp, list string
	for name, into := range map[string]*string{
		"Webhook-Id": &id, "Webhook-Timestamp": &stamp, "Webhook-Signature": &list,
	} {
		values := header[name]
		// Of a header that comes twice one reader takes the first, another the last.
		if len(values) != 1 || values[0] == "" {
			return "", fmt.Errorf("%w: %s must be there once", ErrForged, name)
		}
		*into = values[0]
	}
	if len(id) > maxWebhookID {
		return "", fmt.Errorf("%w: the id is too long", ErrForged)
	}
	if err := timely(stamp, now); err != nil {
		return "", err
	}
	if !signed(keys, id+"."+stamp+".", body, list) { //guard:v2-webhook-is-signed
		return "", fmt.Errorf("%w: no signature matches", ErrForged)
	}
	return id, nil
}

// minWebhookKey is the shortest key that is not guessed, in bytes.
const minWebhookKey = 16

// webhookKeys decodes the secrets. A malformed one is passed over: it must not keep the others from working.
func webhookKeys(secrets []payment.Secret) ([][]byte, error) {
	keys := make([][]byte, 0, len(secrets))
	for _, s := range secrets {
		key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(strings.TrimSpace(s.Reveal()), "whsec_"))
		if err == nil && len(key) >= minWebhookKey { //guard:empty-webhook-key-signs-nothing
			keys = append(keys, key)
		}
	}
	if len(keys) == 0 {
		return nil, fmt.Errorf("%w: %d are set, none is base64 of 16 bytes or more", ErrNoWebhookSecret, len(secrets))
	}
	return keys, nil
}

// timely refuses a message that was signed too long ago, or too far ahead, to be taken now.
func timely(stamp string, now time.Time) error {
	// ParseInt takes a sign as well, which PortOne never writes.
	for i := range len(stamp) {
		if stamp[i] < '0' || stamp[i] > '9' {
			return fmt.Errorf("%w: the timestamp is not a number", ErrForged)
		}
	}
	sec, err := strconv.ParseInt(stamp, 10, 64)
	if err != nil {
		return fmt.Errorf("%w: the timestamp is not a number", ErrForged)
	}
	tolerance := int64(webhookTolerance / time.Second)
	switch at := now.Unix(); {
	case sec < at-tolerance: //guard:old-webhook-is-refused
		return fmt.Errorf("%w: the timestamp is too old", ErrForged)
	case sec > at+tolerance:
		return fmt.Errorf("%w: the timestamp is too new", ErrForged)
	}
	return nil
}

// signed tells whether any v1 signature of the list is one of ours. Other versions, and entries that are no
// base64, say nothing.
func signed(keys [][]byte, head string, body []byte, list string) bool {
	found := false
	for entry := range strings.SplitSeq(list, " ") {
		text, ok := strings.CutPrefix(entry, "v1,")
		if !ok {
			continue
		}
		got, err := base64.StdEncoding.DecodeString(text)
		if err != nil {
			continue
		}
		for _, key := range keys {
			mac := hmac.New(sha256.New, key)
			mac.Write([]byte(head))
			mac.Write(body)
			// All are compared, so that the time taken does not tell which one came close.
			found = hmac.Equal(mac.Sum(nil), got) || found
		}
	}
	return found
}
