package formjson_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/pg-gateway/pg-gateway/gateway/formjson"
	"github.com/pg-gateway/pg-gateway/strictjson"
)

func TestConvert(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, form, want string
		err              error
	}{
		{"nothing", "", `{}`, nil},
		{"plain names", "order_id=O-1&amount=64900", `{"order_id":"O-1","amount":64900}`, nil},
		{"escapes", "name=%ED%99%8D+%EA%B8%B8%EB%8F%99&a%5Bb%5D=1%262", `{"name":"홍 길동","a":{"b":"1\u00262"}}`, nil},
		{"a list", "pay[]=11&pay[]=32", `{"pay":[11,32]}`, nil},
		{"a list of objects", "pay[0][code]=11&pay[0][amt]=100&pay[1][code]=32", `{"pay":[{"code":11,"amt":100},{"code":32}]}`, nil},
		{"an index that starts elsewhere", "pay[1]=11", `{"pay":{"1":11}}`, nil},
		{"numbers at the top stay names", "0=a&1=b", `{"0":"a","1":"b"}`, nil},
		{"what is no plain number stays text", "tel=01012345678&big=1234567890123456&f=1.0&s=-1&e=", `{"tel":"01012345678","big":"1234567890123456","f":"1.0","s":"-1","e":""}`, nil},
		{"no value", "a&b=", `{"a":"","b":""}`, nil},
		{"empty pairs", "&&a=1&", `{"a":1}`, nil},
		{"a name twice", "amount=100&amount=64900", "", formjson.ErrDuplicate},
		{"the same name escaped", "amount=100&%61mount=64900", "", formjson.ErrDuplicate},
		{"a value that holds others", "a=1&a[b]=2", "", formjson.ErrDuplicate},
		{"what holds others as a value", "a[b]=2&a=1", "", formjson.ErrDuplicate},
		{"an index twice", "a[]=1&a[0]=2", "", formjson.ErrDuplicate},
		{"a name that PHP takes for another", "pay_method=card&pay.method=vbank", "", formjson.ErrDuplicate},
		{"a name that PHP takes for another, as a list", "pay[0]=card&+pay[0]=vbank", "", formjson.ErrDuplicate},
		{"a name that PHP takes for another, in part", "a_b[c]=1&a b[d]=2", "", formjson.ErrDuplicate},
		{"dots alone", "order.id=O-1&order.amount=1&order.id.x=2", `{"order.id":"O-1","order.amount":1,"order.id.x":2}`, nil},
		{"an index that is none to PHP", "a[01]=x&a[]=y", `{"a":{"01":"x","0":"y"}}`, nil},
		{"an index far away", "a[5000]=x&a[]=y", `{"a":{"5000":"x","5001":"y"}}`, nil},
		{"a name that PHP cuts", "amount=100&amount%00=64900", "", formjson.ErrSyntax},
		{"a name that PHP cuts, alone", "amount%00x=64900", "", formjson.ErrSyntax},
		{"a bracket that PHP does not find", "order_id=O-1&order[id%00]=O-2", "", formjson.ErrSyntax},
		{"a blank that is no index to PHP", "a[+]=1&a[+]=2", "", formjson.ErrSyntax},
		{"a tab that is no index to PHP", "a[%09]=1", "", formjson.ErrSyntax},
		{"an index with a blank", "a[+b]=1", `{"a":{" b":1}}`, nil},
		{"a name that servlets trim", "amount+=100&amount=64900", "", formjson.ErrDuplicate},
		{"a name with a blank at the end to PHP", "a+=100&a_=64900", "", formjson.ErrDuplicate},
		{"a name with a blank at the end alone", "a+=100", `{"a ":100}`, nil},
		{"a name in quotes", "'a'=1&a=2", "", formjson.ErrDuplicate},
		{"a name that PHP takes for another, in another case", "pay_method=1&Pay.Method=2", "", formjson.ErrDuplicate},
		{"a bad escape", "a=%zz", "", formjson.ErrSyntax},
		{"a bad name", "%zz=1", "", formjson.ErrSyntax},
		{"no name", "=1", "", formjson.ErrSyntax},
		{"an open bracket", "a[b=1", "", formjson.ErrSyntax},
		{"text behind a bracket", "a[b]c=1", "", formjson.ErrSyntax},
		{"bracket in bracket", "a[[b]]=1", "", formjson.ErrSyntax},
		{"too deep", "a" + strings.Repeat("[x]", formjson.MaxDepth) + "=1", "", formjson.ErrSyntax},
		{"too many", strings.Repeat("&", formjson.MaxNames), "", formjson.ErrSyntax},
		{"EUC-KR", "name=%C8%AB%B1%E6%B5%BF", "", formjson.ErrUTF8},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := formjson.Convert([]byte(tt.form))
			if string(got) != tt.want || !errors.Is(err, tt.err) {
				t.Errorf("got %s, %v; want %s, %v", got, err, tt.want, tt.err)
			}
		})
	}
}

// TestASourceHasOneName: what only some reader takes for a field whose value counts is refused, also where it is alone.
func TestASourceHasOneName(t *testing.T) {
	t.Parallel()
	for form, want := range map[string]error{
		"od_id=O-1":                  nil,
		"od_id[0]=O-1&od_id[x]=O-2":  nil,
		"od_ids=1&x[od_id]=1&xod_id": nil,
		"x=1;y=2":                    nil,
		"od.id=O-1":                  formjson.ErrDuplicate,
		"od+id=O-1":                  formjson.ErrDuplicate,
		"+od_id=O-1":                 formjson.ErrDuplicate,
		"od_id+=O-1":                 formjson.ErrDuplicate,
		"OD_ID=O-1":                  formjson.ErrDuplicate,
		"od.id[x]=O-1":               formjson.ErrDuplicate,
		"%22od_id%22=O-1":            formjson.ErrDuplicate,
		"!od_id=O-1":                 formjson.ErrDuplicate,
		"od_id=O-1;x=1":              formjson.ErrDuplicate,
		"x=1;od_id=O-1":              formjson.ErrDuplicate,
		"x=;od.id":                   formjson.ErrDuplicate,
		"od[id=O-1":                  formjson.ErrSyntax,
	} {
		if _, err := formjson.Convert([]byte(form), "m", "od_id"); !errors.Is(err, want) {
			t.Errorf("%q: got %v, want %v", form, err, want)
		}
		if _, err := formjson.Convert([]byte(form)); !errors.Is(want, formjson.ErrSyntax) && err != nil {
			t.Errorf("%q, of which nothing counts: got %v", form, err)
		}
	}
	body := part("od.id", "O-1") + "--B--\r\n"
	if _, err := formjson.ConvertMultipart([]byte(body), "B", "od_id"); !errors.Is(err, formjson.ErrDuplicate) {
		t.Errorf("parts: got %v", err)
	}
	if _, err := formjson.ConvertMultipart([]byte(body), "B", "x"); err != nil {
		t.Errorf("other parts: got %v", err)
	}
}

// TestErrorsShowNoValues: a form holds names, addresses and telephone numbers.
func TestErrorsShowNoValues(t *testing.T) {
	t.Parallel()
	for _, form := range []string{"tel=01012345678%zz", "tel=01012345678&tel=01012345678", "tel=01012345678%ff"} {
		if _, err := formjson.Convert([]byte(form)); err == nil || strings.Contains(err.Error(), "0101234") {
			t.Errorf("%q: %v", form, err)
		}
	}
}

func FuzzConvert(f *testing.F) {
	for _, seed := range []string{"a=1&b[]=2&b[]=3", "a[0][b]=1", "a=1&A=2", "a[b][c]=%EA", "[", "a[]=&a[0]="} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, form []byte) {
		got, err := formjson.Convert(form)
		if err != nil {
			return
		}
		// Names that differ in case only, below the top, are left to the strict reader.
		if err := strictjson.Check(got); err != nil && !errors.Is(err, strictjson.ErrDuplicate) {
			t.Errorf("%q became %s: %v", form, got, err)
		}
	})
}
