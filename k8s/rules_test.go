package k8s_test

import (
	"encoding/base64"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pg-gateway/pg-gateway/adapters/drivers"
	"github.com/pg-gateway/pg-gateway/rules"
)

// TestConfigsAreAccepted has the gateway's own loader read what the pods will mount, with the secrets of the dev
// overlay; what it has not is stood in for.
func TestConfigsAreAccepted(t *testing.T) {
	t.Parallel()
	secrets := find(t, render(t, "overlays/dev"), "Secret", "pg-gateway-secrets").Data
	standIns := map[string]string{
		"journal-dsn":     "postgres://pg-gateway@postgres.postgres:5432/pg_gateway",
		"inicis-sign-key": base64.StdEncoding.EncodeToString([]byte("stands in for a live key")),
		// The dev overlay's own are refused where money is real.
		"token-key":           base64.StdEncoding.EncodeToString([]byte("stands in for the live token key")),
		"order-events-secret": "whsec_" + base64.StdEncoding.EncodeToString([]byte("stands in for a live secret")),
		"portone-v2-secret":   "stands-in-for-a-live-secret",
		"inicis-api-key":      "AStandInForALive",
		"inicis-api-iv":       "AStandInForLiv==",
		"inicis-hash-key":     "A-stand-in-for-a-hash-key-000001",
	}
	readFile := func(live bool) func(string) ([]byte, error) {
		return func(path string) ([]byte, error) {
			name, ok := strings.CutPrefix(path, "/run/secrets/pg-gateway/")
			if !ok {
				return nil, fmt.Errorf("%s is not a file of the Secret", path)
			}
			if value := standIns[name]; live && value != "" {
				return []byte(value), nil
			}
			value, err := base64.StdEncoding.DecodeString(secrets[name])
			if err != nil || len(value) == 0 {
				return nil, fs.ErrNotExist
			}
			return value, nil
		}
	}
	noEnv := func(string) (string, bool) { return "", false }
	l, err := rules.NewLoader(drivers.Specs())
	if err != nil {
		t.Fatal(err)
	}
	for _, dir := range []string{"base", "overlays/dev", "overlays/prod"} {
		path := filepath.Join(dir, "config", "config.yaml")
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := l.Parse(path, text, rules.Sources{Env: noEnv, ReadFile: readFile(dir != "overlays/dev")}); err != nil {
			t.Errorf("the gateway refuses it:\n%v", err)
		}
	}
}
