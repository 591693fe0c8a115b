package payment

import (
	"slices"
	"strings"
)

// Routes are the addresses of ours that a driver's PG is told. They are published: contracts at PGs name them. What
// comes there the driver reads, and the gateway deals with.
type Routes struct {
	// Return is where its windows send the browser back to, and KeyReturn where those for billing keys do, if that is
	// elsewhere. Drivers whose attempts are on record before the window opens may share them.
	Return    string
	KeyReturn string
	// PhoneReturn is where its windows on phones and in apps do, if that is elsewhere.
	PhoneReturn string
	// Redirect is what the query of a browser that comes back calls what it tells. It is for windows that do not carry
	// the attempt (DriverSpec.CarriesToken).
	Redirect Redirect

	// Notices is where the PG tells what happened, Questions where it asks before it has a payment approved, and
	// Deposits where one that signs nothing tells of money in virtual accounts. RoutePG in them stands for the PG's id.
	Notifications string
	Questions     string
	Deposits      string
	// DepositTaken and DepositRefused are all that is answered at Deposits: the PG reads nothing else.
	DepositTaken   string
	DepositRefused string
}

// Redirect is what a redirect's query calls things, the names that count most first.
type Redirect struct {
	Attempt []string
	// PGTxID is the PG's transaction, or the billing key that was issued.
	PGTxID []string
	// Token is what the attempt is approved with.
	Token []string
	// Code is why nothing was paid, and Success false when nothing was.
	Code    []string
	Success []string
}

// RoutePG stands for the PG's id in an address that is a PG's own.
const RoutePG = ":pg"

// RouteOf is a PG's own address.
func RouteOf(path string, pg PGID) string { return strings.Replace(path, RoutePG, string(pg), 1) }

// RouteName is what a route is called in logs and metrics after its path: return_inicis for /return/inicis.
func RouteName(path string) string {
	return strings.ReplaceAll(strings.TrimPrefix(path, "/"), "/", "_")
}

// ReturnOf is where a window for a purpose sends the browser of a device back to.
func (r Routes) ReturnOf(p Purpose, d Device) string {
	switch {
	case p == PurposeBillingKey && r.KeyReturn != "":
		return r.KeyReturn
	case d.Phone() && r.PhoneReturn != "":
		return r.PhoneReturn
	}
	return r.Return
}

// And adds what other drivers call things at the same address.
func (r Redirect) And(other Redirect) Redirect {
	return Redirect{
		Attempt: slices.Concat(r.Attempt, other.Attempt),
		PGTxID:  slices.Concat(r.PGTxID, other.PGTxID),
		Token:   slices.Concat(r.Token, other.Token),
		Code:    slices.Concat(r.Code, other.Code),
		Success: slices.Concat(r.Success, other.Success),
	}
}
