package wire

import (
	"bufio"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// Buyers at once, and what each asks for; strangers meanwhile send what should never reach anybody.
const (
	buyersAtOnce = 24
	visitsEach   = 30
	strangers    = 6
)

// TestBuyersGetTheirOwn is design promise 9 at once instead of one after the other: many buyers, by themselves and through
// proxies that share their connections, a shop that answers in every way that there is, and strangers among them. No answer
// has another buyer's name in it, and whoever asked for a page that is in order gets it whole.
func TestBuyersGetTheirOwn(t *testing.T) {
	t.Parallel()
	gateway, _ := runGateway(t, newMarket(t).addr())
	doors := map[string]string{
		"directly": gateway, "HAProxy": startHAProxy(t, gateway), "Node": startAgent(t, gateway),
		"nginx": startNginx(t, gateway),
	}
	var all sync.WaitGroup
	for name, at := range doors {
		over := make(chan struct{})
		var strange, buying sync.WaitGroup
		for n := range strangers {
			strange.Go(func() { disturbAll(at, uint64(n), over) })
		}
		for n := range buyersAtOnce {
			b := &buyer{door: name, at: at, n: n, random: rand.New(rand.NewPCG(uint64(n), 1))}
			buying.Go(func() { b.buy(t) })
		}
		all.Go(func() {
			buying.Wait()
			close(over)
			strange.Wait()
		})
	}
	all.Wait()
}

// buyer asks for one thing after the other, each under a name that nobody else has.
type buyer struct {
	door, at string
	n        int
	random   *rand.Rand

	conn net.Conn
	r    *bufio.Reader
}

func (b *buyer) buy(t *testing.T) {
	defer b.hangUp()
	for visit := range visitsEach {
		name := fmt.Sprintf("buyer-%d-%d-%s_", b.n, visit, b.door)
		if err := b.visit(name); err != nil {
			t.Errorf("%s: %s", name, err)
			b.hangUp()
		}
	}
}

// wayNames are the wanted ways of answering, always in the same order.
func wayNames(wanted func(way) bool) (names []string) {
	for name, w := range ways {
		if wanted(w) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// visit asks for something under a name.
func (b *buyer) visit(name string) error {
	switch b.random.IntN(6) {
	case 0:
		return b.ask(name, post("/checkout", strings.ReplaceAll(checkoutOf, "NAME", name), "Content-Type: application/json"), "")
	case 1:
		return b.ask(name, post("/api/orders", orderOf(name), "Content-Type: application/json"), "")
	case 2:
		return b.stumble(name)
	}
	names := wayNames(func(w way) bool { return w.well })
	target := "/page/" + names[b.random.IntN(len(names))] + "/" + name
	said := strings.Repeat("I am "+name+". ", 1+b.random.IntN(40))
	page := "page of " + name + " who said: "
	switch b.random.IntN(3) {
	case 0:
		return b.ask(name, post(target, said), page+said)
	case 1:
		return b.ask(name, postChunks(target, chunk(said[:5])+chunk(said[5:])+"0\r\n\r\n"), page+said)
	}
	return b.ask(name, get(target), page)
}

// checkoutOf is a checkout of an order that is called as its buyer.
const checkoutOf = `{"order_id":"NAME","amount":64900,"payments":[{"method":"card","amount":64900}],` +
	`"buyer":{"name":"NAME","email":"b@example.com","tel":"010-4242-4242"},"site":"main","device":"pc",` +
	`"return_url":"http://shop.example/result"}`

// orderOf is what an intercepted route is asked for a buyer.
func orderOf(name string) string {
	return strings.ReplaceAll(order, `"buyer","tel"`, `"`+name+`","tel"`)
}

// anybody finds whose an answer is.
var anybody = regexp.MustCompile(`(buyer|stranger)-[0-9]+-[0-9]+-[A-Za-z]+_`)

// send sends on the buyer's connection, or on a new one.
func (b *buyer) send(request string) error {
	if b.conn == nil {
		c, err := net.Dial("tcp", b.at)
		if err != nil {
			return err
		}
		b.conn, b.r = c, bufio.NewReader(c)
	}
	_ = b.conn.SetDeadline(time.Now().Add(2 * patience))
	_, err := io.WriteString(b.conn, request)
	return err
}

func (b *buyer) hangUp() {
	if b.conn != nil {
		_ = b.conn.Close()
	}
	b.conn = nil
}

// read reads an answer, past interim ones. Nobody else may be named in it.
func (b *buyer) read(name string) (*message, error) {
	for {
		m, err := readHead(b.r)
		if err != nil {
			return nil, err
		}
		m.readBody(b.r, m.bodyless("GET"), true)
		all := strings.Join(m.headers, "\n") + string(m.body) + strings.Join(m.trailers, "\n")
		for _, other := range anybody.FindAllString(all, -1) {
			if other != name {
				return nil, fmt.Errorf("was told of %s: %s", other, all)
			}
		}
		if m.status() >= 200 {
			return m, nil
		}
	}
}

// ask wants an answer that is in order: a page, or a window of the buyer's own order when there is none.
func (b *buyer) ask(name, request, page string) error {
	if err := b.send(request); err != nil {
		return fmt.Errorf("sending: %w", err)
	}
	m, err := b.read(name)
	switch {
	case err != nil:
		return err
	case m.broken != nil:
		return fmt.Errorf("%s %s: %w", m.start, m.body, m.broken)
	case m.status() != 200:
		return fmt.Errorf("%s %s", m.start, m.body)
	case page == "" && (shownBody(m.body) != "a window" || !strings.Contains(string(m.body), name)):
		return fmt.Errorf("no window of his own: %s", m.body)
	case page != "" && page != string(m.body):
		return fmt.Errorf("%s, and not his page", shownBody(m.body))
	}
	if m.framing == "close" || slices.Contains(m.values("Connection"), "close") {
		b.hangUp()
	}
	return nil
}

// stumble asks for something that goes wrong at the shop. It may end in any way but with another's name.
func (b *buyer) stumble(name string) error {
	names := wayNames(func(w way) bool { return !w.well })
	target := "/page/" + names[b.random.IntN(len(names))] + "/" + name
	request := get(target)
	if b.random.IntN(2) == 0 {
		request = post(target, strings.Repeat("I am "+name+". ", 2000))
	}
	if b.send(request) == nil {
		if _, err := b.read(name); err != nil && strings.Contains(err.Error(), "was told of") {
			return err
		}
	}
	b.hangUp()
	return nil
}

// disturbAll does what no buyer does until the buyers are through: half requests, two requests in one, bodies that nobody
// reads, answers that nobody reads to the end.
func disturbAll(at string, seed uint64, over <-chan struct{}) {
	random := rand.New(rand.NewPCG(seed, 2))
	for n := 0; ; n++ {
		select {
		case <-over:
			return
		default:
		}
		hidden := get(fmt.Sprintf("/page/length/stranger-%d-%d-smuggled_", seed, n))
		c, err := net.Dial("tcp", at)
		if err != nil {
			continue
		}
		_ = c.SetDeadline(time.Now().Add(glance / 10))
		_, _ = io.WriteString(c, disturbances(hidden)[random.IntN(len(disturbances("")))])
		if random.IntN(2) == 0 {
			_, _ = io.ReadFull(c, make([]byte, random.IntN(400)))
		}
		if tcp, isTCP := c.(*net.TCPConn); isTCP && random.IntN(2) == 0 {
			_ = tcp.SetLinger(0)
		}
		_ = c.Close()
	}
}

// disturbances are what strangers send, with a request hidden in it where one can be.
func disturbances(hidden string) []string {
	long := strings.Repeat("A", 8192)
	return []string{
		post("/orders/O1/confirm", long+hidden),
		post("/checkout", long+hidden, "Content-Type: text/plain"),
		postChunks("/hooks/portone/v1/zzz", chunk(long+hidden)+"0\r\n\r\n"),
		postChunks("/page/length/stranger-0-0-chunks_", "zz\r\n"+hidden),
		postChunks("/page/length/stranger-0-0-chunks_", chunk("half")+"-5\r\n"+hidden),
		request("POST /page/length/stranger-0-0-both_", "Content-Length: 5", "Transfer-Encoding: chunked") + "0\r\n\r\n" + hidden,
		request("POST /page/length/stranger-0-0-two_", "Content-Length: 0", "Content-Length: 5") + hidden,
		request("POST /page/length/stranger-0-0-half_", "Content-Length: 1000") + "half",
		request("POST /page/early/stranger-0-0-early_", "Content-Length: 100000") + long + hidden,
		"GET /page/length/stranger-0-0-head_ HTTP/1.1\r\nHost: sh",
		get("/page/cut/stranger-0-0-cut_") + hidden,
		get("/page/behind-204/stranger-0-0-behind_") + hidden,
	}
}
