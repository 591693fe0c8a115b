package cli

import (
	"fmt"

	"github.com/spf13/cobra"
)

func schemaCommand() *cobra.Command {
	return &cobra.Command{
		Use: "schema", Short: "Print the JSON Schema of the configuration, for editors", Args: cobra.NoArgs,
		Example: "  pg-gateway schema > config.schema.json",
		RunE: func(c *cobra.Command, _ []string) error {
			l, err := newLoader()
			if err != nil {
				return err
			}
			text, err := l.JSONSchema()
			if err != nil {
				return fmt.Errorf("making the schema: %w", err)
			}
			_, err = c.OutOrStdout().Write(text)
			return err
		},
	}
}
