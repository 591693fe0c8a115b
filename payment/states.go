package payment

// Transition is one allowed move of an attempt from state to state.
type Transition struct {
	From State
	To   State
	// Event names what brings it about.
	Event string
	// Note says what must hold, in a few words.
	Note string
}

// Transitions is the whole state machine of an attempt, one row per allowed move. The journal refuses
// everything that is not in it. Final states have no row: nothing leaves them.
func Transitions() []Transition {
	return []Transition{
		{
			StateOpened, StateClaimed, "return",
			"the buyer came back with a proof, or the PG asks before it approves, and no other attempt holds the order",
		},
		{StateOpened, StateApproving, "return", "as claimed, with the intent to approve in the same write"},
		{
			StateOpened, StateCaptured, "capture_found",
			"the PG took the money without asking, and no other attempt holds the order",
		},
		{StateOpened, StateUnknown, "outcome_lost", "money may have moved without us and the PG cannot be asked"},
		{
			StateOpened, StateCancelling, "capture_refused",
			"the PG has money that must not stand: wrong figures, or the order has another winner",
		},
		{StateOpened, StateCancelled, "cancel_found", "the PG says that everything charged was given back"},
		{StateOpened, StateDeclined, "declined", "the PG or the buyer said no"},
		{StateOpened, StateRefused, "gate_no", "the confirm gate said no before anything was charged"},
		{StateOpened, StateExpired, "expired", "the window's time is over and the PG knows of no charge"},

		{
			StateClaimed, StateApproving, "gate_yes",
			"the shop said yes; the intent is written before the request, or before the PG is told to go on",
		},
		{StateClaimed, StateCaptured, "capture_found", "the PG has the money already"},
		{StateClaimed, StateIssued, "account_found", "the PG has issued the virtual account already, and the shop said yes"},
		{StateClaimed, StateUnknown, "outcome_lost", "money may have moved without us"},
		{StateClaimed, StateCancelling, "capture_refused", "the PG has money that must not stand"},
		{StateClaimed, StateCancelled, "cancel_found", "the PG says that everything charged was given back"},
		{StateClaimed, StateDeclined, "declined", "the PG or the buyer said no"},
		{StateClaimed, StateRefused, "gate_no", "the shop said no or nothing, and no approval was sent"},
		{StateClaimed, StateExpired, "expired", "no approval was sent and the proof is too old to use"},

		{StateApproving, StateCaptured, "approved_by_pg", "a definite answer with the decided figures"},
		{StateApproving, StateApproved, "approved_by_pg", "as captured, and the shop had said yes before"},
		{
			StateApproving, StateIssued, "account_issued",
			"the PG issued a virtual account with the decided figures; the deposit is awaited",
		},
		{StateApproving, StateDeclined, "declined", "a definite no, or the request was surely never sent"},
		{
			StateApproving, StateRefused, "gate_no",
			"the gate said no after the intent was written and before the request was sent",
		},
		{StateApproving, StateUnknown, "outcome_lost", "the answer was lost or cannot be believed"},
		{StateApproving, StateCancelling, "undo", "the intent to undo a doubtful or wrong approval"},
		{StateApproving, StateCancelled, "cancel_found", "the PG says that everything charged was given back"},

		{StateCaptured, StateApproved, "shop_yes", "the shop said yes; its message goes into the outbox in the same write"},
		{StateCaptured, StateCancelling, "shop_no", "the shop said no or nothing; the intent to give the money back"},
		{StateCaptured, StateCancelled, "cancel_found", "the PG says that everything charged was given back"},
		{
			StateCaptured, StateUnknown, "proof_lost",
			"the PG had shown the charge and, seen repeatedly, shows it no more, or cannot be asked for hours",
		},

		{
			StateIssued, StateApproved, "deposited",
			"the PG shows the deposit with the decided figures; the shop had said yes before",
		},
		{StateIssued, StateCancelling, "close", "the intent to close the account, or a deposit of another amount"},
		{
			StateIssued, StateCancelled, "cancel_found",
			"the PG says that the account was closed, or that everything paid in was given back",
		},
		{StateIssued, StateExpired, "expired", "the deadline and a grace period have passed, and the PG shows no deposit"},

		{StateUnknown, StateIssued, "proof_found", "the PG shows the virtual account with the decided figures"},
		{
			StateUnknown, StateCaptured, "proof_found",
			"the PG shows the charge with the decided figures, and the shop is to be asked",
		},
		{StateUnknown, StateApproved, "proof_found", "as captured, and the shop had said yes before"},
		{StateUnknown, StateDeclined, "proof_found", "the PG shows a definite no"},
		{StateUnknown, StateCancelling, "undo", "the intent to undo what may have been charged"},
		{StateUnknown, StateCancelled, "proof_found", "the PG says that everything charged was given back"},
		{StateUnknown, StateExpired, "proof_found", "the PG knows of no charge, seen repeatedly after the grace period"},

		{StateCancelling, StateCancelled, "undone", "a confirmed cancel or net cancel, or proof that nothing was charged"},
	}
}

// CanMove tells whether an attempt may move from one state to another.
func CanMove(from, to State) bool {
	for _, t := range Transitions() {
		if t.From == from && t.To == to {
			return true
		}
	}
	return false
}

// Holds tells whether an attempt in state s holds its order: at most one attempt of an order does.
func (s State) Holds() bool {
	switch s {
	//guard:unknown-holds //guard:issued-holds
	case StateClaimed, StateApproving, StateCaptured, StateIssued, StateUnknown, StateApproved:
		return true
	case StateOpened, StateCancelling, StateDeclined, StateRefused, StateCancelled, StateExpired:
		return false
	}
	return false
}

// Blocks tells whether an attempt in state s keeps every other attempt of its order from being claimed: it
// holds the order, or its money is not proven to be back.
func (s State) Blocks() bool { return s.Holds() || s == StateCancelling } //guard:cancelling-blocks

// States lists every state, open ones first.
func States() []State {
	return []State{
		StateOpened, StateClaimed, StateApproving, StateCaptured, StateIssued, StateUnknown, StateCancelling,
		StateApproved, StateDeclined, StateRefused, StateCancelled, StateExpired,
	}
}
