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

// TestAPageHasNoPlaceholderWhereOneEscapingIsNotEnough: what is filled in there would be a document or a script, or
// would choose one.
func TestAPageHasNoPlaceholderWhereOneEscapingIsNotEnough(t *testing.T) {
	t.Parallel()
	const xhtml, svg = `xmlns="http://www.w3.org/1999/xhtml"`, `xmlns="http://www.w3.org/2000/svg"`
	for _, tt := range []struct{ kind, text, why string }{
		{"text/html", `<iframe srcdoc="{detail_en}"></iframe>`, "srcdoc of <iframe>"},
		{"text/html", `<IFRAME class=a SrcDoc = '<p>{detail_en}'></iframe>`, "srcdoc of <iframe>"},
		{"text/html", `<p title='>'><iframe/srcdoc={detail_en}>`, "srcdoc of <iframe>"},
		{"text/html", `<!-- " --><script>a("<p title='")</script><iframe srcdoc="{code}">`, "srcdoc of <iframe>"},
		{"text/html", `<script>"İİİİİİİİİİİİ<p>"</SCRIPT><iframe srcdoc="{code}">`, "srcdoc of <iframe>"},
		{"text/html", `<a href="javascript:go('{field}')">x</a>`, "script or a document"},
		{"text/html", `<a href=" java&#115;c&Tab;ript:go('{field}')">x</a>`, "script or a document"},
		{"text/html", `<form action="JavaScript:go('{field}')"><button formaction="/a">x</button></form>`, "action of <form>"},
		{"text/html", `<button formaction="vbscript:go('{field}')">x</button>`, "formaction of <button>"},
		{"text/html", `<svg><a xlink:href="javascript:go('{field}')">x</a></svg>`, "xlink:href of <a>"},
		{"text/html", `<a href="data:text/html,{buyer_ko}">x</a>`, "script or a document"},
		{"text/html", `<iframe src="data:text/html,?{buyer_ko}"></iframe>`, "script or a document"},
		{"text/html", `<object data="data:text/html;charset=utf-8,{buyer_ko}"></object>`, "script or a document"},
		{"text/html", `<iframe src="{field}"></iframe>`, "choose what is loaded"},
		{"text/html", `<embed src="/{field}">`, "choose what is loaded"},
		{"text/html", `<object data="https://{field}/"></object>`, "choose what is loaded"},
		{"text/html", `<script src="{field}"></script>`, "choose what is loaded"},
		{"text/html", `<link rel=stylesheet href="{field}">`, "choose what is loaded"},
		{"text/html", `<base href="{field}">`, "choose what is loaded"},
		{"text/html", `<meta http-equiv=refresh content="0;url={field}">`, "choose what is loaded"},
		{"text/html", `<svg><a><set attributeName="href" to="{field}"/></a></svg>`, "to of <set>"},
		{"text/html", `<svg><animate attributeName=href values="a;{field}"/></svg>`, "values of <animate>"},
		{"text/html", `<p style="{field}">`, "no text can"},
		{"text/html", `<p style="background:{field}">`, "no text can"},
		{"text/html", `<p on{code}="x">`, ""},
		{"application/xml", `<html ` + xhtml + `><script>a("{code}")</script></html>`, "XHTML, SVG and MathML"},
		{"text/xml", `<m:math xmlns:m="http://www.w3.org/1998/Math/MathML"><m:maction href="{field}"/></m:math>`, "XHTML, SVG and MathML"},
		{"text/xml", `<r><svg ` + svg + ` onload="a('{code}')"/></r>`, "XHTML, SVG and MathML"},
		{"text/xml", `<r xmlns:h="{field}"><h:p/></r>`, "neither in text"},
		{"text/xml", `<?xml-stylesheet href="{field}"?><r/>`, "neither in text"},
	} {
		p, errs := readPage(t, tt.kind, tt.text)
		if len(errs) != 1 || !strings.Contains(errs[0].Error(), tt.why) {
			got, err := p.Fill(map[string]any{})
			t.Errorf("%s was taken, or not because of %q: %v %s %v", tt.text, tt.why, errs, got, err)
		}
	}
}

// TestAPageHasPlaceholdersWhereTheyAreEscaped: these look like the ones that are refused.
func TestAPageHasPlaceholdersWhereTheyAreEscaped(t *testing.T) {
	t.Parallel()
	values := map[string]any{"code": `');evil('`, "buyer_ko": `"><script>`, "field": "data: x"}
	for _, tt := range []struct{ text, want string }{
		{`<p onclick="a('{code}')">`, `<p onclick="a('\u0027);evil(\u0027')">`},
		{`<p onclick="a({code})">`, `<p onclick="a(&#34;&#39;);evil(&#39;&#34;)">`},
		{`<iframe src="/fail.php?msg={buyer_ko}"></iframe>`, `<iframe src="/fail.php?msg=%22%3e%3cscript%3e"></iframe>`},
		{`<a href="/fail/{buyer_ko}">x</a>`, `<a href="/fail/%22%3e%3cscript%3e">x</a>`},
		{`<a title="data: {field}" href="javascript:history.back()">x</a>`, `<a title="data: data: x" href="javascript:history.back()">x</a>`},
		{`<input value='{buyer_ko}' data-code={code}>`, `<input value='&#34;&gt;&lt;script&gt;' data-code=&#39;);evil(&#39;>`},
		{`<textarea><iframe srcdoc="{buyer_ko}"></textarea>`, `<textarea>&lt;iframe srcdoc="&#34;&gt;&lt;script&gt;"></textarea>`},
		{`<p>{code}</p><script>İİİİİİİİİİİİ</script>`, `<p>&#39;);evil(&#39;</p><script>İİİİİİİİİİİİ</script>`},
		{`<iframe srcdoc="<p>x</p>"></iframe>{code}`, `<iframe srcdoc="<p>x</p>"></iframe>&#39;);evil(&#39;`},
	} {
		got, err := pageOf(t, "text/html", tt.text).Fill(values)
		if diff := cmp.Diff(tt.want, got); diff != "" || err != nil {
			t.Errorf("%s: %v (-want +got)\n%s", tt.text, err, diff)
		}
	}
}

// pageOf reads a page of a file.
func pageOf(t *testing.T, kind, text string) *ErrorPage {
	t.Helper()
	p, errs := readPage(t, kind, text)
	for _, err := range errs {
		t.Errorf("%s: %v", strings.TrimSpace(text), err)
	}
	return p
}

// readPage reads a page of a file, and what is wrong with it.
func readPage(t *testing.T, kind, text string) (*ErrorPage, []error) {
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
	errs := make([]error, 0, len(d.errs))
	for _, err := range d.errs {
		errs = append(errs, err)
	}
	return p, errs
}
