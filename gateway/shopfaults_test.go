package gateway

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/pg-gateway/pg-gateway/upstream"
)

// silentAddress is an address of this machine that answers no attempt to connect: its queue is full.
func silentAddress(t *testing.T) string {
	t.Helper()
	fd, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = syscall.Close(fd) })
	if err := errors.Join(syscall.Bind(fd, &syscall.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}), syscall.Listen(fd, 0)); err != nil {
		t.Fatal(err)
	}
	name, err := syscall.Getsockname(fd)
	if err != nil {
		t.Fatal(err)
	}
	at := fmt.Sprintf("127.0.0.1:%d", name.(*syscall.SockaddrInet4).Port)
	for {
		c, err := net.DialTimeout("tcp", at, 300*time.Millisecond)
		if err != nil {
			return at
		}
		t.Cleanup(func() { _ = c.Close() })
	}
}

func TestAnAddressThatSaysNothingLeavesTimeForAnother(t *testing.T) {
	t.Parallel()
	shop := newMortalShop(t)
	silent := "http://" + silentAddress(t)
	for _, urls := range [][]string{{silent, shop.url()}, {shop.url(), silent}} { // whichever has the first turn
		l := shopsAt(t, newTestShops(t), urls...)
		var x upstream.Exchange
		err := l.do(forLookUps, &x, &upstream.Request{
			Method: []byte(http.MethodGet), Target: []byte("/orders/O-1"), Host: []byte("shop"), Deadline: time.Now().Add(2 * time.Second),
		})
		if err != nil || x.Status() != http.StatusOK {
			t.Errorf("the order is not looked up: %v", err)
		}
		_ = x.Close()
	}
}

func TestWhatWeLackIsNoFaultOfAnAddress(t *testing.T) {
	t.Parallel()
	for number, fault := range map[syscall.Errno]bool{
		syscall.EMFILE: false, syscall.ENFILE: false, syscall.EADDRNOTAVAIL: false, syscall.ENOBUFS: false, syscall.ECONNREFUSED: true,
		syscall.EHOSTUNREACH: true,
	} {
		err := fmt.Errorf("%w: %w", upstream.ErrNotSent, &net.OpError{Op: "dial", Err: os.NewSyscallError("connect", number)})
		if ofTheAddress(err, time.Now()) != fault {
			t.Errorf("%v: want %t", number, fault)
		}
	}
	asked := make(chan struct{})
	end := make(chan struct{})
	shop := newRawShop(t, func(target string, conn net.Conn) {
		if target == "/slow" {
			close(asked)
			<-end
		}
		_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
	})
	s := newTestShops(t)
	s.lookUps = 1
	l := shopsAt(t, s, shop.url)
	l.view.health.Path, l.view.health.Timeout, l.view.health.Failures, l.view.health.Successes = "/health", 5*time.Second, 1, 1
	done := make(chan error)
	go func() {
		var x upstream.Exchange
		err := l.do(forLookUps, &x, &upstream.Request{Method: []byte(http.MethodGet), Target: []byte("/slow"), Host: []byte("shop")})
		done <- errors.Join(err, x.Close())
	}()
	<-asked
	if l.check(); l.places[0].down.Load() {
		t.Error("an address is left out since its only client is busy")
	}
	close(end)
	if err := <-done; err != nil {
		t.Error(err)
	}
}

// TestASlowReaderOfAnInterceptedRouteKeepsHisSeat until he has read, or gone.
func TestASlowReaderOfAnInterceptedRouteKeepsHisSeat(t *testing.T) {
	t.Parallel()
	const long = 16 << 20
	shop := newRawShop(t, func(target string, conn net.Conn) {
		length := ""
		if strings.HasSuffix(target, "?known") {
			length = fmt.Sprintf("Content-Length: %d\r\n", long)
		}
		_, _ = fmt.Fprintf(conn, "HTTP/1.1 200 OK\r\n%s\r\n%s", length, strings.Repeat("x", long))
	})
	h := newHouse(t, nil)
	body := h.orderBody(`{"payWayCd":"11"}`)
	h.moveShop(shop.url)
	busy := func(want int) bool {
		for range 500 {
			h.g.rooms.checkouts.mu.Lock()
			n := h.g.rooms.checkouts.busy
			h.g.rooms.checkouts.mu.Unlock()
			if n == want {
				return true
			}
			time.Sleep(10 * time.Millisecond)
		}
		return false
	}
	at := h.atDoor()
	// An answer of unknown length ends with the connection of a client that knows no chunks.
	for version, query := range map[string]string{"1.1": "?known", "1.0": ""} {
		c := dialRaw(t, at)
		c.send(fmt.Sprintf("POST /api/orders%s HTTP/%s\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s",
			query, version, len(body), body))
		if _, err := c.r.Peek(1); err != nil {
			t.Fatal(err)
		}
		time.Sleep(100 * time.Millisecond) // the handler has returned
		if !busy(1) {
			t.Errorf("HTTP/%s: he has no seat while he reads", version)
		}
		_ = c.c.Close()
		if !busy(0) {
			t.Errorf("HTTP/%s: his seat is not given back", version)
		}
	}
}
