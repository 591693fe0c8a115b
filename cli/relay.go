package cli

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/pg-gateway/pg-gateway/adapters"
	"github.com/pg-gateway/pg-gateway/payment"
)

const (
	// relayOverlap is how far a round goes back before the one before: the PG's clock is another one.
	relayOverlap = time.Minute
	// relayPages is how many pages a round reads at most, relayTries how often one webhook is sent.
	relayPages = 40
	relayTries = 5
)

// relay posts what a PG lists as that PG's webhooks.
type relay struct {
	pg     *payment.PG
	lister adapters.Lister
	teller adapters.Teller
	to     string
	client *http.Client
	out    io.Writer
	now    func() time.Time

	// from is where the next round begins.
	from time.Time
	// told are the messages that are done with, by their ids; tries those that were not taken yet.
	told  map[string]time.Time
	tries map[string]int
	// silent is what is wrong with the PG, which is said once.
	silent string
}

// run asks and tells until ctx ends.
func (r *relay) run(ctx context.Context, every time.Duration) {
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		r.round(ctx)
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}

// round asks what happened since the round before, and tells of it, the oldest first.
func (r *relay) round(ctx context.Context) {
	if r.told == nil {
		r.told, r.tries = map[string]time.Time{}, map[string]int{}
	}
	now := r.now()
	found, err := r.list(ctx, now)
	if err != nil {
		if text := err.Error(); ctx.Err() == nil && text != r.silent {
			r.silent = text
			r.say("PortOne is not heard, and is asked again: %s", text)
		}
		return
	}
	if r.silent != "" {
		r.silent = ""
		r.say("PortOne is heard again")
	}
	waits := false
	for _, l := range found {
		waits = !r.tell(ctx, l) || waits
	}
	if waits || ctx.Err() != nil {
		return // it is listed once more, as what is not taken yet is kept nowhere else
	}
	r.from = now.Add(-relayOverlap)
	for id, at := range r.told {
		if at.Before(r.from.Add(-relayOverlap)) {
			delete(r.told, id)
		}
	}
}

// list reads all that happened since r.from.
func (r *relay) list(ctx context.Context, now time.Time) (found []adapters.Listed, err error) {
	req := adapters.ListRequest{PG: r.pg, From: r.from, Until: now, Now: now}
	for range relayPages {
		page, err := r.lister.List(ctx, req)
		if err != nil {
			return nil, err
		}
		found = append(found, page.Payments...)
		if req.Next = page.Next; req.Next == "" {
			slices.SortStableFunc(found, func(a, b adapters.Listed) int { return a.At.Compare(b.At) })
			return found, nil
		}
	}
	return nil, fmt.Errorf("more happened since %s than %d pages hold; begin later", onTheClock(r.from), relayPages)
}

// tell sends one webhook, unless that is done. It tells whether it needs no more.
func (r *relay) tell(ctx context.Context, l adapters.Listed) bool {
	id := messageID(l)
	if _, done := r.told[id]; done {
		r.told[id] = r.now()
		return true
	}
	began := r.now()
	hook, err := r.teller.Webhook(r.pg, l, id, began)
	if err != nil {
		r.say("%s: no webhook can be made: %v", l.OrderRef, err)
		r.told[id] = began
		return true
	}
	status, err := r.post(ctx, hook)
	if ctx.Err() != nil {
		return false
	}
	r.tries[id]++
	ok, last := err == nil && status/100 == 2, r.tries[id] >= relayTries
	said := fmt.Sprintf("%d %s", status, http.StatusText(status))
	if err != nil {
		said = err.Error()
	}
	switch took := r.now().Sub(began).Round(time.Millisecond); {
	case ok:
		r.say("%s of %s -> %s (%s)", hook.Says, l.OrderRef, said, took)
	case last:
		r.say("%s of %s -> %s (%s), given up", hook.Says, l.OrderRef, said, took)
	default:
		r.say("%s of %s -> %s (%s), sent again", hook.Says, l.OrderRef, said, took)
	}
	if !ok && !last {
		return false
	}
	delete(r.tries, id)
	r.told[id] = r.now()
	return true
}

// messageID names a message: the same for the same thing that happened, however often it is listed.
func messageID(l adapters.Listed) string {
	h := sha256.Sum256(fmt.Appendf(nil, "%q %q %q %d %d", l.OrderRef, l.PGTxID, l.Outcome, l.Amount, l.Cancelled))
	return "msg_listen_" + hex.EncodeToString(h[:12])
}

func (r *relay) post(ctx context.Context, hook adapters.Webhook) (status int, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, r.to, bytes.NewReader(hook.Body))
	if err != nil {
		return 0, err
	}
	req.Header = hook.Header
	resp, err := r.client.Do(req)
	if err != nil {
		return 0, err
	}
	_, err = io.Copy(io.Discard, io.LimitReader(resp.Body, maxFindAnswer))
	return resp.StatusCode, cmp.Or(resp.Body.Close(), err)
}

// say prints a line with the time of day in Korea. Ids are the PG's to choose: a terminal must not obey them.
func (r *relay) say(format string, args ...any) {
	line := strings.ReplaceAll(plain(fmt.Sprintf(format, args...)), "\n", " ")
	fmt.Fprintf(r.out, "%s %s\n", r.now().In(payment.KST()).Format(time.TimeOnly), line)
}
