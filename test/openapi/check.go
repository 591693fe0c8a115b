package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
)

// checker holds a value against a schema and collects what differs.
type checker struct {
	spec  *spec
	found []string
}

// check returns what differs between a JSON text and a schema, in the order of the text's fields.
func (s *spec) check(x *schema, text []byte) []string {
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.UseNumber()
	var v any
	if err := dec.Decode(&v); err != nil {
		return []string{"is no JSON"}
	}
	c := &checker{spec: s}
	c.value(x, v, "")
	return c.found
}

func (c *checker) report(at, format string, args ...any) {
	c.found = append(c.found, strings.TrimPrefix(at+": ", ": ")+fmt.Sprintf(format, args...))
}

// resolved follows references, and picks the one of several schemas that a value says it is.
func (c *checker) resolved(x *schema, v any, at string) *schema {
	for x != nil && (x.Ref != "" || len(x.OneOf) > 0) {
		if x.Ref != "" {
			x = c.spec.schemas[x.Ref]
			continue
		}
		x = c.chosen(x, v, at)
	}
	return x
}

func (c *checker) chosen(x *schema, v any, at string) *schema {
	if x.Discriminator == nil {
		for _, one := range x.OneOf {
			try := &checker{spec: c.spec}
			if try.value(one, v, at); len(try.found) == 0 {
				return one
			}
		}
		c.report(at, "is none of the %d that it may be", len(x.OneOf))
		return nil
	}
	fields, _ := v.(map[string]any)
	word, _ := fields[x.Discriminator.Property].(string)
	ref, ok := x.Discriminator.Mapping[word]
	if !ok {
		known := slices.Sorted(maps.Keys(x.Discriminator.Mapping))
		c.report(at, "%s is %q, and not one of %s", x.Discriminator.Property, word, strings.Join(known, ", "))
		return nil
	}
	return &schema{Ref: ref}
}

// value holds a value against a schema.
func (c *checker) value(x *schema, v any, at string) {
	x = c.resolved(x, v, at)
	if x == nil {
		return
	}
	if v == nil {
		if !x.Nullable && !c.spec.nulls {
			c.report(at, "is null")
		}
		return
	}
	c.enum(x, v, at)
	switch v := v.(type) {
	case map[string]any:
		c.object(x, v, at)
	case []any:
		if c.is(x, "array", at) && x.Items != nil {
			for i, item := range v {
				c.value(x.Items, item, at+"["+strconv.Itoa(i)+"]")
			}
		}
	case string:
		if c.is(x, "string", at) {
			c.format(x, v, at)
		}
	case bool:
		c.is(x, "boolean", at)
	case json.Number:
		c.number(x, v, at)
	}
}

// is tells whether a schema is of a type, and reports when it is not. One that names no type takes any.
func (c *checker) is(x *schema, kind, at string) bool {
	if x.Type == "" || x.Type == kind {
		return true
	}
	c.report(at, "is of type %s, and not %s", kind, x.Type)
	return false
}

func (c *checker) number(x *schema, v json.Number, at string) {
	if x.Type == "number" {
		return
	}
	if _, err := strconv.ParseInt(v.String(), 10, 64); err != nil {
		c.report(at, "is %s, which is no whole number", v)
		return
	}
	c.is(x, "integer", at)
}

func (c *checker) enum(x *schema, v any, at string) {
	if len(x.Enum) == 0 {
		return
	}
	for _, known := range x.Enum {
		if fmt.Sprint(known) == fmt.Sprint(v) {
			return
		}
	}
	c.report(at, "is %v, which is not one of its words", v)
}

func (c *checker) format(x *schema, v, at string) {
	layout := map[string]string{"date-time": time.RFC3339, "date": time.DateOnly}[x.Format]
	if layout == "" {
		return
	}
	if _, err := time.Parse(layout, v); err != nil {
		c.report(at, "is %q, which is no %s", v, x.Format)
	}
}

// object holds an object against its fields: those that it must have, and those that it may.
func (c *checker) object(x *schema, v map[string]any, at string) {
	fields, required, open := c.fields(x)
	if x.Type != "" && x.Type != "object" {
		c.report(at, "is an object, and not of type %s", x.Type)
		return
	}
	for _, name := range required {
		if _, ok := v[name]; !ok {
			c.report(at, "lacks %s", name)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(v)) {
		inner := strings.TrimPrefix(at+"."+name, ".")
		switch field, ok := fields[name]; {
		case ok:
			c.value(field, v[name], inner)
		case !open && len(fields) > 0:
			c.report(inner, "is not in the file")
		}
	}
}

// fields are those of an object, with what it is made of; open tells that it may have any other.
func (c *checker) fields(x *schema) (fields map[string]*schema, required []string, open bool) {
	fields, required = maps.Clone(x.Properties), slices.Clone(x.Required)
	if fields == nil {
		fields = map[string]*schema{}
	}
	open = len(x.Further) > 0 && string(x.Further) != "false"
	for _, part := range x.AllOf {
		part = c.resolved(part, nil, "")
		if part == nil {
			continue
		}
		f, r, o := c.fields(part)
		maps.Copy(fields, f)
		required, open = append(required, r...), open || o
	}
	// A list of what is required may name what the object does not even know (README of the files).
	required = slices.DeleteFunc(required, func(name string) bool { return fields[name] == nil })
	return fields, required, open
}
