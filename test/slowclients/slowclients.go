// Package slowclients are clients that stand in the way of others: who opens a connection and says nothing, and who
// sends what he sends byte by byte.
package slowclients

import (
	"fmt"
	"io"
	"net"
	"slices"
	"time"
)

// perAddress is how many of them come from one address.
const perAddress = 50

// patience is how long one of them waits for a connection.
const patience = 10 * time.Second

// Gather opens n connections to host:port from many addresses of loopback, and sends the same on each. What it has
// opened is the caller's to close, also when it fails.
func Gather(at string, n int, begun string) ([]net.Conn, error) {
	all := make([]net.Conn, 0, n)
	for i := range n {
		d := net.Dialer{
			LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 1, byte(i/perAddress/250), byte(1+i/perAddress%250))},
			Timeout:   patience,
		}
		c, err := d.Dial("tcp", at)
		if err != nil {
			return all, fmt.Errorf("opening connection %d of a crowd: %w", i, err)
		}
		all = append(all, c)
		if _, err := io.WriteString(c, begun); err != nil {
			return all, fmt.Errorf("beginning on connection %d of a crowd: %w", i, err)
		}
	}
	return all, nil
}

// beats is in how many parts a crowd sends within a second: each of it keeps his own time.
const beats = 50

// Drip sends one byte a second on each connection until it is over. Those that were closed have their answer.
func Drip(all []net.Conn, over <-chan struct{}) {
	for len(all) > 0 {
		for part := range slices.Chunk(all, (len(all)+beats-1)/beats) {
			for _, c := range part {
				_, _ = io.WriteString(c, "x")
			}
			select {
			case <-over:
				return
			case <-time.After(time.Second / beats):
			}
		}
	}
}
