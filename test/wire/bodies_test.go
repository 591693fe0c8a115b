package wire

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http/httputil"
	"strings"
	"sync"
	"testing"
	"time"
)

// mebibytes is how long the long bodies are: a GiB by make wire-long, and otherwise enough to tell whether they are kept.
func mebibytes() int {
	if *long {
		return 1024
	}
	return 128
}

// mostForBodies is what the gateway may have held at most, in KiB, while four long bodies were on their way at once.
const mostForBodies = 80 << 10

// pieceOfBody is a MiB of what long bodies are made of: a byte that got lost, or was said twice, shows.
func pieceOfBody() []byte {
	b := make([]byte, 1<<20)
	for i := range b {
		b[i] = byte(i ^ i>>8 ^ i>>16)
	}
	return b
}

// writeLong writes a long body, by a length that the head has said or in chunks.
func writeLong(w io.Writer, inChunks bool) error {
	piece := pieceOfBody()
	to := w
	if inChunks {
		chunks := httputil.NewChunkedWriter(w)
		defer func() {
			_ = chunks.Close()
			_, _ = io.WriteString(w, "\r\n")
		}()
		to = chunks
	}
	for range mebibytes() {
		if _, err := to.Write(piece); err != nil {
			return err
		}
	}
	return nil
}

// readLong reads a long body, all of it and nothing else.
func readLong(r *bufio.Reader, inChunks bool) error {
	piece, got := pieceOfBody(), make([]byte, 1<<20)
	var from io.Reader = r
	if inChunks {
		from = httputil.NewChunkedReader(r)
	}
	for i := range mebibytes() {
		if _, err := io.ReadFull(from, got); err != nil {
			return fmt.Errorf("in MiB %d: %w", i, err)
		}
		if !bytes.Equal(got, piece) {
			return fmt.Errorf("MiB %d has other bytes", i)
		}
	}
	if !inChunks {
		return nil
	}
	if n, err := from.Read(got); !errors.Is(err, io.EOF) {
		return fmt.Errorf("%d bytes more: %w", n, err)
	}
	_, err := r.Discard(len("\r\n"))
	return err
}

// longLine says how a long body's end is told.
func longLine(inChunks bool) string {
	if inChunks {
		return "Transfer-Encoding: chunked"
	}
	return fmt.Sprintf("Content-Length: %d", mebibytes()<<20)
}

// answerLong is the market's part of it.
func (v *visit) answerLong() bool {
	if strings.HasPrefix(v.start, "POST ") {
		if err := readLong(v.r, len(v.values("Transfer-Encoding")) > 0); err != nil {
			return v.say(ok(err.Error()))
		}
		return v.say(ok("all"))
	}
	inChunks := strings.HasSuffix(target(v.message), "/chunks")
	return v.say(answer("200 OK", "", longLine(inChunks))) && writeLong(v.conn, inChunks) == nil
}

// TestLongBodies: long bodies pass both ways, by their length and in chunks, all at once, and are kept nowhere.
func TestLongBodies(t *testing.T) {
	t.Parallel()
	at, pid := runGateway(t, newMarket(t).addr())
	var all sync.WaitGroup
	for _, inChunks := range []bool{false, true} {
		all.Go(func() {
			if err := upload(at, inChunks); err != nil {
				t.Errorf("up, in chunks %t: %v", inChunks, err)
			}
		})
		all.Go(func() {
			if err := download(at, inChunks); err != nil {
				t.Errorf("down, in chunks %t: %v", inChunks, err)
			}
		})
	}
	all.Wait()
	if kib := peakMemory(t, pid); kib > mostForBodies {
		t.Errorf("four bodies of %d MiB took the gateway to %d KiB", mebibytes(), kib)
	}
}

// dialLong opens a connection that long bodies have time on.
func dialLong(at string) (net.Conn, *bufio.Reader, error) {
	c, err := net.Dial("tcp", at)
	if err != nil {
		return nil, nil, err
	}
	return c, bufio.NewReaderSize(c, 64<<10), c.SetDeadline(time.Now().Add(10 * time.Minute))
}

func upload(at string, inChunks bool) error {
	c, r, err := dialLong(at)
	if err != nil {
		return err
	}
	defer c.Close()
	if _, err := io.WriteString(c, request("POST /long/up", longLine(inChunks))); err != nil {
		return err
	}
	if err := writeLong(c, inChunks); err != nil {
		return err
	}
	m, err := readHead(r)
	if err != nil {
		return err
	}
	if m.readBody(r, false, true); string(m.body) != "all" {
		return fmt.Errorf("%s: the shop says %s", m.start, m.body)
	}
	return nil
}

func download(at string, inChunks bool) error {
	c, r, err := dialLong(at)
	if err != nil {
		return err
	}
	defer c.Close()
	way := "/long/length"
	if inChunks {
		way = "/long/chunks"
	}
	if _, err := io.WriteString(c, get(way)); err != nil {
		return err
	}
	m, err := readHead(r)
	if err != nil {
		return err
	}
	return readLong(r, len(m.values("Transfer-Encoding")) > 0)
}
