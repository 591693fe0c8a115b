package sandbox

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"
)

// shutdownGrace is how long Run waits for requests in flight before it cuts them off.
const shutdownGrace = 3 * time.Second

// Sandbox is the running state of all stand-ins. One mutex guards all of it: what a PG does to its books is
// atomic here, so that a test sees the effect of a race and not of the sandbox's own.
type Sandbox struct {
	cfg  Config
	mux  *http.ServeMux
	stop chan struct{}
	once sync.Once

	mu     sync.Mutex
	books  *books
	inicis *inicisState
	v1     *v1State
	v2     *v2State
	shop   *shopState
	keys   *keyState
	// accounts are the virtual accounts by number, accountsByRef the newest of each order reference.
	accounts      *shelf[*account]
	accountsByRef *shelf[*account]
	noticeURLs    map[string]string
	faults        []*Fault
	runs          *runLog
	seq           int64

	noticeMode NoticeMode
	notices    []Notice
	posting    sync.WaitGroup
}

// New makes a sandbox with an empty ledger.
func New(cfg Config) *Sandbox {
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	if cfg.MaxPayments <= 0 {
		cfg.MaxPayments = 100_000
	}
	s := &Sandbox{cfg: cfg, mux: http.NewServeMux(), stop: make(chan struct{})}
	s.Reset()
	s.routeInicis()
	s.routeV1()
	s.routeV2()
	s.routeHome()
	s.routeShop()
	s.routePHPShop()
	s.routeControl()
	s.routeMoneyControl()
	s.routeConsole()
	s.routeKeys()
	return s
}

// Reset forgets every payment, order, ledger entry, execution and fault.
func (s *Sandbox) Reset() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.books = newBooks(s.cfg.MaxPayments)
	s.inicis = newInicisState(s.cfg.MaxPayments)
	s.v1 = newV1State(s.cfg.MaxPayments)
	s.v2 = newV2State(s.cfg.MaxPayments)
	s.shop = newShopState(s.cfg.MaxPayments)
	s.keys = newKeyState(s.cfg.MaxPayments)
	s.accounts = newShelf[*account](s.cfg.MaxPayments)
	s.accountsByRef = newShelf[*account](s.cfg.MaxPayments)
	s.noticeURLs = map[string]string{"": s.cfg.InicisNoticeURL}
	for mid, m := range s.cfg.Inicis {
		s.noticeURLs[mid] = m.NoticeURL
	}
	s.runs = newRunLog(s.cfg.MaxPayments)
	s.faults = nil
	s.noticeMode, s.notices = NoticeAfter, nil
}

// Handler returns the one handler that serves all stand-ins, by path.
func (s *Sandbox) Handler() http.Handler { return s.mux }

// Run serves on the listener until the context is done, then answers what is in flight and returns.
func (s *Sandbox) Run(ctx context.Context, ln net.Listener) error {
	server := &http.Server{Handler: s.mux, ReadHeaderTimeout: 10 * time.Second}
	done := make(chan error, 1)
	go func() { done <- server.Serve(ln) }()
	select {
	case err := <-done:
		return fmt.Errorf("serving the sandbox: %w", err)
	case <-ctx.Done():
	}
	// Before the posting is waited for: it wakes those that sleep between two tries.
	s.once.Do(func() { close(s.stop) })
	defer s.posting.Wait()
	grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), shutdownGrace)
	defer cancel()
	if err := server.Shutdown(grace); err != nil {
		if err := server.Close(); err != nil {
			s.cfg.Logger.Debug("closing the sandbox", slog.Any("error", err))
		}
	}
	if err := <-done; err != nil && !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serving the sandbox: %w", err)
	}
	return nil
}

// next counts up; callers hold the mutex.
func (s *Sandbox) next() int64 {
	s.seq++
	return s.seq
}
