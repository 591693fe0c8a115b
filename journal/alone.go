package journal

import (
	"errors"
	"fmt"
	"os"
	"sync"
	"syscall"
)

// errInUse tells that another process has the journal for itself.
var errInUse = errors.New("another process serves from this journal file")

// alone is the lock of the one process that serves from a journal file. It stands in a file of its own, since SQLite
// loses its locks on a file that somebody else in the process closes. The system gives it back when the process ends,
// however that ends.
type alone struct {
	path string

	mu   sync.Mutex
	file *os.File
}

// take takes the lock, or fails with errInUse.
func (a *alone) take() error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.file != nil {
		return nil
	}
	f, err := os.OpenFile(a.path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return fmt.Errorf("creating the lock of the journal: %w", err)
	}
	err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		err = errInUse
	}
	if err != nil {
		return errors.Join(unavailable("locking the journal", err), f.Close())
	}
	a.file = f
	return nil
}

// release gives the lock back.
func (a *alone) release() error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.file == nil {
		return nil
	}
	// Not by closing alone: a process that is just being started has a copy of the file until it runs its program.
	err := errors.Join(syscall.Flock(int(a.file.Fd()), syscall.LOCK_UN), a.file.Close())
	a.file = nil
	return err
}
