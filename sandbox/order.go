package sandbox

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// The headers by which a request asks for a fault, or for what a scenario does to it, for itself alone:
//
//	X-Sandbox-Fault: delay; delay_ms=200
//	X-Sandbox-Scenario: v2_charge_answer_lost
const (
	headerFault    = "X-Sandbox-Fault"
	headerScenario = "X-Sandbox-Scenario"
)

// faultOrder is what a request asks for itself.
type faultOrder struct {
	fault *Fault
	send  NoticeMode
}

// ordered reads what a request asks for itself. A word that does nothing is an error, or it would be taken for one that
// did something. Errors match ErrFault or ErrScenario.
func (o operation) ordered(r *http.Request) (faultOrder, error) {
	if text := r.Header.Get(headerFault); text != "" {
		f, err := readFault(text)
		if err != nil {
			return faultOrder{}, err
		}
		f.PG, f.Operation = o.pg, o.name
		f, err = f.normal()
		return faultOrder{fault: &f}, err
	}
	text := r.Header.Get(headerScenario)
	if text == "" {
		return faultOrder{}, nil
	}
	name, rest, _ := strings.Cut(text, ";")
	x, err := scenario(strings.TrimSpace(name))
	if err != nil {
		return faultOrder{}, err
	}
	late, err := readFault("delay;" + rest)
	if err != nil {
		return faultOrder{}, err
	}
	return o.ofScenario(x, time.Duration(late.DelayMS)*time.Millisecond)
}

// ofScenario is what a scenario does to one request of this operation.
func (o operation) ofScenario(x Scenario, late time.Duration) (faultOrder, error) {
	order := faultOrder{send: x.Send}
	for _, f := range x.faults(late) {
		f, err := f.normal()
		if err != nil {
			return order, err
		}
		if f.PG == o.pg && f.of(o.name) {
			order.fault = &f
			break
		}
	}
	if order.fault == nil && order.send == "" {
		return order, fmt.Errorf("%w: %s does nothing to %s %s", ErrScenario, x.Name, o.pg, o.name)
	}
	return order, nil
}

// readFault reads kind; name=value; ...
func readFault(text string) (Fault, error) {
	kind, rest, _ := strings.Cut(text, ";")
	f := Fault{Kind: FaultKind(strings.TrimSpace(kind))}
	for part := range strings.SplitSeq(rest, ";") {
		if strings.TrimSpace(part) == "" {
			continue
		}
		name, value, _ := strings.Cut(strings.TrimSpace(part), "=")
		var err error
		switch name {
		case "delay_ms":
			f.DelayMS, err = strconv.Atoi(value)
		case "status":
			f.Status, err = strconv.Atoi(value)
		case "reason":
			f.Reason = value
		default:
			return f, fmt.Errorf("%w: %q in a header", ErrFault, name)
		}
		if err != nil {
			return f, fmt.Errorf("%w: %s is no number", ErrFault, name)
		}
	}
	return f, nil
}
