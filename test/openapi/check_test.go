package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// made is a small contract of our own, with everything in it that the checker looks at.
const made = `{
  "openapi": "3.0.3",
  "paths": {"/things/{id}": {
    "parameters": [],
    "get": {"responses": {
      "200": {"description": "ok", "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Thing"}}}},
      "404": {"description": "* ` + "`ThingNotFoundError`" + `: no such thing",
              "content": {"application/json": {"schema": {"$ref": "#/components/schemas/ThingError"}}}}
    }}
  }},
  "components": {"schemas": {
    "Base": {"type": "object", "required": ["id", "unheardOf"], "properties": {"id": {"type": "string"}}},
    "Thing": {"allOf": [{"$ref": "#/components/schemas/Base"}, {"type": "object", "required": ["shape"], "properties": {
      "shape": {"$ref": "#/components/schemas/Shape"}, "colour": {"type": "string", "enum": ["RED", "BLUE"]},
      "weight": {"type": "integer"}, "price": {"type": "number"}, "made": {"type": "string", "format": "date-time"},
      "day": {"type": "string", "format": "date"}, "tags": {"type": "array", "items": {"type": "string"}},
      "good": {"type": "boolean", "nullable": true}, "extra": {"type": "object", "additionalProperties": true}
    }}]},
    "Shape": {"oneOf": [{"$ref": "#/components/schemas/Round"}, {"$ref": "#/components/schemas/Square"}],
      "discriminator": {"propertyName": "kind", "mapping": {"ROUND": "#/components/schemas/Round", "SQUARE": "#/components/schemas/Square"}}},
    "Round": {"type": "object", "required": ["kind"], "properties": {"kind": {"type": "string"}, "radius": {"type": "integer"}}},
    "Square": {"type": "object", "required": ["kind", "side"], "properties": {"kind": {"type": "string"}, "side": {"type": "integer"}}},
    "ThingError": {"oneOf": [{"$ref": "#/components/schemas/ThingNotFoundError"}, {"$ref": "#/components/schemas/ThingBrokenError"}],
      "discriminator": {"propertyName": "type", "mapping": {
      "THING_NOT_FOUND": "#/components/schemas/ThingNotFoundError", "THING_BROKEN": "#/components/schemas/ThingBrokenError"}}},
    "ThingNotFoundError": {"type": "object", "properties": {"type": {"type": "string"}}},
    "ThingBrokenError": {"type": "object", "properties": {"type": {"type": "string"}}}
  }}
}`

func madeSpec(t *testing.T, text string) *spec {
	t.Helper()
	path := filepath.Join(t.TempDir(), "made.json")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	s, err := load(path)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestTheCheckerSeesWhatDiffers(t *testing.T) {
	t.Parallel()
	s := madeSpec(t, made)
	r, said, err := s.answer("GET", "/things/{id}", 200)
	if err != nil || said != nil {
		t.Fatal(said, err)
	}
	tests := []struct {
		name, answer string
		want         []string
	}{
		{"all is well", `{"id":"1","shape":{"kind":"ROUND"},"colour":"RED","weight":1,"price":1.5,"made":"2026-04-02T06:00:00Z","day":"2026-04-02","tags":["a"],"good":null,"extra":{"x":1}}`, nil},
		{"no JSON", `<html>`, []string{"is no JSON"}},
		{"a field of a part is missing", `{"shape":{"kind":"ROUND"}}`, []string{"lacks id"}},
		{"a field of the chosen one is missing", `{"id":"1","shape":{"kind":"SQUARE"}}`, []string{"shape: lacks side"}},
		{"an unknown kind", `{"id":"1","shape":{"kind":"FLAT"}}`, []string{`shape: kind is "FLAT", and not one of ROUND, SQUARE`}},
		{"an unknown word", `{"id":"1","shape":{"kind":"ROUND"},"colour":"GREEN"}`, []string{"colour: is GREEN, which is not one of its words"}},
		{"text for a number", `{"id":"1","shape":{"kind":"ROUND"},"weight":"1"}`, []string{"weight: is of type string, and not integer"}},
		{"a part of a whole number", `{"id":"1","shape":{"kind":"ROUND"},"weight":1.5}`, []string{"weight: is 1.5, which is no whole number"}},
		{"a number for text", `{"id":1,"shape":{"kind":"ROUND"}}`, []string{"id: is of type integer, and not string"}},
		{"no time", `{"id":"1","shape":{"kind":"ROUND"},"made":"2026-04-02 06:00"}`, []string{`made: is "2026-04-02 06:00", which is no date-time`}},
		{"no day", `{"id":"1","shape":{"kind":"ROUND"},"day":"2 April"}`, []string{`day: is "2 April", which is no date`}},
		{"null", `{"id":null,"shape":{"kind":"ROUND"}}`, []string{"id: is null"}},
		{"a list of something else", `{"id":"1","shape":{"kind":"ROUND"},"tags":["a",true]}`, []string{"tags[1]: is of type boolean, and not string"}},
		{"an object for a list", `{"id":"1","shape":{"kind":"ROUND"},"tags":{}}`, []string{"tags: is an object, and not of type array"}},
		{"a field too many", `{"id":"1","shape":{"kind":"ROUND","area":1}}`, []string{"shape.area: is not in the file"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(tt.want, s.check(r.schema(), []byte(tt.answer))); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestAnErrorBelongsToItsStatus(t *testing.T) {
	t.Parallel()
	s := madeSpec(t, made)
	r, _, err := s.answer("GET", "/things/{id}", 404)
	if err != nil {
		t.Fatal(err)
	}
	d := &driver{spec: s}
	for answer, want := range map[string]string{
		`{"type":"THING_NOT_FOUND"}`: "",
		`{"type":"THING_BROKEN"}`:    "THING_BROKEN belongs to another status; here are known ThingNotFoundError",
		`{"type":"THING_LOST"}`:      `type is "THING_LOST", and not one of THING_BROKEN, THING_NOT_FOUND`,
	} {
		if got := strings.Join(d.held(r, 404, []byte(answer)), "; "); got != want {
			t.Errorf("%s: %q, want %q", answer, got, want)
		}
	}
}

func TestAStatusThatIsNotInTheFileIsADifference(t *testing.T) {
	t.Parallel()
	_, said, err := madeSpec(t, made).answer("GET", "/things/{id}", 500)
	if err != nil || strings.Join(said, " ") != "200 404" {
		t.Errorf("%v, %v", said, err)
	}
	if _, _, err := madeSpec(t, made).answer("PUT", "/things/{id}", 200); err == nil {
		t.Error("an operation that is not there is no error")
	}
}

func TestSwaggerMayBeNullAndListsChoices(t *testing.T) {
	t.Parallel()
	s := madeSpec(t, `{"swagger":"2.0","paths":{"/things":{"get":{"responses":{"200":{"description":"","schema":{"properties":{
	  "OneResponse":{"$ref":"#/definitions/OneResponse"},"TwoResponse":{"$ref":"#/definitions/TwoResponse"}}}}}}}},
	  "definitions":{"OneResponse":{"required":["a"],"properties":{"a":{"type":"string"}}},"TwoResponse":{"required":["b"],"properties":{"b":{"type":"integer"}}}}}`)
	r, _, err := s.answer("GET", "/things", 200)
	if err != nil {
		t.Fatal(err)
	}
	for answer, good := range map[string]bool{`{"a":"x"}`: true, `{"a":null}`: true, `{"b":1}`: true, `{"b":"1"}`: false, `{}`: false} {
		if found := s.check(r.schema(), []byte(answer)); (len(found) == 0) != good {
			t.Errorf("%s: %v", answer, found)
		}
	}
}

// TestTheDriveGoesThrough wants that every call of the drive is answered as the drive expects, whatever the files say:
// they are not here.
func TestTheDriveGoesThrough(t *testing.T) {
	t.Parallel()
	for prefix, drive := range map[string]func(*driver){"/portone/v1": driveV1, "/portone/v2": driveV2} {
		d := newDriver(&spec{}, prefix)
		drive(d)
		d.server.Close()
		for _, difference := range d.differences {
			if !strings.Contains(difference, "the OpenAPI file has no") {
				t.Error(difference)
			}
		}
		if len(d.asked) < 30 || d.answers < 90 {
			t.Errorf("%s: %d operations, %d answers", prefix, len(d.asked), d.answers)
		}
	}
}

func TestFilesThatAreNotThere(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	if _, err := run(t.TempDir(), &out); err == nil {
		t.Error("it went through without files")
	}
}
