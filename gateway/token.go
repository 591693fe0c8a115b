package gateway

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/pg-gateway/pg-gateway/journal"
	"github.com/pg-gateway/pg-gateway/lifecycle"
	"github.com/pg-gateway/pg-gateway/payment"
	"github.com/pg-gateway/pg-gateway/strictjson"
)

// Errors of a token that came back through a browser.
var (
	errTokenForged  = errors.New("the token is not ours")
	errTokenExpired = errors.New("the token has expired")
)

// maxToken is the longest token that is looked at, in bytes.
const maxToken = 4096

// sealer encrypts and authenticates (AES-256-GCM) what leaves our hands: the attempt that Inicis carries
// through the browser, and the proofs that the journal keeps for a while. It is safe for concurrent use.
type sealer struct {
	aead cipher.AEAD
	// idMACs make the check in the ids of attempts.
	idMACs     *sync.Pool
	attemptAAD []byte
	// printKey is what prints are made with.
	printKey []byte
	// tokens holds buffers in which tokens are made.
	tokens sync.Pool
}

// newSealer makes a sealer of a 32-byte key.
func newSealer(key []byte) (*sealer, error) {
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, fmt.Errorf("using token_key: %w", err)
	}
	aead, err := cipher.NewGCMWithRandomNonce(block) //guard:token-is-authenticated
	if err != nil {
		return nil, fmt.Errorf("using token_key: %w", err)
	}
	idKey := sha256.Sum256(append([]byte("attempt id:"), key...))
	printKey, err := hkdf.Key(sha256.New, key, nil, "prints of what is not kept", sha256.Size)
	if err != nil {
		return nil, fmt.Errorf("using token_key: %w", err)
	}
	return &sealer{
		aead: aead, idMACs: newIDMACs(idKey[:]), attemptAAD: []byte(attemptAAD), printKey: printKey,
		tokens: sync.Pool{New: func() any { return &tokenBuffer{} }},
	}, nil
}

// Print tells parts from other ones without holding them, as card numbers: whoever has no token_key learns nothing of
// them, not by trying all of them either.
func (s *sealer) Print(parts ...string) string {
	mac := hmac.New(sha256.New, s.printKey) //guard:prints-are-keyed
	for _, part := range parts {
		fmt.Fprintf(mac, "%d:%s", len(part), part)
	}
	return hex.EncodeToString(mac.Sum(nil))
}

// Seal encrypts what the journal keeps. Whatever it is, the cipher hears "proof:": rows of older versions open too.
func (s *sealer) Seal(of lifecycle.SealName, plain []byte) ([]byte, error) {
	return s.aead.Seal(nil, nil, plain, []byte("proof:"+of)), nil //nolint:gosec // the cipher makes its own random nonce
}

// Open decrypts what Seal made under the same name.
func (s *sealer) Open(of lifecycle.SealName, sealed []byte) ([]byte, error) {
	plain, err := s.aead.Open(nil, nil, sealed, []byte("proof:"+of)) //guard:proof-is-its-attempts
	if err != nil {
		return nil, errTokenForged
	}
	return plain, nil
}

const attemptAAD = "attempt:1"

// token is the attempt as it travels: short keys, since Inicis bounds merchantData.
type token struct {
	ID       payment.AttemptID  `json:"i"`
	Order    payment.OrderID    `json:"o"`
	PG       payment.PGID       `json:"p"`
	Driver   payment.DriverName `json:"d"`
	Merchant payment.MerchantID `json:"m"`
	MID      string             `json:"M"`
	Method   payment.Method     `json:"t"`
	Amount   payment.Won        `json:"a"`
	TaxFree  payment.Won        `json:"f,omitempty"`
	VAT      *payment.Won       `json:"x,omitempty"`
	OrderAmt payment.Won        `json:"A"`
	Settled  payment.Parts      `json:"S,omitempty"`
	Test     bool               `json:"T,omitempty"`
	Device   payment.Device     `json:"v"`
	Site     payment.Site       `json:"s,omitempty"`
	Purpose  payment.Purpose    `json:"u"`
	Name     string             `json:"n,omitempty"`
	Return   string             `json:"r"`
	Rules    string             `json:"R"`
	Created  int64              `json:"c"`
	Expires  int64              `json:"e"`
	Due      int64              `json:"D,omitempty"`
	// Journal is the identity of the journal that the window was opened with, Env the environment.
	Journal string      `json:"j,omitempty"`
	Env     environment `json:"E,omitempty"`
}

// sealAttempt writes a, and who opens its window, as an opaque token: letters, digits, - and _ only.
func (s *sealer) sealAttempt(a payment.Attempt, by opener) string {
	t := token{
		ID: a.ID, Order: a.OrderID, PG: a.PG, Driver: a.Driver, Merchant: a.Merchant, MID: a.MID, Method: a.Method,
		Amount: a.Amount, TaxFree: a.TaxFree, OrderAmt: a.OrderAmount, Settled: a.Secondary, Test: a.Test, Device: a.Device,
		Site: a.Site, Purpose: a.Purpose, Name: a.OrderName, Return: a.ReturnURL, Rules: a.RulesVersion,
		Created: a.CreatedAt.UnixMilli(), Expires: a.ExpiresAt.UnixMilli(), Journal: by.ID, Env: by.Env,
	}
	if a.VATSet {
		vat := a.VAT // a itself is to stay off the heap
		t.VAT = &vat
	}
	if !a.DepositDue.IsZero() {
		t.Due = a.DepositDue.UnixMilli()
	}
	b := s.tokens.Get().(*tokenBuffer) //nolint:forcetypeassert // nothing else is in it
	defer s.tokens.Put(b)
	b.plain = t.appendJSON(b.plain[:0])
	b.sealed = s.aead.Seal(b.sealed[:0], nil, b.plain, s.attemptAAD) //nolint:gosec // the cipher makes its own random nonce
	b.text = base64.RawURLEncoding.AppendEncode(b.text[:0], b.sealed)
	return string(b.text)
}

// tokenBuffer is where a token is made.
type tokenBuffer struct{ plain, sealed, text []byte }

// appendJSON appends t as encoding/json writes it.
func (t *token) appendJSON(dst []byte) []byte {
	o := strictjson.NewObject(dst).Text("i", string(t.ID)).Text("o", string(t.Order)).Text("p", string(t.PG)).
		Text("d", string(t.Driver)).Text("m", string(t.Merchant)).Text("M", t.MID).Text("t", string(t.Method)).
		Int("a", int64(t.Amount)).Counted("f", int64(t.TaxFree))
	if t.VAT != nil {
		o = o.Int("x", int64(*t.VAT))
	}
	o = o.Int("A", int64(t.OrderAmt)).Filled("S", string(t.Settled))
	if t.Test {
		o = append(o.Name("T"), "true"...)
	}
	return o.Text("v", string(t.Device)).Filled("s", string(t.Site)).Text("u", string(t.Purpose)).Filled("n", t.Name).
		Text("r", t.Return).Text("R", t.Rules).Int("c", t.Created).Int("e", t.Expires).Counted("D", t.Due).
		Filled("j", t.Journal).Filled("E", string(t.Env)).End()
}

// openAttempt reads a token that sealAttempt made, and who made it. Errors match
// errTokenForged or errTokenExpired; with the latter both are returned all the same.
func (s *sealer) openAttempt(text string, now time.Time) (payment.Attempt, opener, error) {
	if len(text) > maxToken {
		return payment.Attempt{}, opener{}, errTokenForged
	}
	sealed, err := base64.RawURLEncoding.Strict().DecodeString(text)
	if err != nil {
		return payment.Attempt{}, opener{}, errTokenForged
	}
	plain, err := s.aead.Open(nil, nil, sealed, s.attemptAAD)
	if err != nil {
		return payment.Attempt{}, opener{}, errTokenForged
	}
	var t token
	if err := json.Unmarshal(plain, &t); err != nil {
		return payment.Attempt{}, opener{}, errTokenForged
	}
	a := payment.Attempt{
		ID: t.ID, OrderID: t.Order, PG: t.PG, Driver: t.Driver, Merchant: t.Merchant, MID: t.MID, Method: t.Method,
		Amount: t.Amount, TaxFree: t.TaxFree, OrderAmount: t.OrderAmt, Secondary: t.Settled, Currency: payment.CurrencyKRW,
		Test: t.Test, Device: t.Device, Site: t.Site, Purpose: t.Purpose, OrderName: t.Name, ReturnURL: t.Return,
		RulesVersion: t.Rules, CreatedAt: time.UnixMilli(t.Created), ExpiresAt: time.UnixMilli(t.Expires),
		State: payment.StateOpened,
	}
	if t.VAT != nil {
		a.VAT, a.VATSet = *t.VAT, true
	}
	if t.Due != 0 {
		a.DepositDue = time.UnixMilli(t.Due)
	}
	with := opener{Identity: journal.Identity{ID: t.Journal, Since: a.CreatedAt}, Env: t.Env}
	if now.After(a.ExpiresAt) { //guard:token-expires
		return a, with, errTokenExpired
	}
	return a, with, nil
}

// loadTokenKey returns the configured key, or the one kept in file, making that on first use. Pods that share
// a journal need a configured key: a window opened by one pod comes back to another.
func loadTokenKey(configured payment.Secret, file string) ([]byte, error) {
	if configured.IsSet() {
		return decodeKey(configured.Reveal())
	}
	text, err := os.ReadFile(file)
	if err == nil {
		return decodeKey(string(text))
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("reading the token key: %w", err)
	}
	key := sha256.Sum256([]byte(rand.Text() + rand.Text()))
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		return nil, fmt.Errorf("keeping the token key: %w", err)
	}
	if err := os.WriteFile(file, []byte(base64.StdEncoding.EncodeToString(key[:])+"\n"), 0o600); err != nil {
		return nil, fmt.Errorf("keeping the token key: %w", err)
	}
	return key[:], nil
}

func decodeKey(text string) ([]byte, error) {
	key, err := base64.StdEncoding.DecodeString(strings.TrimSpace(text))
	if err != nil || len(key) != 32 {
		return nil, errors.New("token_key must be 32 bytes in base64")
	}
	return key, nil
}
