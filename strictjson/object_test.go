package strictjson_test

import (
	"encoding/json"
	"testing"

	"pgregory.net/rapid"

	"github.com/pg-gateway/pg-gateway/strictjson"
)

// Whatever stands in a string, it is written as encoding/json writes it.
func TestStringsAreWrittenAsEncodingJSONDoes(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		s := rapid.OneOf(rapid.String(), rapid.Map(rapid.SliceOf(rapid.Byte()), func(b []byte) string { return string(b) }),
			rapid.StringOf(rapid.RuneFrom([]rune("a<>&\"\\\u2028\u2029\x7f\t한")))).Draw(rt, "s")
		want, err := json.Marshal(s)
		if err != nil {
			rt.Fatal(err)
		}
		if got := strictjson.AppendString([]byte("x"), s); string(got) != "x"+string(want) {
			rt.Fatalf("%q is written %s, encoding/json writes %s", s, got[1:], want)
		}
	})
}

func TestAnObjectIsWrittenAsAStructWouldBe(t *testing.T) {
	t.Parallel()
	type shape struct {
		A string `json:"a"`
		B string `json:"b,omitempty"`
		C int64  `json:"c"`
		D int64  `json:"d,omitempty"`
		E []int  `json:"e"`
	}
	for _, v := range []shape{{}, {A: "x", B: "y", C: -1, D: 2, E: []int{1}}, {B: `"`, D: 3}} {
		want, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		list, err := json.Marshal(v.E)
		if err != nil {
			t.Fatal(err)
		}
		o := strictjson.NewObject(nil).Text("a", v.A).Filled("b", v.B).Int("c", v.C).Counted("d", v.D).Name("e")
		if got := append(o, list...).End(); string(got) != string(want) {
			t.Errorf("%+v is written %s, want %s", v, got, want)
		}
	}
}

// TestAStringIsWrittenAsTheLibraryWritesIt, whatever its bytes are and wherever they stand: eight are looked at at once.
func TestAStringIsWrittenAsTheLibraryWritesIt(t *testing.T) {
	t.Parallel()
	const plain = "0123456789-abcdefghij"
	for c := range 256 {
		for at := range plain {
			s := plain[:at] + string([]byte{byte(c)}) + plain[at:]
			want, err := json.Marshal(s)
			if err != nil {
				t.Fatal(err)
			}
			if got := strictjson.AppendString(nil, s); string(got) != string(want) {
				t.Fatalf("%q became %s, want %s", s, got, want)
			}
		}
	}
}
