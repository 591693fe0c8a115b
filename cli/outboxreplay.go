package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/pg-gateway/pg-gateway/journal"
	"github.com/pg-gateway/pg-gateway/payment"
	"github.com/pg-gateway/pg-gateway/rules"
)

const (
	// replayLimit is how many messages are put in line again when --limit is left out.
	replayLimit = 1000
	// mostReplayed bounds --limit: what is to be sent is held in memory, and the shop has to take all of it.
	mostReplayed = 100_000
	// seenTwice is what everybody who replays must know.
	seenTwice = "the shop may see them twice, and knows them by their id"
)

// errReplayWhat tells what outbox replay wants at least.
var errReplayWhat = errors.New("say which messages: --since a time (2026-11-01T09:00:00+09:00) or a day in Korea " +
	"(2026-11-01), or --order an order's number")

// replay is what outbox replay was asked for.
type replay struct {
	since, until, order string
	types               []string
	limit               int
	dryRun              bool
	filter              journal.MessageFilter
}

// outboxReplayCommand sends messages again that the shop has taken.
func outboxReplayCommand(o *options) *cobra.Command {
	var r replay
	c := &cobra.Command{
		Use: "replay", Short: "Send messages again that the shop has taken, as when it lost its data", Args: cobra.NoArgs,
		Long: "Replay puts messages in line again that were delivered already. Each goes out with the id (webhook-id),\n" +
			"body and time that it had: the shop knows it by its id and may see it twice. A running gateway, of whatever\n" +
			"pod, sends them within seconds, those of an order in the order in which they were made; without one they\n" +
			"wait. What waits anyway is not doubled, and what was given up is for outbox retry. Messages are chosen by\n" +
			"when they were made (their timestamp), from --since on and before --until; a day is a whole day in Korea in\n" +
			"both. When more match than --limit, nothing is sent.",
		Example: "  pg-gateway outbox replay --since 2026-11-01 --until 2026-11-01 --dry-run\n" +
			"  pg-gateway outbox replay --since 2026-11-01T09:00:00+09:00 --type payment.confirmed --type payment.cancelled\n" +
			"  pg-gateway outbox replay --order ORDER",
		RunE: func(c *cobra.Command, _ []string) error {
			if err := r.read(c, time.Now()); err != nil {
				return err
			}
			return withJournal(c.Context(), o, func(j *journal.Journal) error {
				section, err := rules.LoadJournal(o.configFile)
				if err != nil {
					return err
				}
				return r.run(c.Context(), j, section.Retention, c.OutOrStdout())
			})
		},
	}
	f := c.Flags()
	f.StringVar(&r.since, "since", "", "messages made from then on: a time (RFC 3339) or a day in Korea (2026-11-01)")
	f.StringVar(&r.until, "until", "", "messages made before then: a time, or a day in Korea to its end")
	f.StringVar(&r.order, "order", "", "messages of this order")
	f.StringSliceVar(&r.types, "type", nil, "messages of this type, as payment.confirmed; may be given several times")
	f.IntVar(&r.limit, "limit", replayLimit, fmt.Sprintf("how many messages at most, up to %d", mostReplayed))
	f.BoolVar(&r.dryRun, "dry-run", false, "print what would be sent, and send nothing")
	return c
}

// read makes a filter of the flags.
func (r *replay) read(c *cobra.Command, now time.Time) (err error) {
	given := func(flag string) bool { return c.Flags().Changed(flag) }
	if !given("since") && !given("order") { //guard:replay-says-which
		return errReplayWhat
	}
	if given("since") {
		if r.filter.Since, err = bound("since", r.since, false); err != nil {
			return err
		}
		if r.filter.Since.After(now) {
			return fmt.Errorf("--since %s lies ahead: no message is that young", r.since)
		}
	}
	if given("until") {
		if r.filter.Until, err = bound("until", r.until, true); err != nil {
			return err
		}
		if !r.filter.Until.After(r.filter.Since) {
			return fmt.Errorf("--until %s is not behind --since %s: nothing lies between them", r.until, r.since)
		}
	}
	if given("order") && strings.TrimSpace(r.order) == "" { //guard:replay-of-no-order
		return errors.New("--order is empty: give the order's number, or leave the flag out")
	}
	if r.limit < 1 || r.limit > mostReplayed {
		return fmt.Errorf("--limit %d is not between 1 and %d", r.limit, mostReplayed)
	}
	for _, kind := range r.types {
		if err := knownType("--type", kind); err != nil {
			return err
		}
	}
	r.filter.Order, r.filter.Types = payment.OrderID(r.order), r.types
	return nil
}

// knownType refuses what is no type of message; where says where it was given.
func knownType(where, kind string) error {
	if known := payment.MessageTypes(); !slices.Contains(known, kind) {
		return fmt.Errorf("%s %q is no type of message: there are %s", where, kind, strings.Join(known, ", "))
	}
	return nil
}

// run finds the messages and puts them in line again, or only prints them.
func (r *replay) run(ctx context.Context, j *journal.Journal, kept time.Duration, out io.Writer) error {
	counts, err := j.OutboxCount(ctx, r.filter)
	if err != nil {
		return err
	}
	if counts == (journal.MessageCounts{}) {
		return r.nothing(ctx, j, kept, out)
	}
	if counts.Delivered > r.limit { //guard:replay-is-bounded
		return fmt.Errorf("%d delivered messages match and --limit is %d: nothing is sent; narrow it with --until, "+
			"--type or --order, or raise --limit (up to %d)", counts.Delivered, r.limit, mostReplayed)
	}
	list, err := j.OutboxDelivered(ctx, r.filter, r.limit)
	if err != nil {
		return err
	}
	if r.dryRun { //guard:dry-run-sends-nothing
		if err := printDelivered(list, out); err != nil {
			return err
		}
		fmt.Fprintf(out, "%d messages would be put in line again; %s\n", len(list), seenTwice)
	} else if err := again(ctx, j, list, out); err != nil {
		return err
	}
	if counts.Pending > 0 {
		fmt.Fprintf(out, "%d more wait anyway and are not doubled: pg-gateway outbox list\n", counts.Pending)
	}
	if counts.Parked > 0 {
		fmt.Fprintf(out, "%d more were given up, and hold back what is behind them in their orders: "+
			"pg-gateway outbox retry\n", counts.Parked)
	}
	r.warnOfRemoved(kept, out)
	return nil
}

// nothing says that nothing matches, and what that may come from.
func (r *replay) nothing(ctx context.Context, j *journal.Journal, kept time.Duration, out io.Writer) error {
	if r.order != "" {
		attempts, err := j.AttemptsOf(ctx, r.filter.Order)
		if err != nil {
			return err
		}
		if len(attempts) == 0 { //guard:removed-order-is-named
			return fmt.Errorf("--order %s: the journal has nothing of this order; either the number is another one, or "+
				"its messages are gone: what ended longer than %s ago is removed (journal.retention, journal prune)",
				r.order, days(kept))
		}
	}
	fmt.Fprintln(out, "no message matches")
	r.warnOfRemoved(kept, out)
	return nil
}

// warnOfRemoved says from when on the journal may have been emptied, when that is asked for.
func (r *replay) warnOfRemoved(kept time.Duration, out io.Writer) {
	if from := time.Now().Add(-kept); !r.filter.Since.IsZero() && r.filter.Since.Before(from) {
		fmt.Fprintf(out, "messages of what ended before %s are gone: it was removed after %s (journal.retention)\n",
			onTheClock(from), days(kept))
	}
}

// days is a long time in days, as people count it.
func days(d time.Duration) string { return fmt.Sprintf("%d days", int(d.Hours()/24)) }

// again puts messages in line order by order, so that those of an order come in one write, and says what became of it.
func again(ctx context.Context, j *journal.Journal, list []journal.DeliveredMessage, out io.Writer) error {
	var total journal.Replayed
	var failed error
	for _, of := range byOrder(list) {
		done, err := j.OutboxReplay(journal.Patient(ctx), of[0].OrderID, of)
		if err != nil {
			failed = fmt.Errorf("stopped at order %s; call it again for the rest: %w", of[0].OrderID, err)
			break
		}
		total.Again += done.Again
		total.Changed += done.Changed
		total.Gone = append(total.Gone, done.Gone...)
	}
	fmt.Fprintf(out, "%d messages put in line again (pg-gateway outbox list); %s\n", total.Again, seenTwice)
	if total.Changed > 0 {
		fmt.Fprintf(out, "%d were put in line by somebody else meanwhile, and not doubled\n", total.Changed)
	}
	for _, id := range total.Gone {
		fmt.Fprintf(out, "%s is gone: it was removed from the journal meanwhile\n", id)
	}
	return failed
}

// byOrder puts the messages of an order together, in the order of the first of each.
func byOrder(list []journal.DeliveredMessage) [][]journal.DeliveredMessage {
	place := map[payment.OrderID]int{}
	var all [][]journal.DeliveredMessage
	for _, m := range list {
		i, seen := place[m.OrderID]
		if !seen {
			i = len(all)
			place[m.OrderID], all = i, append(all, nil)
		}
		all[i] = append(all[i], m)
	}
	return all
}

func printDelivered(list []journal.DeliveredMessage, out io.Writer) error {
	if len(list) == 0 {
		return nil
	}
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "MESSAGE\tORDER\tTYPE\tSINCE\tDELIVERED")
	for _, m := range list {
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\n", m.ID, m.OrderID, m.Type, onTheClock(m.CreatedAt), onTheClock(m.DeliveredAt))
	}
	return w.Flush()
}
