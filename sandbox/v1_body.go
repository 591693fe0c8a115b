package sandbox

import (
	"bytes"
	"encoding/json"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// v1Body is what a V1 request says, be it JSON or a form with PHP's arrays: texts, numbers and booleans, lists of
// them, and further bodies.
type v1Body map[string]any

// v1BodyOf reads a request's body, or false when it cannot be read.
func v1BodyOf(c *call) (v1Body, bool) {
	// Nearly every operation takes both (portone.md §1.1).
	if !strings.HasPrefix(c.r.Header.Get("Content-Type"), "application/json") {
		form, err := url.ParseQuery(string(c.body))
		return v1BodyOfForm(form), err == nil
	}
	dec := json.NewDecoder(bytes.NewReader(c.body))
	// Digit by digit: 1e3 or 100.5 must reach parseWon as written, to be refused.
	dec.UseNumber()
	var fields map[string]any
	if err := dec.Decode(&fields); err != nil {
		return nil, false
	}
	return fields, true
}

// v1BodyOfForm reads names as PHP does: a[] and a[0] are members of a list, a[b] is a member of a body.
func v1BodyOfForm(form url.Values) v1Body {
	root := map[string]any{}
	for _, name := range slices.Sorted(maps.Keys(form)) {
		steps := strings.Split(strings.ReplaceAll(name, "]", ""), "[")
		for i, value := range form[name] {
			putPHP(root, steps, i, value)
		}
	}
	out := v1Body{}
	for name, v := range root {
		out[name] = listed(v)
	}
	return out
}

// putPHP sets one value; nth stands for the index that a[] leaves out. Of two values of one name the last one counts.
func putPHP(into map[string]any, steps []string, nth int, value string) {
	for i, step := range steps {
		if step == "" {
			step = strconv.Itoa(nth)
		}
		if i == len(steps)-1 {
			into[step] = value
			return
		}
		next, ok := into[step].(map[string]any)
		if !ok {
			next = map[string]any{}
			into[step] = next
		}
		into = next
	}
}

// listed makes lists of what was numbered.
func listed(v any) any {
	node, ok := v.(map[string]any)
	if !ok {
		return v
	}
	numbered := true
	for name, item := range node {
		node[name] = listed(item)
		_, err := strconv.Atoi(name)
		numbered = numbered && err == nil
	}
	if !numbered {
		return node
	}
	names := slices.SortedFunc(maps.Keys(node), func(a, b string) int {
		x, _ := strconv.Atoi(a)
		y, _ := strconv.Atoi(b)
		return x - y
	})
	list := make([]any, 0, len(names))
	for _, name := range names {
		list = append(list, node[name])
	}
	return list
}

// text is a field as text; empty when it is absent, null, a list or a body.
func (b v1Body) text(name string) string { return plainText(b[name]) }

func plainText(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case json.Number:
		return v.String()
	case bool:
		return strconv.FormatBool(v)
	}
	return ""
}

// texts is a field that may be a list, or one value in its place.
func (b v1Body) texts(name string) []string {
	list, ok := b[name].([]any)
	if !ok {
		list = []any{b[name]}
	}
	out := []string{}
	for _, v := range list {
		if t := plainText(v); t != "" {
			out = append(out, t)
		}
	}
	return out
}

// sub is a body within this one.
func (b v1Body) sub(name string) v1Body {
	item, _ := b[name].(map[string]any)
	return item
}

// items is a list of bodies.
func (b v1Body) items(name string) []v1Body {
	list, _ := b[name].([]any)
	out := []v1Body{}
	for _, v := range list {
		item, _ := v.(map[string]any)
		out = append(out, item)
	}
	return out
}

// asJSON is a field that callers send as text or as JSON, as text.
func (b v1Body) asJSON(name string) string {
	switch v := b[name].(type) {
	case map[string]any, []any:
		return string(mustJSON(v))
	}
	return b.text(name)
}

// v1Fields reads a body whose fields are all plain.
func v1Fields(c *call) (map[string]string, bool) {
	b, ok := v1BodyOf(c)
	out := make(map[string]string)
	for name := range b {
		out[name] = b.text(name)
	}
	return out, ok
}
