//go:build !linux

package wire

import "net"

// delivered takes for granted that loopback is fast.
func delivered(net.Conn) {}
