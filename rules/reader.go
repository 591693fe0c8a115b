package rules

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"
)

// A reader takes one YAML value into a Go one, and says what is wrong with it at its line and column. The same
// readers, run without a file, describe what they take: that is where the JSON Schema comes from, so that the
// schema and the loader cannot disagree.
type reader func(v value)

// value is a place in the file: a node and how it was reached. With schema set there is no node, and a reader
// describes itself instead of reading.
type value struct {
	d      *decoder
	n      *yaml.Node
	path   string
	schema *Schema
}

// decoder collects what one file yields besides its values: complaints and references to secrets.
type decoder struct {
	file    string
	src     Sources
	known   *known
	errs    []*Error
	secrets []resolved
	// passed are malformed values that the snapshot does without.
	passed []Advice
	// data tells that the texts are a shop's, not settings: references are not looked up in them, and they may hold
	// whatever people write.
	data bool
	// inline are the secrets that stand in the file itself.
	inline []value
	// keys are all secrets, urls all addresses that we call or are called at, and listens the listeners' addresses.
	keys    []keyed
	urls    []located
	listens []located
	// prefix is where server.public.prefix stands; no place when the file leaves it out.
	prefix value
}

// located is a text of the file with its place.
type located struct {
	at   value
	text string
}

// field is one key of an object: how it is read and what it is for, in the user's words. Without read the key is
// refused, and doc says why: nothing would act on it (design promise 10).
type field struct {
	read reader
	doc  string
}

// notBuilt is a key that does nothing: better refused by name than believed.
func notBuilt(why string) field { return field{nil, why} }

type fields map[string]field

// fail records a complaint about v.
func (v value) fail(fix, format string, args ...any) {
	// More than anybody reads: a broken file must not fill the memory with complaints.
	if v.d == nil || len(v.d.errs) >= 5*maxErrors {
		return
	}
	e := &Error{File: v.d.file, Line: 1, Column: 1, Path: v.path, Msg: fmt.Sprintf(format, args...), Fix: fix}
	if v.n != nil && v.n.Line > 0 {
		e.Line, e.Column = v.n.Line, v.n.Column
	}
	v.d.errs = append(v.d.errs, e)
}

// broken tells whether something was wrong at or below v, so that nobody complains about what follows from it.
// A value that is missing altogether was complained about where it should be.
func (v value) broken(step string) bool {
	if v.d == nil {
		return true
	}
	path := v.path
	if step != "" {
		path = join(path, step)
	}
	return slices.ContainsFunc(v.d.errs, func(e *Error) bool {
		rest, ok := strings.CutPrefix(e.Path, path)
		return ok && (rest == "" || rest[0] == '.' || rest[0] == '[')
	})
}

// at is the value under node n, one step further along the path.
func (v value) at(n *yaml.Node, step string) value {
	return value{d: v.d, n: n, path: join(v.path, step)}
}

func join(path, step string) string {
	if path == "" || strings.HasPrefix(step, "[") {
		return path + step
	}
	return path + "." + step
}

// is tells whether v's node has the wanted kind, and complains in plain words when not.
func (v value) is(kind yaml.Kind, want string) bool {
	if v.n.Kind == yaml.AliasNode {
		v.fail("write the value out", "aliases (*name) are not supported")
		return false
	}
	if v.n.Kind == kind {
		return true
	}
	v.fail("", "must be %s, not %s", want, kindName(v.n))
	return false
}

func kindName(n *yaml.Node) string {
	switch n.Kind {
	case yaml.MappingNode:
		return "a mapping"
	case yaml.SequenceNode:
		return "a list"
	case yaml.AliasNode:
		return "an alias"
	}
	switch n.ShortTag() {
	case "!!null":
		return "empty"
	case "!!int":
		return "the number " + clip(n.Value)
	case "!!float":
		if strings.Trim(n.Value, "0123456789") == "" {
			return "the number " + clip(n.Value) + ", which is too large"
		}
		return "the decimal number " + clip(n.Value)
	case "!!bool":
		return "the truth value " + clip(n.Value)
	}
	return fmt.Sprintf("the text %q", clip(n.Value))
}

func clip(s string) string {
	if r := []rune(s); len(r) > 40 {
		return string(r[:40]) + "..."
	}
	return s
}

// known are the keys that may be written.
func (fs fields) known() []string {
	keys := slices.Sorted(maps.Keys(fs))
	return slices.DeleteFunc(keys, func(key string) bool { return fs[key].read == nil })
}

// object reads a mapping with a fixed set of keys. Keys in required must be there.
func object(fs fields, required ...string) reader {
	return func(v value) {
		if v.schema != nil {
			v.schema.object(fs, required)
			return
		}
		if !v.is(yaml.MappingNode, "a mapping") {
			return
		}
		seen := make(map[string]bool, len(v.n.Content)/2)
		for i := 0; i+1 < len(v.n.Content); i += 2 {
			key, ok := v.key(v.n.Content[i], seen)
			if !ok {
				continue
			}
			f, ok := fs[key]
			if !ok {
				known := fs.known()
				v.at(v.n.Content[i], clip(key)).fail(hintOf(key, known), "unknown key %q", clip(key))
				// A key that is misspelt is not missing as well.
				seen[closest(key, known)] = true
				continue
			}
			if f.read == nil {
				v.at(v.n.Content[i], key).fail("leave it out", "%s does nothing: %s", key, f.doc)
				continue
			}
			f.read(v.at(v.n.Content[i+1], key))
		}
		for _, name := range required {
			if !seen[name] {
				v.fail("add "+name+": ...", "%s is missing", name)
			}
		}
	}
}

// key reads a mapping's key and refuses repeats and merge keys.
func (v value) key(n *yaml.Node, seen map[string]bool) (string, bool) {
	at := v.at(n, clip(n.Value))
	switch {
	case n.Kind != yaml.ScalarNode || n.ShortTag() == "!!null":
		value{d: v.d, n: n, path: v.path}.fail("", "a key must be plain text")
		return "", false
	case n.ShortTag() == "!!merge":
		at.fail("write the keys out", "merge keys (<<) are not supported")
		return "", false
	case seen[n.Value]:
		at.fail("keep one of them", "the key %q appears twice", clip(n.Value))
		return "", false
	}
	seen[n.Value] = true
	return n.Value, at.visible(n.Value)
}

// maxItems bounds lists and mappings; the largest shop we know of has a tenth of it.
const maxItems = 50_000

// list reads a sequence. item gets the element to fill and its place, for later complaints.
func list[T any](dst *[]T, item func(dst *T, at value) reader) reader {
	return func(v value) {
		if v.schema != nil {
			var t T
			v.schema.Type = "array"
			v.schema.Items = describe(item(&t, value{}))
			return
		}
		if !v.is(yaml.SequenceNode, "a list") {
			return
		}
		if len(v.n.Content) > maxItems {
			v.fail("", "more than %d items", maxItems)
			return
		}
		out := make([]T, len(v.n.Content))
		for i, n := range v.n.Content {
			at := v.at(n, fmt.Sprintf("[%d]", i))
			item(&out[i], at)(at)
		}
		*dst = out
	}
}

// entry is one key of a mapping whose keys are names of the user's choice, in file order.
type entry[T any] struct {
	key word
	val T
}

// dict reads a mapping with free keys, in file order.
func dict[T any](dst *[]entry[T], item func(dst *T, at value) reader) reader {
	return func(v value) {
		if v.schema != nil {
			var t T
			v.schema.Type = "object"
			v.schema.AdditionalProperties = describe(item(&t, value{}))
			return
		}
		if !v.is(yaml.MappingNode, "a mapping") {
			return
		}
		seen := make(map[string]bool, len(v.n.Content)/2)
		if len(v.n.Content) > 2*maxItems {
			v.fail("", "more than %d items", maxItems)
			return
		}
		out := make([]entry[T], 0, len(v.n.Content)/2)
		for i := 0; i+1 < len(v.n.Content); i += 2 {
			key, ok := v.key(v.n.Content[i], seen)
			if !ok {
				continue
			}
			out = append(out, entry[T]{key: word{text: key, at: v.at(v.n.Content[i], key)}})
			at := v.at(v.n.Content[i+1], key)
			item(&out[len(out)-1].val, at)(at)
		}
		*dst = out
	}
}

// either reads a short form when the value is a scalar and a long form otherwise.
func either(short, long reader) reader {
	return func(v value) {
		switch {
		case v.schema != nil:
			v.schema.AnyOf = []*Schema{describe(short), describe(long)}
		case v.n.Kind == yaml.ScalarNode:
			short(v)
		default:
			long(v)
		}
	}
}

// The kinds of YAML node that readers outside this file ask for.
const (
	mappingKind  = yaml.MappingNode
	sequenceKind = yaml.SequenceNode
	scalarKind   = yaml.ScalarNode
)
