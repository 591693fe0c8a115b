package formjson_test

import (
	"bytes"
	"errors"
	"mime/multipart"
	"net/url"
	"strings"
	"testing"

	"github.com/pg-gateway/pg-gateway/gateway/formjson"
)

// TestMultipartReadsAsTheFormDoes: the same fields give the same JSON, and files are left out.
func TestMultipartReadsAsTheFormDoes(t *testing.T) {
	t.Parallel()
	fields := [][2]string{{"pay[0][code]", "11"}, {"pay[1][code]", "32"}, {"amount", "64900"}, {"name", "홍 길동 & \"x\""}, {"empty", ""}}
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	var pairs []string
	for _, f := range fields {
		if err := w.WriteField(f[0], f[1]); err != nil {
			t.Fatal(err)
		}
		pairs = append(pairs, url.QueryEscape(f[0])+"="+url.QueryEscape(f[1]))
	}
	file, err := w.CreateFormFile("photo", "a.png")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := file.Write([]byte("\xff\xfe")); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	want, err := formjson.Convert([]byte(strings.Join(pairs, "&")))
	if err != nil {
		t.Fatal(err)
	}
	got, err := formjson.ConvertMultipart(b.Bytes(), w.Boundary())
	if err != nil || string(got) != string(want) {
		t.Errorf("got %s %v, want %s", got, err, want)
	}
}

func TestMultipartThatTwoReadersCouldReadDifferentlyIsRefused(t *testing.T) {
	t.Parallel()
	part := func(name, value string) string {
		return "--x\r\nContent-Disposition: form-data; name=\"" + name + "\"\r\n\r\n" + value + "\r\n"
	}
	for name, tt := range map[string]struct {
		body string
		want error
	}{
		"a name twice":          {part("a", "1") + part("a", "2") + "--x--\r\n", formjson.ErrDuplicate},
		"a name twice to PHP":   {part("a.b", "1") + part("a_b", "2") + "--x--\r\n", formjson.ErrDuplicate},
		"no end":                {part("a", "1"), formjson.ErrSyntax},
		"no name":               {"--x\r\nContent-Disposition: form-data\r\n\r\n1\r\n--x--\r\n", formjson.ErrSyntax},
		"two names of one part": {"--x\r\nContent-Disposition: form-data; name=a\r\nContent-Disposition: form-data; name=b\r\n\r\n1\r\n--x--\r\n", formjson.ErrSyntax},
		"not UTF-8":             {part("a", "\xff") + "--x--\r\n", formjson.ErrUTF8},
		"too many":              {strings.Repeat(part("a[]", "1"), formjson.MaxNames+1) + "--x--\r\n", formjson.ErrSyntax},
	} {
		if got, err := formjson.ConvertMultipart([]byte(tt.body), "x"); !errors.Is(err, tt.want) {
			t.Errorf("%s: got %s %v, want %v", name, got, err, tt.want)
		}
	}
}
