package sandbox

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// FaultKind is a way to misbehave.
type FaultKind string

// The kinds of fault. "Commit" is the moment at which the operation takes effect (money moves).
const (
	// FaultDropAfterCommit does the work, then resets the connection without answering.
	FaultDropAfterCommit FaultKind = "drop_after_commit"
	// FaultDropBeforeCommit resets the connection and does nothing.
	FaultDropBeforeCommit FaultKind = "drop_before_commit"
	// FaultDelay does the work at once and answers late.
	FaultDelay FaultKind = "delay"
	// FaultDelayBeforeCommit does the work late, whether or not the caller is still there.
	FaultDelayBeforeCommit FaultKind = "delay_before_commit"
	// FaultStatus answers with a status and does nothing.
	FaultStatus FaultKind = "status"
	// FaultStatusAfterCommit does the work and answers with a status.
	FaultStatusAfterCommit FaultKind = "status_after_commit"
	// FaultWrongAmount, FaultWrongMID and FaultWrongOrder do the work and state something else in the answer.
	FaultWrongAmount FaultKind = "wrong_amount"
	FaultWrongMID    FaultKind = "wrong_mid"
	FaultWrongOrder  FaultKind = "wrong_order"
	// FaultGarbage does the work and answers 200 with a page that is no answer.
	FaultGarbage FaultKind = "garbage"
	// FaultHalfBody does the work, announces the whole answer, sends half of it and resets the connection.
	FaultHalfBody FaultKind = "half_body"
	// FaultWrongMode does the work and states in the answer that a test payment was a live one, or the other way round.
	FaultWrongMode FaultKind = "wrong_mode"
	// FaultDecline lets the PG refuse the payment: no money moves, and the answer says why.
	FaultDecline FaultKind = "decline"
)

// Fault is misbehaviour on order.
type Fault struct {
	// PG is inicis, portone_v1, portone_v2 or shop.
	PG string `json:"pg"`
	// Operation is what to disturb, such as approve or lookup, or several with | between them; empty means any operation
	// of the PG.
	Operation string    `json:"operation"`
	Kind      FaultKind `json:"kind"`
	// Times is how often; zero means once, a negative number for good.
	Times   int `json:"times"`
	DelayMS int `json:"delay_ms"`
	// Status is what the status kinds answer; zero means 500. Body is what they say, if anything; a refusal in the PG's
	// own form may be a 200.
	Status int    `json:"status"`
	Body   string `json:"body,omitempty"`
	// Reason is why a decline declines: limit, funds, expired, stolen, suspended, number or busy; empty means limit.
	Reason string `json:"reason,omitempty"`
}

// The names of the stand-ins in faults, executions and ledger entries.
const (
	pgInicis = "inicis"
	pgV1     = "portone_v1"
	pgV2     = "portone_v2"
	pgShop   = "shop"
)

// operationFire is a scheduled payment whose time has come.
const operationFire = "fire"

// ErrFault is returned for a fault that cannot be injected.
var ErrFault = errors.New("no such fault")

func faultKinds() []FaultKind {
	return []FaultKind{
		FaultDropAfterCommit, FaultDropBeforeCommit, FaultDelay, FaultDelayBeforeCommit, FaultStatus,
		FaultStatusAfterCommit, FaultWrongAmount, FaultWrongMID, FaultWrongOrder, FaultGarbage, FaultHalfBody,
		FaultDecline, FaultWrongMode,
	}
}

// operationNames lists what each stand-in can be disturbed at, with the names that other stand-ins use for
// the same thing.
func operationNames() map[string]map[string]string {
	return map[string]map[string]string{
		pgInicis: {
			"window": "window", "pay": "pay", "approve": "approve", "net_cancel": "net_cancel", "inquiry": "inquiry",
			"charge": "charge",
			"lookup": "inquiry", "refund": "refund", "cancel": "refund",
		},
		pgV1: {
			"token": "token", "prepare": "prepare", "prepare_read": "prepare_read", "lookup": "lookup", "inquiry": "lookup",
			"cancel": "cancel", "refund": "cancel", "open": "open", "pay": "pay", "list": "list", "again": "again",
			"charge": "again", "onetime": "onetime", "instant": "onetime", "issue": "issue",
			"schedule": "schedule", "unschedule": "unschedule", "reschedule": "reschedule", "retry": "retry",
			"vbank": "vbank", "receipt": "receipt", "receipt_cancel": "receipt_cancel", "escrow": "escrow",
			"certification_delete": "certification_delete",
			operationFire:          operationFire,
		},
		pgV2: {
			"prepare": "prepare", "lookup": "lookup", "inquiry": "lookup", "confirm": "confirm", "approve": "confirm",
			"cancel": "cancel", "refund": "cancel", "open": "open", "pay": "pay", "charge": "charge", "again": "charge",
			"list": "list", "instant": "instant", "onetime": "instant", "schedule": "schedule", "unschedule": "unschedule",
			"issue": "issue", "drop_key": "drop_key", operationFire: operationFire,
			"token": "token", "receipt": "receipt", "identity": "identity", "escrow": "escrow", "resend": "resend",
			"receipt_cancel": "receipt_cancel", "stop": "stop",
		},
		pgShop: {"lookup": "lookup", "confirm": "confirm", "events": "events", "create": "create"},
	}
}

// normal checks a fault and writes its operation in the stand-in's own word. Errors match ErrFault.
func (f Fault) normal() (Fault, error) {
	names, ok := operationNames()[f.PG]
	if !ok {
		return f, fmt.Errorf("%w: unknown pg %q", ErrFault, f.PG)
	}
	if f.Operation == "*" {
		f.Operation = ""
	}
	if f.Operation != "" {
		var own []string
		for word := range strings.SplitSeq(f.Operation, "|") {
			name, ok := names[word]
			if !ok {
				return f, fmt.Errorf("%w: %s has no operation %q", ErrFault, f.PG, word)
			}
			own = append(own, name)
		}
		f.Operation = strings.Join(own, "|")
	}
	if !slices.Contains(faultKinds(), f.Kind) {
		return f, fmt.Errorf("%w: unknown kind %q", ErrFault, f.Kind)
	}
	// Nobody asks when a schedule fires, so that no answer can be lost or late.
	if f.of(operationFire) && f.Kind != FaultDecline {
		return f, fmt.Errorf("%w: a schedule that fires can only be declined", ErrFault)
	}
	if f.Kind == FaultDecline {
		if err := f.declinable(); err != nil {
			return f, err
		}
	}
	if f.DelayMS < 0 || f.DelayMS > 600_000 {
		return f, fmt.Errorf("%w: delay_ms must be 0 to 600000", ErrFault)
	}
	if f.Status == 0 {
		f.Status = http.StatusInternalServerError
	}
	told := f.Status == http.StatusOK && f.Body != ""
	if (f.Status < 300 && !told) || f.Status > 599 {
		return f, fmt.Errorf("%w: status must be 300 to 599, or 200 with a body", ErrFault)
	}
	if f.Times == 0 {
		f.Times = 1
	}
	return f, nil
}

// of tells whether a fault disturbs an operation of its PG. A fault of any operation waits for one that somebody asks
// for.
func (f Fault) of(operation string) bool {
	if f.Operation == "" {
		return operation != operationFire
	}
	return slices.Contains(strings.Split(f.Operation, "|"), operation)
}

// Inject arms a fault. Faults of the same operation fire in the order they were armed.
func (s *Sandbox) Inject(f Fault) error {
	f, err := f.normal()
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = append(s.faults, &f)
	return nil
}

// ClearFaults disarms every fault.
func (s *Sandbox) ClearFaults() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = nil
}

// takeFault returns the fault to play for this operation, or a zero one; callers hold the mutex.
func (s *Sandbox) takeFault(pg, operation string) Fault {
	for i, f := range s.faults {
		if f.PG != pg || !f.of(operation) {
			continue
		}
		if f.Times > 0 {
			f.Times--
		}
		taken := *f
		if f.Times == 0 {
			s.faults = slices.Delete(s.faults, i, i+1)
		}
		return taken
	}
	return Fault{}
}

// wait sleeps, unless the sandbox stops.
func (s *Sandbox) wait(ms int) {
	t := time.NewTimer(time.Duration(ms) * time.Millisecond)
	defer t.Stop()
	select {
	case <-t.C:
	case <-s.stop:
	}
}

// hangUp resets the connection without an answer.
func hangUp(w http.ResponseWriter) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		// Nothing to take over, as in HTTP/2: the server then cuts the stream itself.
		panic(http.ErrAbortHandler)
	}
	reset(conn)
}

// reset closes a connection so that the peer reads an error and not an orderly end.
func reset(conn net.Conn) {
	if tcp, ok := conn.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0)
	}
	_ = conn.Close()
}

// halve announces the whole answer, sends the first half and hangs up.
func halve(w http.ResponseWriter, a answer) {
	conn, buf, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	_, _ = buf.WriteString("HTTP/1.1 " + strconv.Itoa(a.status) + " " + http.StatusText(a.status) +
		"\r\nContent-Type: " + a.contentType + "\r\nContent-Length: " + strconv.Itoa(len(a.body)) + "\r\n\r\n")
	_, _ = buf.Write(a.body[:len(a.body)/2])
	_ = buf.Flush()
	// An orderly close and not a reset: a reset may throw away the half that was sent.
	_ = conn.Close()
}
