package gateway

// headerNoWindow says why an answer of an intercepted route was handed on without a window, though the shop answered
// that all is well.
const headerNoWindow = "X-PG-Gateway-No-Window"

// The reasons of headerNoWindow, which are results of the metric too.
const (
	// answerNoOrder: the answer names no order. The shop refused it in words of its own.
	answerNoOrder = "no_order"
	// answerNotJSON: the answer is no JSON that two readers read alike.
	answerNotJSON = "not_json"
	// answerNoPlace: something that is no object, such as a list, stands where the window was to go.
	answerNoPlace = "no_place"
)

// passes tells why the shop's answer is handed on as it is; empty when a window is to be opened for it.
func (i intercept) passes(from exchange) string {
	order, ok := i.readAnswer.of("order_id")
	switch {
	case ok && !from.get(order).Exists(): //guard:shops-refusal-passes
		return answerNoOrder
	case !from.found.CanPut(): //guard:no-place-no-window
		return answerNoPlace
	}
	return ""
}
