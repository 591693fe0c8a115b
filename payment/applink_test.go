package payment_test

import (
	"net/url"
	"strings"
	"testing"

	"github.com/pg-gateway/pg-gateway/payment"
)

func TestAppLinks(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]payment.AppLink{
		"myshop":                        {Scheme: "myshop"},
		"myshop://":                     {Scheme: "myshop"},
		"my-shop.kr+2://":               {Scheme: "my-shop.kr+2"},
		"myshop://pay/result?from=card": {Scheme: "myshop", Rest: "pay/result?from=card"},
		"myshop://a?x=%EC%A0%95&y=1,2":  {Scheme: "myshop", Rest: "a?x=%EC%A0%95&y=1,2"},
		"kakaotalk://":                  {Scheme: "kakaotalk"},
		"myshop:///":                    {Scheme: "myshop", Rest: "/"},
		strings.Repeat("a", payment.MaxAppScheme) + "://": {Scheme: strings.Repeat("a", payment.MaxAppScheme)},
	} {
		if got, ok := payment.ParseAppLink(text); !ok || got != want {
			t.Errorf("%q is read as %+v, %v, want %+v", text, got, ok, want)
		}
	}
	for _, text := range []string{
		"", "a", "://", "MyShop://", "1shop://", "-shop", "my shop://", "my_shop://", "한국://", "myshop:", "myshop:result",
		"myshop:/result", "myshop//x", strings.Repeat("a", payment.MaxAppScheme+1),
		"http://evil.example/", "https://evil.example/", "javascript://%0aalert(1)", "javascript", "data://x", "file:///etc/passwd",
		"intent://pay#Intent;scheme=x;end", "intent://pay", "market://details?id=x", "about://blank", "blob://x", "vbscript://x",
		"itms-apps://x", "tel://1", "sms://1", "mailto://x", "content://x", "view-source://x", "filesystem://x",
		"myshop://a b", "myshop://a\tb", "myshop://a\r\nSet-Cookie: x=1", "myshop://a\x00", "myshop://a\x7f", "myshop://결과",
		"myshop://a#b", `myshop://a"b`, "myshop://a'b", "myshop://a<b", "myshop://a>b", `myshop://a\b`, "myshop://a`b", "myshop://a;b",
		"myshop://user@host/", "myshop://a|b", "myshop://a^b", "myshop://[::1]", "myshop://{a}", "myshop://$a",
		"myshop://%", "myshop://%2", "myshop://%zz", "myshop://%00", "myshop://%0d%0a", "myshop://%1f", "myshop://%7f",
	} {
		if got, ok := payment.ParseAppLink(text); ok {
			t.Errorf("%q is read as %+v", text, got)
		}
	}
}

// FuzzParseAppLink: what is read as an app's address can stand in a header, in an attribute and in a form's field, and
// is no other address to anybody else.
func FuzzParseAppLink(f *testing.F) {
	for _, s := range []string{"myshop", "myshop://a?b=c", "javascript://%0aalert(1)", "MYSHOP://", "myshop://%41", "my:shop://"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		link, ok := payment.ParseAppLink(s)
		if !ok {
			return
		}
		for i := range len(s) {
			if s[i] <= ' ' || s[i] > '~' || strings.IndexByte("\"'<>`\\#;@", s[i]) >= 0 {
				t.Fatalf("%q holds %q", s, s[i])
			}
		}
		if u, err := url.Parse(s + "://"); link.Rest == "" && !strings.Contains(s, "://") && (err != nil || u.Scheme != link.Scheme) {
			t.Fatalf("%q: others read another scheme: %v %v", s, u, err)
		}
		if u, err := url.Parse(s); strings.Contains(s, "://") && err == nil && (u.Scheme != link.Scheme || u.User != nil) {
			t.Fatalf("%q: others read %q", s, u.Scheme)
		}
	})
}
