package cli

import (
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/pg-gateway/pg-gateway/payment"
	"github.com/pg-gateway/pg-gateway/rules"
)

// limits are how much a change of rules may move before diff fails; a negative one does not limit.
type limits struct {
	refusedOrders, movedOrders int
	refusedWon, movedWon       int64
}

// diffReport is a diff as JSON.
type diffReport struct {
	Orders        int          `json:"orders"`
	Won           payment.Won  `json:"won"`
	MovedOrders   int          `json:"moved_orders"`
	MovedWon      payment.Won  `json:"moved_won"`
	RefusedOrders int          `json:"refused_orders"`
	RefusedWon    payment.Won  `json:"refused_won"`
	Changes       []diffChange `json:"changes"`
}

type diffChange struct {
	From     string            `json:"from"`
	To       string            `json:"to"`
	Refused  bool              `json:"refused"`
	Opened   bool              `json:"opened"`
	Orders   int               `json:"orders"`
	Won      payment.Won       `json:"won"`
	Examples []payment.OrderID `json:"examples"`
}

func diffCommand() *cobra.Command {
	var out outputs
	var lim limits
	var orders string
	c := &cobra.Command{
		Use: "diff old.yaml new.yaml --orders orders.jsonl", Short: "Show which orders a change of rules moves or refuses",
		Args: cobra.ExactArgs(2),
		Long: "Diff decides orders of the past by two configurations: one JSON object a line, in the shape of\n" +
			"POST /checkout, each with \"at\". It prints what moves between PGs in orders and won, ! for what is newly\n" +
			"refused and + for what is newly accepted. The exit code is 1 when a limit is passed; a limit of -1, the\n" +
			"default, is none.",
		Example: "  pg-gateway diff config.yaml new.yaml --orders=last-week.jsonl\n" +
			"  pg-gateway diff config.yaml new.yaml --orders=last-week.jsonl --max-refused-orders=0 --max-moved-won=50000000",
		RunE: func(c *cobra.Command, args []string) error {
			before, err := loadRules(args[0])
			if err != nil {
				return err
			}
			after, err := loadRules(args[1])
			if err != nil {
				return err
			}
			text, err := readInput(c, orders)
			if err != nil {
				return fmt.Errorf("reading the orders: %w", err)
			}
			list, err := rules.ParseOrders(filepath.Base(orders), text)
			if err != nil {
				return fmt.Errorf("reading the orders:\n%w", err)
			}
			rep := rules.Diff(before, after, list, time.Now())
			if err := out.write(c.OutOrStdout(), rep.String(), diffed(rep)); err != nil {
				return err
			}
			return lim.passed(diffed(rep))
		},
	}
	out.flag(c)
	f := c.Flags()
	f.StringVar(&orders, "orders", "", "orders of the past, one JSON object a line; - reads standard input")
	f.IntVar(&lim.refusedOrders, "max-refused-orders", -1, "fail when more orders than this are newly refused")
	f.Int64Var(&lim.refusedWon, "max-refused-won", -1, "fail when more won than this is newly refused")
	f.IntVar(&lim.movedOrders, "max-moved-orders", -1, "fail when more orders than this are decided otherwise")
	f.Int64Var(&lim.movedWon, "max-moved-won", -1, "fail when more won than this is decided otherwise")
	cobra.CheckErr(c.MarkFlagRequired("orders"))
	return c
}

func diffed(r rules.DiffReport) diffReport {
	rep := diffReport{Orders: r.Orders, Won: r.Won, Changes: []diffChange{}}
	rep.MovedOrders, rep.MovedWon = r.Moved()
	rep.RefusedOrders, rep.RefusedWon = r.Refused()
	for _, c := range r.Changes {
		rep.Changes = append(rep.Changes, diffChange(c))
	}
	return rep
}

// passed says which limits a change passes.
func (l limits) passed(r diffReport) error {
	var over []string
	for _, x := range []struct {
		limit, got int64
		what       string
	}{
		{int64(l.refusedOrders), int64(r.RefusedOrders), "orders newly refused"},
		{l.refusedWon, int64(r.RefusedWon), "won newly refused"},
		{int64(l.movedOrders), int64(r.MovedOrders), "orders moved"},
		{l.movedWon, int64(r.MovedWon), "won moved"},
	} {
		if x.limit >= 0 && x.got > x.limit {
			over = append(over, fmt.Sprintf("%d %s, at most %d allowed", x.got, x.what, x.limit))
		}
	}
	if len(over) > 0 {
		return fmt.Errorf("the change goes too far: %s", strings.Join(over, "; "))
	}
	return nil
}
