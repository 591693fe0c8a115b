package cli

import (
	"bytes"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pg-gateway/pg-gateway/journal"
	"github.com/pg-gateway/pg-gateway/journal/journaltest"
	"github.com/pg-gateway/pg-gateway/payment"
)

func TestSubscriptionsAreListed(t *testing.T) {
	t.Parallel()
	j, err := journal.Open(t.Context(), journal.Config{Driver: journal.DriverSQLite, Path: filepath.Join(t.TempDir(), "j.db")})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = j.Close() })
	a := journaltest.Attempt("pay-2026-12", "SUB-1")
	a.Purpose = payment.PurposeRecurring
	if err := j.Insert(t.Context(), a, journal.Event{Kind: journal.EventOpened}); err != nil {
		t.Fatal(err)
	}
	show := func(what journal.Subscriptions, l subscriptionList) string {
		t.Helper()
		if l.limit == 0 {
			l.limit = 100
		}
		f, err := l.filter(string(what))
		if err != nil {
			t.Fatal(err)
		}
		var out bytes.Buffer
		if err := l.run(t.Context(), j, what, f, &out); err != nil {
			t.Fatal(err)
		}
		return out.String()
	}
	if got := show(journal.SubscriptionSchedules, subscriptionList{}); !strings.Contains(got, "pay-2026-12") || !strings.Contains(got, "KST") {
		t.Errorf("schedules:\n%s", got)
	}
	if got := show(journal.SubscriptionSchedules, subscriptionList{asJSON: true, order: "SUB-1"}); !strings.Contains(got, `"charge_at": "2026-03-02T`) {
		t.Errorf("schedules as JSON:\n%s", got)
	}
	if got := show(journal.SubscriptionCharges, subscriptionList{}); got != "no charges\n" {
		t.Errorf("charges:\n%s", got)
	}
	if got := show(journal.SubscriptionSchedules, subscriptionList{limit: 1}); !strings.Contains(got, "raise --limit") {
		t.Errorf("a list that is cut off:\n%s", got)
	}
}

func TestRecoveriesAreListed(t *testing.T) {
	t.Parallel()
	j, err := journal.Open(t.Context(), journal.Config{Driver: journal.DriverSQLite, Path: filepath.Join(t.TempDir(), "j.db")})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = j.Close() })
	show := func(l subscriptionList) string {
		t.Helper()
		l.limit = 100
		f, err := l.filter(recoveries)
		if err != nil {
			t.Fatal(err)
		}
		var out bytes.Buffer
		if err := l.runRecoveries(t.Context(), j, f, &out); err != nil {
			t.Fatal(err)
		}
		return out.String()
	}
	if got := show(subscriptionList{}); got != "no recoveries\n" {
		t.Errorf("none:\n%s", got)
	}
	a := journaltest.Attempt("r_1", "SUB-1")
	a.Purpose = payment.PurposeRecurring
	err = j.Claim(t.Context(), a, journal.Claim{
		To: payment.StateApproving, Event: journal.Event{Kind: journal.EventIntended}, Recovery: &journal.RecoveryTry{
			New: true, NextCheck: a.CreatedAt, Row: payment.Recovery{ID: a.ID, OrderID: a.OrderID, Sealed: []byte("sealed-text")},
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, asJSON := range []bool{false, true} {
		got := show(subscriptionList{asJSON: asJSON, state: "trying"})
		if !strings.Contains(got, "SUB-1") || !strings.Contains(got, "trying") || strings.Contains(got, "sealed") {
			t.Errorf("listed:\n%s", got)
		}
	}
}

func TestFlagsOfSubscriptionsAreChecked(t *testing.T) {
	t.Parallel()
	for args, want := range map[string]string{
		"list":                          "accepts 1 arg",
		"list customers":                "invalid argument",
		"list charges --state paid":     "no state of a payment",
		"list recoveries --state paid":  "no state of a recovery",
		"list charges --since tomorrow": "--since",
		"list charges --until tomorrow": "--until",
		"list charges --limit 0":        "--limit 0",
	} {
		c := rootCommand("dev")
		c.SetArgs(append([]string{"subscriptions"}, strings.Fields(args)...))
		if err := c.Execute(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("subscriptions %s: %v, want %s", args, err, want)
		}
	}
}
