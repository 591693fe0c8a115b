// Package wire holds the gateway, as a process of its own, to what HTTP/1.1 asks of a proxy: byte for byte, on raw sockets
// on both sides, beside nginx and the standard library's ReverseProxy. What they do otherwise is said, with the reason, in
// docs/conformance.md.
package wire

import (
	"flag"
	"fmt"
	"io"
	"log"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pg-gateway/pg-gateway/test/short"
)

var (
	updateDocs = flag.Bool("update", false, "write docs/conformance.md anew")
	long       = flag.Bool("wire.long", false, "bodies of a GiB, and the whole crowd")
	built      = flag.String("wire.binary", "", "the gateway to test; empty builds this one")
)

// binary is the gateway under test, built once.
var binary string

func TestMain(m *testing.M) {
	flag.Parse() // testing.Short is not known before it
	if code, out := short.Main("real processes"); out {
		os.Exit(code)
	}
	dir, err := build()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	log.SetOutput(io.Discard) // the standard library tells there what its client leaves behind
	code := m.Run()
	if err := os.RemoveAll(dir); err != nil {
		fmt.Fprintln(os.Stderr, err)
	}
	os.Exit(code)
}

// build makes the binary in a folder of its own.
func build() (dir string, err error) {
	if dir, err = os.MkdirTemp("", "pg-gateway-wire-"); err != nil {
		return "", err
	}
	if binary = *built; binary != "" {
		return dir, nil
	}
	binary = filepath.Join(dir, "pg-gateway")
	cmd := exec.Command("go", "build", "-o", binary, "../..")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("building the gateway: %w\n%s", err, out)
	}
	return dir, nil
}

// cases are all of them.
func cases() []*wireCase {
	return withReasons(slices.Concat(
		interimCases(), leftoverCases(), lengthCases(), chunkCases(), lineCases(), headerCases(), hopCases(),
		framingCases(), answerHeadCases(), brokenCases(), streamCases(), earlyCases(), pipelineCases(), goneCases(),
		upgradeCases(), hostCases(), pathCases(), ownCases(), interceptCases(),
	))
}

// TestConformance is the gateway's half: both sides see what each case wants, to the byte.
func TestConformance(t *testing.T) { //nolint:tparallel // what the shop hears meanwhile must be one case's
	t.Parallel()
	at := startGateway(t)
	for _, c := range cases() {
		t.Run(c.String(), func(t *testing.T) {
			want := parseOutcome(c.want)
			got := perform(t, c, at).meant(want)
			if diff := cmp.Diff(want.text(), got.text()); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

// TestPeers compares nginx and the standard library's proxy with the same wants, and holds docs/conformance.md to it.
func TestPeers(t *testing.T) { //nolint:tparallel // what a shop hears meanwhile must be one case's
	t.Parallel()
	behindNginx := newShop(t)
	nginx := &peer{
		name: peerNginx, shop: behindNginx, addr: startNginx(t, behindNginx.addr()), turn: new(sync.Mutex),
	}
	peers := []*peer{nginx, startReverseProxy(t)}
	found, documented := make([]map[string]difference, len(peers)), readDocument(t)
	t.Run("peers", func(t *testing.T) {
		for i, at := range peers {
			t.Run(at.name, func(t *testing.T) {
				t.Parallel()
				found[i] = differences(t, at, documented)
			})
		}
	})
	if !t.Failed() || *updateDocs {
		checkDocument(t, documented, peers, found)
	}
}

// difference is what a peer does otherwise.
type difference struct{ here, there []string }

func (d difference) none() bool { return len(d.here)+len(d.there) == 0 }

// plays is how often a case may be played at a peer until it comes out as documented: a race inside a peer is no fault of
// the gateway's. The gateway gets no second try.
const plays = 5

// differences plays all cases that a peer defines, and wants a reason for each that comes out otherwise.
func differences(t *testing.T, at *peer, documented string) map[string]difference {
	found := map[string]difference{}
	for _, c := range cases() {
		if c.own {
			continue
		}
		t.Run(c.String(), func(t *testing.T) {
			r := c.differs[at.name]
			if r != nil && r.races {
				found[c.String()] = difference{parseOutcome(c.want).text(), []string{"depends on the moment"}}
				return
			}
			d := compared(t, c, at)
			for try := 1; try < plays && !*updateDocs && !asDocumented(c, at, d, documented); try++ {
				d = compared(t, c, at)
			}
			switch {
			case r != nil && d.none():
				t.Errorf("there is a reason for a difference that there is not: %s", r.why)
			case r != nil:
				found[c.String()] = d
			case !d.none():
				t.Errorf("another outcome, without a reason: here %s\nthere %s",
					strings.Join(d.here, "; "), strings.Join(d.there, "; "))
			}
		})
	}
	return found
}

// compared plays a case at a peer.
func compared(t *testing.T, c *wireCase, at *peer) difference {
	t.Helper()
	want := parseOutcome(c.want)
	got := perform(t, c, at).meant(want).loose(c.shows).text()
	wanted := want.loose(c.shows).text()
	return difference{only(wanted, got), only(got, wanted)}
}

func asDocumented(c *wireCase, at *peer, d difference, documented string) bool {
	if c.differs[at.name] == nil {
		return d.none()
	}
	return !d.none() && strings.Contains(documented, row(c, at, d))
}
