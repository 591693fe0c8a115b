package jsonplace_test

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/tidwall/gjson"
	"pgregory.net/rapid"

	"github.com/pg-gateway/pg-gateway/gateway/jsonplace"
	"github.com/pg-gateway/pg-gateway/strictjson"
)

// text draws a JSON text of few names, with odd spacing and escapes.
func text(rt *rapid.T, depth int) string {
	space := rapid.SampledFrom([]string{"", " ", "\n\t"})
	kind := 0
	if depth > 0 {
		kind = rapid.IntRange(0, 4).Draw(rt, "kind")
	}
	var b strings.Builder
	switch kind {
	case 0:
		return rapid.SampledFrom([]string{`1`, `-0.5e+2`, `12`, `true`, `null`, `"x"`, `"\\\""`, `"}"`, `"],["`, `""`, `"가"`}).
			Draw(rt, "scalar")
	case 1, 2:
		names := rapid.Permutation([]string{`"a"`, `"b"`, `"\u0063"`, `"0"`, `"d.e"`}).Draw(rt, "names")
		b.WriteString("{" + space.Draw(rt, "s"))
		for i, name := range names[:rapid.IntRange(0, len(names)).Draw(rt, "members")] {
			if i > 0 {
				b.WriteString("," + space.Draw(rt, "s"))
			}
			b.WriteString(name + space.Draw(rt, "s") + ":" + space.Draw(rt, "s") + text(rt, depth-1) + space.Draw(rt, "s"))
		}
		return b.String() + "}"
	}
	b.WriteString("[" + space.Draw(rt, "s"))
	for i := range rapid.IntRange(0, 3).Draw(rt, "items") {
		if i > 0 {
			b.WriteString("," + space.Draw(rt, "s"))
		}
		b.WriteString(text(rt, depth-1) + space.Draw(rt, "s"))
	}
	return b.String() + "]"
}

func path(rt *rapid.T) string {
	steps := rapid.SliceOfN(rapid.SampledFrom([]string{"a", "b", "c", "0", "1", "#", "x"}), 1, 4).Draw(rt, "steps")
	return strings.Join(steps, ".")
}

// TestOneWalkFindsWhatGJSONFinds: a path means what the documentation says it means, gjson's.
func TestOneWalkFindsWhatGJSONFinds(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		doc := text(rt, 4)
		var paths []string
		for range rapid.IntRange(1, 5).Draw(rt, "paths") {
			paths = append(paths, path(rt))
		}
		found, err := jsonplace.New(paths, "").Read(doc)
		if err != nil {
			rt.Fatalf("%s: %v", doc, err)
		}
		for id, p := range paths {
			want, got := gjson.Get(doc, p), found.Value(id)
			exists := want.Exists() && want.Type != gjson.Null
			if got.Exists() != exists || exists && got.String() != want.String() {
				rt.Errorf("%s of %s is %q (%v), to gjson %q (%v)", p, doc, got.String(), got.Exists(), want.String(), exists)
			}
			if !exists {
				continue
			}
			var items, wanted []string
			for _, i := range slices.Collect(got.Each) {
				items = append(items, i.String())
			}
			for _, i := range want.Array() {
				wanted = append(wanted, i.String())
			}
			if diff := cmp.Diff(wanted, items); diff != "" {
				rt.Errorf("items of %s of %s (-gjson +got)\n%s", p, doc, diff)
			}
		}
	})
}

// TestAReadingForgetsTheOneBefore: whatever was read with its memory, by whatever plan, and also when that broke off.
func TestAReadingForgetsTheOneBefore(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		var room jsonplace.Reading
		for range 4 {
			var paths []string
			for range rapid.IntRange(0, 5).Draw(rt, "paths") {
				paths = append(paths, path(rt))
			}
			plan, in := jsonplace.New(paths, rapid.SampledFrom([]string{"", "a", "b.x"}).Draw(rt, "put")), text(rt, 3)
			in = in[:rapid.SampledFrom([]int{len(in), len(in), len(in) / 2}).Draw(rt, "broken off")]
			want, wrong := plan.Read(in)
			got, err := plan.ReadInto(&room, in)
			if (err == nil) != (wrong == nil) {
				rt.Fatalf("%s: got %v instead of %v", in, err, wrong)
			}
			if err != nil {
				continue
			}
			for id, path := range paths {
				if got, want := got.Value(id), want.Value(id); !reflect.DeepEqual(got, want) {
					rt.Fatalf("%s of %s: got %+v instead of %+v", path, in, got, want)
				}
			}
			if got.CanPut() != want.CanPut() || got.Taken() != want.Taken() || got.CanPut() && string(got.Put([]byte("7"))) != string(want.Put([]byte("7"))) {
				rt.Fatalf("%s is changed in another way", in)
			}
			if rapid.Bool().Draw(rt, "given back") {
				room.Forget()
			}
		}
	})
}

// TestReadIsStrict: what strictjson refuses is refused, wherever it stands.
func TestReadIsStrict(t *testing.T) {
	t.Parallel()
	plan := jsonplace.New([]string{"a.b", "list.#.code", "list.0.code"}, "a.pg")
	for _, doc := range []string{
		`{"a":1,"a":2}`, `{"a":{"b":1,"B":2}}`, `{"x":{"y":1,"y":2}}`, `{"list":[{"code":1,"code":2}]}`, `{"a":}`, `{"a":1} x`,
		"{\"a\":\"\xff\"}", `{"a":"\ud800"}`, strings.Repeat("[", 40) + strings.Repeat("]", 40), ``, "\ufeff{}",
	} {
		_, err := plan.Read(doc)
		want := strictjson.Check([]byte(doc))
		if err == nil || want == nil || err.Error() != want.Error() {
			t.Errorf("%s: got %v, want %v", doc, err, want)
		}
	}
}

// TestCased: a name in another case is one that readers take for the plan's only at its place.
func TestCased(t *testing.T) {
	t.Parallel()
	plan := jsonplace.New([]string{"a.b", "list.#.code"}, "a.pg")
	for doc, want := range map[string]string{
		`{"a":{"b":1}}`: "", `{"x":{"A":1,"B":1}}`: "", `{"B":1}`: "", `{"a":{"PG":1}}`: "", `{"list":{"CODE":1}}`: "",
		`{"A":{"b":1}}`: "A", `{"a":{"\u0042":1}}`: "B", `{"list":[{"code":1},{"Code":1}]}`: "Code",
	} {
		found, err := plan.Read(doc)
		if err != nil || found.Cased() != want {
			t.Errorf("%s: got %q %v", doc, found.Cased(), err)
		}
	}
}

// TestUnlisted: where a list is looked for, an object is none.
func TestUnlisted(t *testing.T) {
	t.Parallel()
	plan := jsonplace.New([]string{"a.b", "list.#.x.code", "list.0.x.amt"}, "list.pg")
	for doc, want := range map[string]string{
		`{}`: "", `{"list":[{"x":{"code":1}}]}`: "", `{"list":null}`: "", `{"list":"x"}`: "", `{"a":{},"y":{"list":{}}}`: "",
		`{"list":{}}`: "list.#.x.code", `{"list":{"1":{"x":{"code":1}}}}`: "list.#.x.code",
	} {
		found, err := plan.Read(doc)
		if err != nil || found.Unlisted() != want {
			t.Errorf("%s: got %q %v", doc, found.Unlisted(), err)
		}
	}
}

// TestPutChangesThePlaceAndNothingElse: the place has the value afterwards, every byte before and behind it stands, and
// whatever is read elsewhere is what it was.
func TestPutChangesThePlaceAndNothingElse(t *testing.T) {
	t.Parallel()
	const value = `{"window":"여기"}`
	rapid.Check(t, func(rt *rapid.T) {
		doc := text(rt, 4)
		put := rapid.SampledFrom([]string{"pg", "a", "a.pg", "a.b", "a.b.c.pg", "c.pg", "a.0.pg", "0", "b.1"}).Draw(rt, "put")
		found, err := jsonplace.New(nil, put).Read(doc)
		if err != nil {
			rt.Fatalf("%s: %v", doc, err)
		}
		if !found.CanPut() {
			if !blocked(doc, put) {
				rt.Errorf("no place for %s in %s", put, doc)
			}
			return
		}
		got := string(found.Put([]byte(value)))
		if err := strictjson.Check([]byte(got)); err != nil {
			rt.Fatalf("%s with %s is %s: %v", doc, put, got, err)
		}
		if at := gjson.Get(got, put); at.Raw != value {
			rt.Errorf("%s with %s is %s", doc, put, got)
		}
		if found.Taken() != gjson.Get(doc, put).Exists() {
			rt.Errorf("%s has %s: %v", doc, put, found.Taken())
		}
		// What is left when the value is taken out again is the text that was there, but for what it stands instead of.
		before := 0
		for before < len(doc) && doc[before] == got[before] {
			before++
		}
		behind := 0
		for behind < len(doc)-before && doc[len(doc)-1-behind] == got[len(got)-1-behind] {
			behind++
		}
		gone := doc[before : len(doc)-behind]
		if old := gjson.Get(doc, put); old.Exists() && !strings.Contains(old.Raw, gone) {
			rt.Errorf("%s with %s is %s: %q is gone", doc, put, got, gone)
		} else if !old.Exists() && strings.Trim(gone, "nul") != "" {
			rt.Errorf("%s with %s is %s: %q is gone, and nothing was there", doc, put, got, gone)
		}
	})
}

// blocked is the plain way to see that there is no place: somewhere on the way stands what is neither object nor null.
func blocked(doc, put string) bool {
	steps := strings.Split(put, ".")
	at := gjson.Parse(doc)
	for i, s := range steps {
		switch {
		case at.IsObject():
		case at.IsArray() && at.Get(s).Exists():
		case i > 0 && at.Type == gjson.Null:
			return false
		default:
			return true
		}
		next := at.Get(s)
		if !next.Exists() {
			return !at.IsObject()
		}
		at = next
	}
	return false
}

func TestPut(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, doc, put, want string }{
		{"behind other members", "{ \"a\" : 1 ,\"n\":1e3\n}", "pg", "{ \"a\" : 1 ,\"n\":1e3\n,\"pg\":V}"},
		{"into an empty object", `{}`, "pg", `{"pg":V}`},
		{"instead of null", `{"p":{"pg": null }}`, "p.pg", `{"p":{"pg": V }}`},
		{"below null", `{"p":null}`, "p.pg.w", `{"p":{"pg":{"w":V}}}`},
		{"below nothing", `{"q":[1]}`, "p.pg.w", `{"q":[1],"p":{"pg":{"w":V}}}`},
		{"instead of a value", `{"pg":{"old":1},"z":0}`, "pg", `{"pg":V,"z":0}`},
		{"in an item", `{"l":[{"a":1}]}`, "l.0.pg", `{"l":[{"a":1,"pg":V}]}`},
		{"a name that needs escapes", `{}`, "결제", `{"결제":V}`},
		{"a list in the way", `{"p":[]}`, "p.pg", ""},
		{"a text in the way", `{"p":""}`, "p.pg", ""},
		{"a list at the top", `[]`, "p.pg", ""},
		{"null at the top", `null`, "p.pg", ""},
		{"no such item", `{"l":[]}`, "l.0.pg", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			found, err := jsonplace.New(nil, tt.put).Read(tt.doc)
			if err != nil {
				t.Fatal(err)
			}
			got := ""
			if found.CanPut() {
				got = string(found.Put([]byte("V")))
			}
			if got != tt.want {
				t.Errorf("got %s, want %s", got, tt.want)
			}
		})
	}
}

// TestAListLosesItemsAndNothingElse: what is left is what a reader of the whole would have made.
func TestAListLosesItemsAndNothingElse(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		space := rapid.SampledFrom([]string{"", " ", "\n\t"})
		n := rapid.IntRange(0, 6).Draw(rt, "items")
		drop := rapid.SliceOfN(rapid.Bool(), n, n).Draw(rt, "drop")
		var items []string
		wanted := []any{}
		for i := range n {
			items = append(items, space.Draw(rt, "s")+fmt.Sprintf(`{"code":"%d" , "use":"Y"}`, i)+space.Draw(rt, "s"))
			if !drop[i] {
				wanted = append(wanted, map[string]any{"code": fmt.Sprint(i), "use": "Y"})
			}
		}
		doc := `{"n": 1.0, "list":[` + strings.Join(items, ",") + `] }`
		found, err := jsonplace.New([]string{"list"}, "").Read(doc)
		if err != nil {
			rt.Fatal(err)
		}
		list, ok := found.List(0, "code", "use")
		if !ok || len(list) != n {
			rt.Fatalf("read %d items of %s", len(list), doc)
		}
		got := string(found.Change(jsonplace.Without(list, func(i int) bool { return drop[i] })))
		var read struct {
			List []any `json:"list"`
		}
		if err := json.Unmarshal([]byte(got), &read); err != nil || !reflect.DeepEqual(read.List, wanted) {
			rt.Errorf("%s without %v is %s: %v", doc, drop, got, err)
		}
		if !strings.HasPrefix(got, `{"n": 1.0, "list":[`) || !strings.HasSuffix(got, `] }`) {
			rt.Errorf("%s became %s", doc, got)
		}
	})
}

func TestAMemberOfAnItemIsSet(t *testing.T) {
	t.Parallel()
	const doc = `{"list":[{"code":"11","useYn":"Y" , "x":1},{"code":"12"},{}, 7]}`
	found, err := jsonplace.New([]string{"list"}, "").Read(doc)
	if err != nil {
		t.Fatal(err)
	}
	list, ok := found.List(0, "useYn")
	if !ok || len(list) != 4 || list[3].Object {
		t.Fatalf("read %+v", list)
	}
	var changes []jsonplace.Change
	for i := range list[:3] {
		changes = append(changes, list[i].Set(0, "useYn", `"N"`))
	}
	const want = `{"list":[{"code":"11","useYn":"N" , "x":1},{"code":"12","useYn":"N"},{"useYn":"N"}, 7]}`
	if got := string(found.Change(changes)); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if _, ok := found.List(1); ok {
		t.Error("there is a list at no path")
	}
}

func TestNumbersAndTexts(t *testing.T) {
	t.Parallel()
	found, err := jsonplace.New([]string{"n", "s", "l", "none"}, "").Read(`{"n":64900,"s":"64900","l":[1,"2"]}`)
	if err != nil {
		t.Fatal(err)
	}
	if raw, ok := found.Value(0).Number(); !ok || raw != "64900" {
		t.Errorf("got %q", raw)
	}
	for id := 1; id < 4; id++ {
		if raw, ok := found.Value(id).Number(); ok {
			t.Errorf("%d is the number %q", id, raw)
		}
	}
	if _, ok := jsonplace.Text("64900").Number(); ok {
		t.Error("a text is a number")
	}
}

// TestOneWalkCostsLittle holds what reading a usual answer allocates.
func TestOneWalkCostsLittle(t *testing.T) {
	plan := jsonplace.New([]string{"payload.ordNo", "payload.payAmt", "payload.goodsNm", "payload.taxFreeAmt", "payload.pgAmt"},
		"payload.pg")
	const doc = `{"code":"0000","message":"SUCCESS","payload":{"ordNo":"O-1","payAmt":64900,"goodsNm":"의자","taxFreeAmt":0,` +
		`"pgAmt":64900,"mileageAmt":0,"mileageBalance":3000},"error":false,"errors":[]}`
	got := testing.AllocsPerRun(100, func() {
		if _, err := plan.Read(doc); err != nil {
			t.Fatal(err)
		}
	})
	if got > 8 {
		t.Errorf("reading an answer allocates %v times", got)
	}
}
