package rules

import "encoding/json"

// Schema is a JSON Schema (2020-12), made by the very readers that load the file.
type Schema struct {
	Schema               string             `json:"$schema,omitempty"`
	Title                string             `json:"title,omitempty"`
	Description          string             `json:"description,omitempty"`
	Type                 string             `json:"type,omitempty"`
	Enum                 []string           `json:"enum,omitempty"`
	Pattern              string             `json:"pattern,omitempty"`
	MinLength            int                `json:"minLength,omitempty"`
	Minimum              *int64             `json:"minimum,omitempty"`
	Maximum              *int64             `json:"maximum,omitempty"`
	Items                *Schema            `json:"items,omitempty"`
	Properties           map[string]*Schema `json:"properties,omitempty"`
	AdditionalProperties any                `json:"additionalProperties,omitempty"`
	Required             []string           `json:"required,omitempty"`
	AnyOf                []*Schema          `json:"anyOf,omitempty"`
}

// JSONSchema returns the schema of config.yaml, for editors: indented JSON ending in a newline.
func (l *Loader) JSONSchema() ([]byte, error) {
	f := file{known: &l.drivers}
	s := describe(f.reader())
	s.Schema = "https://json-schema.org/draft/2020-12/schema"
	s.Title = "pg-gateway config.yaml"
	b, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		return nil, err
	}
	return append(b, '\n'), nil
}

// describe runs a reader without a file.
func describe(r reader) *Schema {
	s := &Schema{}
	r(value{schema: s})
	return s
}

func (s *Schema) object(fs fields, required []string) {
	s.Type, s.AdditionalProperties, s.Required = "object", false, required
	s.Properties = make(map[string]*Schema, len(fs))
	for key, f := range fs {
		if f.read == nil {
			continue
		}
		p := describe(f.read)
		p.Description = f.doc
		s.Properties[key] = p
	}
}

func (s *Schema) integer(low, high int64) {
	s.Type, s.Minimum, s.Maximum = "integer", &low, &high
}
