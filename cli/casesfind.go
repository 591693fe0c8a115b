package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/pg-gateway/pg-gateway/payment"
	"github.com/pg-gateway/pg-gateway/rules"
)

const (
	// findBack is how far back is looked when --since is left out; PGs list no further.
	findBack = 90 * 24 * time.Hour
	// findStep is the period that is asked for at once, findTimeout how long that may take.
	findStep    = 24 * time.Hour
	findTimeout = 10 * time.Minute
	// maxFindAnswer bounds what is read of the gateway's answer, in bytes.
	maxFindAnswer = 1 << 20
)

// errNoneLists tells that there is nothing to ask.
var errNoneLists = errors.New("no PG of the configuration can list its payments")

// find is what cases find was asked for.
type find struct {
	pg, since, until, admin string
}

// casesFindCommand has a running gateway list what its PGs have.
func casesFindCommand(o *options) *cobra.Command {
	var f find
	c := &cobra.Command{
		Use: "find", Short: "Have the gateway list what the PGs took, and find what nobody told it of", Args: cobra.NoArgs,
		Long: "Find has a running gateway list the payments that its PGs have, of 90 days or less, and hold each against\n" +
			"the journal, as it does every 20 seconds for what is new. A payment that its attempt does not know of wakes\n" +
			"the gateway, which reads it at the PG and concludes it or gives it back; what only a person can close is in\n" +
			"cases list then. It asks the gateway at server.admin (with the first token there), day by day, and can be\n" +
			"stopped and repeated at any time.",
		Example: "  pg-gateway cases find\n  pg-gateway cases find --since 2026-11-01 --until 2026-11-07 --pg portone",
		RunE: func(c *cobra.Command, _ []string) error {
			s, err := loadRules(o.configFile)
			if err != nil {
				return err
			}
			return f.run(c.Context(), s, time.Now(), c.OutOrStdout())
		},
	}
	c.Flags().StringVar(&f.since, "since", "",
		"from then on: a time (RFC 3339) or a day in Korea (2026-11-01); 90 days ago when left out")
	c.Flags().StringVar(&f.until, "until", "", "before then: a time, or a day in Korea to its end; now when left out")
	c.Flags().StringVar(&f.pg, "pg", "", "this PG only, as the configuration calls it")
	c.Flags().StringVar(&f.admin, "admin", "",
		"the gateway's admin address, as in http://10.0.0.7:9090; server.admin.listen when left out")
	return c
}

// run asks for every PG that lists, day by day, the newest first: what is missing there is what buyers wait for.
func (f *find) run(ctx context.Context, s *rules.Snapshot, now time.Time, out io.Writer) error {
	from, until, err := f.period(now)
	if err != nil {
		return err
	}
	asked := 0
	for _, pg := range s.PGs() {
		if pg.Listing.Every == 0 || f.pg != "" && f.pg != string(pg.ID) {
			continue
		}
		asked++
		if err := f.ofPG(ctx, s.Server().Admin, pg.ID, from, until, out); err != nil {
			return fmt.Errorf("listing %s: %w", pg.ID, err)
		}
	}
	if asked == 0 {
		return errNoneLists
	}
	return nil
}

func (f *find) period(now time.Time) (from, until time.Time, err error) {
	from, until = now.Add(-findBack), now
	if f.since != "" {
		if from, err = bound("since", f.since, false); err != nil {
			return from, until, err
		}
	}
	if f.until != "" {
		if until, err = bound("until", f.until, true); err != nil {
			return from, until, err
		}
		until = time.UnixMilli(min(until.UnixMilli(), now.UnixMilli()))
	}
	switch {
	case from.Before(now.Add(-findBack)):
		err = fmt.Errorf("--since %s is more than 90 days ago: PGs list no further", f.since)
	case !from.Before(until):
		err = errors.New("nothing lies between --since and --until")
	}
	return from, until, err
}

// found is the gateway's answer.
type found struct {
	Counts  map[string]int `json:"counts"`
	Next    string         `json:"next"`
	Waiting int            `json:"waiting"`
}

func (f *find) ofPG(
	ctx context.Context, admin rules.AdminConfig, pg payment.PGID, from, until time.Time, out io.Writer,
) error {
	total, waiting := map[string]int{}, 0
	for end := until; end.After(from); end = end.Add(-findStep) {
		begin := end.Add(-findStep)
		if begin.Before(from) {
			begin = from
		}
		next := ""
		for more := true; more; more = next != "" {
			got, err := f.ask(ctx, admin, url.Values{
				"pg": {string(pg)}, "next": {next},
				"from": {begin.Format(time.RFC3339Nano)}, "until": {end.Format(time.RFC3339Nano)},
			})
			if err != nil {
				return err
			}
			for result, n := range got.Counts {
				total[result] += n
			}
			next, waiting = got.Next, got.Waiting
		}
	}
	fmt.Fprintf(out, "%s from %s to %s:", pg, onTheClock(from), onTheClock(until))
	for _, result := range slices.Sorted(maps.Keys(total)) {
		fmt.Fprintf(out, " %d %s", total[result], strings.ReplaceAll(result, "_", " "))
	}
	if len(total) == 0 {
		fmt.Fprint(out, " no payments")
	}
	if waiting > 0 {
		fmt.Fprintf(out, "; %d are still being followed up", waiting)
	}
	fmt.Fprintln(out)
	return nil
}

// ask sends one request to the gateway.
func (f *find) ask(ctx context.Context, admin rules.AdminConfig, q url.Values) (found, error) {
	ctx, cancel := context.WithTimeout(ctx, findTimeout)
	defer cancel()
	base := f.admin
	if base == "" {
		base = "http://" + loopbackOf(admin.Listen)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, base+"/-/listing?"+q.Encode(), http.NoBody)
	if err != nil {
		return found{}, fmt.Errorf("--admin %s is no address: %w", base, err)
	}
	if len(admin.Tokens) > 0 {
		req.Header.Set("Authorization", "Bearer "+admin.Tokens[0].Reveal())
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return found{}, fmt.Errorf("the gateway does not answer at %s; does it run? %w", base, errors.Unwrap(err))
	}
	defer func() { _ = res.Body.Close() }()
	text, err := io.ReadAll(io.LimitReader(res.Body, maxFindAnswer))
	if err != nil {
		return found{}, fmt.Errorf("reading the gateway's answer: %w", err)
	}
	var got found
	if res.StatusCode != http.StatusOK {
		return got, fmt.Errorf("the gateway answered %d %s", res.StatusCode, text)
	}
	if err := json.Unmarshal(text, &got); err != nil {
		return got, fmt.Errorf("reading the gateway's answer: %w", err)
	}
	return got, nil
}

// loopbackOf makes a listen address one that can be called on this machine.
func loopbackOf(listen string) string {
	host, port, ok := strings.Cut(listen, ":")
	if ok && (host == "" || host == "0.0.0.0") {
		return "127.0.0.1:" + port
	}
	return listen
}
