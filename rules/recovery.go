package rules

import (
	"time"

	"github.com/pg-gateway/pg-gateway/payment"
)

// Bounds of recoveries.
const (
	maxRecoveryTries = 10
	// maxQuietMinutes leaves eight hours of the day for tries.
	maxQuietMinutes = 16 * 60
	maxRecoveryStep = 30 * 24 * time.Hour
)

// recoveryReader reads billing.recovery: when a declined charge of a billing key is tried again.
func recoveryReader(r *payment.RecoveryRules) reader {
	var quiet window
	budgets := map[payment.DeclineClass]*payment.RecoveryBudget{}
	fs := fields{
		"by_default": {
			flag(&r.ByDefault), "Y recovers charges by attempt_id that do not say recover themselves; N when left out.",
		},
		"quiet_hours": {
			quietReader(&quiet), "Part of the day in KST in which no charge is tried again, as in \"22:00-08:00\".",
		},
	}
	says := map[payment.DeclineClass]string{
		payment.ClassTemporary: "The bank or card company is closed (점검).",
		payment.ClassLimit:     "Over a limit, or too little money (한도초과, 잔액부족).",
		payment.ClassExpired:   "The card has expired (유효기간): charged again only where its company renews it under the key.",
	}
	for _, class := range payment.RecoveredClasses() {
		b := &payment.RecoveryBudget{}
		budgets[class] = b
		fs[string(class)] = field{budgetReader(b), says[class]}
	}
	for _, class := range []payment.DeclineClass{payment.ClassStolen, payment.ClassPermanent} {
		fs[string(class)] = notBuilt("such a decline is never tried again") //guard:no-rule-for-stolen-cards
	}
	return func(v value) {
		object(fs)(v)
		if v.schema != nil || v.broken("") {
			return
		}
		r.On, r.QuietFrom, r.QuietTo = true, quiet.from, quiet.to
		r.Budgets = map[payment.DeclineClass]payment.RecoveryBudget{}
		tries := 0
		for class, b := range budgets {
			r.Budgets[class] = *b
			tries += b.Tries
		}
		if tries == 0 {
			v.fail("limit: { tries: 3, spacing: [24h, 72h, 168h] }", "no class of declines has any tries")
		}
	}
}

// quietReader reads quiet hours, which leave a part of the day.
func quietReader(w *window) reader {
	return func(v value) {
		windowReader(w)(v)
		if v.schema != nil {
			return
		}
		long := w.to - w.from
		if long < 0 {
			long += 24 * 60
		}
		w.to %= 24 * 60
		if long > maxQuietMinutes {
			v.fail("at most 16 hours", "quiet hours of %d hours leave too little of the day", long/60)
		}
	}
}

func budgetReader(b *payment.RecoveryBudget) reader {
	fs := fields{
		"tries": {whole(&b.Tries, 0, maxRecoveryTries), "How often such a charge is tried again at most."},
		"spacing": {
			list(&b.Spacing, func(d *time.Duration, _ value) reader { return duration(d, time.Hour, maxRecoveryStep) }),
			"How long after a decline the next try is made, try by try; the last pause counts for all that follow.",
		},
	}
	return func(v value) {
		object(fs, "tries")(v)
		switch {
		case v.schema != nil || v.broken(""):
		case b.Tries > 0 && len(b.Spacing) == 0:
			v.fail("spacing: [24h, 72h]", "tries has no spacing")
		case len(b.Spacing) > b.Tries:
			v.fail("", "spacing has %d pauses for %d tries", len(b.Spacing), b.Tries)
		}
	}
}

// Recovery says when declined charges of billing keys are tried again.
func (s *Snapshot) Recovery() payment.RecoveryRules { return s.recovery }
