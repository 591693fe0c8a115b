package e2e

import (
	"os"
	"regexp"
	"testing"

	"gopkg.in/yaml.v3"
)

// The file that users begin with sells as it is, whatever its words: only its ports are others here.
func TestTheShippedFileSells(t *testing.T) {
	t.Parallel()
	p := startShipped(t, "../../config.yaml")
	var confirmed int64
	for _, method := range []string{"card", "kakaopay", "tosspay"} {
		confirmed += p.buyer(method).mustBuy(t, "pay", "approved").order.Amount
	}
	phone := p.buyer("card")
	phone.device = "mobile"
	confirmed += phone.mustBuy(t, "pay", "approved").order.Amount
	p.mustBalance(confirmed)
}

// startShipped runs a file that users begin with on ports of the test's own.
func startShipped(t *testing.T, path string) *gatewayProcess {
	t.Helper()
	shipped, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	type listener struct{ Listen string }
	var file struct {
		Server  struct{ Public, Sidecar, Admin listener }
		Sandbox listener
	}
	if err := yaml.Unmarshal(shipped, &file); err != nil {
		t.Fatal(err)
	}
	p := prepare(t)
	text := string(shipped)
	for _, move := range []struct{ from, to string }{
		{file.Server.Public.Listen, p.public},
		{file.Server.Sidecar.Listen, freePort(t)},
		{file.Server.Admin.Listen, p.admin},
		{file.Sandbox.Listen, p.sandbox},
	} {
		text = regexp.MustCompile(regexp.QuoteMeta(portOf(t, move.from))+`\b`).ReplaceAllString(text, portOf(t, move.to))
	}
	p.write(text)
	p.run()
	t.Cleanup(p.stop)
	return p
}

// portOf is the port of an address with its colon.
func portOf(t *testing.T, address string) string {
	t.Helper()
	port := regexp.MustCompile(`:\d+$`).FindString(address)
	if port == "" {
		t.Fatalf("%q is no address to listen at", address)
	}
	return port
}
