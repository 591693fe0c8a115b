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
	dues          []due
	runs          *runLog
	seq           int64

	noticeMode NoticeMode
	// noticeLate is how late NoticeLate is.
	noticeLate time.Duration
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
	s.routeDue()
	s.routeScenarios()
	return s
}

// Reset forgets every payment, order, ledger entry, execution and fault.
func (s *Sandbox) Reset() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.books = newBooks(s.cfg.MaxPayments)
	s.inicis = newInicisState(s.cfg.MaxPayments)
	s.v1 = newV1State(s.cfg.MaxPayments)
	s.v1.noticeURL = s.cfg.V1.NoticeURL
	s.v2 = newV2State(s.cfg.MaxPayments)
	s.v2.noticeURL = s.cfg.V2.NoticeURL
	s.shop = newShopState(s.cfg.MaxPayments)
	s.keys = newKeyState(s.cfg.MaxPayments)
	s.accounts = newShelf[*account](s.cfg.MaxPayments)
	s.accountsByRef = newShelf[*account](s.cfg.MaxPayments)
	s.noticeURLs = map[string]string{"": s.cfg.InicisNoticeURL}
	for mid, m := range s.cfg.Inicis {
		s.noticeURLs[mid] = m.NoticeURL
	}
	s.runs = newRunLog(s.cfg.MaxPayments)
	s.faults, s.dues = nil, nil
	s.noticeMode, s.noticeLate, s.notices = NoticeAfter, lateByDefault, nil
}

// Handler returns the one handler that serves all stand-ins, by path.
func (s *Sandbox) Handler() http.Handler { return s.mux }

// Port is a listener and what is served on it.
type Port struct {
	Listener net.Listener
	Handler  http.Handler
}

// Run serves all stand-ins on the listener, and each further port, until the context is done or one of them fails; then
// it answers what is in flight and returns.
func (s *Sandbox) Run(ctx context.Context, ln net.Listener, further ...Port) error {
	defer s.passTime(ctx)()
	ports := append([]Port{{Listener: ln, Handler: s.mux}}, further...)
	servers, done := make([]*http.Server, 0, len(ports)), make(chan error, len(ports))
	for _, p := range ports {
		server := &http.Server{Handler: p.Handler, ReadHeaderTimeout: 10 * time.Second}
		servers = append(servers, server)
		go func() { done <- serve(server, p.Listener) }()
	}
	var err error
	left := len(ports)
	select {
	case err = <-done:
		left--
	case <-ctx.Done():
	}
	// Before the posting is waited for: it wakes those that sleep between two tries.
	s.once.Do(func() { close(s.stop) })
	defer s.posting.Wait()
	grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), shutdownGrace)
	defer cancel()
	for _, server := range servers {
		s.shutDown(grace, server)
	}
	for range left {
		err = errors.Join(err, <-done)
	}
	return err
}

func serve(server *http.Server, ln net.Listener) error {
	if err := server.Serve(ln); !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serving the sandbox: %w", err)
	}
	return nil
}

// shutDown answers what is in flight, as long as the context lets it.
func (s *Sandbox) shutDown(ctx context.Context, server *http.Server) {
	if err := server.Shutdown(ctx); err == nil {
		return
	}
	if err := server.Close(); err != nil {
		s.cfg.Logger.Debug("closing the sandbox", slog.Any("error", err))
	}
}

// next counts up; callers hold the mutex.
func (s *Sandbox) next() int64 {
	s.seq++
	return s.seq
}
