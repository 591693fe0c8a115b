package gateway

import (
	"hash/maphash"
	"math"
	"sync"
	"time"

	"github.com/pg-gateway/pg-gateway/rules"
)

// maxBuckets bounds how many clients, or orders, or attempts are remembered: no fewer than that, and no more than twice
// as many. Who was not seen for longest is forgotten.
const maxBuckets = 20_000

// buckets hold one kind of stranger to a rate, each by a key. A bucket that is full again is like one that never was,
// so that all there is to know of one is when it will be (the generic cell rate algorithm, ITU-T I.371). Keys are kept
// as hashes with a seed of this process: nobody can choose two that meet. They are safe for concurrent use.
type buckets struct {
	seed maphash.Seed

	mu sync.Mutex
	// recent is when a bucket is full, in nanoseconds since 1970, of those seen lately, and older of those before them.
	// When recent is full it takes older's place.
	recent, older map[uint64]int64
}

func newBuckets() *buckets {
	return &buckets{seed: maphash.MakeSeed(), recent: map[uint64]int64{}, older: map[uint64]int64{}}
}

// take takes one from key's bucket, and tells how long to wait when there is none.
func (b *buckets) take(key string, r rules.Rate, now time.Time) (wait time.Duration, ok bool) {
	return b.takeOf(key, r, r.Burst(), now)
}

// takeOf is take with a bucket of another size.
func (b *buckets) takeOf(key string, r rules.Rate, burst int, now time.Time) (wait time.Duration, ok bool) {
	id := maphash.String(b.seed, key)
	b.mu.Lock()
	defer b.mu.Unlock()
	full, wait := b.left(id, r, burst, now)
	if wait <= 0 {
		full += every(r)
	}
	b.keep(id, full)
	return max(wait, 0), wait <= 0
}

// empty tells whether key's bucket has nothing left, and takes nothing.
func (b *buckets) empty(key string, r rules.Rate, now time.Time) (wait time.Duration, empty bool) {
	id := maphash.String(b.seed, key)
	b.mu.Lock()
	defer b.mu.Unlock()
	_, wait = b.left(id, r, r.Burst(), now)
	return max(wait, 0), wait > 0
}

// giveBack puts one back into key's bucket; what is more than it holds is lost.
func (b *buckets) giveBack(key string, r rules.Rate, burst int, now time.Time) {
	id := maphash.String(b.seed, key)
	b.mu.Lock()
	defer b.mu.Unlock()
	full, _ := b.left(id, r, burst, now)
	b.keep(id, full-every(r)) //guard:unopened-window-not-counted
}

// left is when a bucket is full, and how long it takes until there is one in it, which is not positive when there is.
// b.mu is held.
func (b *buckets) left(id uint64, r rules.Rate, burst int, now time.Time) (full int64, wait time.Duration) {
	full, ok := b.recent[id]
	if !ok {
		full = b.older[id]
	}
	at, one := now.UnixNano(), every(r)
	whole := int64(burst) * one
	if full > at+whole {
		// It was emptied under stricter rules, which are in force no more.
		full = at + whole - one
	}
	full = max(full, at)
	return full, time.Duration(full + one - at - whole)
}

// keep remembers when a bucket is full. b.mu is held.
func (b *buckets) keep(id uint64, full int64) {
	if _, ok := b.recent[id]; !ok && len(b.recent) >= maxBuckets {
		clear(b.older)
		b.recent, b.older = b.older, b.recent
	}
	b.recent[id] = full
}

// every is the time between two of a rate, in nanoseconds.
func every(r rules.Rate) int64 { return int64(math.Round(float64(time.Second) / r.PerSecond())) }
