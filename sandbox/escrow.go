package sandbox

import "slices"

// The states of an escrow payment, in the numbers of PortOne V1's webhook (portone.md §3.1).
const (
	escrowPaid     = "0"
	escrowShipped  = "2"
	escrowAccepted = "3"
	// escrowRegistered is V2's alone: the parcel was registered, and nobody has fetched it yet.
	escrowRegistered = "1"
)

// escrowConfirmed tells whether the purchase was confirmed: by the buyer, by time, or by force.
func escrowConfirmed(status string) bool {
	return slices.Contains([]string{escrowAccepted, "31", "32"}, status)
}

// escrowKnown tells whether a status is one that a payment can be moved to.
func escrowKnown(status string) bool {
	return slices.Contains([]string{escrowShipped, escrowAccepted, "31", "32", "4", "8", "10"}, status)
}

// escrowV2 is V2's word for a state.
func escrowV2(status string) string {
	switch status {
	case escrowRegistered:
		return "REGISTERED"
	case escrowShipped:
		return "DELIVERED"
	case escrowAccepted, "31", "32":
		return "CONFIRMED"
	case "4":
		return "REJECTED"
	case "8":
		return "CANCELLED"
	case "10":
		return "REJECT_CONFIRMED"
	default:
		return "BEFORE_REGISTERED"
	}
}
