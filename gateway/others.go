package gateway

import (
	"encoding/base64"
	"errors"
	"log/slog"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/pg-gateway/pg-gateway/journal"
	"github.com/pg-gateway/pg-gateway/metrics"
	"github.com/pg-gateway/pg-gateway/payment"
)

// errOtherJournal: a window of ours was opened by a process that keeps another journal.
var errOtherJournal = errors.New("the window was opened with another journal")

// others notices other processes of this shop that keep a journal of their own. Each of them guards an order for
// itself alone, so that together they would charge it twice (design promise 1). They cannot be asked, but what they
// open comes back to us: every window carries, sealed with the token key that all processes of a shop share, which
// journal it was opened with and when.
type others struct {
	own     func() journal.Identity
	env     func() environment
	seal    *sealer
	log     *slog.Logger
	metrics *metrics.Metrics
	// seen is set once there is a proof, until the process ends: whoever sets things right restarts it.
	seen atomic.Bool
}

// problem is the problem of a process that is one of several on private journals; nil for one that knows of no other.
func (o *others) problem(order payment.OrderID) error {
	if !o.seen.Load() {
		return nil
	}
	return &payment.Problem{Code: payment.CodeSeveralJournals, OrderID: order}
}

// check tells whether a window is one of this process's journal. One of before this journal is no proof of a second
// one: the journal was begun anew since. Nor is one that does not tell its environment, as those of older versions:
// it may be staging's. Both are errOtherJournal all the same, since who knows what the other journal holds of its
// order.
func (o *others) check(a payment.Attempt, opened opener) error {
	own := o.own()
	if own.ID == "" || opened.ID == "" || opened.ID == own.ID {
		return nil
	}
	if opened.Since.Before(own.Since) || opened.Env != o.env() { //guard:journal-with-its-environment
		return errOtherJournal
	}
	o.metrics.SeveralJournals(true)
	if !o.seen.Swap(true) {
		o.log.Error(
			"another process of this shop keeps a journal of its own, and together they would charge an order twice: "+
				"nothing is sold here until all of them share one journal (journal.driver: postgres) and are restarted",
			a.LogAttr(), slog.String("journal", own.ID), slog.String("other_journal", opened.ID),
		)
	}
	return errOtherJournal
}

// refused is what the browser of a window of another journal is told.
func (o *others) refused(order payment.OrderID) error {
	if err := o.problem(order); err != nil {
		return err
	}
	return &payment.Problem{
		Code: payment.CodeReturnExpired, OrderID: order,
		DetailKo: "지금의 결제 기록이 모르는 결제창입니다", DetailEn: "the window was opened with a journal that is not this one",
	}
}

// journalParam is the query parameter that carries the mark in the addresses that a PG is given.
const journalParam = "j"

func markAAD(id payment.AttemptID) []byte { return []byte("journal:1:" + id) } //guard:mark-is-its-attempts

// mark is the journal of an attempt in a form that travels in a URL: sealed, and good for this attempt only.
func (o *others) mark(a payment.Attempt) string {
	own := o.own()
	if own.ID == "" {
		return ""
	}
	// The environment stands last: an older version cannot read it, and learns nothing from such a mark.
	plain := own.ID + " " + strconv.FormatInt(a.CreatedAt.UnixMilli(), 10) + " " + string(o.env())
	return base64.RawURLEncoding.EncodeToString(o.seal.aead.Seal(nil, nil, []byte(plain), markAAD(a.ID))) //nolint:gosec // the cipher makes its own random nonce
}

// marked adds the mark to an address of ours.
func (o *others) marked(address string, a payment.Attempt) string {
	mark := o.mark(a)
	switch {
	case address == "" || mark == "":
		return address
	case strings.Contains(address, "?"):
		return address + "&" + journalParam + "=" + mark
	}
	return address + "?" + journalParam + "=" + mark
}

// notFound looks at the mark of an attempt that is not in the journal: was it opened with another one? Without a
// mark, or with one that is not ours, nothing is learned.
func (o *others) notFound(id payment.AttemptID, mark string) {
	if opened, ours := o.read(id, mark); ours && !o.foreign(id, opened) {
		_ = o.check(payment.Attempt{ID: id}, opened)
	}
}

// read opens the mark of an attempt: who opened it. ours is false for one that nobody with our key made, or not for
// this attempt.
func (o *others) read(id payment.AttemptID, mark string) (opened opener, ours bool) {
	if len(mark) > maxToken {
		return opener{}, false
	}
	sealed, err := base64.RawURLEncoding.Strict().DecodeString(mark)
	if err != nil {
		return opener{}, false
	}
	plain, err := o.seal.aead.Open(nil, nil, sealed, markAAD(id))
	if err != nil {
		return opener{}, false
	}
	journalID, rest, _ := strings.Cut(string(plain), " ")
	at, env, _ := strings.Cut(rest, " ")
	ms, err := strconv.ParseInt(at, 10, 64)
	if err != nil {
		return opener{}, false
	}
	return opener{Identity: journal.Identity{ID: journalID, Since: time.UnixMilli(ms)}, Env: environment(env)}, true
}
