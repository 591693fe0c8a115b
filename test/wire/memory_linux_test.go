package wire

import (
	"fmt"
	"net"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"
)

const (
	unreadAnswers = 6
	unreadSize    = 40 << 20
	// mostMemory is what the gateway may have held at most, in KiB: far less than the answers' 240 MiB.
	mostMemory = 120 << 10
)

// TestUnreadAnswersCostNothing: whoever does not read his answer holds up its sender, not the gateway's memory.
func TestUnreadAnswersCostNothing(t *testing.T) {
	t.Parallel()
	at := startGateway(t)
	stalled := make(chan string, unreadAnswers)
	c := &wireCase{topic: "memory", name: "answers that nobody reads"}
	for range unreadAnswers {
		c.shop = append(c.shop, reply{do: func(x *exchange) { stalled <- pour(x) }})
	}
	p := &play{t: t, c: c, peer: at, events: map[string]chan struct{}{}, said: map[string]bool{}}
	at.shop.plays(p)
	for range unreadAnswers {
		conn, err := net.Dial("tcp", at.addr)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		if _, err := fmt.Fprint(conn, get("/file")); err != nil {
			t.Fatal(err)
		}
	}
	for range unreadAnswers {
		if how := <-stalled; how != "" {
			t.Error(how)
		}
	}
	if kib := peakMemory(t, at.pid); kib > mostMemory {
		t.Errorf("%d answers of %d MiB that nobody reads took the gateway to %d KiB", unreadAnswers, unreadSize>>20, kib)
	}
}

// pour sends an answer until nobody takes more of it; it says what is wrong when all of it was taken.
func pour(x *exchange) string {
	defer x.reset()
	x.say(fmt.Sprintf("HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n", unreadSize))
	piece := make([]byte, 1<<20)
	for range unreadSize / len(piece) {
		if err := x.conn.SetWriteDeadline(time.Now().Add(time.Second)); err != nil {
			return err.Error()
		}
		if _, err := x.conn.Write(piece); err != nil {
			return ""
		}
	}
	return "an answer that nobody reads was taken whole"
}

// peakMemory is the most memory that a process has held, in KiB.
func peakMemory(t *testing.T, pid int) int {
	t.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(status), "VmHWM:")
	kib, err := strconv.Atoi(strings.Fields(rest + " none")[0])
	if err != nil {
		t.Fatalf("reading the memory of %d: %v", pid, err)
	}
	return kib
}
