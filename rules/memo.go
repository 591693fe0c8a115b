package rules

import "sync/atomic"

// memo keeps answers that are pure functions of their key, so that deciding allocates nothing once warm. It is
// bounded: a slot holds one answer, and a newer key takes it over. It never changes what is answered.
type memo[T any] struct {
	slots [memoSize]atomic.Pointer[memoEntry[T]]
}

const memoSize = 2048

// memoKey is up to eight small numbers.
type memoKey [8]int32

type memoEntry[T any] struct {
	key memoKey
	val T
}

func (k memoKey) slot() uint64 {
	h := uint64(fnvOffset)
	for _, n := range k {
		h = (h ^ uint64(uint32(n))) * fnvPrime
	}
	return mix(h) % memoSize
}

func (m *memo[T]) get(k memoKey) (T, bool) {
	if e := m.slots[k.slot()].Load(); e != nil && e.key == k {
		return e.val, true
	}
	var none T
	return none, false
}

func (m *memo[T]) put(k memoKey, val T) {
	m.slots[k.slot()].Store(&memoEntry[T]{key: k, val: val})
}

// FNV-1a, 64 bits.
const (
	fnvOffset = 14695981039346656037
	fnvPrime  = 1099511628211
)

func fnv(h uint64, s string) uint64 {
	for i := range len(s) {
		h = (h ^ uint64(s[i])) * fnvPrime
	}
	return h
}

// mix spreads a hash over all bits (the finalizer of SplitMix64).
func mix(h uint64) uint64 {
	h ^= h >> 30
	h *= 0xbf58476d1ce4e5b9
	h ^= h >> 27
	h *= 0x94d049bb133111eb
	return h ^ h>>31
}
