package strictjson_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/pg-gateway/pg-gateway/strictjson"
)

// wide is an object of n different keys, and then the given ones.
func wide(n int, more ...string) []byte {
	var b strings.Builder
	b.WriteByte('{')
	for i := range n {
		fmt.Fprintf(&b, `"a%d":0,`, i)
	}
	for _, key := range more {
		fmt.Fprintf(&b, `"%s":0,`, key)
	}
	return []byte(strings.TrimSuffix(b.String(), ",") + "}")
}

func TestDuplicatesAreFoundInWideObjects(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		text []byte
		want error
	}{
		{"no duplicate", wide(1000, "k", "s"), nil},
		{"of an early key", wide(1000, "a0"), strictjson.ErrDuplicate},
		{"of a late key", wide(1000, "a999"), strictjson.ErrDuplicate},
		{"in another case", wide(1000, "A0"), strictjson.ErrDuplicate},
		{"written with an escape", wide(1000, `\u0061999`), strictjson.ErrDuplicate},
		{"a Kelvin sign is a k", wide(1000, "K", "k"), strictjson.ErrDuplicate},
		{"a long s is an s", wide(1000, "ſ", "S"), strictjson.ErrDuplicate},
		{"Greek sigmas", wide(1000, "ς", "Σ"), strictjson.ErrDuplicate},
		{"where the list is full", wide(16, "a15"), strictjson.ErrDuplicate},
		{"right behind the list", wide(17, "a16"), strictjson.ErrDuplicate},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if err := strictjson.Check(tt.text); !errors.Is(err, tt.want) {
				t.Errorf("got %v, want %v", err, tt.want)
			}
		})
	}
}

// TestWideAndNarrowObjectsAgree holds the two ways of looking for duplicates against each other.
func TestWideAndNarrowObjectsAgree(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		key := rapid.StringOfN(rapid.RuneFrom([]rune("kKKſsSßẞσςΣéÉ가1")), 1, 3, -1)
		a, b := key.Draw(rt, "a"), key.Draw(rt, "b")
		narrow := strictjson.Check(wide(0, a, b)) == nil
		if wideOne := strictjson.Check(wide(20, a, b)) == nil; narrow != wideOne || narrow == strings.EqualFold(a, b) {
			rt.Fatalf("%q and %q: narrow says different=%t, wide %t", a, b, narrow, wideOne)
		}
	})
}

// TestAWideObjectIsReadInTime fails when keys are compared one by one: that takes most of a minute.
func TestAWideObjectIsReadInTime(t *testing.T) {
	t.Parallel()
	text := wide(90_000)
	start := time.Now()
	if err := strictjson.Check(text); err != nil {
		t.Fatal(err)
	}
	if took := time.Since(start); took > 5*time.Second {
		t.Errorf("an object of %d bytes took %v", len(text), took)
	}
}
