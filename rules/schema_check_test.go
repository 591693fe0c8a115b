package rules_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"gopkg.in/yaml.v3"
)

func compiledSchema(t *testing.T) *jsonschema.Schema {
	t.Helper()
	text, err := os.ReadFile("../config.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("config.schema.json", doc); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile("config.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// asJSON is what an editor's validator sees of a YAML file.
func asJSON(t *testing.T, path string) any {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var v any
	if err := yaml.Unmarshal(text, &v); err != nil {
		t.Fatal(err)
	}
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	out, err := jsonschema.UnmarshalJSON(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestGoodFilesSatisfyTheSchema(t *testing.T) {
	t.Parallel()
	s := compiledSchema(t)
	for _, path := range []string{"../config.yaml", "testdata/configs/shop.yaml"} {
		if err := s.Validate(asJSON(t, path)); err != nil {
			t.Errorf("%s: %v", path, err)
		}
	}
}

// TestTheSchemaCatchesTypos holds the schema to what an editor is to underline while typing.
func TestTheSchemaCatchesTypos(t *testing.T) {
	t.Parallel()
	s := compiledSchema(t)
	for _, name := range []string{
		"unknown-key", "unknown-section", "decimal-won", "quoted-won", "negative-won", "bad-flag",
		"unknown-driver", "missing-sections", "fee-not-a-fee", "bad-duration", "installments-too-long", "control-bad-window",
	} {
		if err := s.Validate(asJSON(t, filepath.Join("testdata/bad", name+".yaml"))); err == nil {
			t.Errorf("%s satisfies the schema", name)
		}
	}
}

// TestEveryKeyIsDocumented walks the schema: editors show these texts.
func TestEveryKeyIsDocumented(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../config.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	var root map[string]any
	if err := json.Unmarshal(text, &root); err != nil {
		t.Fatal(err)
	}
	documented(t, "", root)
}

func documented(t *testing.T, path string, node map[string]any) {
	props, _ := node["properties"].(map[string]any)
	for key, v := range props {
		p, _ := v.(map[string]any)
		if d, _ := p["description"].(string); d == "" || d[len(d)-1] != '.' {
			t.Errorf("%s.%s has no sentence of documentation", path, key)
		}
		documented(t, path+"."+key, p)
	}
	for _, key := range []string{"items", "additionalProperties"} {
		if sub, ok := node[key].(map[string]any); ok {
			documented(t, path+"[]", sub)
		}
	}
	anyOf, _ := node["anyOf"].([]any)
	for _, v := range anyOf {
		if sub, ok := v.(map[string]any); ok {
			documented(t, path, sub)
		}
	}
}
