package e2e

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
	"unsafe"

	"github.com/pg-gateway/pg-gateway/journal"
	"github.com/pg-gateway/pg-gateway/test/fixture"
)

// disk is where the journal lies, and how to take its room away and give it back.
type disk struct {
	dir        string
	fill, free func(p *gatewayProcess) error
}

// smallDisk is a file system of its own, with several times the room that the journal takes by itself: what was bought
// on a fast machine must not fill it for good. Mounting one takes root.
func smallDisk(t *testing.T) (disk, error) {
	t.Helper()
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=64m"); err != nil {
		return disk{}, err
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, syscall.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
	ballast := filepath.Join(dir, "ballast")
	return disk{
		dir: dir,
		fill: func(*gatewayProcess) error {
			f, err := os.Create(ballast)
			if err != nil {
				return err
			}
			defer f.Close()
			for block := make([]byte, 64<<10); len(block) > 0; {
				if _, err = f.Write(block); err != nil {
					block = block[:len(block)/2]
				}
			}
			if !errors.Is(err, syscall.ENOSPC) {
				return err
			}
			return nil
		},
		free: func(*gatewayProcess) error { return os.Remove(ballast) },
	}, nil
}

// limitedDisk takes the room away by the process's own limit on file sizes, which everybody may lower.
func limitedDisk(t *testing.T) disk {
	t.Helper()
	limit := func(p *gatewayProcess, change func(*syscall.Rlimit)) error {
		var now syscall.Rlimit
		pid := uintptr(p.cmd.Process.Pid)
		if _, _, errno := syscall.RawSyscall6(syscall.SYS_PRLIMIT64, pid, syscall.RLIMIT_FSIZE, 0, uintptr(unsafe.Pointer(&now)), 0, 0); errno != 0 {
			return errno
		}
		change(&now)
		if _, _, errno := syscall.RawSyscall6(syscall.SYS_PRLIMIT64, pid, syscall.RLIMIT_FSIZE, uintptr(unsafe.Pointer(&now)), 0, 0, 0); errno != 0 {
			return errno
		}
		return nil
	}
	return disk{
		dir:  t.TempDir(),
		fill: func(p *gatewayProcess) error { return limit(p, func(l *syscall.Rlimit) { l.Cur = 1 }) },
		free: func(p *gatewayProcess) error { return limit(p, func(l *syscall.Rlimit) { l.Cur = l.Max }) },
	}
}

// When the journal's disk is full nothing is approved, everybody is told why, and it goes on when there is
// room again, without a restart.
func TestAFullDiskApprovesNothing(t *testing.T) {
	t.Parallel()
	t.Run("a limit on file sizes", func(t *testing.T) {
		t.Parallel()
		fullDisk(t, limitedDisk(t))
	})
	t.Run("a file system without room", func(t *testing.T) {
		t.Parallel()
		d, err := smallDisk(t)
		if err != nil {
			t.Logf("a file system cannot be mounted here (%v), so this runs with a limit on file sizes instead", err)
			d = limitedDisk(t)
		}
		fullDisk(t, d)
	})
}

func fullDisk(t *testing.T, d disk) {
	t.Helper()
	file := filepath.Join(d.dir, "data", "journal.db")
	db := database{
		use:  func(c *fixture.Config) { c.Journal.Path = file },
		open: func(*gatewayProcess) journal.Config { return journal.Config{Driver: journal.DriverSQLite, Path: file} },
	}
	p := startApart(t, quick, db.use)
	c := gather(t, p, uint64(time.Now().UnixNano()))
	time.Sleep(time.Second)
	if err := d.fill(p); err != nil {
		t.Fatal(err)
	}
	p.mustBeWithoutJournal()
	refused, approvals, since := c.refusals(), p.approvals(), time.Now()
	p.waitFor("approvals to stop for three seconds", 30*time.Second, func() bool {
		if now := p.approvals(); now != approvals {
			refused, approvals, since = c.refusals(), now, time.Now()
		}
		return time.Since(since) > 3*time.Second
	})
	if c.refusals() == refused {
		t.Error("in three seconds without room nobody was refused")
	}
	if err := d.free(p); err != nil {
		t.Fatal(err)
	}
	p.mustRecover(30 * time.Second)
	c.leave()
	took := p.concludeAll(8 * time.Minute)
	t.Logf("all were settled after %s; %s", took.Round(time.Second), c)
	p.stop()
	c.mustAddUp(db)
}

// approvals counts the requests to approve that reached a PG.
func (p *gatewayProcess) approvals() (n int) {
	p.t.Helper()
	var list struct {
		Count int `json:"count"`
	}
	for _, q := range []string{"pg=inicis&operation=approve", "pg=portone_v2&operation=confirm"} {
		p.getJSON("http://"+p.sandbox+"/_sandbox/executions?"+q, &list)
		n += list.Count
	}
	return n
}

// refusals counts what the buyers were told of a journal that cannot be written.
func (c *crowd) refusals() (n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for what, times := range c.counts {
		if strings.Contains(what, "JOURNAL_UNAVAILABLE") {
			n += times
		}
	}
	return n
}
