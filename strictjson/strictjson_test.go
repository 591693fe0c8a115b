package strictjson_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/pg-gateway/pg-gateway/strictjson"
)

func TestCheck(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		text string
		want error
	}{
		{"an object", `{"a":1,"b":[true,false,null,"x\n한\uD55C",-1.5e+3]}`, nil},
		{"a surrogate pair", `"\ud83d\ude00"`, nil},
		{"a duplicate key", `{"amount":1,"amount":2}`, strictjson.ErrDuplicate},
		{"a duplicate that differs in case", `{"amount":1,"Amount":2}`, strictjson.ErrDuplicate},
		{"a duplicate written with an escape", `{"amount":1,"amoun\u0074":2}`, strictjson.ErrDuplicate},
		{"a duplicate far down", `{"a":[{"b":{"c":1,"c":1}}]}`, strictjson.ErrDuplicate},
		{"the same key in two objects", `[{"a":1},{"a":1}]`, nil},
		{"a byte order mark", "\ufeff{}", strictjson.ErrSyntax},
		{"two values", `{} {}`, strictjson.ErrSyntax},
		{"nothing", ``, strictjson.ErrSyntax},
		{"a trailing comma", `{"a":1,}`, strictjson.ErrSyntax},
		{"a trailing comma in an array", `[1,]`, strictjson.ErrSyntax},
		{"a leading zero", `{"a":010}`, strictjson.ErrSyntax},
		{"a bare word", `nul`, strictjson.ErrSyntax},
		{"an open string", `"abc`, strictjson.ErrSyntax},
		{"a control character", "\"a\nb\"", strictjson.ErrSyntax},
		{"a lone surrogate", `"\ud83d"`, strictjson.ErrUTF8},
		{"a broken surrogate pair", `"\ud83dA"`, strictjson.ErrUTF8},
		{"bytes that are not UTF-8", "\"\xff\"", strictjson.ErrUTF8},
		{"deep nesting", strings.Repeat("[", 33) + strings.Repeat("]", 33), strictjson.ErrSyntax},
		{"allowed nesting", strings.Repeat("[", 32) + strings.Repeat("]", 32), nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			err := strictjson.Check([]byte(tt.text))
			if !errors.Is(err, tt.want) {
				t.Fatalf("Check(%q) = %v, want %v", tt.text, err, tt.want)
			}
			var e *strictjson.Error
			if errors.As(err, &e) && (e.Msg == "" || !strings.ContainsFunc(e.MsgKo, func(c rune) bool { return c >= '가' && c <= '힣' }) || !strings.Contains(e.Korean(), e.MsgKo)) {
				t.Errorf("says %q and %q", e, e.Korean())
			}
		})
	}
}

func TestFlagTakesBothSpellings(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		`true`: "true", `false`: "false", `"true"`: "true", `"false"`: "false",
		`"False"`: "", `1`: "", `null`: "", `""`: "", `{}`: "", `falsetto`: "", `"true`: "", ``: "",
	} {
		r, err := strictjson.NewReader([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		got, err := r.Flag()
		if err == nil {
			err = r.End()
		}
		if (err == nil) != (want != "") || err == nil && got != (want == "true") {
			t.Errorf("%s: got %v, %v", text, got, err)
		}
	}
}

func TestIntTakesOnlyPlainIntegers(t *testing.T) {
	t.Parallel()
	tests := []struct {
		text string
		want int64
		ok   bool
	}{
		{"0", 0, true},
		{"129000", 129000, true},
		{"-1", 0, false},
		{"1.0", 0, false},
		{"1e3", 0, false},
		{`"100"`, 0, false},
		{"null", 0, false},
		{"9999999999999999", 0, false},
	}
	for _, tt := range tests {
		r, err := strictjson.NewReader([]byte(tt.text))
		if err != nil {
			t.Fatal(err)
		}
		got, err := r.Int()
		if (err == nil) != tt.ok || got != tt.want {
			t.Errorf("Int(%s) = %d, %v", tt.text, got, err)
		}
		if !tt.ok && !errors.Is(err, strictjson.ErrType) {
			t.Errorf("Int(%s): %v is not a type error", tt.text, err)
		}
	}
}

func TestErrorsNameThePath(t *testing.T) {
	t.Parallel()
	err := strictjson.Check([]byte(`{"payments":[{"method":"card"},{"method":"card","method":"x"}]}`))
	var e *strictjson.Error
	if !errors.As(err, &e) || e.Path != "payments.1.method" {
		t.Fatalf("got %v, want a fault at payments.1.method", err)
	}
}

// FuzzCheck holds strictjson against encoding/json: whatever it accepts is valid JSON, and whatever it
// refuses as syntax is invalid or nested too deep.
func FuzzCheck(f *testing.F) {
	for _, s := range []string{`{"a":1}`, `[1,2,{"b":"\u00e9"}]`, `{"a":1,"a":2}`, `-0.5e-2`, `"\ud83d\ude00"`, ` null `, "[[[", `{"a":010}`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		err := strictjson.Check(b)
		valid := json.Valid(b)
		if err == nil && !valid {
			t.Fatalf("accepted %q, which is not JSON", b)
		}
		if errors.Is(err, strictjson.ErrSyntax) && valid && !strings.Contains(err.Error(), "deep") {
			t.Fatalf("refused %q: %v", b, err)
		}
	})
}
