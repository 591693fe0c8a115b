// Package mutation takes the guards of the gateway away, one at a time, and holds the tests to noticing. The
// tree is never touched: a mutated file is laid over it for the one build.
package mutation

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

const (
	root = "../.."
	// builders is how many mutants are built and tested at once.
	builders = 2
	// patience is how long one mutant's tests may take; running out of it counts as noticing.
	patience = 2 * time.Minute
)

// runner compiles test binaries and runs them.
type runner struct {
	dir  string
	room chan struct{}

	mu    sync.Mutex
	plain map[string]func() (string, error)
	green map[string]func() error
}

func newRunner(t *testing.T) *runner {
	t.Helper()
	return &runner{dir: t.TempDir(), room: make(chan struct{}, builders), plain: map[string]func() (string, error){}, green: map[string]func() error{}}
}

// build compiles the tests of a package, with an overlay when there is one.
func (r *runner) build(ctx context.Context, pkg, overlay string) (string, error) {
	f, err := os.CreateTemp(r.dir, "tests-*")
	if err != nil {
		return "", err
	}
	if err := f.Close(); err != nil {
		return "", err
	}
	args := []string{"test", "-c", "-ldflags=-s -w", "-o", f.Name()}
	if overlay != "" {
		args = append(args, "-overlay", overlay)
	}
	cmd := exec.CommandContext(ctx, "go", append(args, pkg)...)
	cmd.Dir = root
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("building %s: %w\n%s", pkg, err, out)
	}
	return f.Name(), nil
}

// unmutated builds the tests of a package once.
func (r *runner) unmutated(ctx context.Context, pkg string) (string, error) {
	r.mu.Lock()
	once, ok := r.plain[pkg]
	if !ok {
		once = sync.OnceValues(func() (string, error) { return r.build(ctx, pkg, "") })
		r.plain[pkg] = once
	}
	r.mu.Unlock()
	return once()
}

// isGreen runs a guard's tests with the guard in place, once for all guards that name the same tests.
func (r *runner) isGreen(ctx context.Context, g guard) error {
	key := g.pkg + " " + g.run
	r.mu.Lock()
	once, ok := r.green[key]
	if !ok {
		once = sync.OnceValue(func() error {
			binary, err := r.unmutated(ctx, g.pkg)
			if err != nil {
				return err
			}
			failed, out, err := r.run(ctx, binary, g)
			if err == nil && failed {
				err = fmt.Errorf("%s is red with every guard in place\n%s", g.run, tail(out))
			}
			return err
		})
		r.green[key] = once
	}
	r.mu.Unlock()
	return once()
}

// run runs the named tests of a binary and tells whether they failed. No test at all is an error.
func (r *runner) run(ctx context.Context, binary string, g guard) (failed bool, out string, err error) {
	ctx, cancel := context.WithTimeout(ctx, patience+10*time.Second)
	defer cancel()
	args := append([]string{"-test.run", "^(" + g.run + ")", "-test.v", "-test.timeout", patience.String()}, g.args...)
	if drawn(g.pkg) {
		// A property that fails for want of its guard is no example to keep in the tree.
		args = append(args, "-rapid.nofailfile")
	}
	cmd := exec.CommandContext(ctx, binary, args...)
	cmd.Dir = filepath.Join(root, g.pkg)
	text, err := cmd.CombinedOutput()
	out = string(text)
	if !strings.Contains(out, "=== RUN") {
		return false, out, fmt.Errorf("no test of %s matches %s", g.pkg, g.run)
	}
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		return false, out, err
	}
	return err != nil, out, nil
}

// drawn tells whether a package has property tests.
func drawn(pkg string) bool {
	files, err := filepath.Glob(filepath.Join(root, pkg, "*_test.go"))
	if err != nil {
		return false
	}
	return slices.ContainsFunc(files, func(path string) bool {
		text, err := os.ReadFile(filepath.Clean(path))
		return err == nil && strings.Contains(string(text), `"pgregory.net/rapid"`)
	})
}

// TestPropertiesAreKnown: a package with property tests is told from one without.
func TestPropertiesAreKnown(t *testing.T) {
	t.Parallel()
	if !drawn("./rules") || drawn("./mutation/none") || drawn("./metrics") {
		t.Error("the packages with property tests are not known")
	}
}

// overlay writes the marked file without the guard, and a file that tells go to read that one instead.
func (r *runner) overlay(t *testing.T, g guard, m marked) string {
	t.Helper()
	text, err := g.does.made(m)
	if err != nil {
		t.Fatal(err)
	}
	path, err := filepath.Abs(m.path)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	mutant := filepath.Join(dir, "mutant.go")
	if err := os.WriteFile(mutant, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	list, err := json.Marshal(map[string]map[string]string{"Replace": {path: mutant}})
	if err != nil {
		t.Fatal(err)
	}
	overlay := filepath.Join(dir, "overlay.json")
	if err := os.WriteFile(overlay, list, 0o600); err != nil {
		t.Fatal(err)
	}
	return overlay
}

// missing returns the test that is to hold a guard and that its package does not have; empty when it has all of them.
func (g guard) missing(t *testing.T) string {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(root, g.pkg, "*_test.go"))
	if err != nil {
		t.Fatal(err)
	}
	var sources strings.Builder
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		sources.Write(text)
	}
	for name := range strings.SplitSeq(g.run, "|") {
		name, _, _ = strings.Cut(strings.Trim(name, "^$"), "/")
		if !strings.Contains(sources.String(), "\nfunc "+name) {
			return name
		}
	}
	return ""
}

// share is which part of the list is run: one guard in so many. Of the others it is only seen that they could be.
var share = flag.Int("mutation.share", 12, "take away one guard in so many; 1 takes away each of them")

// TestEveryGuardIsHeldByATest removes each guard and wants its test red: a mutant that does not compile proves
// nothing and fails, and so does a test that is red with the guard in place.
func TestEveryGuardIsHeldByATest(t *testing.T) {
	t.Parallel()
	marks, err := findMarks(root)
	if err != nil {
		t.Fatal(err)
	}
	r := newRunner(t)
	// What is shared between guards must not end with the one that came first.
	ctx := t.Context()
	for i, g := range guards() {
		t.Run(g.name, func(t *testing.T) {
			t.Parallel()
			m, ok := marks[g.name]
			if !ok {
				t.Fatalf("nothing is marked %s%s", markPrefix, g.name)
			}
			overlay := r.overlay(t, g, m)
			if name := g.missing(t); name != "" {
				t.Fatalf("no test of %s is called %s", g.pkg, name)
			}
			if testing.Short() || i%*share != 0 {
				// Only that there is such a guard, and a change that fits it.
				return
			}
			r.room <- struct{}{}
			defer func() { <-r.room }()
			if err := r.isGreen(ctx, g); err != nil {
				t.Fatal(err)
			}
			mutant, err := r.build(ctx, g.pkg, overlay)
			if err != nil {
				t.Fatalf("the mutant does not compile, so it proves nothing: %v", err)
			}
			failed, out, err := r.run(ctx, mutant, g)
			if err != nil {
				t.Fatal(err)
			}
			if !failed {
				t.Errorf("%s stays green though it does not hold that %s (%s)\n%s", g.run, g.says, m.where(), tail(out))
			}
			if err := os.Remove(mutant); err != nil {
				t.Error(err)
			}
		})
	}
}

// tail is the end of a long text.
func tail(s string) string {
	lines := strings.Split(strings.TrimSpace(s), "\n")
	return strings.Join(lines[max(0, len(lines)-25):], "\n")
}
