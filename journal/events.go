package journal

import (
	"context"
	"database/sql"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/pg-gateway/pg-gateway/payment"
)

// maxEventText bounds each text of an event, in bytes.
const maxEventText = 300

// Event is one line of an attempt's history. It holds no secret and no personal data: that is the caller's
// duty, and why it has small named fields instead of a map.
type Event struct {
	// At is when it happened; zero means when it is recorded.
	At time.Time
	// Kind is what happened.
	Kind EventKind
	// From and To are set by the journal.
	From, To payment.State
	// Actor is who did it: empty for the gateway itself, else an operator's name.
	Actor string
	// Reason is a stable code.
	Reason string
	// Code is the PG's own result code.
	Code string
	// PGTxID is the PG's transaction id.
	PGTxID string
	// Detail is one short sentence in English for whoever is on call.
	Detail string
	// Fold lets the journal count the event in the attempt's last one instead of adding a row, when that says the same.
	// It is for look-ups that found nothing new, and is not given back.
	Fold bool
	// Times is how often it happened in a row, at least 1, and LastAt the last time; zero when it happened once. Both
	// are set by the journal.
	Times  int
	LastAt time.Time
}

// Note records an event of an attempt in any state, final ones too, and changes nothing else.
func (j *Journal) Note(ctx context.Context, id payment.AttemptID, ev Event) error {
	return j.write(ctx, string(id), "noting an event", func(x *txn) error {
		r, err := one(x, id)
		if err != nil {
			return err
		}
		return j.addEvent(x, id, r.State, r.State, ev)
	})
}

// Events returns the history of an attempt, oldest first. An attempt that is not there has none.
func (j *Journal) Events(ctx context.Context, id payment.AttemptID) ([]Event, error) {
	rows, err := j.r.query(
		ctx,
		`SELECT at, kind, from_state, to_state, actor, reason, code, pg_tx_id, detail, times, last_at
		FROM events WHERE attempt_id = ? ORDER BY seq`,
		id,
	)
	if err != nil {
		return nil, unavailable("reading events", err)
	}
	list, err := collect(rows, func(r *sql.Rows) (Event, error) {
		var ev Event
		var ms, last int64
		err := r.Scan(
			&ms, &ev.Kind, &ev.From, &ev.To, &ev.Actor, &ev.Reason, &ev.Code, &ev.PGTxID, &ev.Detail, &ev.Times, &last,
		)
		ev.Kind, ev.At, ev.LastAt = ev.Kind.now(), at(ms), at(last)
		return ev, err
	})
	if err != nil {
		return nil, unavailable("reading events", err)
	}
	return list, nil
}

func (j *Journal) addEvent(x *txn, id payment.AttemptID, from, to payment.State, ev Event) error {
	when := ev.At
	if when.IsZero() {
		when = j.now()
	}
	values := []any{
		id, millis(when), eventText(string(ev.Kind)), from, to, eventText(ev.Actor), eventText(ev.Reason), eventText(ev.Code),
		eventText(ev.PGTxID), eventText(ev.Detail),
	}
	if ev.Fold {
		return x.fold(id, values)
	}
	if x.joint != nil {
		if x.joint.folds[id] != nil {
			// The look-up comes before it in the history.
			if err := x.flush(); err != nil {
				return err
			}
		}
		x.joint.events, x.wrote = append(x.joint.events, values), true
		return nil
	}
	_, err := x.exec(
		`INSERT INTO events (attempt_id, at, kind, from_state, to_state, actor, reason, code, pg_tx_id, detail)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		values...)
	return err
}

// eventText makes text of a PG fit for one line of a table.
func eventText(s string) string {
	s = strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(s, ""))
	if len(s) <= maxEventText {
		return s
	}
	cut := maxEventText
	// Not within a character: PostgreSQL refuses the half of one.
	for cut > 0 && !utf8.RuneStart(s[cut]) {
		cut--
	}
	return s[:cut]
}
