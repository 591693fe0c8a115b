//go:build !race

package upstream

import (
	"syscall"
	"unsafe"
)

// sysRead reads from a descriptor that does not block, past the scheduler: it has nothing to wait for here.
func sysRead(fd uintptr, b []byte) (int, syscall.Errno) {
	//nolint:gosec // what the system is given is b
	n, _, errno := syscall.RawSyscall(syscall.SYS_READ, fd, uintptr(unsafe.Pointer(unsafe.SliceData(b))), uintptr(len(b)))
	if errno != 0 {
		return 0, errno
	}
	return int(n), 0
}

// sysWrite writes to a descriptor that does not block, and returns how much of b the system took.
func sysWrite(fd uintptr, b []byte) int {
	//nolint:gosec // what the system is given is b
	n, _, errno := syscall.RawSyscall(syscall.SYS_WRITE, fd, uintptr(unsafe.Pointer(unsafe.SliceData(b))), uintptr(len(b)))
	if errno != 0 {
		return 0
	}
	return int(n)
}
