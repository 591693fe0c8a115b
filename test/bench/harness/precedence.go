//go:build linux

package harness

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// leastNice goes before all others that want the processor, but does not push out who has it.
const leastNice = "-20"

// autogroup is where Linux keeps how nice a terminal session is as a whole. Where it groups by sessions a process's own
// niceness counts only within its session.
const autogroup = "/proc/self/autogroup"

// GoBefore lets the session go before all others, where there are such groups, and returns what makes it as it was.
func GoBefore() (func(), error) {
	text, err := os.ReadFile(autogroup)
	if errors.Is(err, fs.ErrNotExist) {
		return func() {}, nil
	}
	_, before, _ := strings.Cut(strings.TrimSpace(string(text)), " nice ")
	if err == nil {
		err = os.WriteFile(autogroup, []byte(leastNice), 0)
	}
	if err != nil {
		return nil, fmt.Errorf("going before other sessions: %w", err)
	}
	return func() { _ = os.WriteFile(autogroup, []byte(before), 0) }, nil //nolint:gosec // a fixed path
}

// pushOut lets the tree of a process push out whoever has the processor, at the moment when it wants it. What is idle
// most of the time may; what is not would leave nothing for the rest of the machine.
func (p *Process) pushOut() error {
	ids, err := p.tree()
	if err != nil {
		return err
	}
	for _, id := range ids {
		threads, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*", id))
		if err != nil {
			return fmt.Errorf("listing the threads of %s: %w", p.Name, err)
		}
		for _, path := range threads {
			thread, err := strconv.Atoi(filepath.Base(path))
			if err != nil {
				return fmt.Errorf("listing the threads of %s: %w", p.Name, err)
			}
			if err := pushOutThread(thread); err != nil && !errors.Is(err, unix.ESRCH) {
				return err
			}
		}
	}
	return nil
}

// pushOutThread does so for one thread; 0 is the caller's.
func pushOutThread(thread int) error {
	attr := &unix.SchedAttr{Size: unix.SizeofSchedAttr, Policy: unix.SCHED_RR, Priority: 1}
	if err := unix.SchedSetAttr(thread, attr, 0); err != nil {
		return fmt.Errorf("setting a thread's priority: %w", err)
	}
	return nil
}
