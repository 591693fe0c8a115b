package adapters

import (
	"context"
	"time"

	"github.com/pg-gateway/pg-gateway/payment"
)

// Person is who somebody is: his name, and his birthday as YYMMDD. It is in memory and nowhere else.
type Person struct {
	Name, Birth payment.Secret
}

// Identity is an identity verification (본인인증) as its PG has it.
type Identity struct {
	// Verified tells that it was done, and At when. Of one that is not there, or failed, nothing else is set.
	Verified bool
	At       time.Time
	Person   Person
}

// IdentityReader is implemented by drivers whose PG verifies who somebody is.
type IdentityReader interface {
	// Identity reads a verification by the PG's number for it. Errors match ErrUnavailable, or are a FieldError that says
	// that it can be no such number.
	Identity(ctx context.Context, pg *payment.PG, id string) (Identity, error)
}
