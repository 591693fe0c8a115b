package wire

import (
	"fmt"
	"strings"
)

// order is what an intercepted route is asked.
const order = `{"payMeans":[{"payWayCd":"11"}],"buyer":{"name":"buyer","tel":"01000000000","email":"b@example.com"},` +
	`"return_url":"http://shop.example/result"}`

// interceptCases are about answers of an intercepted route that are not an order: what the shop said passes.
func interceptCases() []*wireCase {
	const topic = "answers of an intercepted route"
	asked := "\nopen\n> POST /api/orders length " + shownBody([]byte(order)) + "\n>   Content-Type: application/json" +
		"\n>   Accept-Encoding: identity"
	pass := func(name, status, body string, headers ...string) *wireCase {
		want := "< " + status[:3] + " length " + shownBody([]byte(body))
		for _, h := range headers {
			want += "\n<   " + h
		}
		return &wireCase{
			topic: topic, name: name, send: post("/api/orders", order, "Content-Type: application/json"), own: true,
			shop: shopSays(answer(
				status, body, append(headers, fmt.Sprintf("Content-Length: %d", len(body)))...,
			)), want: want + asked,
		}
	}
	const js = "Content-Type: application/json"
	made := `{"code":"0000","payload":{"ordNo":"O-1","payAmt":64900,"goodsNm":"x"}}`
	window := func(name string, says ...string) *wireCase {
		return &wireCase{
			topic: topic, name: name, send: post("/api/orders", order, "Content-Type: application/json"),
			own: true, shop: shopSays(says...), want: `
			< 200 length a window
			<   Content-Type: application/json
			<   Cache-Control: no-store` + asked,
		}
	}
	long := strings.Repeat("A", 8192) + smuggled
	unread := func(name, send, status string) *wireCase {
		return &wireCase{topic: topic, name: name, send: send, own: true, want: "< " + status + " by the proxy\nopen"}
	}
	return []*wireCase{
		pass("a refusal with payload null", "200 OK", `{"code":"2001","message":"sold out","payload":null}`, js),
		pass("a refusal with another code", "200 OK", `{"code":"2001","message":"sold out","payload":{}}`, js),
		pass("a refusal by its status", "409 Conflict", `{"code":"2001","message":"sold out","payload":null}`, js),
		pass("a list", "200 OK", `{"code":"0000","payload":[{"ordNo":"O-9","payAmt":1000}]}`, js),
		pass("a list at the top", "200 OK", `[{"ordNo":"O-9","payAmt":1000}]`, js),
		pass("a page", "200 OK", "<p>order O-9</p>", "Content-Type: text/html"),
		pass("JSON that is cut, by its own length", "200 OK", `{"code":"0000","payload":{"ordNo":"O-`, js),
		pass("nothing", "200 OK", "", js),
		pass("a redirect", "302 Found", "", "Location: /order/O-9"),
		window("behind 103", hints, ok(made, js)),
		window(
			"in chunks",
			answer("200 OK", chunk(made[:9])+chunk(made[9:])+"0\r\n\r\n", js, "Transfer-Encoding: chunked"),
		),
		window(
			"with 5 KB of headers and cookies",
			ok(made, js, "Connection: X-Big", "X-Big: "+strings.Repeat("a", 5000)),
		),
		{
			topic: topic, name: "cut by the end of its connection",
			send: post("/api/orders", order, "Content-Type: application/json"), own: true,
			shop: []reply{sayAndClose("HTTP/1.1 200 OK\r\n" + js + "\r\nContent-Length: 500\r\n\r\n" + made)},
			want: "< 502 by the proxy\nopen or closed" + strings.TrimPrefix(asked, "\nopen"),
		},
		unread("a body that nobody reads: guarded", post("/orders/O1/confirm", long), "404"),
		unread("a body that nobody reads: of another type", post("/checkout", long, "Content-Type: text/plain"), "415"),
		unread("a body that nobody reads: an unknown notification", post("/hooks/portone/v1/zzz", long), "404"),
		unread("chunks that nobody reads: guarded", postChunks("/orders/O1/confirm", chunk(long)+"0\r\n\r\n"), "404"),
		unread(
			"chunks that nobody reads: of another type",
			postChunks("/checkout", chunk(long)+"0\r\n\r\n", "Content-Type: text/plain"), "415",
		),
		{
			topic: topic, name: "600 KiB that nobody reads",
			send: post("/orders/O1/confirm", strings.Repeat("A", 600<<10)+smuggled), own: true,
			want: "< 404 by the proxy\nclosed",
		},
		{
			topic: topic, name: "a bad chunk that nobody reads",
			send: postChunks("/orders/O1/confirm", "zz\r\n"+smuggled), own: true,
			want: "< 404 by the proxy\nclosed",
		},
	}
}
