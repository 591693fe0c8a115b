package cli

import (
	"errors"
	"fmt"
	"os"
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
		Long: "Diff decides orders of the past by two configurations: one JSON object a line, in the shape of POST /checkout,\n" +
			"each with \"at\". It prints what moves between PGs in orders and won, ! for what is newly refused and + for what is\n" +
			"newly accepted. The exit code is 1 when a limit is passed; a limit of -1, the default, is none.",
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

// verifyReport is a week of checkouts as JSON.
type verifyReport struct {
	Cells    int           `json:"cells"`
	Kinds    int           `json:"kinds"`
	Complete bool          `json:"complete"`
	Gaps     []gapReport   `json:"gaps"`
	Rules    []ruleVerdict `json:"rules"`
}

type gapReport struct {
	Method  payment.Method   `json:"method"`
	Code    payment.Code     `json:"code"`
	Minutes int              `json:"minutes_a_week"`
	Detail  string           `json:"detail"`
	Example payment.Checkout `json:"example"`
	At      time.Time        `json:"at"`
}

type ruleVerdict struct {
	Rule  string          `json:"rule"`
	Line  int             `json:"line"`
	State rules.RuleState `json:"state"`
	By    string          `json:"by,omitempty"`
}

func verifyCommand(o *options) *cobra.Command {
	var out outputs
	var from string
	var strict bool
	c := &cobra.Command{
		Use: "verify", Short: "Look for checkouts that no PG takes and rules that never act", Args: cobra.NoArgs,
		Long: "Verify decides every kind of checkout that the rules can tell apart, for every minute of a week, and names a\n" +
			"concrete example for each gap. The exit code is 1 when there is a gap or when there were more kinds than it tries,\n" +
			"and with --strict also when a rule is dead, shadowed by an earlier one, stuck on PGs that never take its payments,\n" +
			"or unproven.",
		Example: "  pg-gateway verify\n  pg-gateway verify --from=2026-12-24T00:00:00+09:00 --strict",
		RunE: func(c *cobra.Command, _ []string) error {
			start, err := moment(from)
			if err != nil {
				return err
			}
			s, err := loadRules(o.configFile)
			if err != nil {
				return err
			}
			rep, err := rules.Verify(c.Context(), s, start)
			if err != nil {
				return fmt.Errorf("verifying was stopped before its end: %w", err)
			}
			if err := out.write(c.OutOrStdout(), rep.String(), verified(rep)); err != nil {
				return err
			}
			return judgeRules(rep, strict)
		},
	}
	out.flag(c)
	c.Flags().StringVar(&from, "from", "", "where the week starts, as in 2026-12-24T00:00:00+09:00; now when left out")
	c.Flags().BoolVar(&strict, "strict", false, "also fail for rules that never act")
	return c
}

func verified(r rules.VerifyReport) verifyReport {
	rep := verifyReport{Cells: r.Cells, Kinds: r.Kinds, Complete: r.Complete, Gaps: []gapReport{}, Rules: []ruleVerdict{}}
	for _, g := range r.Gaps {
		rep.Gaps = append(rep.Gaps, gapReport{g.Method, g.Code, g.Minutes, g.Detail, g.Example, g.At})
	}
	for _, f := range r.Rules {
		rep.Rules = append(rep.Rules, ruleVerdict{f.Rule, f.Line, f.State, f.By})
	}
	return rep
}

// judgeRules says whether a report is good enough.
func judgeRules(r rules.VerifyReport, strict bool) error {
	idle := 0
	for _, f := range r.Rules {
		if f.State != rules.RuleUsed && f.State != rules.RuleOff {
			idle++
		}
	}
	var faults []error
	if len(r.Gaps) > 0 {
		faults = append(faults, fmt.Errorf("%d kinds of refusal that no control explains", len(r.Gaps)))
	}
	if !r.Complete {
		faults = append(faults, fmt.Errorf("only %d of %d kinds of checkout were tried", r.Cells, r.Kinds))
	}
	if strict && idle > 0 {
		faults = append(faults, fmt.Errorf("%d rules never act", idle))
	}
	return errors.Join(faults...)
}

// testReport is one file of expectations as JSON.
type testReport struct {
	File   string       `json:"file"`
	Passed int          `json:"passed"`
	Failed []testFailed `json:"failed"`
}

type testFailed struct {
	Line  int      `json:"line"`
	Name  string   `json:"name"`
	Diffs []string `json:"diffs"`
}

func testCommand(o *options) *cobra.Command {
	var out outputs
	c := &cobra.Command{
		Use: "test [rules_test.yaml ...]", Short: "Run the expectations beside the rules",
		Long: "Test decides the checkouts of files of expectations and compares what comes out. Without files it takes\n" +
			"rules_test.yaml beside the configuration. A file tests the configuration that it names or carries (config_file,\n" +
			"config), else --config.file. The exit code is 1 when an expectation does not hold.",
		Example: "  pg-gateway test\n  pg-gateway test tests/*.yaml --config.file=new.yaml --output=json",
		RunE: func(c *cobra.Command, files []string) error {
			if len(files) == 0 {
				files = []string{filepath.Join(filepath.Dir(o.configFile), "rules_test.yaml")}
			}
			var text strings.Builder
			reports, failed := []testReport{}, 0
			for _, file := range files {
				rep, err := runTests(o.configFile, file)
				if err != nil {
					return err
				}
				rep.print(&text)
				failed += len(rep.Failed)
				reports = append(reports, rep)
			}
			if err := out.write(c.OutOrStdout(), text.String(), reports); err != nil {
				return err
			}
			if failed > 0 {
				return fmt.Errorf("%d expectations do not hold", failed)
			}
			return nil
		},
	}
	out.flag(c)
	return c
}

func runTests(config, file string) (testReport, error) {
	rep := testReport{File: file, Failed: []testFailed{}}
	text, err := os.ReadFile(filepath.Clean(file))
	if err != nil {
		return rep, fmt.Errorf("reading the expectations: %w", err)
	}
	tf, err := rules.ParseTests(filepath.Base(file), text)
	if err != nil {
		return rep, fmt.Errorf("%s is not usable:\n%w", file, err)
	}
	var s *rules.Snapshot
	switch {
	case tf.Config != "":
		s, err = rules.Parse(filepath.Base(file), []byte(tf.Config), rules.Sources{Env: os.LookupEnv})
	case tf.ConfigFile != "":
		s, err = loadRules(filepath.Join(filepath.Dir(file), tf.ConfigFile))
	default:
		s, err = loadRules(config)
	}
	if err != nil {
		return rep, err
	}
	for _, r := range rules.RunTests(s, tf) {
		if len(r.Diffs) == 0 {
			rep.Passed++
			continue
		}
		rep.Failed = append(rep.Failed, testFailed{Line: r.Line, Name: r.Case, Diffs: r.Diffs})
	}
	return rep, nil
}

// print writes a file's results in the way of promtool.
func (r testReport) print(b *strings.Builder) {
	fmt.Fprintf(b, "Testing %s\n", r.File)
	if len(r.Failed) == 0 {
		fmt.Fprintf(b, "  SUCCESS: %d passed\n", r.Passed)
		return
	}
	fmt.Fprintf(b, "  FAILED: %d of %d\n", len(r.Failed), len(r.Failed)+r.Passed)
	for _, f := range r.Failed {
		fmt.Fprintf(b, "    line %d: %s\n", f.Line, f.Name)
		for _, d := range f.Diffs {
			fmt.Fprintf(b, "      %s\n", d)
		}
	}
}
