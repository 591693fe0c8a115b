//go:build race

package upstream

import (
	"errors"
	"syscall"
)

// sysRead is the one of a usual build, in a way that the race detector can follow: what one side wrote before it sent
// is seen by the other after it received.
func sysRead(fd uintptr, b []byte) (int, syscall.Errno) {
	n, err := syscall.Read(int(fd), b)
	if err == nil {
		return n, 0
	}
	var errno syscall.Errno
	if !errors.As(err, &errno) {
		errno = syscall.EIO
	}
	return 0, errno
}

// sysWrite is the one of a usual build, likewise.
func sysWrite(fd uintptr, b []byte) int {
	n, err := syscall.Write(int(fd), b)
	if err != nil {
		return 0
	}
	return n
}
