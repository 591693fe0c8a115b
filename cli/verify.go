package cli

import (
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/pg-gateway/pg-gateway/payment"
	"github.com/pg-gateway/pg-gateway/rules"
)

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
		Long: "Verify decides every kind of checkout that the rules can tell apart, for every minute of a week, and\n" +
			"names a concrete example for each gap. The exit code is 1 when there is a gap or when there were more kinds\n" +
			"than it tries, and with --strict also when a rule is dead, shadowed by an earlier one, stuck on PGs that\n" +
			"never take its payments, or unproven.",
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
