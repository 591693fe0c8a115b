package metrics

import (
	"maps"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
)

// Other stands for every label value that is not in its set.
const Other = "_other"

// None stands for a label that does not apply.
const None = "none"

// maxValues caps the values of a label whose set is not configured: codes, results and operations, all
// constants of the program.
const maxValues = 64

// allowed is a closed set of label values that a reload replaces.
type allowed struct {
	values atomic.Pointer[map[string]string]
}

func (a *allowed) replace(list []string) {
	m := make(map[string]string, len(list))
	for _, v := range list {
		m[v] = v
	}
	a.values.Store(&m)
}

// guard returns our own copy of v when it is in the set: callers' strings may alias a request's buffer.
func (a *allowed) guard(v string) string {
	if v == "" {
		return None
	}
	if m := a.values.Load(); m != nil {
		if own, ok := (*m)[v]; ok {
			return own
		}
	}
	return Other
}

// all are the values of the set.
func (a *allowed) all() []string {
	m := a.values.Load()
	if m == nil {
		return nil
	}
	return slices.Collect(maps.Keys(*m))
}

func (a *allowed) has(v string) bool {
	if v == None || v == Other {
		return true
	}
	m := a.values.Load()
	if m == nil {
		return false
	}
	_, ok := (*m)[v]
	return ok
}

// capped is a set of label values that grows to maxValues and no further.
type capped struct {
	mu     sync.Mutex
	values atomic.Pointer[map[string]string]
}

func (c *capped) guard(v string) string {
	if v == "" {
		return None
	}
	if m := c.values.Load(); m != nil {
		if own, ok := (*m)[v]; ok {
			return own
		}
	}
	return c.admit(v)
}

func (c *capped) admit(v string) string {
	if !wordLike(v) {
		return Other
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	next := map[string]string{}
	// Another caller may have admitted it since guard looked.
	if m := c.values.Load(); m != nil {
		if own, ok := (*m)[v]; ok {
			return own
		}
		if len(*m) >= maxValues {
			return Other
		}
		next = maps.Clone(*m)
	}
	// The caller's text may be a part of a request's buffer, which is used again.
	own := strings.Clone(v)
	next[own] = own
	c.values.Store(&next)
	return own
}

// wordLike tells whether v looks like a code of ours and not like somebody's data.
func wordLike(v string) bool {
	if len(v) > 40 {
		return false
	}
	for i := range len(v) {
		c := v[i]
		switch {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9', c == '_', c == '-', c == '.':
		default:
			return false
		}
	}
	return true
}

// set holds the resolved children of one vector, so that a call per request is one map read. K is an array of
// label values in the vector's order; they come from a guard, which bounds the set.
type set[K comparable, M any] struct {
	resolve func(K) M
	remove  func(K)
	mu      sync.Mutex
	known   atomic.Pointer[map[K]M]
}

func (s *set[K, M]) get(k K) M {
	if m := s.known.Load(); m != nil {
		if child, ok := (*m)[k]; ok {
			return child
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	next := map[K]M{}
	if m := s.known.Load(); m != nil {
		if child, ok := (*m)[k]; ok {
			return child
		}
		// Copied and not changed: readers hold the old map without a lock.
		next = maps.Clone(*m)
	}
	child := s.resolve(k)
	next[k] = child
	s.known.Store(&next)
	return child
}

// retain removes the series that keep says no to.
func (s *set[K, M]) retain(keep func(K) bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	m := s.known.Load()
	if m == nil {
		return
	}
	next := make(map[K]M, len(*m))
	for k, child := range *m {
		if keep(k) {
			next[k] = child
			continue
		}
		s.remove(k)
	}
	s.known.Store(&next)
}
