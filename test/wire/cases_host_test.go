package wire

// hostCases are about what the shop makes of the name it is asked by: the buyer must come out where he came in.
func hostCases() []*wireCase {
	const topic = "Host and Location"
	echo := func(header, format string) []reply {
		return []reply{{do: func(x *exchange) {
			x.say(answer("302 Found", "", header+": "+format+x.values("Host")[0]+"/login", "Content-Length: 0"))
		}}}
	}
	return []*wireCase{
		{topic: topic, name: "a redirect made of Host", send: get("/member"), shop: echo("Location", "http://"), want: `
			< 302 length ""
			<   Location: http://shop.example/login
			open
			> GET /member`},
		{
			topic: topic, name: "a redirect made of Host, its scheme left out", send: get("/member"),
			shop: echo("Location", "//"), want: `
			< 302 length ""
			<   Location: //shop.example/login
			open
			> GET /member`,
		},
		{
			topic: topic, name: "a redirect made of Host and port",
			send: "GET /member HTTP/1.1\r\nHost: shop.example:8443\r\n\r\n",
			shop: echo("Location", "http://"), want: `
			< 302 length ""
			<   Location: http://shop.example:8443/login
			open
			> GET /member`,
		},
		{
			topic: topic, name: "a Content-Location made of Host", send: get("/member"),
			shop: echo("Content-Location", "http://"), want: `
			< 302 length ""
			<   Content-Location: http://shop.example/login
			open
			> GET /member`,
		},
		{
			topic: topic, name: "a redirect to somebody else", send: get("/member"),
			shop: shopSays(answer("302 Found", "", "Location: http://other.example:80/login", "Content-Length: 0")),
			want: `
			< 302 length ""
			<   Location: http://other.example:80/login
			open
			> GET /member`,
		},
	}
}
