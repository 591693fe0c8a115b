// Package pgtest starts a private PostgreSQL for tests: a fresh cluster in a temporary folder, on loopback,
// gone when the tests end.
//
// It knows nothing of the journal. It needs the server's programs, not a running server.
package pgtest

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/url"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// binVariable names the folder of initdb and postgres when they are somewhere unusual.
const binVariable = "PG_GATEWAY_POSTGRES_BIN"

// lifeline runs the server and waits for a word on its input: the signal to end it with. When its input is
// closed without one, the tests have died, and server and folder go with them.
const lifeline = `dir=$1; shift; "$@" & pid=$!; read -r word; kill -s "${word:-QUIT}" "$pid"; wait "$pid"; [ -n "$word" ] || rm -rf "$dir"`

// Server is a running cluster.
type Server struct {
	bin  string
	dir  string
	port int
	cred *syscall.Credential
	cmd  *exec.Cmd
	tell io.WriteCloser
	log  *bytes.Buffer
	made atomic.Int64
}

// Main starts a cluster, hands it to ready, runs the tests and stops the cluster. Call it from TestMain; it
// returns the exit code. Without PostgreSQL's programs it fails: what was not tested does not work. With -short no
// cluster is started, and ready is not called.
func Main(m *testing.M, ready func(*Server)) int {
	flag.Parse() // testing.Short is not known before it
	if testing.Short() {
		return m.Run()
	}
	s, err := Start()
	if err != nil {
		fmt.Fprintln(os.Stderr, "starting PostgreSQL for the tests:", err)
		return 1
	}
	ready(s)
	code := m.Run()
	if err := s.Close(); err != nil {
		fmt.Fprintln(os.Stderr, "stopping PostgreSQL:", err)
		return 1
	}
	return code
}

// Start makes a cluster and starts it. The caller must Close it.
func Start() (*Server, error) {
	bin, err := binaries()
	if err != nil {
		return nil, err
	}
	cred, err := credential()
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "pgtest")
	if err != nil {
		return nil, fmt.Errorf("making the cluster's folder: %w", err)
	}
	s := &Server{bin: bin, dir: dir, cred: cred, log: &bytes.Buffer{}}
	if err := s.initialise(); err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	if err := s.Run(); err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	return s, nil
}

// binaries finds the folder with initdb and postgres.
func binaries() (string, error) {
	var folders []string
	if dir := os.Getenv(binVariable); dir != "" {
		folders = append(folders, dir)
	}
	debian, err := filepath.Glob("/usr/lib/postgresql/*/bin")
	if err != nil {
		return "", fmt.Errorf("looking for PostgreSQL: %w", err)
	}
	slices.Reverse(debian)
	folders = append(folders, debian...)
	if path, err := exec.LookPath("initdb"); err == nil {
		folders = append(folders, filepath.Dir(path))
	}
	return firstWithServer(append(folders, "/opt/homebrew/bin", "/usr/local/pgsql/bin", "/usr/pgsql/bin"))
}

func firstWithServer(folders []string) (string, error) {
	for _, dir := range folders {
		if executable(filepath.Join(dir, "initdb")) && executable(filepath.Join(dir, "postgres")) {
			return dir, nil
		}
	}
	return "", fmt.Errorf("initdb and postgres were not found: install the server (Debian: apt-get install postgresql; "+
		"macOS: brew install postgresql) or set %s to the folder that has them", binVariable)
}

func executable(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular() && info.Mode()&0o111 != 0
}

// credential is whom the server runs as when we are root, as which it refuses to run; nil otherwise.
func credential() (*syscall.Credential, error) {
	if os.Geteuid() != 0 {
		return nil, nil //nolint:nilnil // nobody else to run as
	}
	for _, name := range []string{"postgres", "nobody"} {
		u, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, err := strconv.ParseUint(u.Uid, 10, 32)
		if err != nil {
			return nil, fmt.Errorf("reading the uid of %s: %w", name, err)
		}
		gid, err := strconv.ParseUint(u.Gid, 10, 32)
		if err != nil {
			return nil, fmt.Errorf("reading the gid of %s: %w", name, err)
		}
		return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, nil
	}
	return nil, errors.New("running as root, and there is no user postgres or nobody to run the server as")
}

func (s *Server) initialise() error {
	if s.cred != nil {
		if err := os.Chown(s.dir, int(s.cred.Uid), int(s.cred.Gid)); err != nil {
			return fmt.Errorf("giving the cluster's folder away: %w", err)
		}
	}
	cmd := s.command(
		filepath.Join(s.bin, "initdb"), "-D", s.data(), "-U", "gateway", "-A", "trust", "-E", "UTF8", "--locale=C", "-N",
	)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("running initdb: %w\n%s", err, out)
	}
	return nil
}

func (s *Server) data() string { return filepath.Join(s.dir, "data") }

func (s *Server) command(path string, args ...string) *exec.Cmd {
	cmd := exec.Command(path, args...)
	cmd.Dir = s.dir
	cmd.Env = []string{"PATH=/usr/bin:/bin", "HOME=" + s.dir, "LC_ALL=C"}
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: s.cred, Setpgid: true}
	return cmd
}

// Run starts the server of a cluster that is stopped, on the port that it had before.
func (s *Server) Run() error {
	if s.port == 0 {
		port, err := freePort()
		if err != nil {
			return err
		}
		s.port = port
	}
	s.log.Reset()
	cmd := s.command("/bin/sh", "-c", lifeline, "sh", s.dir, filepath.Join(s.bin, "postgres"), "-D", s.data(),
		"-h", "127.0.0.1", "-p", strconv.Itoa(s.port), "-k", s.dir,
		"-c", "max_connections=200", "-c", "shared_buffers=32MB", "-c", "fsync=on", "-c", "max_wal_size=256MB")
	cmd.Stdout, cmd.Stderr = s.log, s.log
	tell, err := cmd.StdinPipe()
	if err != nil {
		return fmt.Errorf("starting postgres: %w", err)
	}
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("starting postgres: %w", err)
	}
	s.cmd, s.tell = cmd, tell
	return s.await()
}

// await waits until the server answers.
func (s *Server) await() error {
	var err error
	for range 300 {
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		var conn *pgx.Conn
		conn, err = pgx.Connect(ctx, s.dsn("postgres"))
		if err == nil {
			err = conn.Close(ctx)
			cancel()
			return err
		}
		cancel()
		time.Sleep(50 * time.Millisecond)
	}
	stop := s.Stop()
	return errors.Join(fmt.Errorf("postgres does not answer: %w\n%s", err, s.log), stop)
}

// Stop ends the server at once, as a crash would (immediate shutdown); the cluster stays and can Run again.
func (s *Server) Stop() error { return s.end("QUIT") }

func (s *Server) end(signal string) error {
	if s.cmd == nil {
		return nil
	}
	cmd := s.cmd
	s.cmd = nil
	if _, err := io.WriteString(s.tell, signal+"\n"); err != nil {
		return fmt.Errorf("stopping postgres: %w", err)
	}
	// The exit status of a server that was told to end says nothing.
	if err := cmd.Wait(); cmd.ProcessState == nil {
		return fmt.Errorf("stopping postgres: %w", err)
	}
	return nil
}

// Close stops the server and removes the cluster.
func (s *Server) Close() error {
	return errors.Join(s.end("INT"), os.RemoveAll(s.dir))
}

// Database makes an empty database and returns its connection string.
func (s *Server) Database(tb testing.TB) string {
	tb.Helper()
	name := fmt.Sprintf("t%d", s.made.Add(1))
	conn, err := pgx.Connect(tb.Context(), s.dsn("postgres"))
	if err != nil {
		tb.Fatalf("connecting to PostgreSQL: %v", err)
	}
	defer conn.Close(tb.Context())
	if _, err := conn.Exec(tb.Context(), "CREATE DATABASE "+name); err != nil {
		tb.Fatalf("making a database: %v", err)
	}
	return s.dsn(name)
}

func (s *Server) dsn(database string) string {
	u := url.URL{
		Scheme: "postgres", User: url.User("gateway"), Host: net.JoinHostPort("127.0.0.1", strconv.Itoa(s.port)),
		// A busy machine takes its time.
		Path: database, RawQuery: "sslmode=disable&connect_timeout=20",
	}
	return u.String()
}

func freePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, fmt.Errorf("finding a free port: %w", err)
	}
	defer l.Close()
	addr, ok := l.Addr().(*net.TCPAddr)
	if !ok {
		return 0, errors.New("finding a free port: not a TCP address")
	}
	return addr.Port, nil
}
