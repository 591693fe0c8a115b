package gateway

import (
	"bytes"
	"encoding/base64"
	"errors"
	"testing"
	"time"

	"github.com/pg-gateway/pg-gateway/payment"
)

func tokenSealer(t *testing.T) *sealer {
	t.Helper()
	s, err := newSealer([]byte("a key of thirty-two bytes, no more"[:32]))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// TestABentTokenIsNotOurs bends every byte of a token in turn: none may open, whatever it would say.
func TestABentTokenIsNotOurs(t *testing.T) {
	t.Parallel()
	s := tokenSealer(t)
	now := time.Date(2026, 12, 1, 3, 0, 0, 0, time.UTC)
	token := s.sealAttempt(payment.Attempt{ID: "A1", OrderID: "ORDER-1", Amount: 50000, CreatedAt: now, ExpiresAt: now.Add(time.Minute)}, opener{})
	if a, _, err := s.openAttempt(token, now); err != nil || a.Amount != 50000 {
		t.Fatalf("the token as it is: %+v, %v", a, err)
	}
	sealed, err := base64.RawURLEncoding.DecodeString(token)
	if err != nil {
		t.Fatal(err)
	}
	for i := range sealed {
		sealed[i] ^= 1
		if _, _, err := s.openAttempt(base64.RawURLEncoding.EncodeToString(sealed), now); !errors.Is(err, errTokenForged) {
			t.Errorf("bent at byte %d it opens: %v", i, err)
		}
		sealed[i] ^= 1
	}
}

func TestATokenOpensUntilItExpires(t *testing.T) {
	t.Parallel()
	s := tokenSealer(t)
	until := time.Date(2026, 12, 1, 3, 0, 0, 0, time.UTC)
	token := s.sealAttempt(payment.Attempt{ID: "A1", ExpiresAt: until}, opener{})
	if _, _, err := s.openAttempt(token, until); err != nil {
		t.Errorf("at its last moment: %v", err)
	}
	if _, _, err := s.openAttempt(token, until.Add(time.Millisecond)); !errors.Is(err, errTokenExpired) {
		t.Errorf("a moment later: %v", err)
	}
}

func TestAProofOpensForItsOwnAttemptOnly(t *testing.T) {
	t.Parallel()
	s := tokenSealer(t)
	sealed, err := s.Seal("A1", []byte("proof"))
	if err != nil {
		t.Fatal(err)
	}
	if got, err := s.Open("A1", sealed); err != nil || string(got) != "proof" {
		t.Errorf("its own attempt reads %q, %v", got, err)
	}
	if _, err := s.Open("A2", sealed); !errors.Is(err, errTokenForged) {
		t.Errorf("another attempt opens it: %v", err)
	}
}

// TestPrintsAreKeyed: a print tells parts apart, is the same in every pod of a token_key, and says nothing to another key.
func TestPrintsAreKeyed(t *testing.T) {
	t.Parallel()
	print := func(key byte, parts ...string) string {
		s, err := newSealer(bytes.Repeat([]byte{key}, 32))
		if err != nil {
			t.Fatal(err)
		}
		return s.Print(parts...)
	}
	one := print(1, "card", "4111111111111111")
	if one != print(1, "card", "4111111111111111") || len(one) != 64 {
		t.Errorf("not the same: %s", one)
	}
	for name, other := range map[string]string{
		"another key": print(2, "card", "4111111111111111"), "another part": print(1, "card", "4111111111111112"),
		"parts cut elsewhere": print(1, "card4", "111111111111111"),
	} {
		if other == one {
			t.Errorf("%s has the same print", name)
		}
	}
}
