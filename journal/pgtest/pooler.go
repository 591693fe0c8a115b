package pgtest

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// pooler is the configuration of a PgBouncer that gives every transaction another connection.
const pooler = `[databases]
* = host=127.0.0.1 port=%d
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = %d
unix_socket_dir =
auth_type = any
auth_file = %s
pool_mode = transaction
default_pool_size = 4
server_round_robin = 1
max_client_conn = 200
logfile = %s
pidfile = %s
`

// Pooler starts a PgBouncer in transaction mode before the server and returns the connection string of a database
// through it. It ends with the test. Idle server connections are taken in turn, so that nothing that is kept in a
// session works by luck.
func (s *Server) Pooler(tb testing.TB, dsn string) string {
	tb.Helper()
	bin, err := exec.LookPath("pgbouncer")
	if err != nil {
		bin = "/usr/sbin/pgbouncer"
	}
	if !executable(bin) {
		tb.Fatal("pgbouncer is not here: run `make deps`, which installs Debian's package pgbouncer, and try again")
	}
	port, err := freePort()
	if err != nil {
		tb.Fatal(err)
	}
	dir, err := os.MkdirTemp(s.dir, "pgbouncer") //nolint:usetesting // whom the servers run as may not enter the test's own folder
	if err != nil {
		tb.Fatal(err)
	}
	ini := filepath.Join(dir, "pgbouncer.ini")
	users := filepath.Join(dir, "users.txt")
	text := fmt.Sprintf(pooler, s.port, port, users, filepath.Join(dir, "log"), filepath.Join(dir, "pid"))
	// auth_type any logs everybody in as the user of the database line.
	text = strings.Replace(text, "* = ", "* = user=gateway ", 1)
	err = errors.Join(
		os.WriteFile(ini, []byte(text), 0o600), os.WriteFile(users, []byte("\"gateway\" \"\"\n"), 0o600),
		s.give(dir, ini, users),
	)
	if err != nil {
		tb.Fatal(err)
	}
	var out bytes.Buffer
	cmd := s.command(bin, ini)
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Start(); err != nil {
		tb.Fatalf("starting pgbouncer: %v", err)
	}
	tb.Cleanup(func() {
		// The exit status of a process that was told to end says nothing.
		if err := errors.Join(cmd.Process.Kill(), ignore(cmd.Wait())); err != nil {
			tb.Errorf("stopping pgbouncer: %v", err)
		}
	})
	address := net.JoinHostPort("127.0.0.1", strconv.Itoa(port))
	for range 200 {
		conn, err := net.Dial("tcp", address)
		if err == nil {
			_ = conn.Close()
			u, err := url.Parse(dsn)
			if err != nil {
				tb.Fatal(err)
			}
			u.Host = address
			return u.String()
		}
		time.Sleep(20 * time.Millisecond)
	}
	tb.Fatalf("pgbouncer does not listen: %s", out.String())
	return ""
}

// give hands files to whom the servers run as.
func (s *Server) give(paths ...string) error {
	if s.cred == nil {
		return nil
	}
	var errs []error
	for _, p := range paths {
		errs = append(errs, os.Chown(p, int(s.cred.Uid), int(s.cred.Gid)))
	}
	return errors.Join(errs...)
}

// ignore drops the error of a process that ended because it was told to.
func ignore(err error) error {
	if _, ok := errors.AsType[*exec.ExitError](err); ok {
		return nil
	}
	return err
}
