package cli

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/pg-gateway/pg-gateway/rules"
)

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
		rep.Errors = append(rep.Errors,
			finding{File: e.File, Line: e.Line, Column: e.Column, Path: e.Path, Message: e.Msg, Fix: e.Fix, Blocking: true})
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
