package rules_test

import (
	"flag"
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pg-gateway/pg-gateway/rules"
)

// updateFlag returns whether golden files are to be rewritten.
func updateFlag() bool { return flag.Lookup("update").Value.String() == "true" }

func TestMain(m *testing.M) {
	flag.Bool("update", false, "rewrite golden files")
	flag.Parse()
	os.Exit(m.Run())
}

func TestSchemaFileIsCurrent(t *testing.T) {
	t.Parallel()
	got, err := rules.JSONSchema()
	if err != nil {
		t.Fatal(err)
	}
	if updateFlag() {
		if err := os.WriteFile("../config.schema.json", got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile("../config.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("config.schema.json is stale; run go test ./rules -update (-want +got)\n%s", diff)
	}
}
