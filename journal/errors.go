package journal

import (
	"errors"
	"fmt"

	"github.com/pg-gateway/pg-gateway/payment"
)

// Errors by what the caller should do.
var (
	// ErrNotFound: the journal has no such attempt or message.
	ErrNotFound = errors.New("not in the journal")
	// ErrConflict: the attempt is not where the caller thought; see ConflictError.
	ErrConflict = errors.New("the attempt is in another state")
	// ErrClaimed: another attempt stands in the way of this one; see ClaimedError.
	ErrClaimed = errors.New("another attempt holds the order")
	// ErrUnavailable: the database could not do it. It does not prove that nothing was written: an answer to
	// a commit may have been lost. Send nothing that moves money; the sweep finds what was written.
	ErrUnavailable = errors.New("the journal is unavailable")
	// ErrSchemaTooNew: the database was written by a newer version of the gateway.
	ErrSchemaTooNew = errors.New("the journal's schema is newer than this program")
	// ErrNoJournal: there is no journal, and none was to be made.
	ErrNoJournal = errors.New("there is no journal")
	// ErrSchemaTooOld: the gateway has not brought the journal up to date yet, and nobody else may.
	ErrSchemaTooOld = errors.New("the journal's schema is older than this program")
	// ErrUnsupported: this database has another tool for that.
	ErrUnsupported = errors.New("not supported by this journal driver")
)

// ClaimedError tells which attempt stands in the way. It matches ErrClaimed.
type ClaimedError struct {
	Winner payment.AttemptID
	State  payment.State
}

// Error implements error.
func (e *ClaimedError) Error() string {
	return fmt.Sprintf("%v: attempt %s is %s", ErrClaimed, e.Winner, e.State)
}

// Is makes it match ErrClaimed.
func (e *ClaimedError) Is(target error) bool { return target == ErrClaimed }

// ConflictKind says what a ConflictError is about.
type ConflictKind string

// The kinds of conflict.
const (
	// ConflictState: the attempt is in a state that the caller did not expect.
	ConflictState ConflictKind = "state"
	// ConflictOwner: somebody else has taken the attempt up.
	ConflictOwner ConflictKind = "owner"
	// ConflictMove: the state machine has no such move.
	ConflictMove ConflictKind = "move"
	// ConflictReplay: the proof was used before; ID and State are of the attempt that used it.
	ConflictReplay ConflictKind = "replay"
	// ConflictContent: the id exists with other content.
	ConflictContent ConflictKind = "content"
	// ConflictWindows: the order has as many open windows at this PG as it may.
	ConflictWindows ConflictKind = "windows"
)

// ConflictError tells where the attempt really is. It matches ErrConflict.
type ConflictError struct {
	Kind  ConflictKind
	ID    payment.AttemptID
	State payment.State
}

// Error implements error.
func (e *ConflictError) Error() string {
	return fmt.Sprintf("%v (%s): attempt %s is %s", ErrConflict, e.Kind, e.ID, e.State)
}

// Is makes it match ErrConflict.
func (e *ConflictError) Is(target error) bool { return target == ErrConflict }

// logical tells whether err is an answer of ours, as opposed to a failure of the database.
func logical(err error) bool {
	return errors.Is(err, ErrNotFound) || errors.Is(err, ErrConflict) || errors.Is(err, ErrClaimed) ||
		errors.Is(err, ErrCardStored)
}

// unavailable wraps a failure of the database. Its text goes to logs: drivers' errors name tables and
// constraints but never values, because every value travels as a parameter.
func unavailable(doing string, err error) error {
	if logical(err) || errors.Is(err, ErrUnavailable) {
		return err
	}
	return fmt.Errorf("%s: %w: %w", doing, ErrUnavailable, err)
}
