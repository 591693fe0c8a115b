package sandbox

// shelf keeps the newest values by key and forgets the oldest beyond its limit.
type shelf[V any] struct {
	limit int
	items map[string]V
	order []string
	head  int
}

func newShelf[V any](limit int) *shelf[V] {
	return &shelf[V]{limit: limit, items: make(map[string]V)}
}

func (b *shelf[V]) get(key string) (V, bool) {
	v, ok := b.items[key]
	return v, ok
}

// put stores a value; a new key may push the oldest one out.
func (b *shelf[V]) put(key string, v V) {
	if _, ok := b.items[key]; !ok {
		b.order = append(b.order, key)
	}
	b.items[key] = v
	for len(b.order)-b.head > b.limit {
		delete(b.items, b.order[b.head])
		// Or the array would keep the key alive.
		b.order[b.head] = ""
		b.head++
	}
	if b.head > 1024 && b.head > len(b.order)/2 {
		b.order = append([]string(nil), b.order[b.head:]...)
		b.head = 0
	}
}

// all returns the values, oldest first.
func (b *shelf[V]) all() []V {
	out := make([]V, 0, len(b.order)-b.head)
	for _, key := range b.order[b.head:] {
		out = append(out, b.items[key])
	}
	return out
}
