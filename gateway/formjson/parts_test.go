package formjson_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/pg-gateway/pg-gateway/gateway/formjson"
)

// partOf is a part with these header lines.
func partOf(value string, lines ...string) string {
	return "--B\r\n" + strings.Join(lines, "\r\n") + "\r\n\r\n" + value + "\r\n"
}

// TestPartsThatAreReadInOneWay, with what browsers and usual clients send.
func TestPartsThatAreReadInOneWay(t *testing.T) {
	t.Parallel()
	const said = `Content-Disposition: form-data; name="a"`
	for _, tt := range []struct{ body, want string }{
		{"--B--", "{}"},
		{"--B--\r\n", "{}"},
		{"\r\n" + partOf("1", said) + "--B--\r\n", `{"a":1}`},
		{partOf("1", said) + "--B--", `{"a":1}`},
		{partOf("", said) + "--B--\r\n", `{"a":""}`},
		{partOf("x\r\n\r\n--A\n-B", said) + "--B--\r\n", `{"a":"x\r\n\r\n--A\n-B"}`},
		{partOf("1", `content-disposition:form-data;NAME="a"`) + "--B--\r\n", `{"a":1}`},
		{partOf("1", `Content-Disposition: Form-Data;  name="가 '=나"`) + "--B--\r\n", `{"가 '=나":1}`},
		{partOf("1", "Content-Type: text/plain; charset=UTF-8", said) + "--B--\r\n", `{"a":1}`},
		{partOf("1", said, "content-type: application/json") + "--B--\r\n", `{"a":1}`},
		{partOf("\xff", said+`; filename="a, 'b'.png"`, "Content-Type: image/png") + "--B--\r\n", "{}"},
		{partOf("", said+`; filename=""`, "Content-Type: application/octet-stream") + "--B--\r\n", "{}"},
		{partOf("x", said+`; filename="f"`) + partOf("y", said+`; FileName="g"`, "Content-Type: odd") + "--B--\r\n", "{}"},
	} {
		if got, err := formjson.ConvertMultipart([]byte(tt.body), "B"); err != nil || string(got) != tt.want {
			t.Errorf("%q: got %s %v, want %s", tt.body, got, err, tt.want)
		}
		if got, err := formjson.PutMultipart([]byte(tt.body), "B", "pg_window", nil); err != nil || string(got) != tt.body {
			t.Errorf("%q became %q %v", tt.body, got, err)
		}
	}
}

// TestPartsThatTwoReadersCouldReadDifferently are neither read nor handed on.
func TestPartsThatTwoReadersCouldReadDifferently(t *testing.T) {
	t.Parallel()
	const said = `Content-Disposition: form-data; name="a"`
	fine := partOf("1", said)
	hidden := "Content-Disposition: form-data; name=\"pg_window\"\r\n\r\nmine"
	for name, body := range map[string]string{
		"a part behind the end":            fine + "--B--\r\n--B\r\n" + hidden + "\r\n--B--\r\n",
		"a text behind the end":            fine + "--B--\r\nx",
		"a line feed behind the end":       fine + "--B--\n",
		"two line ends behind the end":     fine + "--B--\r\n\r\n",
		"blanks behind the end":            fine + "--B-- \r\n",
		"two line ends before":             "\r\n\r\n" + fine + "--B--\r\n",
		"a line feed before":               "\n" + fine + "--B--\r\n",
		"a text before":                    "x\r\n" + fine + "--B--\r\n",
		"a bare line feed and a boundary":  partOf("1\n--B\r\n"+hidden, said) + "--B--\r\n",
		"a bare line feed and the end":     partOf("1\n--B--", said) + "--B--\r\n",
		"a bare return and a boundary":     partOf("1\r--B\r\n"+hidden, said) + "--B--\r\n",
		"a longer boundary":                partOf("1\r\n--Bx\r\n"+hidden, said) + "--B--\r\n",
		"a boundary in a value":            partOf("x--B", said) + "--B--\r\n",
		"a boundary in a name":             partOf("x", `Content-Disposition: form-data; name="--B"`) + "--B--\r\n",
		"a blank behind a boundary":        strings.Replace(fine, "--B", "--B ", 1) + "--B--\r\n",
		"no end":                           fine,
		"line feeds alone":                 strings.ReplaceAll(fine+"--B--\r\n", "\r\n", "\n"),
		"no headers":                       "--B\r\n\r\n1\r\n--B--\r\n",
		"no value":                         "--B\r\n" + said + "\r\n--B--\r\n",
		"no name":                          partOf("1", "Content-Disposition: form-data") + "--B--\r\n",
		"an empty name":                    partOf("1", `Content-Disposition: form-data; name=""`) + "--B--\r\n",
		"a type alone":                     partOf("1", "Content-Type: text/plain") + "--B--\r\n",
		"a name without quotes":            partOf("1", "Content-Disposition: form-data; name=a") + "--B--\r\n",
		"a name in other quotes":           partOf("1", "Content-Disposition: form-data; name='a'") + "--B--\r\n",
		"a name as mail writes it":         partOf("1", `Content-Disposition: form-data; name="=?UTF-8?Q?a?="`) + "--B--\r\n",
		"an open quote":                    partOf("1", `Content-Disposition: form-data; name="a`) + "--B--\r\n",
		"a backslash":                      partOf("1", `Content-Disposition: form-data; name="a\"; name=\"b"`) + "--B--\r\n",
		"a backslash in a file's name":     partOf("1", said+`; filename="C:\a"`) + "--B--\r\n",
		"a semicolon in a name":            partOf("1", `Content-Disposition: form-data; name="a; name=b"`) + "--B--\r\n",
		"a semicolon in a file's name":     partOf("1", said+`; filename="x; name=pg_window"`) + "--B--\r\n",
		"a second name":                    partOf("1", said+`; name="b"`) + "--B--\r\n",
		"a name behind a file's":           partOf("1", `Content-Disposition: form-data; filename="f"; name="a"`) + "--B--\r\n",
		"an extended name":                 partOf("1", `Content-Disposition: form-data; name*=utf-8''a`) + "--B--\r\n",
		"a second, extended name":          partOf("1", said+`; name*=utf-8''b`) + "--B--\r\n",
		"an extended name of a file":       partOf("1", said+`; filename="f"; filename*=utf-8''g`) + "--B--\r\n",
		"a name in pieces":                 partOf("1", `Content-Disposition: form-data; name*0="a"`) + "--B--\r\n",
		"another parameter":                partOf("1", said+`; size="1"`) + "--B--\r\n",
		"a semicolon at the end":           partOf("1", said+";") + "--B--\r\n",
		"a blank before an equals sign":    partOf("1", `Content-Disposition: form-data; name ="a"`) + "--B--\r\n",
		"a text behind a name":             partOf("1", said+"b") + "--B--\r\n",
		"a tab":                            partOf("1", "Content-Disposition: form-data;\tname=\"a\"") + "--B--\r\n",
		"another disposition":              partOf("1", `Content-Disposition: attachment; name="a"`) + "--B--\r\n",
		"a longer disposition":             partOf("1", `Content-Disposition: form-datax; name="a"`) + "--B--\r\n",
		"two dispositions":                 partOf("1", said, `Content-Disposition: form-data; name="b"`) + "--B--\r\n",
		"two dispositions in other cases":  partOf("1", said, `content-disposition: form-data; name="b"`) + "--B--\r\n",
		"two types":                        partOf("1", said, "Content-Type: text/plain", "Content-Type: text/plain") + "--B--\r\n",
		"a blank before a colon":           partOf("1", said, "Content-Type : text/plain") + "--B--\r\n",
		"a blank before a colon of a name": partOf("1", `Content-Disposition : form-data; name="a"`) + "--B--\r\n",
		"a folded line":                    partOf("1", "Content-Disposition: form-data;", ` name="a"`) + "--B--\r\n",
		"a folded line behind":             partOf("1", said, ` ; name="b"`) + "--B--\r\n",
		"a line feed in a header":          partOf("1", said+"\nContent-Disposition: form-data; name=\"b\"") + "--B--\r\n",
		"a NUL in a name":                  partOf("1", "Content-Disposition: form-data; name=\"a\x00b\"") + "--B--\r\n",
		"a transfer encoding":              partOf("MQ==", said, "Content-Transfer-Encoding: base64") + "--B--\r\n",
		"a line without a colon":           partOf("1", said, "x") + "--B--\r\n",
		"a field in another encoding":      partOf("1", said, "Content-Type: text/plain; charset=euc-kr") + "--B--\r\n",
		"a field's encoding in extended":   partOf("1", said, "Content-Type: text/plain; charset*=utf-8''utf-8") + "--B--\r\n",
		"a field that is a file to some":   partOf("1", said, "Content-Type: application/octet-stream") + "--B--\r\n",
		"a field of no type":               partOf("1", said, "Content-Type: text/plain;;x") + "--B--\r\n",
		"a file of parts":                  partOf("1", said+`; filename="f"`, "Content-Type: Multipart/mixed; boundary=C") + "--B--\r\n",
		"a file without a name":            partOf("1", said+`; filename=""`) + "--B--\r\n",
		"too many":                         strings.Repeat(partOf("", `Content-Disposition: form-data; name="a[]"`), formjson.MaxNames+1) + "--B--\r\n",
	} {
		if got, err := formjson.ConvertMultipart([]byte(body), "B"); !errors.Is(err, formjson.ErrSyntax) {
			t.Errorf("%s is read: %s %v", name, got, err)
		}
		if got, err := formjson.PutMultipart([]byte(body), "B", "pg_window", []byte(window)); !errors.Is(err, formjson.ErrSyntax) {
			t.Errorf("%s gets a window: %q %v", name, got, err)
		}
	}
}

// TestAFileIsNoField: some readers keep files and fields in one place.
func TestAFileIsNoField(t *testing.T) {
	t.Parallel()
	field, file := partOf("1", `Content-Disposition: form-data; name="a"`), partOf("", `Content-Disposition: form-data; name="A"; filename=""`)
	for _, body := range []string{field + file, file + field} {
		if got, err := formjson.ConvertMultipart([]byte(body+"--B--\r\n"), "B"); !errors.Is(err, formjson.ErrDuplicate) {
			t.Errorf("%q: got %s %v", body, got, err)
		}
	}
}

// TestAFormHasRoomForItsWindow: PHP drops what comes behind its first 1000 fields.
func TestAFormHasRoomForItsWindow(t *testing.T) {
	t.Parallel()
	form := func(n int, by string) []byte { return []byte(strings.TrimSuffix(strings.Repeat("a[]=1"+by, n), by)) }
	parts := func(n int) []byte {
		return []byte(strings.Repeat(partOf("", `Content-Disposition: form-data; name="a[]"`), n) + "--B--\r\n")
	}
	for _, by := range []string{"&", ";"} {
		if _, err := formjson.Put(form(formjson.MaxNames-1, by), "pg_window", []byte(window)); err != nil {
			t.Errorf("%q: %v", by, err)
		}
		if _, err := formjson.Put(form(formjson.MaxNames, by), "pg_window", []byte(window)); !errors.Is(err, formjson.ErrSyntax) {
			t.Errorf("%q: one too many: %v", by, err)
		}
		if _, err := formjson.Put(form(formjson.MaxNames, by), "pg_window", nil); err != nil {
			t.Errorf("%q without a window: %v", by, err)
		}
	}
	if _, err := formjson.PutMultipart(parts(formjson.MaxNames-1), "B", "pg_window", []byte(window)); err != nil {
		t.Error(err)
	}
	if _, err := formjson.PutMultipart(parts(formjson.MaxNames), "B", "pg_window", []byte(window)); !errors.Is(err, formjson.ErrSyntax) {
		t.Errorf("one too many: %v", err)
	}
	if _, err := formjson.PutMultipart(parts(formjson.MaxNames), "B", "pg_window", nil); err != nil {
		t.Errorf("without a window: %v", err)
	}
}

// TestAFormsPiecesAreBounded, so that a form of a million semicolons costs nothing.
func TestAFormsPiecesAreBounded(t *testing.T) {
	t.Parallel()
	for _, form := range []string{
		"a=" + strings.Repeat(";", 1<<20), strings.Repeat("&", 1<<20), strings.Repeat("a;&", formjson.MaxNames/2),
	} {
		if _, err := formjson.Convert([]byte(form)); !errors.Is(err, formjson.ErrSyntax) {
			t.Errorf("%.9q is read: %v", form, err)
		}
		for _, value := range [][]byte{nil, []byte(window)} {
			if _, err := formjson.Put([]byte(form), "pg_window", value); !errors.Is(err, formjson.ErrSyntax) {
				t.Errorf("%.9q is looked through: %v", form, err)
			}
		}
	}
	if _, err := formjson.Convert([]byte("a=" + strings.Repeat(";", formjson.MaxNames-1))); err != nil {
		t.Error(err)
	}
}

// TestAQueryIsClear only where every reader finds the same under a name.
func TestAQueryIsClear(t *testing.T) {
	t.Parallel()
	for query, want := range map[string]bool{
		"": true, "x": true, "od_id=O-1": true, "x=%zz&od%5Fid=%4F": true, "x=1;y": true, "&&od_id=": true, "x[od_id]=1": true,
		"od_i%64%00%zz=O-2": false, "%zz": false, "x=1;%z": false, "x&%": false, "%u006fd_id=1": false,
		"od_id=%4F%zz": false, "od_id=%": false, "od.id=O-2": false, "OD_ID=O-2": false, "od_id[]=O-2": false, "od_id%00=O-2": false,
		"od[id=O-2": false, "od%5Bid=O-2": false, "od[id%00]=O-2": false, "od_id+=O-2": false, "!od_id=O-2": false, "od[ids=O-2": true,
		"od[id]=O-2": true, "od_id=O-1;x": false, "x;od_id=O-2": false, "x=;od.id=O-2": false,
	} {
		if got := formjson.IsClear(query, "od_id"); got != want {
			t.Errorf("%q: got %v", query, got)
		}
	}
}
