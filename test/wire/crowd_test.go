package wire

import (
	"bufio"
	"fmt"
	"net"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/pg-gateway/pg-gateway/test/slowclients"
)

// crowd is who stands in the way of buyers.
type crowd struct {
	// loris send the head of a request byte by byte, idle say nothing, uploads send bodies byte by byte to the shop, and
	// checkouts to us.
	loris, idle, uploads, checkouts int
}

// wanted is a crowd that must not stop checkout: all of it by make wire-long, and in every run as much as shows a limit that
// checkout shares with it. It is smaller where a process may open few files: each of the crowd takes one here, and one or
// two of the gateway's.
func wanted(t *testing.T) crowd {
	t.Helper()
	c := crowd{loris: 200, idle: 500, uploads: 1024, checkouts: 256}
	if *long {
		c.loris, c.idle = 2000, 5000
	}
	var files syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &files); err != nil {
		t.Fatal(err)
	}
	if have, takes := int(files.Cur), 2*(c.loris+c.idle+2*c.uploads+c.checkouts); have < takes {
		c.loris, c.idle = c.loris*have/takes, c.idle*have/takes
		c.uploads, c.checkouts = c.uploads*have/takes, c.checkouts*have/takes
	}
	return c
}

// How long buyers are looked at with the crowd around them, and how long one of them may take for all that.
const (
	crowdStays   = 3 * time.Second
	longestBuyer = 5 * time.Second
)

// TestACrowdDoesNotStopCheckout: whoever sends slowly, or nothing, takes his own time and nobody else's. 1,024 slow uploads
// once closed the shop for 50 s.
func TestACrowdDoesNotStopCheckout(t *testing.T) {
	t.Parallel()
	at, _ := runGateway(t, newMarket(t).addr())
	c := wanted(t)
	// As much as a server reads of a body before it hands the request on.
	begun := strings.Repeat("x", 16<<10)
	slow := gather(t, at, c.loris, "GET /a HTTP/1.1\r\nHost: shop.example\r\nX-Slow: ")
	gather(t, at, c.idle, "")
	slow = append(slow, gather(t, at, c.uploads, request("POST /upload", "Content-Length: 1000000")+begun)...)
	slow = append(slow, gather(t, at, c.checkouts,
		request("POST /checkout", "Content-Length: 60000", "Content-Type: application/json"))...)
	over := make(chan struct{})
	var dripping sync.WaitGroup
	dripping.Go(func() { slowclients.Drip(slow, over) })
	defer dripping.Wait()
	defer close(over)

	var worst time.Duration
	buyers := 0
	for until := time.Now().Add(crowdStays); time.Now().Before(until); buyers++ {
		took, err := passThrough(at, buyers)
		if worst = max(worst, took); err != nil || took > longestBuyer {
			t.Fatalf("buyer %d, in a crowd of %+v: after %s: %v", buyers, c, took, err)
		}
	}
	t.Logf("%d buyers in a crowd of %+v, the slowest in %s", buyers, c, worst)
}

// gather opens n connections and sends the same on each.
func gather(t *testing.T, at string, n int, begun string) []net.Conn {
	t.Helper()
	all, err := slowclients.Gather(at, n, begun)
	t.Cleanup(func() {
		for _, c := range all {
			_ = c.Close()
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// passThrough is a buyer of his own address who sees a page, and opens windows by both ways.
func passThrough(at string, n int) (time.Duration, error) {
	began := time.Now()
	d := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 2, 0, byte(1+n%250))}, Timeout: longestBuyer}
	c, err := d.Dial("tcp", at)
	if err != nil {
		return time.Since(began), err
	}
	defer c.Close()
	name := fmt.Sprintf("buyer-%d-0-crowd_", n)
	b := &buyer{conn: c, r: bufio.NewReader(c)}
	for _, ask := range []struct{ request, page string }{
		{get("/page/length/" + name), "page of " + name + " who said: "},
		{post("/checkout", strings.ReplaceAll(checkoutOf, "NAME", name), "Content-Type: application/json"), ""},
		{post("/api/orders", orderOf(name), "Content-Type: application/json"), ""},
	} {
		if err := b.ask(name, ask.request, ask.page); err != nil {
			method, _, _ := strings.Cut(ask.request, " HTTP/")
			return time.Since(began), fmt.Errorf("%s: %w", method, err)
		}
	}
	return time.Since(began), nil
}
