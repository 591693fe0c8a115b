// Command pg-gateway stands between a Korean shop and its payment gateways: it checks checkouts against
// hot-reloaded rules, opens the PG's window with signed parameters, and sees each payment to a certain end.
package main

import (
	"os"

	"github.com/pg-gateway/pg-gateway/cli"
)

// version is set by the build: -ldflags "-X main.version=...".
var version = "dev"

func main() { os.Exit(cli.Main(version)) }
