package wire_test

import (
	"errors"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/pg-gateway/pg-gateway/adapters/onewrite"
	"github.com/pg-gateway/pg-gateway/adapters/wire"
	"github.com/pg-gateway/pg-gateway/payment"
)

func TestObjectReadsNumbersAndTexts(t *testing.T) {
	t.Parallel()
	o, err := wire.ParseObject([]byte(`{"code":"0000","n":7,"won":"64900","price":64900,"null":null,"yes":true,"in":{"a":"b"},"list":[{"x":1}]}`))
	if err != nil {
		t.Fatal(err)
	}
	in, ok := o.Object("in")
	yes, known := o.Bool("yes")
	_, unknown := o.Bool("no")
	if o.Text("code") != "0000" || o.Text("n") != "7" || o.WonText("won") != 64_900 || o.Won("price") != 64_900 ||
		o.Text("null") != "" || o.Has("null") || !ok || in.Text("a") != "b" || !yes || !known || unknown ||
		len(o.Objects("list")) != 1 || o.Objects("none") != nil || o.Err() != nil {
		t.Errorf("misread %+v: %v", o, o.Err())
	}
}

func TestObjectComplainsOnlyAboutWhatIsAskedFor(t *testing.T) {
	t.Parallel()
	const text = `{"a":1,"a":2,"b":"x","in":{"c":1,"c":2},"price":"64900"}`
	for name, tt := range map[string]struct {
		ask  func(wire.Object)
		fine bool
	}{
		"a field that is there once":  {func(o wire.Object) { o.Text("b") }, true},
		"a field that is there twice": {func(o wire.Object) { o.Text("a") }, false},
		"an inner field that is there twice": {func(o wire.Object) {
			in, _ := o.Object("in")
			in.Text("c")
		}, false},
		"a missing field":                  {func(o wire.Object) { o.Required("z") }, false},
		"an amount that must be a number":  {func(o wire.Object) { o.Won("price") }, false},
		"an amount that may be text":       {func(o wire.Object) { o.WonText("price") }, true},
		"another spelling is not the same": {func(o wire.Object) { o.Required("B") }, false},
		"text for an object":               {func(o wire.Object) { o.Object("b") }, false},
		"text for a list":                  {func(o wire.Object) { o.Objects("b") }, false},
		"text for a yes or no":             {func(o wire.Object) { o.Bool("b") }, false},
		"an object for a text":             {func(o wire.Object) { o.Text("in") }, false},
	} {
		o, err := wire.ParseObject([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		tt.ask(o)
		if err := o.Err(); (err == nil) != tt.fine || err != nil && !errors.Is(err, wire.ErrShape) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestCheckUnique(t *testing.T) {
	t.Parallel()
	for text, fine := range map[string]bool{
		`{"a":1,"b":{"a":1},"c":[{"a":1},{"a":2}]}`: true,
		`[]`: true, `1`: true, `"x"`: true, `[1,[2,{"a":[]}]]`: true,
		`{"a":1,"a":1}`: false, `{"x":{"a":1,"\u0061":2}}`: false, `[{"a":1,"b":2,"a":3}]`: false,
		`{"a":1}{"a":2}`: false, `{`: false, "": false, "{\"a\":\"\xff\"}": false,
		strings.Repeat("[", 65) + strings.Repeat("]", 65): false,
		`{"a":"[[[[{{{{\"{"}`:                             true,
	} {
		if err := wire.CheckUnique([]byte(text)); (err == nil) != fine {
			t.Errorf("%s: %v", text, err)
		}
	}
}

func TestSendNeverShowsTheAddressInAnError(t *testing.T) {
	t.Parallel()
	for _, address := range []string{"http://127.0.0.1:1/path?pg_api_key=hidden", "http://127.0.0.1:1/%zz?pg_api_key=hidden"} {
		_, err := wire.Send(t.Context(), onewrite.New(onewrite.Options{}), wire.Request{Method: "POST", URL: address})
		if !errors.Is(err, onewrite.ErrNotSent) || strings.Contains(err.Error(), "hidden") {
			t.Errorf("got %v", err)
		}
	}
}

func TestJSONLeavesTextAsItIs(t *testing.T) {
	t.Parallel()
	got, err := wire.JSON(map[string]string{"msg": "A/S & <환불>"})
	if err != nil || got != `{"msg":"A/S & <환불>"}` {
		t.Errorf("got %s, %v", got, err)
	}
}

func TestAmountsAreWholeOrRefused(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		text := rapid.OneOf(rapid.StringMatching(`-?[0-9]{0,12}(\.[0-9]{0,3})?([eE][+-]?[0-9]{0,2})?`), rapid.String()).Draw(rt, "amount")
		o, err := wire.ParseObject([]byte(`{"amount":` + text + `}`))
		if err != nil {
			return
		}
		got := o.Won("amount")
		if o.Err() == nil && (got.String() != strings.TrimSpace(text) || got < 0 || got > payment.MaxWon) {
			rt.Fatalf("%q was read as %d", text, got)
		}
	})
}
