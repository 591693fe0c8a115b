package main

import (
	"bytes"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/pg-gateway/pg-gateway/journal"
	"github.com/pg-gateway/pg-gateway/payment"
)

// Money that came in for an attempt that had ended stands in the desk's list until it is proven to be back.
func TestTheDeskListsLateMoney(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	j, err := journal.Open(ctx, journal.Config{Driver: journal.DriverSQLite, Path: filepath.Join(t.TempDir(), "j.db")})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := j.Close(); err != nil {
			t.Error(err)
		}
	})
	list := func(asJSON bool) string {
		t.Helper()
		var out bytes.Buffer
		if err := listUnknown(ctx, j, &out, asJSON); err != nil {
			t.Fatal(err)
		}
		return out.String()
	}
	a := payment.Attempt{ID: "A1", OrderID: "O1", PG: "portone", Amount: 15_000, CreatedAt: time.Now(), ExpiresAt: time.Now()}
	if err := j.Insert(ctx, a, journal.Event{Kind: "opened"}); err != nil {
		t.Fatal(err)
	}
	if _, err := j.Move(ctx, journal.Transition{ID: "A1", From: []payment.State{payment.StateOpened}, To: payment.StateExpired}); err != nil {
		t.Fatal(err)
	}
	if got := list(false); !strings.Contains(got, "nothing is unknown") {
		t.Errorf("listed %s", got)
	}
	late, _, err := j.LateTake(ctx, journal.Late{AttemptID: "A1", PGTxID: "imp_1", Won: 14_000}, time.Now(), time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	if err := j.LateEnd(ctx, late, journal.LateUnknown, journal.Event{Kind: "late_money_unknown"}); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"A1", "O1", "late_unknown", "14000", "late_money_unknown"} {
		if got := list(false); !strings.Contains(got, want) {
			t.Errorf("%q is missing in\n%s", want, got)
		}
	}
	open, err := j.LateOpen(ctx, 1)
	if err != nil || len(open) != 1 || !strings.Contains(list(false), open[0].NextCheck.Local().Format(time.DateTime)) {
		t.Errorf("the next check of %+v is missing in\n%s", open, list(false))
	}
	if got := list(true); !strings.Contains(got, `"pg_tx_id": "imp_1"`) {
		t.Errorf("listed %s", got)
	}
	if err := j.LateEnd(ctx, late, journal.LateReturned, journal.Event{Kind: "late_money_returned"}); err != nil {
		t.Fatal(err)
	}
	if got := list(false); !strings.Contains(got, "nothing is unknown") {
		t.Errorf("listed %s", got)
	}
}
