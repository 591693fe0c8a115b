package cli

import (
	"fmt"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/pg-gateway/pg-gateway/payment"
	"github.com/pg-gateway/pg-gateway/rules"
)

// explainReport is a decision as JSON.
type explainReport struct {
	RulesVersion string              `json:"rules_version"`
	Denied       *deniedReport       `json:"denied,omitempty"`
	Internal     bool                `json:"internal,omitempty"`
	PG           payment.PGID        `json:"pg,omitempty"`
	Merchant     payment.MerchantID  `json:"merchant,omitempty"`
	Method       payment.Method      `json:"method,omitempty"`
	Amount       payment.Won         `json:"amount,omitempty"`
	Rule         string              `json:"rule,omitempty"`
	Fallbacks    []payment.Candidate `json:"fallbacks,omitempty"`
	Offer        *offerReport        `json:"installments,omitempty"`
	Steps        []payment.Step      `json:"steps"`
}

// offerReport is what the window may offer; months by acquirer.
type offerReport struct {
	Months       []int            `json:"months"`
	InterestFree map[string][]int `json:"interest_free"`
	PartlyFree   map[string][]int `json:"partly_free"`
	Cards        []string         `json:"cards,omitempty"`
}

func offered(i payment.Installments) *offerReport {
	byAcquirer := func(list []payment.AcquirerMonths) map[string][]int {
		out := make(map[string][]int, len(list))
		for _, a := range list {
			out[a.Acquirer] = a.Months
		}
		return out
	}
	return &offerReport{
		Months: append([]int{}, i.Months...), InterestFree: byAcquirer(i.InterestFree),
		PartlyFree: byAcquirer(i.PartlyInterestFree), Cards: i.Cards,
	}
}

type deniedReport struct {
	Code     payment.Code `json:"code"`
	Field    string       `json:"field,omitempty"`
	DetailKo string       `json:"detail_ko"`
	DetailEn string       `json:"detail_en"`
}

func explainCommand(o *options) *cobra.Command {
	var out outputs
	var at string
	var asJSON bool
	c := &cobra.Command{
		Use: "explain order.json", Short: "Show how a checkout is decided, step by step", Args: cobra.ExactArgs(1),
		Long: "Explain decides one checkout, in the shape of POST /checkout (JSON or YAML), and prints every step taken\n" +
			"and every rule passed over, with the reason. A dash reads standard input.",
		Example: "  pg-gateway explain order.json\n  pg-gateway explain order.json --at=2026-12-24T23:45:00+09:00\n" +
			"  echo '{\"payments\":{\"card\":60000}}' | pg-gateway explain - --output=json",
		RunE: func(c *cobra.Command, args []string) error {
			if asJSON {
				out.format = "json"
			}
			now, err := moment(at)
			if err != nil {
				return err
			}
			s, err := loadRules(o.configFile)
			if err != nil {
				return err
			}
			text, err := readInput(c, args[0])
			if err != nil {
				return fmt.Errorf("reading the order: %w", err)
			}
			order, err := rules.ParseCheckout(filepath.Base(args[0]), text)
			if err != nil {
				return fmt.Errorf("reading the order:\n%w", err)
			}
			e := rules.Explain(s, order, rules.Options{Now: now})
			return out.write(c.OutOrStdout(), e.String(), explained(e))
		},
	}
	out.flag(c)
	c.Flags().StringVar(&at, "at", "", "when it happens, as in 2026-12-24T23:45:00+09:00; now when left out")
	c.Flags().BoolVar(&asJSON, "json", false, "the same as --output=json")
	return c
}

func explained(e rules.Explanation) explainReport {
	rep := explainReport{RulesVersion: e.RulesVersion, Steps: e.Steps}
	d := e.Decision
	switch {
	case e.Denied != nil:
		rep.Denied = &deniedReport{e.Denied.Code, e.Denied.Field, e.Denied.DetailKo, e.Denied.DetailEn}
	case d.Internal:
		rep.Internal = true
	default:
		rep.PG, rep.Merchant, rep.Method, rep.Amount, rep.Rule = d.PG.ID, d.Merchant.ID, d.Method, d.Amount, d.Rule
		rep.Fallbacks, rep.Offer = d.Fallbacks, offered(d.Installments)
	}
	return rep
}
