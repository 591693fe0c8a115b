package cli

import (
	"encoding/json"
	"fmt"
	"io"

	"github.com/spf13/cobra"
)

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
