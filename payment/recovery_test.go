package payment_test

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/pg-gateway/pg-gateway/payment"
)

func TestDeclinesHaveAClass(t *testing.T) {
	t.Parallel()
	for reason, want := range map[payment.Reason]payment.DeclineClass{
		payment.DeclinedHours: payment.ClassTemporary, payment.DeclinedBusy: payment.ClassTemporary, payment.DeclinedLimit: payment.ClassLimit,
		payment.DeclinedBalance: payment.ClassLimit, payment.DeclinedExpired: payment.ClassExpired,
		payment.DeclinedStolen: payment.ClassStolen, payment.DeclinedCard: payment.ClassPermanent,
		payment.DeclinedIdentity: payment.ClassPermanent, payment.ReasonDeclined: payment.ClassPermanent,
		payment.ReasonResolved: payment.ClassPermanent, payment.ReasonMismatch + "amount": payment.ClassPermanent,
		"": payment.ClassPermanent, "declined_tomorrow": payment.ClassPermanent,
	} {
		if got := payment.ClassOf(reason); got != want {
			t.Errorf("%s is %s, want %s", reason, got, want)
		}
	}
}

func TestWhenAChargeIsTriedAgain(t *testing.T) {
	t.Parallel()
	kst := func(text string) time.Time {
		at, err := time.ParseInLocation("2006-01-02 15:04", text, payment.KST())
		if err != nil {
			t.Fatal(err)
		}
		return at
	}
	rules := payment.RecoveryRules{
		On: true, QuietFrom: 22 * 60, QuietTo: 8 * 60,
		Budgets: map[payment.DeclineClass]payment.RecoveryBudget{
			payment.ClassLimit:     {Tries: 3, Spacing: []time.Duration{6 * time.Hour, 24 * time.Hour}},
			payment.ClassTemporary: {Tries: 1, Spacing: []time.Duration{time.Hour}},
		},
	}
	for _, tt := range []struct {
		class payment.DeclineClass
		used  int
		now   string
		want  string
		left  int
	}{
		{payment.ClassLimit, 0, "2026-12-05 10:00", "2026-12-05 16:00", 3},
		{payment.ClassLimit, 0, "2026-12-05 16:00", "2026-12-06 08:00", 3}, // 22:00 is quiet
		{payment.ClassLimit, 0, "2026-12-05 15:59", "2026-12-05 21:59", 3},
		{payment.ClassLimit, 0, "2026-12-05 20:00", "2026-12-06 08:00", 3}, // 02:00 is quiet
		{payment.ClassLimit, 1, "2026-12-05 10:00", "2026-12-06 10:00", 2},
		{payment.ClassLimit, 2, "2026-12-31 23:00", "2027-01-02 08:00", 1}, // the last pause counts on
		{payment.ClassLimit, 3, "2026-12-05 10:00", "", 0},
		{payment.ClassTemporary, 0, "2026-12-05 07:00", "2026-12-05 08:00", 1},
		{payment.ClassTemporary, 1, "2026-12-05 10:00", "", 0},
		{payment.ClassExpired, 0, "2026-12-05 10:00", "", 0},
		{payment.ClassStolen, 0, "2026-12-05 10:00", "", 0},
	} {
		at, left, ok := rules.Next(tt.class, tt.used, kst(tt.now))
		if ok != (tt.want != "") || ok && !at.Equal(kst(tt.want)) || left != tt.left {
			t.Errorf("%s after %d at %s: %s, %d left, %v; want %s, %d", tt.class, tt.used, tt.now, at.In(payment.KST()), left, ok, tt.want, tt.left)
		}
	}
	if _, _, ok := (payment.RecoveryRules{Budgets: rules.Budgets}).Next(payment.ClassLimit, 0, kst("2026-12-05 10:00")); ok {
		t.Error("a try is made without rules")
	}
}

// TestTriesKeepToTheirRules draws rules and moments: no try is early, none is in quiet hours or a day late, and there
// are as many as the budget has.
func TestTriesKeepToTheirRules(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		pauses := rapid.SliceOfN(rapid.Int64Range(1, 30*24), 1, 5).Draw(t, "pauses")
		b := payment.RecoveryBudget{Tries: rapid.IntRange(0, 10).Draw(t, "tries")}
		for _, h := range pauses {
			b.Spacing = append(b.Spacing, time.Duration(h)*time.Hour)
		}
		rules := payment.RecoveryRules{
			On: true, QuietFrom: rapid.IntRange(0, 1439).Draw(t, "from"), QuietTo: rapid.IntRange(0, 1439).Draw(t, "to"),
			Budgets: map[payment.DeclineClass]payment.RecoveryBudget{payment.ClassLimit: b},
		}
		now := time.UnixMilli(rapid.Int64Range(1_700_000_000_000, 1_900_000_000_000).Draw(t, "now"))
		made := 0
		for {
			at, left, ok := rules.Next(payment.ClassLimit, made, now)
			if !ok {
				break
			}
			pause := b.Spacing[min(made, len(b.Spacing)-1)]
			if at.Before(now.Add(pause)) || at.After(now.Add(pause+24*time.Hour)) {
				t.Fatalf("the try after %s is at %s", now.Add(pause), at)
			}
			if again := rules.Awake(at); !again.Equal(at) {
				t.Fatalf("%s is in quiet hours until %s", at, again)
			}
			if made++; left != b.Tries-made+1 {
				t.Fatalf("%d are left of %d after %d", left, b.Tries, made)
			}
			now = at
		}
		if made != b.Tries {
			t.Fatalf("%d tries were made of %d", made, b.Tries)
		}
	})
}
