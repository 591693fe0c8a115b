package journal_test

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/pg-gateway/pg-gateway/journal"
	"github.com/pg-gateway/pg-gateway/journal/journaltest"
	"github.com/pg-gateway/pg-gateway/payment"
)

// remembering is a journal that answers from memory, and the same file read by one that does not.
type remembering struct {
	t     *testing.T
	path  string
	j     *journal.Journal
	plain *journal.Journal
}

func (r *remembering) open(path string) {
	r.path = path
	r.j, r.plain = openAlone(r.t, path), openSQLite(r.t, path)
}

// killed goes on with what the disk holds at this moment, as after a crash.
func (r *remembering) killed(rt *rapid.T) {
	dir := r.t.TempDir()
	for _, suffix := range []string{"", "-wal"} {
		text, err := os.ReadFile(r.path + suffix)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err == nil {
			err = os.WriteFile(filepath.Join(dir, "journal.db"+suffix), text, 0o600)
		}
		if err != nil {
			rt.Fatal(err)
		}
	}
	r.restarted(rt, filepath.Join(dir, "journal.db"))
}

// restarted closes the journal and opens it at path.
func (r *remembering) restarted(rt *rapid.T, path string) {
	if err := errors.Join(r.j.Close(), r.plain.Close()); err != nil {
		rt.Fatal(err)
	}
	r.open(path)
}

// Whatever was written, moved, removed, closed or killed: what is answered from memory is what the file says.
func TestMemoryAgreesWithTheFile(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		r := &remembering{t: t}
		r.open(filepath.Join(t.TempDir(), "journal.db"))
		attempt := rapid.Custom(func(rt *rapid.T) payment.Attempt {
			order := rapid.IntRange(0, 5).Draw(rt, "order")
			return journaltest.Attempt(fmt.Sprintf("A-%d-%d", order, rapid.IntRange(0, 2).Draw(rt, "attempt")), fmt.Sprintf("O-%d", order))
		})
		rt.Repeat(map[string]func(*rapid.T){
			"insert": func(rt *rapid.T) {
				if err := r.j.Insert(t.Context(), attempt.Draw(rt, "a"), journal.Event{}); err != nil {
					rt.Fatal(err)
				}
			},
			"claim": func(rt *rapid.T) {
				a := attempt.Draw(rt, "a")
				// Refused or not: an order that lost its claim is known as well, and the file is asked.
				_ = r.j.Claim(t.Context(), a, journal.Claim{To: payment.StateApproving, ProofHash: string(a.ID)})
			},
			"end": func(rt *rapid.T) {
				_, _ = r.j.Move(t.Context(), journal.Transition{
					ID: attempt.Draw(rt, "a").ID, From: []payment.State{payment.StateOpened, payment.StateApproving}, To: payment.StateDeclined,
				})
			},
			"prune": func(rt *rapid.T) {
				if _, _, _, err := r.j.Prune(t.Context(), time.Now().Add(time.Hour), journal.PruneMark{}, 10); err != nil {
					rt.Fatal(err)
				}
			},
			"recall":  func(rt *rapid.T) { rt.Log(r.j.Recall(t.Context())) },
			"restart": func(rt *rapid.T) { r.restarted(rt, r.path) },
			"kill":    r.killed,
			"": func(rt *rapid.T) {
				for order := range 6 {
					r.agree(rt, payment.OrderID(fmt.Sprintf("O-%d", order)))
				}
			},
		})
		if err := errors.Join(r.j.Close(), r.plain.Close()); err != nil {
			rt.Fatal(err)
		}
	})
}

func (r *remembering) agree(rt *rapid.T, order payment.OrderID) {
	got, err := r.j.AttemptsOf(r.t.Context(), order)
	want, plainErr := r.plain.AttemptsOf(r.t.Context(), order)
	if err != nil || plainErr != nil {
		rt.Fatal(err, plainErr)
	}
	ids := func(list []payment.Attempt) (ids []string) {
		for _, a := range list {
			ids = append(ids, string(a.ID)+" "+string(a.State))
		}
		return slices.Clip(ids)
	}
	if diff := cmp.Diff(ids(want), ids(got)); diff != "" {
		rt.Fatalf("order %s (-file +memory):\n%s", order, diff)
	}
}
