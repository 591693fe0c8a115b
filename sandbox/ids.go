package sandbox

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"strings"
	"time"

	"github.com/pg-gateway/pg-gateway/payment"
)

// randomHex returns n random bytes as hex.
func randomHex(n int) string {
	b := make([]byte, n)
	rand.Read(b)
	return hex.EncodeToString(b)
}

// randomToken returns base64 text that holds '+', '/' and '=', the characters that are lost when a client
// forgets to percent-encode them in a form.
func randomToken() string {
	for {
		b := make([]byte, 94)
		rand.Read(b)
		t := base64.StdEncoding.EncodeToString(b)
		if strings.Contains(t, "+") && strings.Contains(t, "/") && strings.HasSuffix(t, "=") {
			return t
		}
	}
}

// randomUUID returns a version 4 UUID.
func randomUUID() string {
	b := make([]byte, 16)
	rand.Read(b)
	b[6] = b[6]&0x0f | 0x40
	b[8] = b[8]&0x3f | 0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}

func sha256Hex(s string) string {
	sum := sha256.Sum256([]byte(s))
	return hex.EncodeToString(sum[:])
}

func sha512Base64(s string) string {
	sum := sha512.Sum512([]byte(s))
	return base64.StdEncoding.EncodeToString(sum[:])
}

func sha512Hex(s string) string {
	sum := sha512.Sum512([]byte(s))
	return hex.EncodeToString(sum[:])
}

// transactionID lays out a 40-character Inicis transaction id; callers hold the mutex.
func (s *Sandbox) transactionID(method, mid string, at time.Time) string {
	return s.transactionOf("Stdpay", method, mid, at)
}

// transactionOf is a transactionID of another window than the PC's, which the prefix tells.
func (s *Sandbox) transactionOf(prefix, method, mid string, at time.Time) string {
	if len(mid) > 10 {
		mid = mid[:10]
	}
	// Of fixed width, so that the MID can be read off at tid[10:20] (inicis.md §11.1).
	return fmt.Sprintf("%s%-4s%s%s%06d", prefix, method, mid+strings.Repeat("_", 10-len(mid)),
		at.In(payment.KST()).Format("20060102150405"), s.next()%1_000_000)
}
