package apicalls

import (
	"bytes"
	"encoding/json"
	"maps"
	"mime"
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/pg-gateway/pg-gateway/adapters"
	"github.com/pg-gateway/pg-gateway/adapters/wire"
	"github.com/pg-gateway/pg-gateway/payment"
)

// Fields are the members of a call's body, which is a JSON object or a form. The first that cannot be read is
// remembered: read all, then ask Err once.
type Fields struct {
	members map[string]json.RawMessage
	// raw is the object that they were read from; nil for a form.
	raw  []byte
	read map[string]bool
	err  error
}

// Read reads a body that is a JSON object, or a form where forms are taken. Where none are, JSON may also call itself
// text/plain or nothing at all. An empty body has no members. Errors are an adapters.FieldError.
func Read(call adapters.APICall, forms bool) (*Fields, error) {
	f := &Fields{read: map[string]bool{}}
	if len(call.Body) == 0 {
		return f, nil
	}
	kind := "text/plain"
	if call.ContentType != "" {
		k, params, err := mime.ParseMediaType(call.ContentType)
		if set := params["charset"]; err != nil || set != "" && !strings.EqualFold(set, "utf-8") {
			return nil, bad("Content-Type", "must be application/json in UTF-8")
		}
		kind = k
	}
	var err error
	switch {
	// PortOne's own client for Node says text/plain, as fetch does where it is told nothing.
	case kind == "application/json", kind == "text/plain" && !forms:
		f.raw = call.Body
		f.members, err = readJSON(call.Body)
	case kind == "application/x-www-form-urlencoded" && forms:
		f.members, err = readForm(string(call.Body))
	default:
		err = bad("Content-Type", "is not one that this call is read in")
	}
	return f, err
}

func bad(field, msg string) error { return &adapters.FieldError{Field: field, Msg: msg} }

func readJSON(body []byte) (map[string]json.RawMessage, error) {
	if !utf8.Valid(body) {
		return nil, bad("body", "must be UTF-8")
	}
	if err := wire.CheckUnique(body); err != nil {
		return nil, bad("body", "must be JSON that says nothing twice")
	}
	var members map[string]json.RawMessage
	if err := json.Unmarshal(body, &members); err != nil || members == nil {
		return nil, bad("body", "must be a JSON object")
	}
	return members, nil
}

// readForm reads a form into JSON, with the names of arrays and objects as PHP reads them: a[]=1, a[b]=2.
func readForm(body string) (map[string]json.RawMessage, error) {
	values, err := url.ParseQuery(body)
	if err != nil || !utf8.ValidString(body) {
		return nil, bad("body", "must be a form")
	}
	tree := map[string]any{}
	for name, list := range values {
		if !utf8.ValidString(name) || !utf8.ValidString(strings.Join(list, "")) {
			return nil, bad("body", "must be UTF-8")
		}
		base, inner, nested := strings.Cut(name, "[")
		inner, closed := strings.CutSuffix(inner, "]")
		switch {
		case base == "" || nested && (!closed || strings.ContainsAny(inner, "[]")) || strings.ContainsAny(base, "] ."):
			return nil, bad("body", "has a name that can be read in two ways")
		case nested && inner == "":
			err = put(tree, base, list)
		case len(list) > 1:
			return nil, bad(base, "occurs twice")
		case nested:
			err = putInner(tree, base, inner, list[0])
		default:
			err = put(tree, base, list[0])
		}
		if err != nil {
			return nil, err
		}
	}
	members := make(map[string]json.RawMessage, len(tree))
	for name, value := range tree {
		text, err := json.Marshal(value)
		if err != nil {
			return nil, bad(name, "cannot be read")
		}
		members[name] = text
	}
	return members, nil
}

func put(tree map[string]any, name string, value any) error {
	if _, taken := tree[name]; taken {
		return bad(name, "occurs twice")
	}
	tree[name] = value
	return nil
}

func putInner(tree map[string]any, name, inner, value string) error {
	object, ok := tree[name].(map[string]string)
	if _, taken := tree[name]; taken && !ok {
		return bad(name, "occurs twice")
	}
	if !ok {
		object = map[string]string{}
		tree[name] = object
	}
	object[inner] = value
	return nil
}

// Err is the first thing that could not be read; an adapters.FieldError.
func (f *Fields) Err() error { return f.err }

// Refuse remembers what is wrong with a member, unless something was before.
func (f *Fields) Refuse(name, msg string) {
	if f.err == nil {
		f.err = bad(name, msg)
	}
}

// get is a member that is there and is not null. The same word in other letters is refused: it is a typing mistake, or
// somebody reads it for this one.
func (f *Fields) get(name string) (json.RawMessage, bool) {
	f.read[name] = true
	for other := range f.members {
		if other != name && strings.EqualFold(other, name) { //guard:no-other-spelling-of-a-field
			f.Refuse(name, "is spelt in another way")
		}
	}
	raw, ok := f.members[name]
	return raw, ok && string(raw) != "null"
}

// Has tells whether a member is there and is not null.
func (f *Fields) Has(name string) bool {
	_, ok := f.get(name)
	return ok
}

// Text reads a text; "" when there is none.
func (f *Fields) Text(name string) string {
	raw, ok := f.get(name)
	if !ok {
		return ""
	}
	var text string
	if err := json.Unmarshal(raw, &text); err != nil {
		f.Refuse(name, "must be text")
	}
	return text
}

// TextOfRest is Text of a member that stays among the rest.
func (f *Fields) TextOfRest(name string) string {
	was := f.read[name]
	text := f.Text(name)
	f.read[name] = was
	return text
}

// Required is Text of what must be there.
func (f *Fields) Required(name string) string {
	text := f.Text(name)
	if text == "" {
		f.Refuse(name, "is missing")
	}
	return text
}

// Won reads an amount of whole won, as a number or as digits in text; nil when there is none.
func (f *Fields) Won(name string) *payment.Won {
	raw, ok := f.get(name)
	if !ok {
		return nil
	}
	text := string(raw)
	if raw[0] == '"' {
		if err := json.Unmarshal(raw, &text); err != nil {
			f.Refuse(name, "must be a number")
			return nil
		}
	}
	won, err := payment.ParseWon(text)
	if err != nil {
		f.Refuse(name, "must be a whole number of won")
		return nil
	}
	return &won
}

// Count reads a whole number of at most four digits, as a number or as digits in text; 0 when there is none.
func (f *Fields) Count(name string) int {
	won := f.Won(name)
	switch {
	case won == nil:
		return 0
	case *won > 9999:
		f.Refuse(name, "is too large")
		return 0
	}
	return int(*won)
}

// Flag reads true or false, in text too; false when there is none.
func (f *Fields) Flag(name string) bool {
	raw, ok := f.get(name)
	if !ok {
		return false
	}
	switch string(raw) {
	case "true", `"true"`:
		return true
	case "false", `"false"`:
		return false
	}
	f.Refuse(name, "must be true or false")
	return false
}

// Number reads a number, or digits in text, as it is written; "" when there is none.
func (f *Fields) Number(name string) string {
	raw, ok := f.get(name)
	if !ok {
		return ""
	}
	text := string(raw)
	if raw[0] == '"' {
		if err := json.Unmarshal(raw, &text); err != nil {
			f.Refuse(name, "must be a number")
		}
	}
	return text
}

// Object reads a member that is an object, as fields of their own; nil when there is none.
func (f *Fields) Object(name string) *Fields {
	raw, ok := f.get(name)
	if !ok {
		return nil
	}
	inner := &Fields{raw: raw, read: map[string]bool{}}
	if err := json.Unmarshal(raw, &inner.members); err != nil || inner.members == nil {
		f.Refuse(name, "must be an object")
		return nil
	}
	return inner
}

// Objects reads a member that is a list of objects; nil when there is none.
func (f *Fields) Objects(name string) []*Fields {
	raw, ok := f.get(name)
	if !ok {
		return nil
	}
	var items []map[string]json.RawMessage
	if err := json.Unmarshal(raw, &items); err != nil {
		f.Refuse(name, "must be a list of objects")
		return nil
	}
	list := make([]*Fields, len(items))
	for i, members := range items {
		if members == nil {
			f.Refuse(name, "must be a list of objects")
			return nil
		}
		list[i] = &Fields{members: members, read: map[string]bool{}}
	}
	return list
}

// Join takes over what could not be read of an inner object.
func (f *Fields) Join(name string, inner *Fields) {
	if e, ok := inner.err.(*adapters.FieldError); ok { //nolint:errorlint // it is made here, and wrapped nowhere
		f.Refuse(name+"."+e.Field, e.Msg)
	}
}

// Texts are all members as text: whole numbers as they are written, and null as none. Anything else is refused, and so
// is a name that is no plain word, or is there in two spellings.
func (f *Fields) Texts() map[string]string {
	texts, spelt := make(map[string]string, len(f.members)), make(map[string]bool, len(f.members))
	for name, raw := range f.members {
		lower := strings.ToLower(name)
		if !plainName(lower) {
			f.Refuse("body", "has a name that is no word of letters, digits and _")
		}
		if spelt[lower] { //guard:no-name-in-two-spellings
			f.Refuse("body", "has a name in two spellings")
		}
		spelt[lower] = true
		text := string(raw)
		switch _, err := payment.ParseWon(text); {
		case text == "null":
			continue
		case raw[0] == '"' && json.Unmarshal(raw, &text) != nil, raw[0] != '"' && err != nil:
			f.Refuse("body", "has what is neither text nor a whole number of up to ten digits")
		}
		texts[name] = text
	}
	return texts
}

// Names are the members' names: of an object in its own order, of a form in that of the alphabet.
func (f *Fields) Names() []string {
	if f.raw == nil {
		return slices.Sorted(maps.Keys(f.members))
	}
	names := make([]string, 0, len(f.members))
	dec := json.NewDecoder(bytes.NewReader(f.raw))
	for _, err := dec.Token(); err == nil && dec.More(); { // behind the brace
		var skipped json.RawMessage
		var name json.Token
		if name, err = dec.Token(); err == nil {
			text, _ := name.(string)
			names = append(names, text)
			err = dec.Decode(&skipped)
		}
	}
	return names
}

func plainName(lower string) bool {
	for i := range len(lower) {
		if c := lower[i]; (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '_' {
			return false
		}
	}
	return lower != ""
}

// Rest is a JSON object of the members that nobody asked for; nil when there are none.
func (f *Fields) Rest() []byte {
	rest := map[string]json.RawMessage{}
	for name, raw := range f.members {
		if !f.read[name] {
			rest[name] = raw
		}
	}
	if len(rest) == 0 {
		return nil
	}
	text, err := json.Marshal(rest)
	if err != nil {
		f.Refuse("body", "cannot be read")
		return nil
	}
	return text
}

// With is the body as a JSON object with other members in the place of those of their names.
func (f *Fields) With(more map[string]any) ([]byte, error) {
	all := map[string]any{}
	for name, raw := range f.members {
		all[name] = raw
	}
	maps.Copy(all, more)
	text, err := json.Marshal(all)
	if err != nil {
		return nil, bad("body", "cannot be written")
	}
	return text, nil
}

// Digits are those of a card's number, however it is written.
func Digits(number string) payment.Secret {
	return payment.Secret(strings.Map(func(r rune) rune {
		if r < '0' || r > '9' {
			return -1
		}
		return r
	}, number))
}
