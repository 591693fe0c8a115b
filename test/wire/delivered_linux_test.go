package wire

import (
	"net"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// closedState is TCP_CLOSE: nothing will arrive any more.
const closedState = 7

// delivered waits until the other side's system has all that was sent on a connection, its end included: whoever looks
// there now sees it.
func delivered(conn net.Conn) {
	raw, err := conn.(syscall.Conn).SyscallConn()
	if err != nil {
		return
	}
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(50 * time.Microsecond) {
		arrived := true
		if err := raw.Control(func(fd uintptr) {
			info, err := unix.GetsockoptTCPInfo(int(fd), unix.IPPROTO_TCP, unix.TCP_INFO)
			arrived = err != nil || info.State == closedState || info.Unacked == 0 && info.Notsent_bytes == 0
		}); err != nil || arrived {
			return
		}
	}
}
