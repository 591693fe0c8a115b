package wire

import (
	"fmt"
	"strings"
)

// wireCase is what one client says, what the shop behind the proxy answers, and what both must see.
type wireCase struct {
	topic, name string
	// send is what the client sends before it reads an answer to each of its requests; client is what it does instead.
	send   string
	client func(*play)
	// reads are the methods of the requests whose answers are read; nil means the one that send begins with.
	reads []string
	// shop is what the shop does about the requests that reach it, in their order. What comes after them gets "ok".
	shop []reply
	// want is what both sides see, in the form that parseOutcome reads.
	want string
	// differs are the peers that do something else, with the reason.
	differs map[string]*reason
	// own marks what only the gateway has: no peer defines it.
	own bool
	// shows are names of headers, in lower case, that this case is about and that are left out elsewhere; "1xx" are the
	// interim answers.
	shows []string
}

func (c *wireCase) String() string { return c.topic + ": " + c.name }

// The peers that the gateway is compared with, by the names of docs/conformance.md.
const (
	peerNginx = "nginx"
	peerGo    = "ReverseProxy"
)

// reply is what the shop does about one request.
type reply struct {
	// early replies begin when the head is there, the body unread.
	early bool
	do    func(*exchange)
}

// say answers with exactly these bytes, each in a write of its own.
func say(parts ...string) reply {
	return reply{do: func(x *exchange) {
		for _, part := range parts {
			x.say(part)
		}
	}}
}

// sayAndClose is say, and the end of the connection.
func sayAndClose(parts ...string) reply {
	return reply{do: func(x *exchange) {
		for _, part := range parts {
			x.say(part)
		}
		x.close()
	}}
}

// shopSays is the shop of most cases.
func shopSays(parts ...string) []reply { return []reply{say(parts...)} }

// lines ends every line as HTTP does.
func lines(all []string) string {
	var b strings.Builder
	for _, l := range all {
		b.WriteString(l + "\r\n")
	}
	return b.String()
}

// request is a request without a body.
func request(line string, headers ...string) string {
	return line + " HTTP/1.1\r\nHost: shop.example\r\n" + lines(headers) + "\r\n"
}

// get is a GET.
func get(target string, headers ...string) string { return request("GET "+target, headers...) }

// post is a POST that says its length.
func post(target, body string, headers ...string) string {
	return request("POST "+target, append(headers, fmt.Sprintf("Content-Length: %d", len(body)))...) + body
}

// postChunks is a POST whose body is what is given, chunks and all.
func postChunks(target, body string, headers ...string) string {
	return request("POST "+target, append(headers, "Transfer-Encoding: chunked")...) + body
}

// ok is an answer that says its length.
func ok(body string, headers ...string) string {
	return "HTTP/1.1 200 OK\r\n" + lines(headers) + fmt.Sprintf("Content-Length: %d\r\n\r\n", len(body)) + body
}

// answer is any answer: its head's lines, and what follows.
func answer(status, body string, headers ...string) string {
	return "HTTP/1.1 " + status + "\r\n" + lines(headers) + "\r\n" + body
}

// chunk is one chunk.
func chunk(s string) string { return fmt.Sprintf("%x\r\n%s\r\n", len(s), s) }

// smuggled must never be taken for a request.
const smuggled = "GET /SMUGGLED HTTP/1.1\r\nHost: shop.example\r\n\r\n"

// pageOfA is what nobody but A may see.
const pageOfA = "HTTP/1.1 200 OK\r\nSet-Cookie: session=A\r\nContent-Length: 9\r\n\r\npage of A"
