package rules

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"gopkg.in/yaml.v3"
)

// LoadJournal reads the section journal of the file at path and nothing else of it: whoever looks after the journal
// must be able to while the rest of the file is refused. ${file:} paths are relative to the file's own directory.
func LoadJournal(path string) (JournalConfig, error) {
	name, dir := filepath.Base(path), filepath.Dir(path)
	text, _, err := readCapped(path, MaxFileSize)
	if err != nil {
		return JournalConfig{}, fmt.Errorf("reading %s: %w", name, err)
	}
	return parseJournal(name, text, Sources{
		Env: os.LookupEnv,
		ReadFile: func(p string) ([]byte, error) {
			if !filepath.IsAbs(p) {
				p = filepath.Join(dir, p)
			}
			text, _, err := readCapped(p, maxSecretSize)
			return text, err
		},
	})
}

// parseJournal reads the section out of the whole text, or, when that is no YAML, out of the lines that look like it.
func parseJournal(name string, text []byte, src Sources) (JournalConfig, error) {
	d := &decoder{file: name, src: src}
	root := d.document(text)
	if root == nil {
		// A fault elsewhere must not keep people from the journal, so the section is read by itself.
		alone := &decoder{file: name, src: src}
		section := journalLines(text)
		if section == nil {
			return JournalConfig{}, joinErrors(d.errs)
		}
		if root = alone.document(section); root == nil {
			return JournalConfig{}, errors.Join(joinErrors(d.errs), joinErrors(alone.errs))
		}
		d = alone
	}
	var c JournalConfig
	object(fields{"journal": {journalReader(&c), ""}})(value{d: d, n: onlyKey(root, "journal")})
	if err := joinErrors(d.errs); err != nil {
		return JournalConfig{}, err
	}
	return c, nil
}

// onlyKey is a mapping with nothing but one key of another one. What is no mapping stays, to be complained about.
func onlyKey(n *yaml.Node, key string) *yaml.Node {
	if n.Kind != yaml.MappingNode {
		return n
	}
	only := *n
	only.Content = nil
	for i := 0; i+1 < len(n.Content); i += 2 {
		if n.Content[i].Value == key {
			only.Content = append(only.Content, n.Content[i], n.Content[i+1])
		}
	}
	return &only
}

// journalLines cuts the section out of a text that is no YAML as a whole: from the line that begins with its name to
// the next one that begins with anything. Lines before it are left empty, so that complaints name the right one.
func journalLines(text []byte) []byte {
	var out bytes.Buffer
	inside, found := false, false
	for line := range strings.Lines(string(text)) {
		switch {
		case strings.HasPrefix(line, "journal:"):
			inside, found = true, true
		case !strings.HasPrefix(line, " ") && !strings.HasPrefix(line, "#") && strings.TrimSpace(line) != "":
			inside = false
		}
		if inside {
			out.WriteString(line)
		} else {
			out.WriteByte('\n')
		}
	}
	if !found {
		return nil
	}
	return out.Bytes()
}
