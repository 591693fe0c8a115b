package formjson_test

import (
	"bytes"
	"fmt"
	"mime/multipart"
	"net/url"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/pg-gateway/pg-gateway/gateway/formjson"
)

const window = `{"window":{"kind":"a b","x":"가&=;"}}`

// TestAFormGetsOneFieldMore, and loses all that some reader takes for it.
func TestAFormGetsOneFieldMore(t *testing.T) {
	t.Parallel()
	added := "pg_window=" + url.QueryEscape(window)
	for _, tt := range []struct{ form, put, without string }{
		{"", added, ""},
		{"a=1", "a=1&" + added, "a=1"},
		{"a=1&&b=%zz+2&", "a=1&&b=%zz+2&&" + added, "a=1&&b=%zz+2&"},
		{"a=1&pg_window=x&b=2", "a=1&b=2&" + added, "a=1&b=2"},
		{"pg_window=x", added, ""},
		{"pg_window&pg_window=&a", "a&" + added, "a"},
		{"pg%5Fwindow=x&a", "a&" + added, "a"},
		{"pg.window=x&pg+window=x&+pg_window=x&a", "a&" + added, "a"},
		{"pg_window[]=x&pg_window%5Ba%5D[b]=x&a", "a&" + added, "a"},
		{"PG_Window=x&pg_window%00y=x&a", "a&" + added, "a"},
		{"pg[window=x&pg%5Bwindow=x&pg[window%00]=x&a", "a&" + added, "a"},
		{"pg_window+=x&pg_window%0A=x&!pg_window=x&a", "a&" + added, "a"},
		{"pg[window]=x&pg[windows=y&pg[window]x[y", "pg[window]=x&pg[windows=y&pg[window]x[y&" + added, "pg[window]=x&pg[windows=y&pg[window]x[y"},
		{"xpg_window=x&pg_windows=y&x[pg_window]=z", "xpg_window=x&pg_windows=y&x[pg_window]=z&" + added, "xpg_window=x&pg_windows=y&x[pg_window]=z"},
		{"a=1;b=pg_window", "a=1;b=pg_window&" + added, "a=1;b=pg_window"},
	} {
		if got, err := formjson.Put([]byte(tt.form), "pg_window", []byte(window)); err != nil || string(got) != tt.put {
			t.Errorf("%q: got %q %v, want %q", tt.form, got, err, tt.put)
		}
		if got, err := formjson.Put([]byte(tt.form), "pg_window", nil); err != nil || string(got) != tt.without {
			t.Errorf("%q without: got %q %v, want %q", tt.form, got, err, tt.without)
		}
	}
	for _, form := range []string{"a=1;pg_window=x", "pg_window=x;a=1", "b&a=1;PG.window"} {
		if got, err := formjson.Put([]byte(form), "pg_window", []byte(window)); err == nil {
			t.Errorf("%q: got %q", form, got)
		}
	}
}

// part is a part of a form as a browser sends it.
func part(name, value string) string {
	return "--B\r\nContent-Disposition: form-data; name=\"" + name + "\"\r\n\r\n" + value + "\r\n"
}

func TestPartsGetOneMore(t *testing.T) {
	t.Parallel()
	const end = "--B--\r\n"
	file := "--B\r\nContent-Disposition: form-data; name=\"f\"; filename=\"pg_window\"\r\nContent-Type: image/png\r\n\r\n\x00\xff\r\n--A\r\n\r\n"
	added := part("pg_window", window)
	for _, tt := range []struct{ form, put string }{
		{part("a", "1") + end, part("a", "1") + added + end},
		{part("a", "") + file + end, part("a", "") + file + added + end},
		{part("pg_window", "x") + file + part("pg.window", "y") + end, file + added + end},
		{end, added + end},
		{"\r\n" + part("a", "1") + end, "\r\n" + part("a", "1") + added + end},
		{part("pg_window ", "x") + part("!pg_window", "x") + part("pg[window", "x") + end, added + end},
		{part("'pg_window'", "x") + part("pg_window[]", "x") + part("PG_window", "x") + end, added + end},
		{strings.Replace(file, `name="f"`, `name="pg_window"`, 1) + end, added + end},
	} {
		if got, err := formjson.PutMultipart([]byte(tt.form), "B", "pg_window", []byte(window)); err != nil || string(got) != tt.put {
			t.Errorf("%q: got %q %v, want %q", tt.form, got, err, tt.put)
		}
	}
	for _, form := range []string{
		"preamble\r\n" + part("a", "1") + end, part("a", "1"), strings.ReplaceAll(part("a", "1")+end, "\r\n", "\n"),
		strings.Replace(part("a", "1")+end, "--B\r\n", "--B \r\n", 1), "", "\r\n",
		"\r\n\r\n" + part("a", "1") + end, "\n" + part("a", "1") + end, "\r" + part("a", "1") + end, " \r\n" + part("a", "1") + end,
		part("a", "1\r\n--B \r\nContent-Disposition: form-data; name=\"pg_window\"\r\n\r\nx") + end,
	} {
		if got, err := formjson.PutMultipart([]byte(form), "B", "pg_window", []byte(window)); err == nil {
			t.Errorf("%q: got %q", form, got)
		}
	}
	if got, err := formjson.PutMultipart([]byte("--w--"), "w", "pg_window", []byte(`{"buyer":"--w--"}`)); err == nil {
		t.Errorf("a boundary in a window: got %q", got)
	}
	if got, err := formjson.PutMultipart([]byte(file+end), "B", "pg_window", nil); err != nil || string(got) != file+end {
		t.Errorf("without a window: got %q %v", got, err)
	}
}

// TestAReaderFindsOnlyWhatWasPut, whatever else a form holds.
func TestAReaderFindsOnlyWhatWasPut(t *testing.T) {
	t.Parallel()
	names := rapid.SampledFrom([]string{"a", "pg_window", "PG_WINDOW", "pg.window", "pg_window[x]", " pg_window", "b[pg_window]", "pg_windo"})
	rapid.Check(t, func(rt *rapid.T) {
		fields := rapid.SliceOfN(names, 0, 6).Draw(rt, "fields")
		var plain []string
		var parts bytes.Buffer
		w := multipart.NewWriter(&parts)
		for n, name := range fields {
			value := fmt.Sprint(n)
			plain = append(plain, url.QueryEscape(name)+"="+value)
			if err := w.WriteField(name, value); err != nil {
				rt.Fatal(err)
			}
		}
		_ = w.Close()
		got, err := formjson.Put([]byte(strings.Join(plain, "&")), "pg_window", []byte(window))
		if err != nil {
			rt.Fatal(err)
		}
		if value, n := formjson.Find(string(got), "pg_window"); n != 1 || value != window {
			rt.Errorf("%q: %d times, %q", got, n, value)
		}
		rest := strings.TrimSuffix(strings.TrimSuffix(string(got), "pg_window="+url.QueryEscape(window)), "&")
		for _, pair := range plain {
			_, n := formjson.Find(pair, "pg_window")
			if kept := strings.Contains("&"+rest+"&", "&"+pair+"&"); kept != (n == 0) {
				rt.Errorf("%q in %q: %v", pair, got, kept)
			}
		}
		if len(fields) == 0 {
			return // is no form
		}
		got, err = formjson.PutMultipart(parts.Bytes(), w.Boundary(), "pg_window", []byte(window))
		if err != nil {
			rt.Fatalf("%q: %v", parts.String(), err)
		}
		form, err := multipart.NewReader(bytes.NewReader(got), w.Boundary()).ReadForm(1 << 20)
		if err != nil {
			rt.Fatalf("%q: %v", got, err)
		}
		for name, values := range form.Value {
			_, n := formjson.Find(url.QueryEscape(name), "pg_window")
			if n > 0 && (name != "pg_window" || len(values) != 1 || values[0] != window) {
				rt.Errorf("%q: %q", name, values)
			}
		}
	})
}
