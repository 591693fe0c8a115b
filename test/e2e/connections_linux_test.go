package e2e

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"
	"unsafe"
)

// doors are the listeners of a running gateway, each with something that it answers.
func (p *gatewayProcess) doors() map[string]string {
	p.t.Helper()
	sidecar := between(p.log.String(), "sidecar   http://", "/")
	if sidecar == "" {
		p.t.Fatalf("no sidecar in\n%s", p.log.tail())
	}
	return map[string]string{"public": "http://" + p.public + "/checkout", "sidecar": "http://" + sidecar + "/attempts/x", "admin": "http://" + p.admin + "/livez"}
}

// mustAnswer wants every door to answer on a new connection.
func (p *gatewayProcess) mustAnswer(when string) {
	p.t.Helper()
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: 20 * time.Second}
	for door, url := range p.doors() {
		res, err := client.Get(url)
		if err != nil {
			p.t.Errorf("%s: the %s listener: %v", when, door, err)
			continue
		}
		if err := res.Body.Close(); err != nil || res.StatusCode >= 500 {
			p.t.Errorf("%s: the %s listener: %d %v", when, door, res.StatusCode, err)
		}
	}
}

// sayNothing opens n connections to an address and says nothing on them.
func sayNothing(t *testing.T, url string, n int) {
	t.Helper()
	at := between(url, "http://", "/")
	for range n {
		c, err := net.DialTimeout("tcp", at, 10*time.Second)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = c.Close() })
	}
}

// TestACrowdOfSilentConnectionsHoldsNobodyUp: 1,100 of them once ended a process that may open 1,024 files.
func TestACrowdOfSilentConnectionsHoldsNobodyUp(t *testing.T) {
	t.Parallel()
	p := prepare(t)
	p.files = "-n 1024"
	p.run()
	t.Cleanup(p.stop)
	for door, url := range p.doors() {
		sayNothing(t, url, 1100)
		p.mustAnswer("behind 1,100 connections to the " + door + " listener")
	}
	p.buyer("card").mustBuy(t, "pay", "approved")
}

// TestHavingNoFileLeftEndsNothing: whoever took the last one, the listeners go on when there are some again.
func TestHavingNoFileLeftEndsNothing(t *testing.T) {
	t.Parallel()
	p := start(t)
	was := p.limitFiles(0)
	now := p.limitFiles(p.openFiles() + 2)
	if now != was {
		t.Fatalf("the limit was %d and then %d", was, now)
	}
	for _, url := range p.doors() {
		sayNothing(t, url, 20)
	}
	p.waitFor("the listeners to have no file left", 20*time.Second, func() bool {
		return strings.Contains(p.log.String(), "too many open files")
	})
	p.limitFiles(was)
	p.mustAnswer("after having had no file left")
}

// TestTheLimitOnOpenFilesIsRaised to what the system allows.
func TestTheLimitOnOpenFilesIsRaised(t *testing.T) {
	t.Parallel()
	p := prepare(t)
	p.files = "-Sn 400 && ulimit -Hn 3000"
	p.run()
	t.Cleanup(p.stop)
	// The runtime may leave the very last one alone.
	if now := p.limitFiles(0); now < 2999 {
		t.Errorf("the limit is %d", now)
	}
}

// openFiles counts the files that the process has open.
func (p *gatewayProcess) openFiles() uint64 {
	p.t.Helper()
	list, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", p.cmd.Process.Pid))
	if err != nil {
		p.t.Fatal(err)
	}
	return uint64(len(list))
}

// limitFiles bounds how many files the running process may have open and returns the bound before that; 0 leaves it.
func (p *gatewayProcess) limitFiles(to uint64) uint64 {
	p.t.Helper()
	var was syscall.Rlimit
	call := func(new, old *syscall.Rlimit) {
		if _, _, errno := syscall.RawSyscall6(syscall.SYS_PRLIMIT64, uintptr(p.cmd.Process.Pid), syscall.RLIMIT_NOFILE,
			uintptr(unsafe.Pointer(new)), uintptr(unsafe.Pointer(old)), 0, 0); errno != 0 {
			p.t.Fatal(errors.Join(errors.New("setting the limit on open files"), errno))
		}
	}
	call(nil, &was)
	if to > 0 {
		next := syscall.Rlimit{Cur: to, Max: was.Max}
		call(&next, nil)
	}
	return was.Cur
}
