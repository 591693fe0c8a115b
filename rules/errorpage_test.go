package rules

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"gopkg.in/yaml.v3"
)

// TestAPageIsEscapedForEachPlace: what a refusal says may hold what a buyer has sent.
func TestAPageIsEscapedForEachPlace(t *testing.T) {
	t.Parallel()
	values := map[string]any{"buyer_ko": `<b>"'&가`, "code": "X", "status": 409, "retry": true, "field": "javascript:alert(1)", "order_id": ""}
	for _, tt := range []struct{ kind, text, want string }{
		{
			"text/html", "<style>p{color:red}</style><p title='{buyer_ko}'>{buyer_ko} [{order_id}]</p>",
			"<style>p{color:red}</style><p title='&lt;b&gt;&#34;&#39;&amp;가'>&lt;b&gt;&#34;&#39;&amp;가 []</p>",
		},
		{
			"text/html", `<script>function f() { alert({buyer_ko}, {status}, {retry}, '{code}') }</script>`,
			`<script>function f() { alert("\u003cb\u003e\"'\u0026가",  409 ,  true , 'X') }</script>`,
		},
		{"text/html", `<a href="{field}">back</a> {}`, `<a href="#ZgotmplZ">back</a> {}`},
		{
			"application/xml", `<?xml version="1.0"?><r code="{code}" m="{buyer_ko}">{buyer_ko}<s>{status}</s></r>`,
			`<?xml version="1.0"?><r code="X" m="&lt;b&gt;&#34;&#39;&amp;가">&lt;b&gt;&#34;&#39;&amp;가<s>409</s></r>`,
		},
		{
			"application/x-www-form-urlencoded", "result=fail&msg={buyer_ko}&code={code}&again={retry}",
			"result=fail&msg=%3Cb%3E%22%27%26%EA%B0%80&code=X&again=true",
		},
		{"text/plain", "FAIL|{code}|{buyer_ko}", `FAIL|X|<b>"'&가`},
	} {
		p := pageOf(t, tt.kind, tt.text)
		got, err := p.Fill(values)
		if diff := cmp.Diff(tt.want, got); diff != "" || err != nil {
			t.Errorf("%s: %v (-want +got)\n%s", tt.kind, err, diff)
		}
	}
}

// pageOf reads a page of a file.
func pageOf(t *testing.T, kind, text string) *ErrorPage {
	t.Helper()
	raw, err := yaml.Marshal(map[string]string{"type": kind, "text": text})
	if err != nil {
		t.Fatal(err)
	}
	var doc yaml.Node
	if err := yaml.Unmarshal(raw, &doc); err != nil {
		t.Fatal(err)
	}
	p, d := &ErrorPage{}, &decoder{}
	errorPageReader(p)(value{d: d, n: doc.Content[0]})
	for _, err := range d.errs {
		t.Errorf("%s: %v", strings.TrimSpace(text), err)
	}
	return p
}
