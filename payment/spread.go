package payment

import (
	"hash/fnv"
	"strconv"
	"time"
)

// Spread is d, a fifth longer or shorter: how much is drawn from the id and the number of the try, so that it is the
// same wherever it is asked, and what came due at one moment does not come due at one moment again.
func Spread(id string, try int, d time.Duration) time.Duration {
	h := fnv.New64a()
	_, _ = h.Write([]byte(id + " " + strconv.Itoa(try)))
	// The low bits of an FNV of similar texts differ little; a multiplication carries them up.
	part := h.Sum64() * 0x9e3779b97f4a7c15 >> 44
	return d*4/5 + time.Duration(float64(d)*0.4*float64(part)/(1<<20))
}
