package wire

import (
	"fmt"
	"strings"
)

// pathCases are about paths and queries: they pass untouched.
func pathCases() []*wireCase {
	const topic = "paths"
	var all []*wireCase
	for _, target := range []string{
		"/", "/a", "/a/", "/img/summer%20sale.jpg", "/goods;jsessionid=0123AB", "/goods;a=1/b;c=2",
		"/event/50%25off.html", "/event/50%2525off.html", "/a//b", "//a/b", "//", "/search/A%2FB",
		"/search/A%2fB", "/a%5Cb", `/a\b`, "/a/./b", "/a/../b", "/a/%2e%2e/b", "/a/..", "/a.",
		"/%EA%B2%B0%EC%A0%9C", "/%ea%b2%b0", "/\xea\xb2\xb0", "/caf\xe9", "/%", "/%zz", "/a%2", "/%00",
		"/a%0d%0ab",
		"/a+b", "/~a!$&'()*+,=:@-._", "/a:b@c", "/[a]", "/{a}|b^`\"<>", "/A/Case", "/a?", "/a?b=c", "/a?b=c?d",
		"/a?b=%20&c=+&d=%", "/a?b=/../c", "/a?b=\xea\xb2\xb0", "/a?b=%00", "/?", "/?a", "/a?b;c",
		"/a?b=http://x/y",
		"/" + strings.Repeat("a/", 500), "/orders", "/orders/", "/orders/O1/items", "/order/O1",
		"/my/orders/O1", "/api/order", "/api/ordersx", "/checkouts", "/favicon.ico", "/pg-gatewayx",
	} {
		all = append(
			all,
			&wireCase{
				topic: topic, name: fmt.Sprintf("%.40q", target), send: get(target),
				want: "< 200 length \"ok\"\nopen\n> GET " + target,
			},
		)
	}
	return append(all, &wireCase{
		topic: topic, name: "above the root", send: get("/../a"), want: "< 404 by the proxy\nopen or closed",
	})
}

func pathReasons() []reason {
	return []reason{
		{
			peer: peerGo, topic: "paths",
			why:   "net/http writes a path anew that is not encoded as it would do",
			names: names(`"/a\\b"`, "\"/\xea\xb2\xb0\"", `"/caf\xe9"`, "\"/{a}|b^`\\\"<>\""),
		},
		{
			peer: peerGo, topic: "paths",
			why:   "net/http passes what leads above the root; a server behind it may follow it out of what it guards",
			names: names("above the root"),
		},
		{
			peer: peerGo, topic: "paths", why: "net/http refuses what does not decode",
			names: names(`"/%"`, `"/%zz"`, `"/a%2"`),
		},
		{
			peer: peerGo, topic: "paths",
			why:   "ReverseProxy drops what its own reader of queries cannot read",
			names: names(`"/a?b=%20&c=+&d=%"`, `"/a?b;c"`),
		},
		{
			peer: peerNginx, topic: "paths",
			why: "nginx refuses what does not decode, and NUL; here only what leads to a guarded path, or above the root, " +
				"is refused",
			names: names(`"/%"`, `"/%zz"`, `"/a%2"`, `"/%00"`),
		},
	}
}
