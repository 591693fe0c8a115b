package formjson_test

import (
	"bytes"
	"errors"
	"io"
	"mime/multipart"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/pg-gateway/pg-gateway/gateway/formjson"
)

// field is a name and its value, as some reader gives it.
type field struct{ name, value string }

// goFields reads a form as Go does.
func goFields(form string) (list []field) {
	for pair := range strings.SplitSeq(form, "&") {
		if pair == "" || strings.Contains(pair, ";") {
			continue // which url.ParseQuery leaves out
		}
		name, value, _ := strings.Cut(pair, "=")
		n, errName := url.QueryUnescape(name)
		v, errValue := url.QueryUnescape(value)
		if errName == nil && errValue == nil {
			list = append(list, field{n, v})
		}
	}
	return list
}

// anyFields reads a form as servers do that know semicolons, and leave a bad escape as it stands.
func anyFields(form string) (list []field) {
	for pair := range strings.FieldsFuncSeq(form, func(r rune) bool { return r == '&' || r == ';' }) {
		name, value, _ := strings.Cut(pair, "=")
		list = append(list, field{unescapeAll(name), unescapeAll(value)})
	}
	return list
}

// unescapeAll decodes what is a code, as PHP does.
func unescapeAll(s string) string {
	return regexp.MustCompile(`%[0-9A-Fa-f]{2}`).ReplaceAllStringFunc(strings.ReplaceAll(s, "+", " "), func(code string) string {
		out, err := url.PathUnescape(code)
		if err != nil {
			return code
		}
		return out
	})
}

// phpVariable is the variable that PHP makes of a name, written by php_variables.c; empty for none.
func phpVariable(name string) string {
	name, _, _ = strings.Cut(strings.TrimLeft(name, " "), "\x00")
	if at := strings.IndexByte(name, '['); at >= 0 && (at == 0 || strings.Contains(name[at:], "]")) {
		name = name[:at]
	}
	return strings.NewReplacer(".", "_", " ", "_", "[", "_").Replace(name)
}

// partFields reads parts as Go does; ok is false when it cannot.
func partFields(body []byte, boundary string) (list []field, ok bool) {
	for r := multipart.NewReader(bytes.NewReader(body), boundary); ; {
		p, err := r.NextRawPart()
		if err != nil {
			return list, errors.Is(err, io.EOF)
		}
		value, err := io.ReadAll(p)
		if err != nil {
			return list, false
		}
		list = append(list, field{p.FormName(), string(value)})
	}
}

// phpParts reads parts line by line, as PHP does: one begins behind any line that is the boundary, and ends at any line
// that begins with it.
func phpParts(body, boundary string) (list []field) {
	name := regexp.MustCompile(`(?i)^content-disposition:.*[; ]name="([^"]*)"`)
	lines := strings.SplitAfter(body, "\n")
	for n := 0; n < len(lines); {
		if strings.TrimRight(lines[n], "\r\n") != "--"+boundary {
			n++
			continue
		}
		var f field
		for n++; n < len(lines) && strings.TrimRight(lines[n], "\r\n") != ""; n++ {
			if m := name.FindStringSubmatch(lines[n]); m != nil {
				f.name = m[1]
			}
		}
		var value strings.Builder
		for n++; n < len(lines) && !strings.HasPrefix(lines[n], "--"+boundary); n++ {
			value.WriteString(lines[n])
		}
		f.value = strings.TrimSuffix(strings.TrimSuffix(value.String(), "\n"), "\r")
		list = append(list, f)
	}
	return list
}

// isTaken tells whether some reader takes a field for the window.
func isTaken(name string) bool {
	for _, n := range []string{name, strings.TrimSpace(name), strings.TrimLeft(name, "!"), strings.Trim(name, `"'`)} {
		if strings.EqualFold(phpVariable(n), "pg_window") {
			return true
		}
	}
	return false
}

// hold checks what a reader finds: the window, if there is one, behind all else and once, and of all else what it found
// before but what was taken for the window.
func hold(t *testing.T, how string, before, after []field, put string) {
	t.Helper()
	if put != "" {
		if n := len(after); n == 0 || after[n-1] != (field{"pg_window", put}) {
			t.Fatalf("%s: the window is not at the end of %q", how, after)
		}
		after = after[:len(after)-1]
	}
	at := 0
	for _, f := range before {
		switch {
		case at < len(after) && after[at] == f && !isTaken(f.name):
			at++
		case !isTaken(f.name):
			// What no reader that we know takes for the window may be left out where a stranger one could.
			if _, n := formjson.Find(url.QueryEscape(f.name), "pg_window"); n == 0 {
				t.Fatalf("%s: %q is gone of %q", how, f, after)
			}
		}
	}
	if at != len(after) {
		t.Fatalf("%s: %q became %q", how, before, after)
	}
}

// FuzzPut: what is put into a form is what every reader finds there, all else is as it was, and doing it again changes
// nothing.
func FuzzPut(f *testing.F) {
	for _, seed := range []string{
		"", "a=1&b[]=2", "pg_window=x&a", "pg.window=x", "pg[window=x", "pg[window%00]=x&a=%zz", "a=1;b=2", "a;PG_Window", "&&", "!pg_window=1&+pg_window+=2",
		"%22pg_window%22=x", "pg_window[a][b]=x", "=pg_window", "pg%5fwindow;",
	} {
		f.Add(seed, window)
	}
	f.Fuzz(func(t *testing.T, form, value string) {
		for _, put := range []string{"", value} {
			var text []byte
			if put != "" {
				text = []byte(put)
			}
			got, err := formjson.Put([]byte(form), "pg_window", text)
			if again, errAgain := formjson.Put([]byte(form), "pg_window", text); !bytes.Equal(again, got) || (err == nil) != (errAgain == nil) {
				t.Fatalf("%q became %q %v, and then %q %v", form, got, err, again, errAgain)
			}
			if err != nil {
				continue
			}
			hold(t, "Go", goFields(form), goFields(string(got)), put)
			hold(t, "others", anyFields(form), anyFields(string(got)), put)
			if twice, err := formjson.Put(got, "pg_window", text); err != nil || !bytes.Equal(twice, got) {
				t.Fatalf("%q, put again, became %q %v", got, twice, err)
			}
		}
	})
}

// FuzzPutMultipart is FuzzPut for a body of parts.
func FuzzPutMultipart(f *testing.F) {
	const end = "--B--\r\n"
	for _, seed := range []string{
		end, part("a", "1") + end, part("pg_window", "x") + part("a", "") + end, "\r\n" + part("pg.window", "x\r\n") + "--B--",
		part("a", "1\n--B\r\n") + end, part("pg[window", "--") + part(" pg_window ", "\r\n\r\n") + end, partOf("x", `content-disposition:form-data;NAME="a"; filename="b"`) + end,
		partOf("1", "Content-Type: text/plain; charset=UTF-8", `Content-Disposition: form-data; name="=?UTF-8?Q?pg=5Fwindow?="`) + end,
	} {
		f.Add([]byte(seed), "B", []byte(window))
	}
	f.Fuzz(func(t *testing.T, body []byte, boundary string, value []byte) {
		// A window is JSON, in one line; a boundary is a token of at most 70 bytes.
		if !regexp.MustCompile(`^[0-9A-Za-z_.'+-]{1,70}$`).MatchString(boundary) || bytes.ContainsAny(value, "\r\n") {
			return
		}
		for _, put := range [][]byte{nil, value} {
			got, err := formjson.PutMultipart(body, boundary, "pg_window", put)
			if again, errAgain := formjson.PutMultipart(body, boundary, "pg_window", put); !bytes.Equal(again, got) || (err == nil) != (errAgain == nil) {
				t.Fatalf("%q became %q %v, and then %q %v", body, got, err, again, errAgain)
			}
			if err != nil {
				continue
			}
			said := string(put)
			if put == nil {
				said = ""
			} else if said == "" {
				continue // no window is empty
			}
			before, _ := partFields(body, boundary)
			after, ok := partFields(got, boundary)
			if ok {
				hold(t, "Go", before, after, said)
			}
			hold(t, "PHP", phpParts(string(body), boundary), phpParts(string(got), boundary), said)
			if twice, err := formjson.PutMultipart(got, boundary, "pg_window", put); err != nil || !bytes.Equal(twice, got) {
				t.Fatalf("%q, put again, became %q %v", got, twice, err)
			}
		}
	})
}
