// Package planted finds what a gateway must keep to itself in what it leaves behind: its log, its metrics, its journal.
// The values are those that the suites of real processes send and configure.
package planted

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"net/url"
	"strings"
)

// Value is something that was planted.
type Value struct {
	// Name says what it is, as a failing test names it.
	Name string
	Text string
	// Short is for what occurs by chance inside longer numbers: it must stand alone.
	Short bool
}

// Values are all that is planted.
func Values() []Value {
	return []Value{
		{Name: "a card number", Text: "4111-1188-8888-4242"},
		{Name: "another card number", Text: "4111-1111-7777-1111"},
		{Name: "a buyer's phone number", Text: "010-4242-4242"},
		{Name: "another buyer's phone number", Text: "010-7777-1234"},
		{Name: "a birth number", Text: "900101", Short: true},
		{Name: "an identity number", Text: "9001012", Short: true},
		{Name: "a refund account", Text: "110-123-456789"},
		{Name: "PortOne V1's key", Text: "sandbox-imp-key"},
		{Name: "PortOne V1's secret", Text: "sandbox-imp-secret"},
		{Name: "PortOne V2's secret", Text: "sandbox-v2-secret"},
		{Name: "the secret of PortOne's webhooks", Text: "sandbox-portone-v2-hooks-0000001"},
		{Name: "the secret of the shop's messages", Text: "demo-shop-events-secret-00000001"},
		{Name: "Inicis' sign key", Text: "SU5JTElURV9UUklQTEVERVNfS0VZU1RS"},
		{Name: "Inicis' INIAPI key", Text: "ItEQKi3rY7uvDS8l"},
		{Name: "the order service's token", Text: "a-token-of-the-order-service"},
		{Name: "a buyer's bearer token, or a customer_uid", Text: "PLANTEDTOKEN0123456789abcdef"},
		{Name: "a cookie", Text: "PLANTEDCOOKIE"},
		{Name: "a buyer's name", Text: "PLANTEDNAME"},
	}
}

// Leak is a value that was found.
type Leak struct {
	Value Value
	// Form is how it was written there, At where.
	Form string
	At   int
}

func (l Leak) String() string {
	return fmt.Sprintf("%s (%s, at byte %d)", l.Value.Name, l.Form, l.At)
}

// Find returns the values that are in a text, each once.
func Find(text []byte) (leaks []Leak) {
	for _, v := range Values() {
		for _, n := range needles(v) {
			if at := n.in(text); at >= 0 {
				leaks = append(leaks, Leak{Value: v, Form: n.form, At: at})
				break
			}
		}
	}
	return leaks
}

// needle is one way to write a value.
type needle struct {
	form string
	text []byte
	// alone wants no letter or digit beside it.
	alone bool
}

func (n needle) in(text []byte) int {
	for from := 0; ; {
		at := bytes.Index(text[from:], n.text)
		if at < 0 {
			return -1
		}
		at += from
		if end := at + len(n.text); !n.alone || (at == 0 || !word(text[at-1])) && (end == len(text) || !word(text[end])) {
			return at
		}
		from = at + 1
	}
}

func word(b byte) bool {
	return b >= '0' && b <= '9' || b >= 'a' && b <= 'z' || b >= 'A' && b <= 'Z'
}

// needles are the ways to write a value: as it is, without its dashes or with spaces, escaped for URLs and JSON, and in
// base64 and hex.
func needles(v Value) (list []needle) {
	add := func(form, text string, alone bool) {
		list = append(list, needle{form, []byte(text), alone})
	}
	raws := map[string]string{"as it is": v.Text}
	if strings.ContainsAny(v.Text, "0123456789") && strings.Trim(v.Text, "0123456789-") == "" {
		raws["digits alone"], raws["with spaces"] = strings.ReplaceAll(v.Text, "-", ""), strings.ReplaceAll(v.Text, "-", " ")
	}
	for _, form := range []string{"as it is", "digits alone", "with spaces"} {
		raw, ok := raws[form]
		if !ok {
			continue
		}
		add(form, raw, v.Short || form == "digits alone")
		add(form+", in a URL", strings.ReplaceAll(url.QueryEscape(raw), "-", "%2D"), v.Short || form == "digits alone")
		add(form+", in a URL", percent(raw), false)
		add(form+", escaped in JSON", escaped(raw), false)
		add(form+", in hex", hex.EncodeToString([]byte(raw)), false)
		add(form+", in hex", strings.ToUpper(hex.EncodeToString([]byte(raw))), false)
		for _, enc := range []*base64.Encoding{base64.RawStdEncoding, base64.RawURLEncoding} {
			for before := range 3 {
				add(form+", in base64", within(enc, raw, before), false)
			}
		}
	}
	return list
}

// percent escapes every byte.
func percent(s string) string {
	var b strings.Builder
	for _, c := range []byte(s) {
		fmt.Fprintf(&b, "%%%02X", c)
	}
	return b.String()
}

// escaped is a text in JSON, character by character.
func escaped(s string) string {
	var b strings.Builder
	for _, c := range []byte(s) {
		fmt.Fprintf(&b, `\u%04x`, c)
	}
	return b.String()
}

// within is what a text leaves in base64 of a longer one, with so many bytes before it: the characters that nothing
// else has a share in.
func within(enc *base64.Encoding, s string, before int) string {
	text := enc.EncodeToString(append(make([]byte, before), s...))
	first := (before*8 + 5) / 6
	return text[first : (before+len(s))*8/6]
}
