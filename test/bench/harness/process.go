//go:build linux

package harness

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// tick is the unit of processor time in /proc; it is 10 ms on every Linux.
const tick = 10 * time.Millisecond

// The processors that things are pinned to: that of the load and of what stands behind a proxy, and the proxy's own.
const (
	LoadCore  = 0
	ProxyCore = 1
)

// Process is a program that was started for the run, with its log in a file.
type Process struct {
	Name string
	cmd  *exec.Cmd
	log  *os.File
	done chan struct{}
	err  error
}

// Pinned is a command that runs on one processor.
func (b *Bench) Pinned(core int, argv ...string) []string {
	argv = append([]string{"taskset", "-c", strconv.Itoa(core)}, argv...)
	if b.alone {
		argv = append([]string{"nice", "-n", leastNice}, argv...)
	}
	return argv
}

// Start runs a program on one processor until Stop. What it writes goes to a file, but for its first line when
// greeting is not nil.
func (b *Bench) Start(name string, core int, greeting *string, argv ...string) (*Process, error) {
	log, err := os.Create(filepath.Join(b.Dir, name+".log"))
	if err != nil {
		return nil, fmt.Errorf("making the log of %s: %w", name, err)
	}
	argv = b.Pinned(core, argv...)
	cmd := exec.Command(argv[0], argv[1:]...) //nolint:gosec // our own words
	p := &Process{Name: name, cmd: cmd, log: log, done: make(chan struct{})}
	p.cmd.Env, p.cmd.Dir, p.cmd.Stderr = append(os.Environ(), "GOMAXPROCS=1"), b.Dir, log
	// A process group of its own, so that an interrupt on the terminal reaches it through us.
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	var out io.Reader
	if greeting == nil {
		p.cmd.Stdout = log
	} else if out, err = p.cmd.StdoutPipe(); err != nil {
		return nil, fmt.Errorf("starting %s: %w", name, err)
	}
	if err := p.cmd.Start(); err != nil {
		return nil, fmt.Errorf("starting %s: %w", name, err)
	}
	if greeting != nil {
		line, err := bufio.NewReader(out).ReadString('\n')
		if err != nil {
			return nil, errors.Join(p.Fault(fmt.Errorf("it said nothing: %w", err)), p.cmd.Process.Kill())
		}
		*greeting = strings.TrimSpace(line)
	}
	b.Running = append(b.Running, p)
	go func() {
		p.err = p.cmd.Wait()
		close(p.done)
	}()
	return p, nil
}

// Stop ends the process by its id and waits for it.
func (p *Process) Stop() {
	_ = p.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-p.done:
	case <-time.After(5 * time.Second):
		_ = p.cmd.Process.Kill()
		<-p.done
	}
	_ = p.log.Close()
}

// Ready waits until url is answered with 200.
func (p *Process) Ready(ctx context.Context, url string) error {
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	again := time.NewTicker(50 * time.Millisecond)
	defer again.Stop()
	for {
		err := answers(ctx, url)
		if err == nil {
			return nil
		}
		select {
		case <-again.C:
		case <-p.done:
			return p.Fault(p.err)
		case <-ctx.Done():
			return p.Fault(err)
		}
	}
}

func answers(ctx context.Context, url string) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	_, err = io.Copy(io.Discard, res.Body)
	if res.StatusCode != http.StatusOK {
		err = fmt.Errorf("it answers %d", res.StatusCode)
	}
	return errors.Join(err, res.Body.Close())
}

// Fault is err with the last words of the process.
func (p *Process) Fault(err error) error {
	text, _ := os.ReadFile(p.log.Name())
	return fmt.Errorf("%s does not do: %w; its log ends\n%s", p.Name, err, text[max(0, len(text)-2000):])
}

// tree is the process and what it started, by id.
func (p *Process) tree() ([]int, error) {
	ids := []int{p.cmd.Process.Pid}
	for n := 0; n < len(ids); n++ {
		text, err := os.ReadFile(fmt.Sprintf("/proc/%d/task/%d/children", ids[n], ids[n]))
		if err != nil {
			return nil, fmt.Errorf("listing the processes of %s: %w", p.Name, err)
		}
		for field := range strings.FieldsSeq(string(text)) {
			id, err := strconv.Atoi(field)
			if err != nil {
				return nil, fmt.Errorf("listing the processes of %s: %w", p.Name, err)
			}
			ids = append(ids, id)
		}
	}
	return ids, nil
}

// CPU is the processor time that the tree has used, user and system.
func (p *Process) CPU() (time.Duration, error) {
	ids, err := p.tree()
	if err != nil {
		return 0, err
	}
	var sum time.Duration
	for _, id := range ids {
		text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", id))
		if err != nil {
			return 0, fmt.Errorf("reading the processor time of %s: %w", p.Name, err)
		}
		// The name in parentheses may hold spaces; the state is the first field behind it, the times are 12 and 13.
		fields := strings.Fields(string(text[bytes.LastIndexByte(text, ')')+1:]))
		for _, field := range fields[11:13] {
			n, err := strconv.Atoi(field)
			if err != nil {
				return 0, fmt.Errorf("reading the processor time of %s: %w", p.Name, err)
			}
			sum += time.Duration(n) * tick
		}
	}
	return sum, nil
}

// Held is memory in bytes: all that a process holds, and what of it is its own and no page of a file, such as its
// program.
type Held struct{ All, Own int64 }

// Memory is what the tree holds; a page that several share counts once.
func (p *Process) Memory() (Held, error) {
	ids, err := p.tree()
	if err != nil {
		return Held{}, err
	}
	var sum Held
	for _, id := range ids {
		text, err := os.ReadFile(fmt.Sprintf("/proc/%d/smaps_rollup", id))
		if err != nil {
			return Held{}, fmt.Errorf("reading the memory of %s: %w", p.Name, err)
		}
		for name, to := range map[string]*int64{"\nPss:": &sum.All, "\nPss_Anon:": &sum.Own} {
			_, after, _ := strings.Cut(string(text), name)
			number, _, _ := strings.Cut(strings.TrimSpace(after), " ")
			n, err := strconv.ParseInt(number, 10, 64)
			if err != nil {
				return Held{}, fmt.Errorf("reading the memory of %s: %w", p.Name, err)
			}
			*to += n << 10
		}
	}
	return sum, nil
}

// Load is the machine's load average over a minute.
func Load() string {
	text, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return "unknown"
	}
	first, _, _ := strings.Cut(string(text), " ")
	return first
}
