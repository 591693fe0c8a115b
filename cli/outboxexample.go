package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
	"unicode"

	"github.com/spf13/cobra"

	"github.com/pg-gateway/pg-gateway/adapters/onewrite"
	"github.com/pg-gateway/pg-gateway/adapters/orders"
	"github.com/pg-gateway/pg-gateway/adapters/wire"
	"github.com/pg-gateway/pg-gateway/gateway"
	"github.com/pg-gateway/pg-gateway/lifecycle"
	"github.com/pg-gateway/pg-gateway/payment"
)

// shownAnswer is how much of the shop's answer to an example is printed, in bytes.
const shownAnswer = 2000

// errNoSecret tells that nothing can be signed.
var errNoSecret = errors.New("order_service.events.secret is not set, and nothing leaves unsigned: " +
	"put the secret there that the shop verifies events with")

// outboxExampleCommand lets a shop be tried out without a payment.
func outboxExampleCommand(o *options) *cobra.Command {
	return &cobra.Command{
		Use: "send-example TYPE", Short: "Send the shop an example of an event, signed like a real one, and print its answer",
		Long: "Send-example sends one message of a type to where the order service takes its events, signed like a\n" +
			"real one, and prints the answer. No shop can take it for a payment: it has \"example\": true beside its\n" +
			"type, the order EXAMPLE-NOT-AN-ORDER, and no won. Nothing is kept of it: it is sent once, not by the outbox,\n" +
			"whether a gateway is running or not. The exit code is 1 unless the shop acknowledges it (any 2xx).\n\n" +
			"The types: " + strings.Join(payment.MessageTypes(), ", ") + ".",
		Example: "  pg-gateway outbox send-example payment.confirmed",
		Args:    cobra.ExactArgs(1), ValidArgs: payment.MessageTypes(),
		RunE: func(c *cobra.Command, args []string) error {
			if err := knownType("TYPE", args[0]); err != nil {
				return err
			}
			s, err := loadRules(o.configFile)
			if err != nil {
				return err
			}
			shop, err := gateway.NewOrders(s.OrderService())
			if err != nil {
				return err
			}
			if len(s.OrderService().EventsSecrets) == 0 {
				return errNoSecret
			}
			return sendExample(c.Context(), shop.Through(onewrite.New(onewrite.Options{})), args[0], c.OutOrStdout())
		},
	}
}

// sendExample sends an example and prints what the shop answered.
func sendExample(ctx context.Context, shop *orders.Client, kind string, out io.Writer) error {
	m, err := lifecycle.Example(kind, time.Now())
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "POST %s\nwebhook-id: %s\n%s\n\n", shop.EventsURL(m.OrderID), m.ID, m.Body)
	began := time.Now()
	answer, err := shop.Tell(ctx, m, began)
	if answer.Status == 0 {
		return fmt.Errorf("the shop gave no answer; is order_service.url right, and does it run? %w", err)
	}
	fmt.Fprintf(out, "the shop answered %d %s after %s\n", answer.Status, http.StatusText(answer.Status),
		time.Since(began).Round(time.Millisecond))
	if text := shown(answer); text != "" {
		fmt.Fprintln(out, text)
	}
	if err != nil {
		return fmt.Errorf("the shop did not acknowledge it: %s", cure(answer.Status))
	}
	fmt.Fprintln(out, "acknowledged")
	return nil
}

// cure says what an answer that acknowledges nothing may come from.
func cure(status int) string {
	switch status {
	case http.StatusUnauthorized, http.StatusForbidden:
		return "does it verify with the secret of order_service.events.secret, and is its clock right?"
	case http.StatusNotFound, http.StatusMethodNotAllowed:
		return "is order_service.events.path right? To an example (\"example\": true) answer 2xx and do nothing"
	}
	return "answer 2xx to an example (\"example\": true) and do nothing; any other answer has a real message sent again"
}

// shown is the beginning of an answer's body, without what a terminal would obey.
func shown(a wire.Answer) string {
	body, cut := a.Body, ""
	if len(body) > shownAnswer {
		body, cut = body[:shownAnswer], fmt.Sprintf(" ... (%d bytes)", len(a.Body))
	}
	return strings.TrimSpace(plain(string(body))) + cut
}

// plain is a stranger's text without what a terminal would obey.
func plain(text string) string {
	return strings.Map(func(r rune) rune {
		if r == '\n' || unicode.IsPrint(r) { //guard:terminal-obeys-no-shop
			return r
		}
		return -1
	}, strings.ToValidUTF8(text, ""))
}
