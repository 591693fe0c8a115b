package cli

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"github.com/pg-gateway/pg-gateway/gateway"
	"github.com/pg-gateway/pg-gateway/payment"
	"github.com/pg-gateway/pg-gateway/rules"
)

// ruleCommands are what a payments team looks at rules with before they act.
func ruleCommands(o *options) []*cobra.Command {
	return []*cobra.Command{
		schemaCommand(), checkCommand(o), explainCommand(o), diffCommand(), verifyCommand(o), testCommand(o),
	}
}

// outputs is how a command writes its report: for people or as JSON.
type outputs struct{ format string }

func (p *outputs) flag(c *cobra.Command) {
	c.Flags().StringVar(&p.format, "output", "text", "text for people, json for programs")
}

// write writes report as JSON, or text as it is.
func (p *outputs) write(w io.Writer, text string, report any) error {
	switch p.format {
	case "json":
		enc := json.NewEncoder(w)
		enc.SetIndent("", "  ")
		enc.SetEscapeHTML(false)
		return enc.Encode(report)
	case "text":
		_, err := io.WriteString(w, text)
		return err
	}
	return fmt.Errorf("--output is text or json, not %q", p.format)
}

// loadRules reads a configuration as serve does.
func loadRules(path string) (*rules.Snapshot, error) {
	s, err := buildRules(path)
	if err != nil {
		return nil, fmt.Errorf("%s is not usable:\n%w", path, err)
	}
	return s, nil
}

// buildRules builds all that serve and a reload build of a configuration: what it accepts starts.
func buildRules(path string) (*rules.Snapshot, error) {
	store, err := rules.NewStore(rules.StoreOptions{Path: path, Load: rules.LoadFile, Prepare: gateway.Prepare})
	if err != nil {
		return nil, err
	}
	return store.Current(), nil
}

// readInput reads a file, or standard input for a dash.
func readInput(c *cobra.Command, path string) ([]byte, error) {
	if path == "-" {
		return io.ReadAll(c.InOrStdin())
	}
	return os.ReadFile(filepath.Clean(path))
}

func schemaCommand() *cobra.Command {
	return &cobra.Command{
		Use: "schema", Short: "Print the JSON Schema of the configuration, for editors", Args: cobra.NoArgs,
		Example: "  pg-gateway schema > config.schema.json",
		RunE: func(c *cobra.Command, _ []string) error {
			text, err := rules.JSONSchema()
			if err != nil {
				return fmt.Errorf("making the schema: %w", err)
			}
			_, err = c.OutOrStdout().Write(text)
			return err
		},
	}
}

// checkReport is what check found, as JSON.
type checkReport struct {
	OK       bool      `json:"ok"`
	Version  string    `json:"version,omitempty"`
	Errors   []finding `json:"errors"`
	Findings []finding `json:"findings"`
}

// finding is one thing that is wrong, or left to do.
type finding struct {
	File     string `json:"file,omitempty"`
	Line     int    `json:"line,omitempty"`
	Column   int    `json:"column,omitempty"`
	Path     string `json:"path"`
	Message  string `json:"message"`
	Fix      string `json:"fix,omitempty"`
	Blocking bool   `json:"blocking"`
}

// checkCommand loads the configuration as serve does and prints every complaint.
func checkCommand(o *options) *cobra.Command {
	var out outputs
	var live bool
	c := &cobra.Command{
		Use: "check", Short: "Check the configuration and print every fault", Args: cobra.NoArgs,
		Long: "Check reads the configuration as serve does and prints every fault at once, each with line, column and\n" +
			"what to do. With --live it also lists what is left to settle before real money moves: ! blocks, ? is advice.\n" +
			"The exit code is 1 for a fault, and with --live for anything that blocks.",
		Example: "  pg-gateway check --config.file=config.yaml\n  pg-gateway check --live --output=json",
		RunE: func(c *cobra.Command, _ []string) error {
			s, err := buildRules(o.configFile)
			if err != nil {
				return refuseConfig(c, &out, o.configFile, err)
			}
			rep := checkReport{OK: true, Version: s.Version(), Errors: []finding{}, Findings: []finding{}}
			text := fmt.Sprintf("%s is fine: version %s, %d PGs, %d merchants, %d methods\n",
				o.configFile, s.Version(), len(s.PGs()), len(s.Merchants()), len(s.Methods()))
			for _, a := range s.PassedOver() {
				if live {
					break // the go-live list has them
				}
				text += "! " + a.String() + "\n"
				rep.Findings = append(rep.Findings, finding{Path: a.Path, Message: a.Msg, Fix: a.Fix})
			}
			blocking := 0
			if live {
				blocking = rep.goLive(s, &text)
			}
			if err := out.write(c.OutOrStdout(), text, rep); err != nil {
				return err
			}
			if blocking > 0 {
				return fmt.Errorf("%s is not ready for real payments: %d to settle", o.configFile, blocking)
			}
			return nil
		},
	}
	out.flag(c)
	c.Flags().BoolVar(&live, "live", false, "also list what is left to settle before real payments")
	return c
}

// goLive adds the go-live list and counts what blocks.
func (rep *checkReport) goLive(s *rules.Snapshot, text *string) int {
	blocking := 0
	for _, a := range rules.GoLive(s) {
		sign := "?"
		if a.Blocking() {
			sign = "!"
			blocking++
		}
		*text += sign + " " + a.String() + "\n"
		rep.Findings = append(rep.Findings, finding{Path: a.Path, Message: a.Msg, Fix: a.Fix, Blocking: a.Blocking()})
	}
	rep.OK = blocking == 0
	return blocking
}

// refuseConfig reports a configuration that does not load.
func refuseConfig(c *cobra.Command, out *outputs, path string, err error) error {
	refused := fmt.Errorf("%s is not usable:\n%w", path, err)
	if out.format == "text" {
		return refused
	}
	rep := checkReport{Errors: []finding{}, Findings: []finding{}}
	for _, e := range rules.Errors(err) {
		rep.Errors = append(rep.Errors, finding{File: e.File, Line: e.Line, Column: e.Column, Path: e.Path, Message: e.Msg, Fix: e.Fix, Blocking: true})
	}
	return errors.Join(out.write(c.OutOrStdout(), "", rep), fmt.Errorf("%s is not usable", path), unpositioned(rep, err))
}

// unpositioned is an error that no finding tells of, as a file that is not there.
func unpositioned(rep checkReport, err error) error {
	if len(rep.Errors) > 0 {
		return nil
	}
	return err
}

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
		Long: "Explain decides one checkout, in the shape of POST /checkout (JSON or YAML), and prints every step taken and\n" +
			"every rule passed over, with the reason. A dash reads standard input.",
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

// moment reads a time given on the command line; nothing is now.
func moment(text string) (time.Time, error) {
	if text == "" {
		return time.Now(), nil
	}
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return at, fmt.Errorf("%q is not a time, as in 2026-12-24T23:45:00+09:00", text)
	}
	return at, nil
}
