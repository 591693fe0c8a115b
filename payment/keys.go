package payment

import (
	"fmt"
	"slices"
	"strings"
)

// Keys are what a PG or a merchant is configured with for its driver alone, by the names that the configuration has
// for them. They never change. Whoever prints them sees which there are, and nothing of what they hold.
type Keys struct{ set *keySet }

// keySet keeps the keys behind a second pointer: what Keys is a part of may be printed without asking Format, and one
// pointer is followed when the verb is a wrong one.
type keySet struct{ first *key }

// key holds texts or secrets.
type key struct {
	name    string
	texts   []string
	secrets []Secret
	next    *key
}

func (k Keys) first() *key {
	if k.set == nil {
		return nil
	}
	return k.set.first
}

// find is the key of a name, or nil. There are a handful, so that looking at each is the fastest.
func (k Keys) find(name string) *key {
	one := k.first()
	for one != nil && one.name != name {
		one = one.next
	}
	return one
}

// Text is the key's text; empty when it is not set, or a secret.
func (k Keys) Text(name string) string {
	if one := k.find(name); one != nil && len(one.texts) > 0 {
		return one.texts[0]
	}
	return ""
}

// Texts are all of the key's texts. They are not to be changed.
func (k Keys) Texts(name string) []string {
	if one := k.find(name); one != nil {
		return one.texts
	}
	return nil
}

// Secret is the key's secret; not set when there is none.
func (k Keys) Secret(name string) Secret {
	if one := k.find(name); one != nil && len(one.secrets) > 0 {
		return one.secrets[0]
	}
	return ""
}

// Secrets are all of the key's secrets. They are not to be changed.
func (k Keys) Secrets(name string) []Secret {
	if one := k.find(name); one != nil {
		return one.secrets
	}
	return nil
}

// IsSet tells whether there is a key of that name.
func (k Keys) IsSet(name string) bool { return k.find(name) != nil }

// WithText returns the keys with these texts under a name; without it when there are none.
func (k Keys) WithText(name string, texts ...string) Keys {
	texts = slices.DeleteFunc(slices.Clone(texts), func(s string) bool { return s == "" })
	return k.with(key{name: name, texts: texts}, len(texts) > 0)
}

// WithSecret returns the keys with these secrets under a name; without it when there are none.
func (k Keys) WithSecret(name string, secrets ...Secret) Keys {
	secrets = slices.DeleteFunc(slices.Clone(secrets), func(s Secret) bool { return s == "" })
	return k.with(key{name: name, secrets: secrets}, len(secrets) > 0)
}

func (k Keys) with(one key, set bool) Keys {
	rest := k.first()
	if k.IsSet(one.name) {
		rest = k.without(one.name)
	}
	if set {
		one.next = rest
		rest = &one
	}
	return Keys{&keySet{rest}}
}

// without copies the keys but for one.
func (k Keys) without(name string) *key {
	var rest *key
	for one := k.first(); one != nil; one = one.next {
		if one.name != name {
			rest = &key{name: one.name, texts: one.texts, secrets: one.secrets, next: rest}
		}
	}
	return rest
}

// Format implements fmt.Formatter: whatever the verb, the names of the keys.
func (k Keys) Format(w fmt.State, _ rune) {
	var names []string
	for one := k.first(); one != nil; one = one.next {
		names = append(names, one.name) //guard:keys-show-nothing
	}
	slices.Sort(names)
	_, _ = fmt.Fprintf(w, "<keys %s>", strings.Join(names, " "))
}
