package wire

import (
	"fmt"
	"strings"
)

const (
	refused = `
		< 400 by the proxy
		closed`
	bigBody = 1 << 20
)

// lengthCases are about how long a request's body is (RFC 9112 §6). Whatever two readers could see differently is refused,
// and its connection closed.
func lengthCases() []*wireCase {
	const topic = "length of a request"
	refuse := func(name, send string) *wireCase {
		return &wireCase{topic: topic, name: name, send: send, want: refused}
	}
	length := func(value string) string {
		return request("POST /a", "Content-Length: "+value) + "hello" + smuggled
	}
	encoding := func(lines ...string) string { return request("POST /a", lines...) + "0\r\n\r\n" + smuggled }
	pass := func(name, send, want string) *wireCase {
		return &wireCase{topic: topic, name: name, send: send, want: "< 200 length \"ok\"\nopen\n> " + want}
	}
	big := strings.Repeat("0123456789abcdef", bigBody/16)
	return []*wireCase{
		pass("none at all", request("POST /a"), `POST /a`),
		pass("Content-Length: 0", post("/a", ""), `POST /a`),
		pass("Content-Length: 5", post("/a", "hello"), `POST /a length "hello"`),
		pass(
			"Content-Length with white space around", request("POST /a", "Content-Length:  5\t ")+"hello",
			`POST /a length "hello"`,
		),
		pass(
			"Content-Length with a zero before", request("POST /a", "Content-Length: 05")+"hello",
			`POST /a length "hello"`,
		),
		pass("GET with a body", request("GET /a", "Content-Length: 5")+"hello", `GET /a length "hello"`),
		pass("DELETE with a body", request("DELETE /a", "Content-Length: 5")+"hello", `DELETE /a length "hello"`),
		pass(
			"GET with chunks", request("GET /a", "Transfer-Encoding: chunked")+chunk("hello")+"0\r\n\r\n",
			`GET /a chunks "hello"`,
		),
		pass(
			"a request in the body", post("/a", smuggled),
			fmt.Sprintf("POST /a length %s", shownBody([]byte(smuggled))),
		),
		pass("1 MiB by length", post("/a", big), "POST /a length "+shownBody([]byte(big))),
		refuse(
			"two different Content-Length",
			request("POST /a", "Content-Length: 5", "Content-Length: 6")+"hello"+smuggled,
		),
		refuse("two equal Content-Length", request("POST /a", "Content-Length: 5", "Content-Length: 5")+"hello"),
		refuse("Content-Length: 5, 5", length("5, 5")),
		refuse("Content-Length: 5, 6", length("5, 6")),
		refuse("Content-Length: -1", length("-1")),
		refuse("Content-Length: +5", length("+5")),
		refuse("Content-Length: 0x5", length("0x5")),
		refuse("Content-Length: 5abc", length("5abc")),
		refuse("Content-Length: 5 5", length("5 5")),
		refuse("an empty Content-Length", length("")),
		refuse("Content-Length beyond 64 bits", length("99999999999999999999")),
		refuse("Content-Length of 64 bits that is negative", length("18446744073709551615")),
		refuse(
			"Content-Length with a space before the colon",
			request("POST /a", "Content-Length : 5")+"hello"+smuggled,
		),
		refuse("both, the length first", encoding("Content-Length: 5", "Transfer-Encoding: chunked")),
		refuse("both, the length last", encoding("Transfer-Encoding: chunked", "Content-Length: 5")),
		refuse("both, the length 0", encoding("Content-Length: 0", "Transfer-Encoding: chunked")),
		refuse("Transfer-Encoding: xchunked", encoding("Transfer-Encoding: xchunked")),
		refuse("Transfer-Encoding: chunkedx", encoding("Transfer-Encoding: chunkedx")),
		refuse("Transfer-Encoding: identity", encoding("Transfer-Encoding: identity")),
		refuse("Transfer-Encoding: gzip", encoding("Transfer-Encoding: gzip")),
		refuse("Transfer-Encoding: gzip, chunked", encoding("Transfer-Encoding: gzip, chunked")),
		refuse("Transfer-Encoding: chunked, identity", encoding("Transfer-Encoding: chunked, identity")),
		refuse("Transfer-Encoding: chunked, chunked", encoding("Transfer-Encoding: chunked, chunked")),
		refuse(
			"Transfer-Encoding: chunked, then identity",
			encoding("Transfer-Encoding: chunked", "Transfer-Encoding: identity"),
		),
		refuse(
			"Transfer-Encoding: identity, then chunked",
			encoding("Transfer-Encoding: identity", "Transfer-Encoding: chunked"),
		),
		refuse(
			"Transfer-Encoding: chunked, twice",
			encoding("Transfer-Encoding: chunked", "Transfer-Encoding: chunked"),
		),
		refuse("an empty Transfer-Encoding", encoding("Transfer-Encoding:")),
		refuse("Transfer-Encoding in quotes", encoding(`Transfer-Encoding: "chunked"`)),
		refuse("Transfer-Encoding on a line of its own", encoding("Transfer-Encoding:", " chunked")),
		refuse("Transfer-Encoding with a space before the colon", encoding("Transfer-Encoding : chunked")),
		refuse("Transfer-Encoding behind a vertical tab", encoding("Transfer-Encoding: \x0bchunked")),
		refuse("Transfer-Encoding behind a NUL", encoding("Transfer-Encoding: \x00chunked")),
		refuse("Transfer-Encoding with a parameter", encoding("Transfer-Encoding: chunked;a=b")),
		refuse(
			"Transfer-Encoding in HTTP/1.0",
			"POST /a HTTP/1.0\r\nHost: shop.example\r\nConnection: keep-alive\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"+smuggled,
		),
		pass(
			"Transfer-Encoding: Chunked",
			request("POST /a", "Transfer-Encoding: Chunked")+chunk("hello")+"0\r\n\r\n",
			`POST /a chunks "hello"`,
		),
		pass(
			"transfer-encoding behind spaces and a tab",
			request("POST /a", "transfer-encoding:  \tchunked ")+chunk("hello")+"0\r\n\r\n",
			`POST /a chunks "hello"`,
		),
	}
}

// chunkCases are about chunks in requests (RFC 9112 §7.1).
func chunkCases() []*wireCase {
	const topic = "chunks of a request"
	pass := func(name, body, want string) *wireCase {
		return &wireCase{
			topic: topic, name: name, send: postChunks("/a", body),
			want: "< 200 length \"ok\"\nopen\n> POST /a chunks " + want,
		}
	}
	refuse := func(name, body string) *wireCase {
		return &wireCase{topic: topic, name: name, send: postChunks("/a", body), want: refused}
	}
	big := strings.Repeat("0123456789abcdef", bigBody/16)
	return []*wireCase{
		pass("one", chunk("hello")+"0\r\n\r\n", `"hello"`),
		pass("many", strings.Repeat(chunk("hello "), 20)+"0\r\n\r\n", fmt.Sprintf("%q", strings.Repeat("hello ", 20))),
		pass("none but the last", "0\r\n\r\n", `""`),
		pass("1 MiB", chunk(big[:1000])+chunk(big[1000:])+"0\r\n\r\n", shownBody([]byte(big))),
		pass("digits in capitals", "1A\r\nabcdefghijklmnopqrstuvwxyz\r\n0\r\n\r\n", `"abcdefghijklmnopqrstuvwxyz"`),
		pass("zeros before the size", "0005\r\nhello\r\n000\r\n\r\n", `"hello"`),
		pass("an extension", "5;a=b\r\nhello\r\n0\r\n\r\n", `"hello"`),
		pass("an extension in quotes", "5;a=\"b;c\"\r\nhello\r\n0;last\r\n\r\n", `"hello"`),
		pass("an extension of 40 KiB", "5;"+strings.Repeat("a", 40<<10)+"\r\nhello\r\n0\r\n\r\n", `"hello"`),
		pass("trailers", chunk("hello")+"0\r\nX-Sum: 1\r\nX-More: 2\r\n\r\n", `"hello"`),
		refuse(
			"trailers that would be headers",
			chunk("hello")+"0\r\nX-Forwarded-For: 1.2.3.4\r\nContent-Length: 9\r\nHost: other\r\n\r\n",
		),
		pass("a request as data", chunk(smuggled)+"0\r\n\r\n", shownBody([]byte(smuggled))),
		refuse("a size that is none", "zz\r\nhello\r\n0\r\n\r\n"+smuggled),
		refuse("a second size that is none", chunk("hello")+"zz\r\n"+smuggled),
		refuse("a negative size", "-5\r\nhello\r\n0\r\n\r\n"+smuggled),
		refuse("a size with a sign", "+5\r\nhello\r\n0\r\n\r\n"+smuggled),
		refuse("a size with 0x", "0x5\r\nhello\r\n0\r\n\r\n"+smuggled),
		refuse("an empty size", "\r\nhello\r\n0\r\n\r\n"+smuggled),
		refuse("a size beyond 64 bits", "10000000000000005\r\nhello\r\n0\r\n\r\n"+smuggled),
		refuse("a size of 64 bits that is negative", "ffffffffffffffff\r\nhello\r\n0\r\n\r\n"+smuggled),
		refuse("more than its size", "2\r\nhello\r\n0\r\n\r\n"+smuggled),
		refuse("no line end behind it", "5\r\nhello0\r\n\r\n"+smuggled),
		refuse("a bare LF behind the size", "5\nhello\r\n0\r\n\r\n"),
		refuse("a bare LF behind the data", "5\r\nhello\n0\r\n\r\n"),
		refuse("a bare LF in an extension", "5;a\nhello\r\n0\r\n\r\n"+smuggled),
		refuse("a bare CR in an extension", "5;a\rb\r\nhello\r\n0\r\n\r\n"),
		refuse("a trailer that is none", chunk("hello")+"0\r\nno colon\r\n\r\n"+smuggled),
		refuse("a space before the size", " 5\r\nhello\r\n0\r\n\r\n"+smuggled),
	}
}
