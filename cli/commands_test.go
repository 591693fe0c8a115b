package cli

import (
	"os"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

// TestMain lets the scripts of testdata/script run this program as pg-gateway.
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"pg-gateway": func() { os.Exit(Main("dev")) }})
}

func TestCommands(t *testing.T) {
	t.Parallel()
	shipped := map[string]string{}
	for _, name := range []string{"config.yaml", "rules_test.yaml", "config.schema.json"} {
		text, err := os.ReadFile("../" + name)
		if err != nil {
			t.Fatal(err)
		}
		shipped[name] = string(text)
	}
	testscript.Run(t, testscript.Params{
		Dir: "testdata/script",
		// Every script finds the shipped files in shipped/.
		Setup: func(env *testscript.Env) error {
			if err := os.Mkdir(env.WorkDir+"/shipped", 0o750); err != nil {
				return err
			}
			for name, text := range shipped {
				if err := os.WriteFile(env.WorkDir+"/shipped/"+name, []byte(text), 0o600); err != nil {
					return err
				}
			}
			return nil
		},
	})
}
