package strictjson_test

import (
	"encoding/json"
	"errors"
	"strconv"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/pg-gateway/pg-gateway/strictjson"
)

// uniqueByTokens is the slow and plain way to look for names that occur twice.
func uniqueByTokens(dec *json.Decoder) bool {
	tok, _ := dec.Token()
	open, ok := tok.(json.Delim)
	if !ok {
		return true
	}
	seen := map[string]bool{}
	for dec.More() {
		if open == '{' {
			name, _ := dec.Token()
			if seen[name.(string)] {
				return false
			}
			seen[name.(string)] = true
		}
		if !uniqueByTokens(dec) {
			return false
		}
	}
	_, _ = dec.Token()
	return true
}

// jsonText draws a valid JSON text with few different names, odd spacing and escapes.
func jsonText(rt *rapid.T, depth int) string {
	space := rapid.SampledFrom([]string{"", " ", "\n\t", "\r"})
	name := rapid.SampledFrom([]string{`"a"`, `"b"`, `"\u0061"`, `"A"`, `"\""`, `"\\"`, `""`, `"{"`, `"가"`, `"\uAC00"`, `"\ud800"`, `"\ud801\u0061"`})
	scalar := rapid.SampledFrom([]string{`1`, `-0.5e+2`, `true`, `null`, `"x"`, `"\\\""`, `"}"`, `"],["`, `""`})
	kind := 0
	if depth > 0 {
		kind = rapid.IntRange(0, 2).Draw(rt, "kind")
	}
	if kind == 0 {
		return scalar.Draw(rt, "scalar")
	}
	var parts []string
	for range rapid.IntRange(0, 3).Draw(rt, "n") {
		s := space.Draw(rt, "space")
		part := s + jsonText(rt, depth-1) + s
		if kind == 1 {
			part = s + name.Draw(rt, "name") + s + ":" + part
		}
		parts = append(parts, part)
	}
	inner := strings.Join(parts, ",") + space.Draw(rt, "inner")
	if kind == 1 {
		return "{" + inner + "}"
	}
	return "[" + inner + "]"
}

func TestCheckExactAgreesWithTheSlowWay(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		text := jsonText(rt, 4)
		want := uniqueByTokens(json.NewDecoder(strings.NewReader(text)))
		if err := strictjson.CheckExact([]byte(text)); (err == nil) != want {
			rt.Fatalf("%q: got %v, want unique=%t", text, err, want)
		}
	})
}

func TestCheckExactInWideObjects(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	for i := range 100 {
		b.WriteString(`"a` + strconv.Itoa(i) + `":0,`)
	}
	for last, fine := range map[string]bool{`"b":0`: true, `"a0":0`: false, `"a99":0`: false, `"\u0061` + `7":0`: false} {
		if err := strictjson.CheckExact([]byte("{" + b.String() + last + "}")); (err == nil) != fine {
			t.Errorf("with %s: %v", last, err)
		}
	}
}

func BenchmarkCheckExact(b *testing.B) {
	text := []byte(`{"order_id":"ORD-1","amount":64900,"tax_free":0,"currency":"KRW","order_name":"노르웨이 회전 의자","status":"waiting"}`)
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		if err := strictjson.CheckExact(text); err != nil {
			b.Fatal(err)
		}
	}
}

func TestCheckExactRefusesWhatCheckDoesButForCaseAndHalfPairs(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]error{
		`{"amount":1,"Amount":2}`:            nil,
		`{"name":"의자 \ud83e","a":"\ud83eb"}`: nil,
		`{"\ud83e":1,"\udc00":2}`:            strictjson.ErrDuplicate, // both are read as U+FFFD
		`{"a":"\ud83e\u00"}`:                 strictjson.ErrSyntax,
		`{"amount":1,"amoun\u0074":2}`:       strictjson.ErrDuplicate,
		"\"\xff\"":                           strictjson.ErrUTF8,
		"\ufeff{}":                           strictjson.ErrSyntax,
		`{} {}`:                              strictjson.ErrSyntax,
		strings.Repeat("[", 33) + strings.Repeat("]", 33): strictjson.ErrSyntax,
	} {
		if err := strictjson.CheckExact([]byte(text)); !errors.Is(err, want) {
			t.Errorf("%s: got %v, want %v", text, err, want)
		}
	}
}
