package gateway

import "slices"

// headerUnchanged says why an answer of an intercepted route was handed on as it was, though the shop answered that
// all is well.
const headerUnchanged = "X-PG-Gateway-Unchanged"

// The reasons of headerUnchanged, which are results of the metric too.
const (
	// answerNoOrder: the answer names no order. The shop refused it in words of its own.
	answerNoOrder = "no_order"
	// answerNotAccepted: the answer does not say what it says when the shop took the order.
	answerNotAccepted = "not_accepted"
	// answerNotJSON: the answer is no JSON that two readers read alike.
	answerNotJSON = "not_json"
	// answerNoList: there is no list of payment methods where the route says.
	answerNoList = "no_list"
	// answerEncoding: the answer is compressed in a way that cannot be read.
	answerEncoding = "encoding"
	// answerTooLarge: the answer is larger than what is read.
	answerTooLarge = "too_large"
	// answerNoPlace: something that is no object, such as a list, stands where the window was to go.
	answerNoPlace = "no_place"
)

// passes tells why the shop's answer is handed on as it is; empty when a window is to be opened for it.
func (i *intercept) passes(from exchange) string {
	order, ok := i.readAnswer.of("order_id")
	switch {
	//guard:another-code-passes
	case i.Accepted.Kind != "" && !slices.Contains(i.AcceptedIs, from.get(i.accepted).String()):
		return answerNotAccepted
	case ok && i.Put != "" && !from.get(order).Exists(): //guard:shops-refusal-passes
		return answerNoOrder
	case i.Put != "" && !from.found.CanPut(): //guard:no-place-no-window
		return answerNoPlace
	}
	return ""
}
