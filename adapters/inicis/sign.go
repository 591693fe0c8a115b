package inicis

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"strconv"
	"strings"
	"time"

	"github.com/pg-gateway/pg-gateway/payment"
)

// Signature is the window's signature. It has no secret in it: anyone can compute it.
func Signature(oid, price, timestamp string) string {
	return sha256hex("oid=", oid, "&price=", price, "&timestamp=", timestamp)
}

// Verification binds the price to the merchant: the window's signature with the sign key in it.
func Verification(oid, price, timestamp string, signKey payment.Secret) string {
	return sha256hex("oid=", oid, "&price=", price, "&signKey=", key(signKey), "&timestamp=", timestamp)
}

// MKey is the hash of the sign key that the window form carries. It may be public.
func MKey(signKey payment.Secret) string { return sha256hex(key(signKey)) }

// ApprovalSignature signs the approval and net cancel requests. The token is hashed as it was received, not as
// it is encoded in a body.
func ApprovalSignature(authToken payment.Secret, timestamp string) string {
	return sha256hex("authToken=", authToken.Reveal(), "&timestamp=", timestamp)
}

// ApprovalVerification is ApprovalSignature with the sign key in it.
func ApprovalVerification(authToken payment.Secret, timestamp string, signKey payment.Secret) string {
	return sha256hex("authToken=", authToken.Reveal(), "&signKey=", key(signKey), "&timestamp=", timestamp)
}

// AuthSignature is the check value of an approval's answer. Its layout hangs on the last digit of the approval
// request's timestamp. No key is in it, so it finds corruption and proves nothing about the sender.
func AuthSignature(timestamp, mid, moid, totPrice string) string {
	if timestamp == "" {
		return ""
	}
	m, o, t, p := "mid="+mid, "MOID="+moid, "tstamp="+timestamp, "TotPrice="+totPrice
	var parts []string
	switch timestamp[len(timestamp)-1] {
	case '1':
		parts = []string{o, m, t}
	case '2':
		parts = []string{o, t, m}
	case '3':
		parts = []string{m, o, t}
	case '4':
		parts = []string{m, t, o}
	case '5':
		parts = []string{t, m, o}
	case '6':
		parts = []string{t, o, m}
	case '7':
		parts = []string{p, m, t}
	case '8':
		parts = []string{p, t, m}
	case '9':
		parts = []string{p, o, t}
	default:
		parts = []string{p, t, o}
	}
	return sha256hex(strings.Join(parts, "&"))
}

// ChkFake is the mobile window's P_CHKFAKE.
func ChkFake(amount, oid, timestamp string, hashKey payment.Secret) string {
	sum := sha512.Sum512([]byte(amount + oid + timestamp + key(hashKey)))
	return base64.StdEncoding.EncodeToString(sum[:])
}

// HashV1 is INIAPI v1's hashData: the key and then the values of the call, in the call's own order.
func HashV1(apiKey payment.Secret, values ...string) string {
	return sha512hex(key(apiKey) + strings.Join(values, ""))
}

// HashV2 is INIAPI v2's hashData. dataJSON is the very text that is sent as data; its backslashes are not
// hashed.
func HashV2(apiKey payment.Secret, mid, kind, timestamp, dataJSON string) string {
	return sha512hex(key(apiKey) + mid + kind + timestamp + strings.ReplaceAll(dataJSON, `\`, ""))
}

// LiteHash is the hashdata of the unified billing-key window.
func LiteHash(price, mid, orderID, timestamp string, liteKey payment.Secret) string {
	return sha512hex(price + mid + orderID + timestamp + key(liteKey))
}

// errKeySize is returned for an INIAPI key or IV that is not 16 bytes.
var errKeySize = errors.New("the INIAPI key and IV must be 16 characters each")

// Encrypt is INIAPI's encryption of account and card numbers: AES-128-CBC with PKCS#7, in Base64.
func Encrypt(plain string, apiKey, iv payment.Secret) (string, error) {
	k, v := key(apiKey), key(iv)
	if len(k) != 16 || len(v) != aes.BlockSize {
		return "", errKeySize
	}
	block, err := aes.NewCipher([]byte(k))
	if err != nil {
		return "", errKeySize
	}
	n := aes.BlockSize - len(plain)%aes.BlockSize
	text := append([]byte(plain), bytes.Repeat([]byte{byte(n)}, n)...)
	cipher.NewCBCEncrypter(block, []byte(v)).CryptBlocks(text, text)
	return base64.StdEncoding.EncodeToString(text), nil
}

// Millis is the timestamp of window and approval: Unix time in milliseconds.
func Millis(t time.Time) string { return strconv.FormatInt(t.UnixMilli(), 10) }

// KST is INIAPI's timestamp: Korean wall clock, YYYYMMDDhhmmss.
func KST(t time.Time) string { return t.In(payment.KST()).Format("20060102150405") }

// key trims what editors and secret files put around a key: a trailing newline changes every hash.
func key(s payment.Secret) string { return strings.TrimSpace(s.Reveal()) }

// sha256hex hashes its parts as one text.
func sha256hex(parts ...string) string {
	var room [256]byte // what a window's signature is made of fits in
	text := room[:0]
	for _, p := range parts {
		text = append(text, p...)
	}
	sum := sha256.Sum256(text)
	var digits [2 * sha256.Size]byte
	hex.Encode(digits[:], sum[:])
	return string(digits[:])
}

func sha512hex(s string) string {
	sum := sha512.Sum512([]byte(s))
	return hex.EncodeToString(sum[:])
}
