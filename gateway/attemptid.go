package gateway

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"hash"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/pg-gateway/pg-gateway/payment"
)

// checkBytes are how many of an attempt id's 16 bytes show that we made it.
const checkBytes = 4

// newAttemptID makes the id of an attempt: a UUID of version 7, whose last bytes are a check that only who has the
// token key can make, for its environment. So an id that comes from a browser is known for one of ours without asking
// the journal, which nobody who invents ids can have us do.
func (s *sealer) newAttemptID(env environment, now time.Time) payment.AttemptID {
	var id uuid.UUID
	_, _ = rand.Read(id[:]) // it never fails
	stampID(&id, now)
	check := s.idCheck(env, id[:len(id)-checkBytes])
	copy(id[len(id)-checkBytes:], check[:])
	var text [2 * len(id)]byte
	hex.Encode(text[:], id[:])
	return payment.AttemptID(text[:])
}

// stampID makes of random bytes a UUID of version 7: its first 48 bits are the time, in milliseconds.
func stampID(id *uuid.UUID, now time.Time) {
	version := binary.BigEndian.Uint16(id[6:])&0x0fff | 0x7000
	binary.BigEndian.PutUint64(id[:], uint64(now.UnixMilli())<<16|uint64(version))
	id[8] = id[8]&0x3f | 0x80 // the variant
}

// madeID tells whether an attempt id is one that newAttemptID made. Ids of before do not show it.
func (s *sealer) madeID(env environment, id payment.AttemptID) bool {
	b, err := hex.DecodeString(string(id))
	if err != nil || len(b) != len(uuid.UUID{}) {
		return false
	}
	n := len(b) - checkBytes
	check := s.idCheck(env, b[:n])
	return hmac.Equal(b[n:], check[:]) //guard:invented-id-lifts-no-rate
}

// madeAt is madeID, with when the id was made.
func (s *sealer) madeAt(env environment, id payment.AttemptID) (time.Time, bool) {
	if !s.madeID(env, id) {
		return time.Time{}, false
	}
	b, _ := hex.DecodeString(string(id[:16])) // madeID has read it
	return time.UnixMilli(int64(binary.BigEndian.Uint64(b) >> 16)), true
}

func (s *sealer) idCheck(env environment, id []byte) (check [checkBytes]byte) {
	m := s.idMACs.Get().(*idMAC) //nolint:forcetypeassert // nothing else is in it
	defer s.idMACs.Put(m)
	m.hash.Reset()
	m.text = append(append(m.text[:0], id...), env...)
	m.hash.Write(m.text)
	m.sum = m.hash.Sum(m.sum[:0])
	copy(check[:], m.sum)
	return check
}

// idMAC is a keyed hash that is used again: keying it anew for each id costs more than the id's own hash.
type idMAC struct {
	hash      hash.Hash
	text, sum []byte
}

func newIDMACs(key []byte) *sync.Pool {
	return &sync.Pool{New: func() any { return &idMAC{hash: hmac.New(sha256.New, key)} }}
}
