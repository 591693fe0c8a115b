package gateway

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"

	"github.com/google/uuid"

	"github.com/pg-gateway/pg-gateway/payment"
)

// checkBytes are how many of an attempt id's 16 bytes show that we made it.
const checkBytes = 4

// newAttemptID makes the id of an attempt: a UUID of version 7, whose last bytes are a check that only who has the
// token key can make, for its environment. So an id that comes from a browser is known for one of ours without asking
// the journal, which nobody who invents ids can have us do.
func (s *sealer) newAttemptID(env environment) (payment.AttemptID, error) {
	id, err := uuid.NewV7()
	if err != nil {
		return "", fmt.Errorf("making an attempt id: %w", err)
	}
	copy(id[len(id)-checkBytes:], s.idCheck(env, id[:len(id)-checkBytes]))
	return payment.AttemptID(hex.EncodeToString(id[:])), nil
}

// madeID tells whether an attempt id is one that newAttemptID made. Ids of before do not show it.
func (s *sealer) madeID(env environment, id payment.AttemptID) bool {
	b, err := hex.DecodeString(string(id))
	if err != nil || len(b) != len(uuid.UUID{}) {
		return false
	}
	n := len(b) - checkBytes
	return hmac.Equal(b[n:], s.idCheck(env, b[:n])) //guard:invented-id-lifts-no-rate
}

func (s *sealer) idCheck(env environment, id []byte) []byte {
	mac := hmac.New(sha256.New, s.idKey)
	mac.Write(id)
	mac.Write([]byte(env))
	return mac.Sum(nil)[:checkBytes]
}
