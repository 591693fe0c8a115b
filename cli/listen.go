package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/pg-gateway/pg-gateway/adapters"
	"github.com/pg-gateway/pg-gateway/adapters/drivers"
	"github.com/pg-gateway/pg-gateway/payment"
	"github.com/pg-gateway/pg-gateway/rules"
)

const (
	// listenEvery is how often the PG is asked when --every is left out, leastEvery the least that spares it.
	listenEvery = 5 * time.Second
	leastEvery  = 2 * time.Second
	// mostListenBack bounds --since.
	mostListenBack = 24 * time.Hour
	// deliverTimeout is how long PortOne waits for an answer (portone.md §4.9).
	deliverTimeout = 30 * time.Second
)

// listen is what the command was asked for.
type listen struct {
	to, pg       string
	since, every time.Duration
}

// listenCommand tells a machine without a public address what happens at a PG.
func listenCommand(o *options) *cobra.Command {
	var l listen
	c := &cobra.Command{
		Use: "listen --forward-to URL", Args: cobra.NoArgs,
		Short: "Send what happens at PortOne to an address of this machine, as its webhooks do",
		Long: "Listen asks PortOne every few seconds which payments of the account were paid, given back or issued an\n" +
			"account, and posts each as PortOne's webhook to an address that PortOne does not reach, such as a gateway\n" +
			"or a shop on a laptop: V2's is signed with the webhook secret of the configuration. It reads at PortOne, and\n" +
			"writes neither there nor in the journal. Of payments that fail and of windows that are opened lists do not\n" +
			"tell, and which cancel a webhook is about they do not say. An answer other than 2xx is sent again, five\n" +
			"times at most. It ends with Ctrl-C.",
		Example: "  pg-gateway listen --pg portone --forward-to http://127.0.0.1:8080/hooks/portone/v2/portone\n" +
			"  pg-gateway listen --pg portone --forward-to http://localhost:3000/hook --since 10m",
		RunE: func(c *cobra.Command, _ []string) error {
			s, err := loadRules(o.configFile)
			if err != nil {
				return err
			}
			return l.run(c.Context(), s, c.OutOrStdout())
		},
	}
	c.Flags().StringVar(&l.to, "forward-to", "", "where the webhooks are posted to, with http:// or https://")
	c.Flags().StringVar(&l.pg, "pg", "", "the PG, as the configuration calls it; not needed when only one can list")
	c.Flags().DurationVar(&l.since, "since", 0, "also what happened so long ago, 24h at most")
	c.Flags().DurationVar(&l.every, "every", listenEvery, "how often PortOne is asked, 2s at least")
	_ = c.MarkFlagRequired("forward-to")
	return c
}

func (l *listen) run(ctx context.Context, s *rules.Snapshot, out io.Writer) error {
	if err := l.check(); err != nil {
		return err
	}
	pg, err := l.choose(s.PGs())
	if err != nil {
		return err
	}
	d := drivers.New(drivers.Options{})[pg.Driver]
	lister, lists := d.(adapters.Lister)
	teller, tells := d.(adapters.Teller)
	if !lists || !tells {
		return fmt.Errorf("the webhooks of driver %s cannot be made from its lists", pg.Driver)
	}
	r := relay{
		pg: pg, lister: lister, teller: teller, to: l.to, out: out, now: time.Now, from: time.Now().Add(-l.since),
		client: &http.Client{
			Timeout: deliverTimeout,
			// PortOne follows none: what is configured there must be the address itself.
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
	}
	// What cannot be signed is said at once, and not when somebody pays.
	if _, err := teller.Webhook(pg, adapters.Listed{}, "msg_check", time.Now()); err != nil {
		return fmt.Errorf("a webhook cannot be made: %w", err)
	}
	fmt.Fprintf(out, "listening to %s, every %s; what happens is posted to %s\n", pg.ID, l.every, l.to)
	r.run(ctx, l.every)
	return nil
}

func (l *listen) check() error {
	to, err := url.Parse(l.to)
	switch {
	case err != nil || to.Host == "" || to.Scheme != "http" && to.Scheme != "https":
		return fmt.Errorf("--forward-to %q is no address such as http://localhost:3000/hook", l.to)
	case to.User != nil || to.Fragment != "":
		return errors.New("--forward-to takes neither a user nor a #fragment")
	case l.every < leastEvery:
		return fmt.Errorf("--every must be %s at least", leastEvery)
	case l.since < 0 || l.since > mostListenBack:
		return fmt.Errorf("--since must be between 0 and %s", mostListenBack)
	}
	return nil
}

// choose is the PG that is meant.
func (l *listen) choose(pgs []*payment.PG) (*payment.PG, error) {
	var can []*payment.PG
	var names []string
	for _, pg := range pgs {
		if pg.Listing.Every == 0 {
			continue // it cannot list
		}
		if string(pg.ID) == l.pg {
			return pg, nil
		}
		can, names = append(can, pg), append(names, string(pg.ID))
	}
	switch {
	case len(can) == 0:
		return nil, errNoneLists
	case l.pg != "":
		return nil, fmt.Errorf("--pg %s is none that can list its payments: %s", l.pg, strings.Join(names, ", "))
	case len(can) > 1:
		return nil, fmt.Errorf("several PGs can list; say which by --pg: %s", strings.Join(names, ", "))
	}
	return can[0], nil
}
