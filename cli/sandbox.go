package cli

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/pg-gateway/pg-gateway/sandbox"
)

// sandboxPorts are the addresses that the sandbox listens on; all but listen may be empty.
type sandboxPorts struct {
	listen, v1, v2, inicis string
	// gateway is where the demo shop asks for cancels.
	gateway sandbox.Gateway
}

// sandboxCommand serves the stand-ins alone, for a gateway that runs elsewhere.
func sandboxCommand(o *options) *cobra.Command {
	var at sandboxPorts
	c := &cobra.Command{
		Use: "sandbox", Short: "Serve stand-ins for KG Inicis, PortOne and a demo shop", Args: cobra.NoArgs,
		Long: `Serve stand-ins for KG Inicis, PortOne and a demo shop.

On --listen each stands under a path of its own. The other three listeners have one stand-in each with its API at
the root, where published SDKs look for it: their base URL is that address, and nothing else of them changes.`,
		Example: `  pg-gateway sandbox --portone-v1-listen 127.0.0.1:7071
  curl -d imp_key=sandbox-imp-key -d imp_secret=sandbox-imp-secret http://127.0.0.1:7071/users/getToken`,
		RunE: func(c *cobra.Command, _ []string) error {
			log, last, err := o.logger()
			if err != nil {
				return err
			}
			defer func() { _ = last.Flush() }()
			cfg := sandbox.Defaults()
			cfg.Logger = log
			cfg.HookClient = &http.Client{Timeout: time.Minute}
			cfg.Gateway = at.gateway
			// Not as the flag's default, which --help shows.
			cfg.Gateway.Token = cmp.Or(cfg.Gateway.Token, os.Getenv("PG_GATEWAY_TOKEN"))
			return at.serve(c.Context(), sandbox.New(cfg), c.OutOrStdout())
		},
	}
	c.Flags().StringVar(&at.listen, "listen", "127.0.0.1:7070", "address to listen on")
	c.Flags().StringVar(&at.v1, "portone-v1-listen", "", "address with PortOne V1's API at the root (empty: none)")
	c.Flags().StringVar(&at.v2, "portone-v2-listen", "", "address with PortOne V2's API at the root (empty: none)")
	c.Flags().StringVar(&at.inicis, "inicis-listen", "", "address with KG Inicis at the root (empty: none)")
	c.Flags().StringVar(&at.gateway.URL, "gateway-sidecar", os.Getenv("PG_GATEWAY_URL"),
		"the gateway's sidecar listener, where the demo shop asks for refunds (env PG_GATEWAY_URL; empty: it offers none)")
	c.Flags().StringVar(&at.gateway.Token, "gateway-token", "",
		"one of that listener's tokens (env PG_GATEWAY_TOKEN)")
	c.AddCommand(sandboxTriggerCommand(), sandboxScenariosCommand())
	return c
}

// serve opens the listeners, says where they are and serves until the context is done.
func (at sandboxPorts) serve(ctx context.Context, box *sandbox.Sandbox, out io.Writer) error {
	ln, err := net.Listen("tcp", at.listen)
	if err != nil {
		return fmt.Errorf("opening the sandbox's listener: %w", err)
	}
	fmt.Fprintf(out, "sandbox   http://%s/  (demo shop: http://%s/shop/)\n", ln.Addr(), ln.Addr())
	var further []sandbox.Port
	for _, p := range []struct {
		flag, address, name string
		handler             http.Handler
	}{
		{"portone-v1-listen", at.v1, "PortOne V1", box.PortOneV1()},
		{"portone-v2-listen", at.v2, "PortOne V2", box.PortOneV2()},
		{"inicis-listen", at.inicis, "KG Inicis", box.Inicis()},
	} {
		if p.address == "" {
			continue
		}
		own, err := net.Listen("tcp", p.address)
		if err != nil {
			closeAll(ln, further)
			return fmt.Errorf("opening the listener of --%s: %w", p.flag, err)
		}
		fmt.Fprintf(out, "  %-10s http://%s/\n", p.name, own.Addr())
		further = append(further, sandbox.Port{Listener: own, Handler: p.handler})
	}
	return box.Run(ctx, ln, further...)
}

// closeAll gives back the listeners that were opened before one could not be.
func closeAll(ln net.Listener, further []sandbox.Port) {
	_ = ln.Close()
	for _, p := range further {
		_ = p.Listener.Close()
	}
}
