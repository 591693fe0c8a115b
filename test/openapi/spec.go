package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// errSpec tells that a file is not what it should be, or lacks what is asked of it.
var errSpec = errors.New("the OpenAPI file")

// spec is one OpenAPI 3 or Swagger 2 document, as far as answers are concerned.
type spec struct {
	paths map[string]map[string]operation
	// schemas are by their reference, such as #/components/schemas/Payment.
	schemas map[string]*schema
	// nulls tells that any field may be null, which Swagger 2 cannot say and V1 does.
	nulls bool
}

type operation struct {
	Responses map[string]response `json:"responses"`
}

type response struct {
	Description string  `json:"description"`
	Schema      *schema `json:"schema"`
	Content     map[string]struct {
		Schema *schema `json:"schema"`
	} `json:"content"`
}

// schema is what is checked of a schema.
type schema struct {
	Ref           string             `json:"$ref"`
	Type          string             `json:"type"`
	Format        string             `json:"format"`
	Nullable      bool               `json:"nullable"`
	Enum          []any              `json:"enum"`
	Required      []string           `json:"required"`
	Properties    map[string]*schema `json:"properties"`
	Items         *schema            `json:"items"`
	AllOf         []*schema          `json:"allOf"`
	OneOf         []*schema          `json:"oneOf"`
	Discriminator *discriminator     `json:"discriminator"`
	// Further is additionalProperties: a schema, or true.
	Further json.RawMessage `json:"additionalProperties"`
}

type discriminator struct {
	Property string            `json:"propertyName"`
	Mapping  map[string]string `json:"mapping"`
}

// UnmarshalJSON takes a bare word for a discriminator too, as Swagger 2 writes it.
func (d *discriminator) UnmarshalJSON(text []byte) error {
	if json.Unmarshal(text, &d.Property) == nil {
		return nil
	}
	type plain discriminator
	return json.Unmarshal(text, (*plain)(d))
}

// load reads a document.
func load(path string) (*spec, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errSpec, err)
	}
	var doc struct {
		Swagger     string                                `json:"swagger"`
		Paths       map[string]map[string]json.RawMessage `json:"paths"`
		Definitions map[string]*schema                    `json:"definitions"`
		Components  struct {
			Schemas map[string]*schema `json:"schemas"`
		} `json:"components"`
	}
	if err := json.Unmarshal(text, &doc); err != nil {
		return nil, fmt.Errorf("%w %s: %w", errSpec, path, err)
	}
	s := &spec{paths: map[string]map[string]operation{}, schemas: map[string]*schema{}, nulls: doc.Swagger != ""}
	for name, x := range doc.Definitions {
		s.schemas["#/definitions/"+name] = x
	}
	for name, x := range doc.Components.Schemas {
		s.schemas["#/components/schemas/"+name] = x
	}
	for path, methods := range doc.Paths {
		s.paths[path] = map[string]operation{}
		for method, raw := range methods {
			var o operation
			// Beside methods a path may hold a list of parameters.
			if json.Unmarshal(raw, &o) == nil && o.Responses != nil {
				s.paths[path][strings.ToUpper(method)] = o
			}
		}
	}
	if len(s.paths) == 0 {
		return nil, fmt.Errorf("%w %s has no paths", errSpec, path)
	}
	return s, nil
}

// answer finds what a document says of an operation's answers of a status. A status that is not there is no error: said
// is then what would have been known.
func (s *spec) answer(method, path string, status int) (r response, said []string, err error) {
	o, ok := s.paths[path][method]
	if !ok {
		return r, nil, fmt.Errorf("%w has no %s %s", errSpec, method, path)
	}
	r, ok = o.Responses[strconv.Itoa(status)]
	if !ok {
		said = slices.Sorted(maps.Keys(o.Responses))
	}
	return r, said, nil
}

// schema is the schema of a response's body, or nil when nothing is said of it.
func (r response) schema() *schema {
	if r.Schema != nil {
		return r.Schema.choice()
	}
	for _, c := range r.Content {
		return c.Schema
	}
	return nil
}

// choice is a schema, or one of several when it only lists them by name: V1 writes CustomerResponse or
// SuperBillingKeyResponse as an object with these two fields.
func (x *schema) choice() *schema {
	var list []*schema
	for name, field := range x.Properties {
		if !strings.HasSuffix(field.Ref, "/"+name) {
			return x
		}
		list = append(list, field)
	}
	if len(list) == 0 {
		return x
	}
	return &schema{OneOf: list}
}

// errorName is how the description of a response names an error: only there does PortOne V2 say which error belongs to
// which status.
var errorName = regexp.MustCompile("`([A-Za-z]+Error)`")

// errors are the names of the errors that a response is said to be about.
func (r response) errors() []string {
	var names []string
	for _, m := range errorName.FindAllStringSubmatch(r.Description, -1) {
		names = append(names, m[1])
	}
	return names
}
