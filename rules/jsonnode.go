package rules

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"strings"

	"gopkg.in/yaml.v3"
)

// jsonDocument is a JSON text as the tree that readers take, each value at its place. JSON is not read as YAML, which
// knows no surrogate pairs and no tabs. Nil without a complaint is a text that is no JSON object or list.
func (d *decoder) jsonDocument(text []byte) *yaml.Node {
	if trimmed := bytes.TrimLeft(text, " \t\r\n"); len(trimmed) == 0 || trimmed[0] != '{' && trimmed[0] != '[' ||
		!json.Valid(text) {
		return nil
	}
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.UseNumber()
	p := jsonPlaces{text: text, dec: dec, line: 1}
	n, err := p.value()
	if err != nil {
		return nil
	}
	return n
}

// jsonPlaces reads JSON and counts lines as it goes.
type jsonPlaces struct {
	text []byte
	dec  *json.Decoder
	at   int // up to where lines were counted
	line int
	bol  int // where the line begins
}

// next is the next token and a node at its place.
func (p *jsonPlaces) next() (json.Token, *yaml.Node, error) {
	// The offset is behind the last token; what separates it from the next one is no place.
	start := int(p.dec.InputOffset())
	for start < len(p.text) && strings.IndexByte(" \t\r\n,:", p.text[start]) >= 0 {
		start++
	}
	for ; p.at < start; p.at++ {
		if p.text[p.at] == '\n' {
			p.line, p.bol = p.line+1, p.at+1
		}
	}
	tok, err := p.dec.Token()
	return tok, &yaml.Node{Line: p.line, Column: start - p.bol + 1}, err
}

func (p *jsonPlaces) value() (*yaml.Node, error) {
	tok, n, err := p.next()
	if err != nil {
		return nil, err
	}
	n.Kind = yaml.ScalarNode
	switch t := tok.(type) {
	case json.Delim:
		return n, p.children(n, t)
	case string:
		n.Tag, n.Value = "!!str", t
	case json.Number:
		n.Tag, n.Value = "!!int", t.String()
		if strings.ContainsAny(n.Value, ".eE") {
			n.Tag = "!!float"
		}
	case bool:
		n.Tag, n.Value = "!!bool", map[bool]string{true: "true", false: "false"}[t]
	default:
		n.Tag, n.Value = "!!null", "null"
	}
	return n, nil
}

// children reads what an object or a list holds, to its end.
func (p *jsonPlaces) children(n *yaml.Node, open json.Delim) error {
	n.Kind, n.Tag = yaml.MappingNode, "!!map"
	if open == '[' {
		n.Kind, n.Tag = yaml.SequenceNode, "!!seq"
	}
	for p.dec.More() {
		child, err := p.value()
		if err != nil {
			return err
		}
		n.Content = append(n.Content, child)
	}
	if _, err := p.dec.Token(); err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	return nil
}
