package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/pg-gateway/pg-gateway/sandbox"
)

// driver asks a stand-in and holds each answer against its OpenAPI file.
type driver struct {
	spec   *spec
	box    *sandbox.Sandbox
	server *httptest.Server
	// prefix is where the stand-in's API stands, and header what every request bears.
	prefix string
	header map[string]string
	// asked are the operations that were asked, and answers how many answers came.
	asked       map[string]bool
	answers     int
	differences []string
}

func newDriver(s *spec, prefix string) *driver {
	box := sandbox.New(sandbox.Defaults())
	return &driver{
		spec: s, box: box, server: httptest.NewServer(box.Handler()), prefix: prefix, header: map[string]string{},
		asked: map[string]bool{},
	}
}

// object is a JSON object.
type object = map[string]any

// raw asks anything of the sandbox, and holds the answer against nothing.
func (d *driver) raw(method, path string, body any) (int, []byte) {
	var text []byte
	if body != nil {
		text, _ = json.Marshal(body)
	}
	req, err := http.NewRequest(method, d.server.URL+path, bytes.NewReader(text)) //nolint:noctx // a tool that runs to its end
	if err != nil {
		d.differ("%s %s: %v", method, path, err)
		return 0, nil
	}
	req.Header.Set("Content-Type", "application/json")
	for name, v := range d.header {
		req.Header.Set(name, v)
	}
	resp, err := d.server.Client().Do(req)
	if err != nil {
		d.differ("%s %s: %v", method, path, err)
		return 0, nil
	}
	defer func() { _ = resp.Body.Close() }()
	answer, err := io.ReadAll(resp.Body)
	if err != nil {
		d.differ("%s %s: %v", method, path, err)
	}
	return resp.StatusCode, answer
}

// page opens a window or clicks in one, and returns what came of it.
func (d *driver) page(path string, body any) object {
	_, text := d.raw(http.MethodPost, path, body)
	var out object
	_ = json.Unmarshal(text, &out)
	return out
}

func (d *driver) differ(format string, args ...any) {
	d.differences = append(d.differences, fmt.Sprintf(format, args...))
}

var placeholder = regexp.MustCompile(`\{[^}]+\}`)

// call asks an operation by its path in the file, the placeholders filled in order, and wants a status.
func (d *driver) call(want int, method, path string, fill []string, body any) object {
	return d.callAt(want, method, path, "", fill, body)
}

// callAt is call with a query.
func (d *driver) callAt(want int, method, path, query string, fill []string, body any) object {
	rest := slices.Clone(fill)
	real := placeholder.ReplaceAllStringFunc(path, func(string) string {
		if len(rest) == 0 {
			return "none"
		}
		v := rest[0]
		rest = rest[1:]
		return url.PathEscape(v)
	})
	status, text := d.raw(method, d.prefix+strings.TrimSuffix(real, "/")+query, body)
	d.asked[method+" "+path] = true
	d.answers++
	where := fmt.Sprintf("%s %s (%d)", method, path, status)
	if status != want {
		d.differ("%s: the drive wanted %d: %s", where, want, shortened(text))
	}
	r, said, err := d.spec.answer(method, path, status)
	switch {
	case err != nil:
		d.differ("%v", err)
	case said != nil:
		d.differ("%s: the file knows %s", where, strings.Join(said, ", "))
	default:
		for _, difference := range d.held(r, status, text) {
			d.differ("%s: %s", where, difference)
		}
	}
	var out object
	_ = json.Unmarshal(text, &out)
	return out
}

// held is what differs between an answer and what the file says of it.
func (d *driver) held(r response, status int, text []byte) []string {
	x := r.schema()
	if x == nil {
		return nil
	}
	found := d.spec.check(x, text)
	// Of V2 the schema of every error is the union of all of the operation; which belongs to a status stands in words.
	if names := r.errors(); status >= http.StatusBadRequest && len(names) > 0 && len(found) == 0 {
		found = d.misplaced(x, names, text)
	}
	return found
}

// misplaced tells that an error is one of another status.
func (d *driver) misplaced(x *schema, names []string, text []byte) []string {
	for x.Ref != "" {
		x = d.spec.schemas[x.Ref]
	}
	var said struct {
		Type string `json:"type"`
	}
	_ = json.Unmarshal(text, &said)
	if x.Discriminator == nil {
		return nil
	}
	ref := x.Discriminator.Mapping[said.Type]
	if slices.Contains(names, ref[strings.LastIndex(ref, "/")+1:]) {
		return nil
	}
	return []string{fmt.Sprintf("%s belongs to another status; here are known %s", said.Type, strings.Join(names, ", "))}
}

func shortened(text []byte) string {
	const most = 200
	if len(text) > most {
		return string(text[:most]) + "..."
	}
	return string(text)
}

// inner reads a field of nested objects.
func inner(v object, path ...string) any {
	for _, name := range path[:len(path)-1] {
		v, _ = v[name].(object)
	}
	return v[path[len(path)-1]]
}

func word(v object, path ...string) string {
	s, _ := inner(v, path...).(string)
	return s
}
