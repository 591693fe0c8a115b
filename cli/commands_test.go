package cli

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/pg-gateway/pg-gateway/test/fixture"
)

// TestMain lets the scripts of testdata/script run this program as pg-gateway.
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"pg-gateway": func() { os.Exit(Main("dev")) }})
}

func TestCommands(t *testing.T) {
	t.Parallel()
	files := map[string]string{
		"shop/config.yaml":     fixture.Text(fixture.BankNight),
		"away/config.yaml":     fixture.Text(func(c *fixture.Config) { c.OrderService.URL = "http://127.0.0.1:1" }),
		"unsigned/config.yaml": fixture.Text(func(c *fixture.Config) { c.OrderService.Events.Secret = "" }),
	}
	for _, name := range []string{"config.yaml", "rules_test.yaml", "config.schema.json"} {
		text, err := os.ReadFile("../" + name)
		if err != nil {
			t.Fatal(err)
		}
		files["shipped/"+name] = string(text)
	}
	testscript.Run(t, testscript.Params{
		Dir: "testdata/script",
		// Every script finds the tests' shop in shop/, the same with nobody at its address in away/ and without a secret for
		// events in unsigned/, and in shipped/ the files that users begin with.
		Setup: func(env *testscript.Env) error {
			for name, text := range files {
				path := filepath.Join(env.WorkDir, name)
				if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
					return err
				}
				if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
					return err
				}
			}
			return nil
		},
	})
}
