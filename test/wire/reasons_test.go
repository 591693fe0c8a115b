package wire

import (
	"fmt"
	"slices"
)

// reason tells why a peer does something else in some cases.
type reason struct {
	peer, why string
	// hangs says that the peer leaves its client waiting, races that what it does depends on the moment.
	hangs, races bool
	topic        string
	names        []string
}

// withReasons gives the cases the reasons of all differences. A reason without its case is a mistake.
func withReasons(all []*wireCase) []*wireCase {
	byName := map[string]*wireCase{}
	for _, c := range all {
		if byName[c.String()] != nil {
			panic("two cases are called " + c.String())
		}
		c.differs = map[string]*reason{}
		byName[c.String()] = c
	}
	for _, r := range reasons() {
		for _, name := range r.names {
			c := byName[r.topic+": "+name]
			if c == nil || c.differs[r.peer] != nil {
				panic(fmt.Sprintf("a reason of %s for %s: %s has no case, or is its second", r.peer, r.topic, name))
			}
			c.differs[r.peer] = &r
		}
	}
	return all
}

func names(list ...string) []string { return list }

func reasons() []reason {
	return slices.Concat(requestReasons(), answerReasons(), pathReasons())
}

func answerReasons() []reason {
	return []reason{
		{
			peer: peerNginx, topic: "interim answers", hangs: true,
			why: "nginx 1.22 takes an interim answer for the final one and leaves its client waiting",
			names: names(
				"103 and the answer in two packets", "103 and the answer in one packet", "102",
				"100 that nobody asked for", "100, 102, 103 and 103", "103 that says a length",
				"103 before the answer to HEAD", "103 before the answer to POST",
				"103 before 204", "103 before chunks", "103 and then nothing", "103 without end",
			),
		},
		{
			peer: peerNginx, topic: "length of an answer", hangs: true,
			why:   "nginx 1.22 takes an interim answer for the final one",
			names: names("an HTTP/1.0 client and 103"),
		},
		{
			peer: peerNginx, topic: "upgrades", hangs: true,
			why: "nginx 1.22 takes an interim answer for the final one", names: names("103 before it"),
		},
		{
			peer: peerNginx, topic: "interim answers",
			why:   "nginx becomes a tunnel whenever the shop says 101, asked or not",
			names: names("101 that nobody asked for"),
		},
		{
			peer: peerNginx, topic: "interim answers", why: "nginx hands it on as an answer of HTTP/0.9",
			names: names("a status below 100"),
		},
		{
			peer: peerGo, topic: "interim answers",
			why:   "net/http panics when a handler answers with it, and closes",
			names: names("a status below 100"),
		},
		{
			peer: peerGo, topic: "interim answers", races: true,
			why:   "net/http passes interim answers on and gives up after some, before or after its client has seen them",
			names: names("103 without end"),
		},
		{
			peer: peerGo, topic: "bytes behind an answer", races: true,
			why: "net/http notices late bytes when its reading goroutine runs; until then the next request goes " +
				"out on that connection and is answered with them",
			names: names(
				"204 with a page behind it, late", "304 with a page behind it, late",
				"the answer to HEAD with a body, late", "a second answer, late",
				"chunks with a page behind them, late", "an answer before any request",
			),
		},
		{
			peer: peerGo, topic: "bytes behind an answer",
			why:   "net/http drops the length of a 304; a cache may want it",
			names: names("304 that says a length, with a page behind it"),
		},
		{
			peer: peerNginx, topic: "bytes behind an answer",
			why:   "RFC 9110 §8.6 forbids a length in 204; nginx passes what the shop says",
			names: names("204 that says a length, with a page behind it"),
		},
		{
			peer: peerNginx, topic: "length of an answer", why: "nginx drops trailers",
			names: names("chunks with a trailer"),
		},
		{
			peer: peerNginx, topic: "length of an answer",
			why:   "RFC 9112 §6.3 calls it a sign of response splitting, to be handled as an error; nginx takes the chunks",
			names: names("a length and chunks"),
		},
		{
			peer: peerGo, topic: "length of an answer",
			why:   "RFC 9112 §6.3 calls it a sign of response splitting, to be handled as an error; net/http takes the chunks",
			names: names("a length and chunks"),
		},
		{
			peer: peerNginx, topic: "length of an answer",
			why:   "where an answer ends must not be a matter of opinion; nginx takes the last length",
			names: names("two different lengths"),
		},
		{
			peer: peerNginx, topic: "length of an answer",
			why: "nginx reads until the connection ends when it cannot read the length",
			names: names(
				"a length that is none", "a negative length", "an encoding of the transfer that nobody knows",
				"an encoding of the transfer twice",
			),
		},
		{
			peer: peerNginx, topic: "headers of an answer",
			why:   "nginx keeps one Content-Type, and none that is empty",
			names: names("an empty Content-Type", "two Content-Type"),
		},
		{
			peer: peerNginx, topic: "headers of an answer", why: "nginx writes its own",
			names: names("the shop's Date and Server"),
		},
		{
			peer: peerGo, topic: "headers of an answer", races: true,
			why:   "net/http guesses a Content-Type unless the head went out before the body",
			names: names("no Content-Type is invented"),
		},
		{
			peer: peerNginx, topic: "headers of an answer",
			why: "nginx drops Connection and Keep-Alive alone; RFC 9110 §7.6.1 wants all that belongs to the " +
				"connection dropped",
			names: names(
				"what Connection names is dropped", "Keep-Alive and Proxy-Connection are dropped",
				"Upgrade is dropped",
			),
		},
		{
			peer: peerNginx, topic: "upgrades",
			why:   "nginx passes the shop's Upgrade, which is for its own connection",
			names: names("refused by 426"),
		},
		{
			peer: peerNginx, topic: "headers of an answer",
			why:   "a head that another reader would read otherwise is refused; nginx takes bare LF",
			names: names("bare LF for all line ends"),
		},
		{
			peer: peerNginx, topic: "headers of an answer",
			why:   "a head that another reader would read otherwise is refused; nginx takes the line for a name",
			names: names("no colon"),
		},
		{
			peer: peerGo, topic: "headers of an answer",
			why: "a head that another reader would read otherwise is refused; net/http drops, joins or accepts " +
				"such lines",
			names: names(
				"bare LF for all line ends", "a name with a space before the colon",
				"a name with a space in it", "a line that goes on",
			),
		},
		{
			peer: peerNginx, topic: "headers of an answer",
			why:   "nginx takes what is no answer for one of HTTP/0.9 and hands it on bare",
			names: names("no HTTP", "HTTP/2 by its name", "a status of letters"),
		},
		{
			peer: peerNginx, topic: "headers of an answer", hangs: true,
			why: "nginx hands it on bare, as an answer of HTTP/0.9", names: names("a status of two digits"),
		},
		{
			peer: peerNginx, topic: "pipelining",
			why:   "nginx takes what is no answer for one of HTTP/0.9 and hands it on bare",
			names: names("behind an answer of the shop's that cannot be read"),
		},
		{
			peer: peerGo, topic: "pipelining",
			why:   "net/http keeps its client's connection after 502 and answers the next request; the gateway sends clients elsewhere while a shop is broken",
			names: names("behind an answer of the shop's that cannot be read"),
		},
		{
			peer: peerNginx, topic: "broken answers",
			why: "nginx asks again unless it is told not to, and then also where an order may be made twice: " +
				"here it is told not to",
			names: names(
				"none to GET on a kept connection", "none to GET on a kept connection, by a reset",
				"none to GET on a kept connection, by half a close",
				"none to GET on a kept connection, and again none",
			),
		},
		{
			peer: peerGo, topic: "broken answers",
			why:   "net/http repeats whatever the standard calls safe; here only GET and HEAD are",
			names: names("none to OPTIONS on a kept connection"),
		},
		{
			peer: peerNginx, topic: "broken answers",
			why:   "nginx gives up what it has read when the same packet holds the fault",
			names: names("a chunk's size that is none", "more in a chunk than its size"),
		},
		{
			peer: peerGo, topic: "streaming", hangs: true,
			why:   "net/http's server reads the request before it answers unless a handler asks for both at once",
			names: names("an answer while the upload goes on"),
		},
		{
			peer: peerGo, topic: "early answers and Expect", hangs: true,
			why:   "net/http's server reads the request before it answers",
			names: names("a body whose rest is never sent"),
		},
		{
			peer: peerGo, topic: "early answers and Expect",
			why:   "RFC 9110 §10.1.1 allows 417; the shop may know better",
			names: names("an expectation that nobody knows"),
		},
		{
			peer: peerNginx, topic: "clients that leave", why: "nginx takes half a close for a whole one",
			names: names(
				"half: the request is whole, nothing more comes",
				"half: the body is not whole, nothing more comes",
			),
		},
		{
			peer: peerGo, topic: "clients that leave", races: true,
			why:   "net/http takes half a close for a whole one when it notices in time",
			names: names("half: the request is whole, nothing more comes"),
		},
		{
			peer: peerGo, topic: "length of an answer", races: true,
			why:   "net/http says a length when the answer has ended before its head went out",
			names: names("until the connection ends, nothing"),
		},
		{
			peer: peerGo, topic: "upgrades", hangs: true,
			why:   "net/http's server keeps what came behind the request in its buffer",
			names: names("the client does not wait"),
		},
		{
			peer: peerNginx, topic: "upgrades", why: "nginx passes what Connection names",
			names: names("Connection names it among others"),
		},
		{
			peer: peerNginx, topic: "upgrades", why: "RFC 9110 §7.8 wants Upgrade of HTTP/1.0 ignored",
			names: names("of HTTP/1.0, which has none"),
		},
		{
			peer: peerGo, topic: "upgrades", why: "RFC 9110 §7.8 wants Upgrade of HTTP/1.0 ignored",
			names: names("of HTTP/1.0, which has none"),
		},
	}
}

func requestReasons() []reason {
	return []reason{
		{
			peer: peerGo, topic: "length of a request", why: "net/http takes equal lengths for one",
			names: names("two equal Content-Length"),
		},
		{
			peer: peerGo, topic: "length of a request",
			why: "RFC 9112 §6.1 lets a server take the chunks; a proxy before us may take the length, so it is " +
				"refused",
			names: names("both, the length first", "both, the length last", "both, the length 0"),
		},
		{
			peer: peerGo, topic: "length of a request",
			why:   "net/http joins a line that goes on; RFC 9112 §5.2 lets a server refuse it",
			names: names("Transfer-Encoding on a line of its own"),
		},
		{
			peer: peerGo, topic: "length of a request",
			why:   "net/http ignores it; RFC 9112 §6.1 calls the framing faulty",
			names: names("Transfer-Encoding in HTTP/1.0"),
		},
		{
			peer: peerNginx, topic: "length of a request",
			why:   "RFC 9112 §5 allows white space around a value; nginx wants none behind these",
			names: names("Content-Length with white space around", "transfer-encoding behind spaces and a tab"),
		},
		{
			peer: peerGo, topic: "chunks of a request", why: "net/http bounds extensions",
			names: names("an extension of 40 KiB"),
		},
		{
			peer: peerGo, topic: "chunks of a request", hangs: true, why: "net/http waits for so many bytes",
			names: names("a size of 64 bits that is negative"),
		},
		{
			peer: peerGo, topic: "chunks of a request",
			why:   "net/http drops such trailers; RFC 9110 §6.5.1 forbids to send them",
			names: names("trailers that would be headers"),
		},
		{
			peer: peerNginx, topic: "chunks of a request",
			why:   "nginx drops all trailers, well formed or not",
			names: names("trailers that would be headers", "a trailer that is none"),
		},
		{
			peer: peerNginx, topic: "chunks of a request",
			why:   "nginx takes a bare LF for a line end; who does not sees another request there",
			names: names("a bare LF behind the size", "a bare LF behind the data", "a bare LF in an extension"),
		},
		{
			peer: peerNginx, topic: "request line and Host",
			why:   "nginx takes nearly any Host; what is no host and port ends in links and logs",
			names: names("a Host with a user", "a Host with a comma"),
		},
		{
			peer: peerGo, topic: "request line and Host",
			why:   "net/http takes nearly any Host; what is no host and port ends in links and logs",
			names: names("a Host with a comma", "a Host on a line of its own"),
		},
		{
			peer: peerNginx, topic: "request line and Host", why: "nginx still serves HTTP/0.9",
			names: names("no version"),
		},
		{
			peer: peerNginx, topic: "request line and Host",
			why: "there is no HTTP/1.9 that anybody could have tested", names: names("HTTP/1.9"),
		},
		{
			peer: peerGo, topic: "request line and Host",
			why: "there is no HTTP/1.9 that anybody could have tested", names: names("HTTP/1.9"),
		},
		{
			peer: peerGo, topic: "request line and Host", why: "net/http hands it on as a request of HTTP/1",
			names: names("the preface of HTTP/2"),
		},
		{
			peer: peerGo, topic: "request line and Host",
			why: "net/http knows no list of methods; Fiber does", names: names("a method that nobody knows"),
		},
		{
			peer: peerGo, topic: "request line and Host",
			why:   "RFC 9112 §2.2 wants a server to ignore it; net/http does not",
			names: names("an empty line before it"),
		},
		{
			peer: peerGo, topic: "request line and Host",
			why: "net/http hands it on like any other request; a shop is no tunnel", names: names("CONNECT"),
		},
		{
			peer: peerGo, topic: "request line and Host", why: "net/http's server answers it itself",
			names: names("OPTIONS *"),
		},
		{
			peer: peerNginx, topic: "request line and Host",
			why:   "RFC 9112 §3.2.2: the target goes before Host; this nginx is told to hand Host on",
			names: names("an absolute target of another Host, which goes first"),
		},
		{
			peer: peerNginx, topic: "request line and Host", why: "nginx ignores the scheme of a target",
			names: names("an absolute target of another scheme"),
		},
		{
			peer: peerGo, topic: "request line and Host", why: "net/http ignores the scheme of a target",
			names: names("an absolute target of another scheme"),
		},
		{
			peer: peerNginx, topic: "headers of a request", why: "nginx takes the line for a name",
			names: names("no colon"),
		},
		{
			peer: peerNginx, topic: "headers of a request",
			why: "nginx drops lines whose name it does not like",
			names: names(
				"a bracket in a name", "a byte beyond ASCII in a name", "underscores in a name",
				"all that a name may have",
			),
		},
		{
			peer: peerNginx, topic: "headers of a request",
			why:   "RFC 9110 §5.5 calls them invalid, and dangerous in logs",
			names: names("a control character in a value"),
		},
		{
			peer: peerGo, topic: "headers of a request",
			why:   "net/http joins the lines; RFC 9112 §5.2 lets a server refuse them",
			names: names("a line that goes on"),
		},
		{
			peer: peerNginx, topic: "headers of a request",
			why:   "nginx takes bare LF; a head ends with CRLF CRLF or not at all",
			names: names("bare LF for all line ends", "bare LF for all line ends, and nothing more"),
		},
		{
			peer: peerNginx, topic: "request line and Host",
			why:   "nginx takes bare LF; who does not sees no request line there",
			names: names("a bare LF behind it"),
		},
		{
			peer: peerGo, topic: "headers of a request",
			why:   "net/http takes bare LF; a head ends with CRLF CRLF or not at all",
			names: names("bare LF for all line ends", "bare LF for all line ends, and nothing more"),
		},
		{
			peer: peerGo, topic: "request line and Host",
			why:   "net/http takes bare LF; who does not sees no request line there",
			names: names("a bare LF behind it"),
		},
		{
			peer: peerNginx, topic: "hop-by-hop and forwarded",
			why: "nginx drops Connection and Keep-Alive alone; RFC 9110 §7.6.1 wants all that belongs to the " +
				"connection dropped",
			names: names(
				"what Connection names", "what two lines of Connection name",
				"Connection with empty elements", "Keep-Alive and Proxy-Connection", "Proxy-Authorization",
				"Upgrade that Connection does not name",
			),
		},
		{
			peer: peerNginx, topic: "hop-by-hop and forwarded",
			why:   "nginx appends to whatever a client says, as it is told to here",
			names: names("a stranger says who is calling", "a trusted proxy says who is calling"),
		},
		{
			peer: peerGo, topic: "hop-by-hop and forwarded",
			why: "ReverseProxy does not know X-Real-IP, nor whom to trust",
			names: names(
				"a stranger says who is calling", "a trusted proxy says who is calling",
				"a trusted proxy says it on two lines",
			),
		},
	}
}
