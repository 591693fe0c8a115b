package cli

import (
	"fmt"
	"net"
	"net/http"
	"time"

	"github.com/spf13/cobra"

	"github.com/pg-gateway/pg-gateway/sandbox"
)

// sandboxCommand serves the stand-ins alone, for a gateway that runs elsewhere.
func sandboxCommand(o *options) *cobra.Command {
	var listen string
	c := &cobra.Command{
		Use: "sandbox", Short: "Serve stand-ins for KG Inicis, PortOne and a demo shop", Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			log, last, err := o.logger()
			if err != nil {
				return err
			}
			defer func() { _ = last.Flush() }()
			ln, err := net.Listen("tcp", listen)
			if err != nil {
				return fmt.Errorf("opening the sandbox's listener: %w", err)
			}
			cfg := sandbox.Defaults()
			cfg.Logger = log
			cfg.HookClient = &http.Client{Timeout: time.Minute}
			fmt.Fprintf(c.OutOrStdout(), "sandbox   http://%s/  (demo shop: http://%s/shop/)\n", ln.Addr(), ln.Addr())
			return sandbox.New(cfg).Run(c.Context(), ln)
		},
	}
	c.Flags().StringVar(&listen, "listen", "127.0.0.1:7070", "address to listen on")
	return c
}
