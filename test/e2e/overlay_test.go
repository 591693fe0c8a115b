package e2e

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"gopkg.in/yaml.v3"
)

// The pod of k8s/overlays/dev sells and gives back: its own configuration and secrets, the gateway in one process and
// the sandbox, which is its order container, in another that knows the gateway by its sidecar door alone.
func TestTheDevOverlaySellsAndCancels(t *testing.T) {
	t.Parallel()
	const overlay = "../../k8s/overlays/dev/"
	shipped, err := os.ReadFile(overlay + "config/config.yaml")
	if err != nil {
		t.Fatal(err)
	}
	p := prepare(t)
	side := freePort(t)
	secrets := filepath.Join(p.dir, "secrets")
	writeSecrets(t, overlay+"kustomization.yaml", secrets)
	p.write(strings.NewReplacer(
		"/run/secrets/pg-gateway", secrets, "localhost:8080", p.public, "/var/lib/pg-gateway/journal.db", filepath.Join(p.dir, "journal.db"),
		":8080", portOf(t, p.public), ":8081", portOf(t, side), ":8082", portOf(t, freePort(t)), ":8083", portOf(t, freePort(t)),
		`admin: { listen: ":9090"`, `admin: { listen: "`+p.admin+`"`, ":9000", portOf(t, p.sandbox),
	).Replace(string(shipped)))
	p.runSandbox("PG_GATEWAY_URL=http://" + side)
	p.run()
	t.Cleanup(p.stop)
	for _, method := range []string{"card", "kakaopay", "tosspay"} {
		b := p.buyer(method)
		order := b.mustBuy(t, "pay", "approved").order.ID
		b.mustBecome(t, order, "paid", 20*time.Second)
		status, answer := p.postJSON("http://"+p.public+"/api/orders/"+order+"/refund", map[string]any{})
		if status != http.StatusOK || answer["code"] != "0000" {
			t.Errorf("%s: %d %v", method, status, answer)
		}
		b.mustBecome(t, order, "cancelled", 20*time.Second)
	}
	p.mustBalance(0)
}

// writeSecrets writes what a kustomization puts into its Secret, a file each.
func writeSecrets(t *testing.T, path, to string) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		SecretGenerator []struct{ Literals []string } `yaml:"secretGenerator"`
	}
	if err := yaml.Unmarshal(text, &file); err != nil || len(file.SecretGenerator) != 1 {
		t.Fatalf("%d secrets, %v", len(file.SecretGenerator), err)
	}
	if err := os.Mkdir(to, 0o700); err != nil {
		t.Fatal(err)
	}
	for _, literal := range file.SecretGenerator[0].Literals {
		name, value, _ := strings.Cut(literal, "=")
		if err := os.WriteFile(filepath.Join(to, name), []byte(value), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}
