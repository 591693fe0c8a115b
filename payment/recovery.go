package payment

import "time"

// DeclineClass is what a declined charge of a billing key means for another try.
type DeclineClass string

// The classes of declines.
const (
	// ClassTemporary passes by itself within hours.
	ClassTemporary DeclineClass = "temporary"
	// ClassLimit passes when a limit is renewed or money comes in: a day, pay day.
	ClassLimit DeclineClass = "limit"
	// ClassExpired passes when the card company puts the renewed card under the old key.
	ClassExpired DeclineClass = "expired"
	// ClassStolen never passes: another try looks like fraud.
	ClassStolen DeclineClass = "stolen"
	// ClassPermanent is everything else, and what nobody can read.
	ClassPermanent DeclineClass = "permanent"
)

// RecoveredClasses are those of which the rules may allow more tries.
func RecoveredClasses() []DeclineClass {
	return []DeclineClass{ClassTemporary, ClassLimit, ClassExpired}
}

// DeclineClasses are all classes.
func DeclineClasses() []DeclineClass { return append(RecoveredClasses(), ClassStolen, ClassPermanent) }

// ClassOf is the class of a charge's reason. Reasons come of codes where a PG has some (inicis.md §9: the last two
// digits of a card company's answer and the suffixes of detail codes) and else of its words (PortOne hands on those
// of the PG: portone.md §1.2 fail_reason, §3 pgMessage).
//
//   - declined_hours (점검, 이용시간; 751, 754, 941), declined_busy (장애; 35, 41): the bank or card company is closed or
//     out of order.
//   - declined_limit (한도; 02, 16, 37, 49, 644-651), declined_balance (잔액; 54): later there may be room.
//   - declined_expired (유효기간), declined_stolen (분실, 도난, 사고): the card itself.
//   - all others, also those that will be added, are permanent: no try is made that nobody has thought about.
func ClassOf(r Reason) DeclineClass {
	switch r { //nolint:exhaustive // the rest is permanent
	case DeclinedHours, DeclinedBusy:
		return ClassTemporary
	case DeclinedLimit, DeclinedBalance:
		return ClassLimit
	case DeclinedExpired:
		return ClassExpired
	case DeclinedStolen:
		return ClassStolen
	}
	return ClassPermanent //guard:unread-decline-is-not-tried-again
}

// RecoveryBudget says how often a declined charge of a class is tried again, and how long after the decline: the n-th
// try after the n-th pause, and after the last pause when there are fewer.
type RecoveryBudget struct {
	Tries   int
	Spacing []time.Duration
}

// RecoveryRules say how declined charges of billing keys are tried again (정기결제 재시도).
type RecoveryRules struct {
	// On is false without rules: nothing is tried again.
	On bool
	// ByDefault has charges recovered that do not say whether they are to be.
	ByDefault bool
	// QuietFrom and QuietTo bound the part of the day in which no try is made, in minutes of the day in KST; it wraps
	// midnight when QuietFrom is above QuietTo, and there is none when they are equal.
	QuietFrom, QuietTo int
	Budgets            map[DeclineClass]RecoveryBudget
}

// Next is when a charge that was declined for a reason of a class is tried again, used being the tries that were made
// after the first; left is how many tries there are from then on, that one included. ok is false when there is none.
func (r RecoveryRules) Next(class DeclineClass, used int, now time.Time) (at time.Time, left int, ok bool) {
	b := r.Budgets[class]
	if !r.On || used >= b.Tries || len(b.Spacing) == 0 { //guard:budget-is-not-exceeded
		return time.Time{}, 0, false
	}
	pause := b.Spacing[min(used, len(b.Spacing)-1)]
	return r.Awake(now.Add(pause)), b.Tries - used, true
}

// Awake is the first moment from at on that is in no quiet hours.
func (r RecoveryRules) Awake(at time.Time) time.Time {
	local := at.In(KST())
	day := time.Date(local.Year(), local.Month(), local.Day(), 0, 0, 0, 0, KST())
	minute := local.Hour()*60 + local.Minute()
	end := day.Add(time.Duration(r.QuietTo) * time.Minute)
	switch {
	case r.QuietFrom < r.QuietTo && minute >= r.QuietFrom && minute < r.QuietTo,
		r.QuietFrom > r.QuietTo && minute < r.QuietTo:
		return end.UTC()
	case r.QuietFrom > r.QuietTo && minute >= r.QuietFrom:
		return end.AddDate(0, 0, 1).UTC()
	}
	return at
}

// RecoveryState is where the recovery of a declined charge stands.
type RecoveryState string

// The states of a recovery.
const (
	// RecoveryTrying: a charge is under way, or its outcome is not known.
	RecoveryTrying RecoveryState = "trying"
	// RecoveryWaiting: the last charge was declined, and the next one waits for its time.
	RecoveryWaiting RecoveryState = "waiting"
	// RecoveryUnneeded: the first charge was paid.
	RecoveryUnneeded RecoveryState = "unneeded"
	// RecoveryRecovered: a later charge was paid.
	RecoveryRecovered RecoveryState = "recovered"
	// RecoveryStopped: the order is not paid by it, and no other try is made.
	RecoveryStopped RecoveryState = "stopped"
)

// RecoveryStates are all states.
func RecoveryStates() []RecoveryState {
	return []RecoveryState{RecoveryTrying, RecoveryWaiting, RecoveryUnneeded, RecoveryRecovered, RecoveryStopped}
}

// Open tells whether another charge may be made by a recovery in this state.
func (s RecoveryState) Open() bool { return s == RecoveryTrying || s == RecoveryWaiting }

// StopReason is why a recovery stopped.
type StopReason string

// Why a recovery stopped.
const (
	// StopBudget: all tries that the rules allow were made.
	StopBudget StopReason = "budget_used_up"
	// StopPermanent: the last decline was one that is never tried again, or that the rules give no try.
	StopPermanent StopReason = "not_recoverable"
	// StopKeyGone: the PG has the billing key no more, or no contract of ours may charge it.
	StopKeyGone StopReason = "billing_key_gone"
	// StopAsked: the order service said so.
	StopAsked StopReason = "asked_to_stop"
	// StopPaid: the order was paid in another way.
	StopPaid StopReason = "order_paid_otherwise"
	// StopRules: the rules in force allow no such charge any more.
	StopRules StopReason = "refused_by_rules"
	// StopTooLong: no try could be made for too long.
	StopTooLong StopReason = "took_too_long"
)

// Recovery is what becomes of a charge of a billing key after it was declined. It holds no personal data but what is
// sealed.
type Recovery struct {
	// ID is the first charge's.
	ID      AttemptID
	OrderID OrderID
	PG      PGID
	// Attempt is the charge that was begun last.
	Attempt AttemptID
	State   RecoveryState
	// Tries is how many charges were begun after the first, Used how many of them count against the budget.
	Tries, Used int
	// Class and Reason are the last decline's; Stopped is why it stopped.
	Class   DeclineClass
	Reason  Reason
	Stopped StopReason
	// StopAsked tells that it ends with the charge that is under way.
	StopAsked bool
	// Sealed is what was asked for, encrypted; it is forgotten at the end.
	Sealed               []byte
	CreatedAt, UpdatedAt time.Time
	// NextCheck is when it is gone on with: for one that waits, the next try.
	NextCheck time.Time
}

// RecoveryStanding is where a recovery stands, as a shop is told.
type RecoveryStanding struct {
	State  RecoveryState `json:"state"`
	Class  DeclineClass  `json:"class,omitempty"`
	NextAt time.Time     `json:"next_at,omitzero"`
	// TriesLeft is by the rules of when it was told.
	TriesLeft int        `json:"tries_left"`
	Stopped   StopReason `json:"stop_reason,omitempty"`
}

// Standing is where r stands by the rules.
func (r Recovery) Standing(rules RecoveryRules) RecoveryStanding {
	s := RecoveryStanding{State: r.State, Class: r.Class, Stopped: r.Stopped}
	if r.State == RecoveryWaiting {
		s.NextAt = r.NextCheck.In(KST())
		s.TriesLeft = max(rules.Budgets[r.Class].Tries-r.Used, 0)
	}
	return s
}
