package rules

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"gopkg.in/yaml.v3"

	"github.com/pg-gateway/pg-gateway/payment"
)

// MaxFileSize is the largest configuration file that is read, in bytes: three times what 10,000 merchants need. A
// Kubernetes ConfigMap ends at 1 MiB; a larger file comes from a volume.
const MaxFileSize = 16 << 20

// tooLarge is the complaint about a larger one.
const tooLarge = "the file is larger than 16 MiB"

// maxSecretSize bounds what a ${file:} or ${env:} reference may yield.
const maxSecretSize = 64 << 10

// Sources is where references in the file get their values from. A nil function refuses its kind of reference.
type Sources struct {
	Env      func(name string) (string, bool)
	ReadFile func(path string) ([]byte, error)
}

// resolved is a reference and what it stood for.
type resolved struct {
	ref string
	got payment.Secret
}

// LoadFile reads and checks the file at path with the operating system's environment and files. ${file:}
// paths are relative to the file's own directory.
func (l *Loader) LoadFile(path string) (*Snapshot, error) {
	name := filepath.Base(path)
	var read []SeenFile
	open := func(p string, limit int64) ([]byte, error) {
		text, info, err := readCapped(p, limit)
		read = append(read, SeenFile{Path: p, Info: info})
		return text, err
	}
	text, err := open(path, MaxFileSize)
	if errors.Is(err, errTooLarge) {
		return nil, &Error{File: name, Line: 1, Column: 1, Msg: tooLarge, Fix: "is it the right file?"}
	}
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", name, err)
	}
	dir := filepath.Dir(path)
	snap, err := l.Parse(name, text, Sources{
		Env: os.LookupEnv,
		ReadFile: func(p string) ([]byte, error) {
			if !filepath.IsAbs(p) {
				p = filepath.Join(dir, p)
			}
			return open(p, maxSecretSize)
		},
	})
	if err != nil {
		return nil, err
	}
	snap.files = read
	return snap, nil
}

// SeenFile is a path and what was there when it was read. Info is nil when nothing was.
type SeenFile struct {
	Path string
	Info os.FileInfo
}

// errTooLarge is returned by readCapped.
var errTooLarge = errors.New("the file is too large")

// readCapped reads a regular file, and never more of it than limit. The file's info is from before the reading: what
// is written meanwhile makes it another.
func readCapped(path string, limit int64) (_ []byte, info os.FileInfo, err error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, nil, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	if info, err = f.Stat(); err != nil || !info.Mode().IsRegular() {
		return nil, nil, errors.Join(err, errors.New("not a regular file"))
	}
	// One byte more tells a file that is too large from one that just fits.
	b, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err == nil && int64(len(b)) > limit {
		return nil, info, errTooLarge
	}
	return b, info, err
}

// Parse checks text whole and builds a snapshot of it. The error joins every *Error found, in file order.
func (l *Loader) Parse(name string, text []byte, src Sources) (*Snapshot, error) {
	d := &decoder{file: name, src: src, known: &l.drivers}
	root := d.document(text)
	if root == nil {
		return nil, joinErrors(d.errs)
	}
	f := file{known: &l.drivers}
	f.reader()(value{d: d, n: root})
	snap := f.build(d)
	if err := joinErrors(d.errs); err != nil {
		return nil, err
	}
	snap.version = version(text, d.secrets)
	snap.passed = d.passed
	snap.left = append(snap.left, d.passed...)
	snap.text = newKept(l, name, snap.version, text, d.secrets)
	snap.lines = shownLines(text, d.inline)
	for _, v := range d.inline {
		snap.inline = append(snap.inline, v.path)
	}
	return snap, nil
}

// version is the first 12 hex digits of the SHA-256 of the text and of what its references stood for.
func version(text []byte, secrets []resolved) string {
	h := sha256.New()
	h.Write(text)
	for _, s := range secrets {
		// Each by itself, so that a reference and its value cannot be taken for another pair.
		h.Write([]byte{0})
		h.Write([]byte(s.ref))
		sum := sha256.Sum256([]byte(s.got.Reveal()))
		h.Write(sum[:])
	}
	return hex.EncodeToString(h.Sum(nil))[:12]
}

// document parses text into its one YAML document, or complains and returns nil.
func (d *decoder) document(text []byte) *yaml.Node {
	if !d.readable(text) {
		return nil
	}
	dec := yaml.NewDecoder(bytes.NewReader(text))
	var doc yaml.Node
	if err := dec.Decode(&doc); errors.Is(err, io.EOF) {
		d.complain(1, 1, "the file is empty", "")
		return nil
	} else if err != nil {
		d.syntax(text, err)
		return nil
	}
	var second yaml.Node
	if err := dec.Decode(&second); err == nil {
		d.complain(max(second.Line, 1), max(second.Column, 1), "a second YAML document (---) is not allowed",
			"one file, one document")
		return nil
	} else if !errors.Is(err, io.EOF) {
		d.syntax(text, err)
		return nil
	}
	if len(doc.Content) != 1 || doc.Content[0].ShortTag() == "!!null" {
		d.complain(1, 1, "the file is empty", "")
		return nil
	}
	return doc.Content[0]
}

func (d *decoder) complain(line, column int, msg, fix string) {
	d.errs = append(d.errs, &Error{File: d.file, Line: line, Column: column, Msg: msg, Fix: fix})
}

// readable refuses what is not plain UTF-8 before the YAML parser sees it.
func (d *decoder) readable(text []byte) bool {
	switch {
	case len(text) > MaxFileSize:
		d.complain(1, 1, tooLarge, "is it the right file?")
		return false
	case bytes.HasPrefix(text, []byte("\xef\xbb\xbf")):
		d.complain(1, 1, "the file starts with a byte order mark", "save it as UTF-8 without BOM")
		return false
	case bytes.HasPrefix(text, []byte("\xff\xfe")), bytes.HasPrefix(text, []byte("\xfe\xff")):
		d.complain(1, 1, "the file is UTF-16", "save it as UTF-8")
		return false
	}
	if utf8.Valid(text) {
		return true
	}
	line, column := 1, 1
	for len(text) > 0 {
		r, size := utf8.DecodeRune(text)
		if r == utf8.RuneError && size == 1 {
			break
		}
		if column++; r == '\n' {
			line, column = line+1, 1
		}
		text = text[size:]
	}
	d.complain(line, column, "the file is not UTF-8", "save it as UTF-8, not as EUC-KR or CP949")
	return false
}

// syntax reports a YAML error at its line. A tab in the indentation is its usual cause, and the parser then
// names another line or says something else.
func (d *decoder) syntax(text []byte, err error) {
	for i, line := range strings.Split(string(text), "\n") {
		indent := line[:len(line)-len(strings.TrimLeft(line, " \t"))]
		if tab := strings.IndexByte(indent, '\t'); tab >= 0 && strings.TrimSpace(line) != "" {
			d.complain(i+1, tab+1, "a tab in the indentation", "indent with spaces")
			return
		}
	}
	msg, line := strings.TrimPrefix(err.Error(), "yaml: "), 1
	if m := regexp.MustCompile(`^line ([0-9]+): (.*)`).FindStringSubmatch(msg); m != nil {
		line, _ = strconv.Atoi(m[1])
		msg = m[2]
		if parserFault(msg) {
			line++
		}
	}
	d.complain(max(line, 1), 1, "not valid YAML: "+msg, "check quotes and indentation here and above")
}

// parserFault tells whether the YAML package found a fault while parsing: of those it counts lines from 0, of
// others from 1.
func parserFault(msg string) bool {
	what, ok := strings.CutPrefix(msg, "did not find expected ")
	return ok && slices.Contains([]string{
		"<stream-start>", "<document start>", "node content", "'-' indicator", "key", "',' or ']'", "',' or '}'",
	}, what)
}

// resolve replaces a ${env:NAME} or ${file:path} reference, which must be the whole value. The second answer
// tells that there was one.
func (v value) resolve(s string) (string, bool, bool) {
	if !strings.Contains(s, "${") {
		return s, false, true
	}
	body, ok := strings.CutPrefix(s, "${")
	body, closed := strings.CutSuffix(body, "}")
	kind, arg, colon := strings.Cut(body, ":")
	if !ok || !closed || !colon || arg == "" || strings.ContainsAny(arg, "${}") {
		v.fail("the whole value must be ${env:NAME} or ${file:path}", "%q is not a reference", clip(s))
		return "", true, false
	}
	var got string
	switch kind {
	case "env":
		got, ok = v.fromEnv(arg)
	case "file":
		got, ok = v.fromFile(arg)
	default:
		v.fail("${env:NAME} or ${file:path}", "unknown kind of reference %q", clip(kind))
		return "", true, false
	}
	if !ok {
		return "", true, false
	}
	// Editors end a file with a newline, which belongs to no key.
	got = strings.TrimRight(got, "\r\n")
	if got == "" || !utf8.ValidString(got) {
		v.fail("", "%s is empty or not UTF-8", clip(s))
		return "", true, false
	}
	v.d.secrets = append(v.d.secrets, resolved{ref: s, got: payment.Secret(got)})
	return got, true, true
}

func (v value) fromEnv(name string) (string, bool) {
	if v.d.src.Env == nil {
		v.fail("", "environment references are not available here")
		return "", false
	}
	got, ok := v.d.src.Env(name)
	if !ok {
		v.fail("set it, or mount a file and use ${file:path}", "the environment variable %s is not set", clip(name))
	}
	return got, ok
}

func (v value) fromFile(path string) (string, bool) {
	if v.d.src.ReadFile == nil {
		v.fail("", "file references are not available here")
		return "", false
	}
	b, err := v.d.src.ReadFile(path)
	if err != nil {
		reason := "cannot be read"
		switch {
		case errors.Is(err, os.ErrNotExist):
			reason = "does not exist"
		case errors.Is(err, os.ErrPermission):
			reason = "may not be read by this user"
		case errors.Is(err, errTooLarge):
			reason = "is too large"
		}
		v.fail("paths are relative to the configuration file", "the file %s %s", clip(path), reason)
		return "", false
	}
	return string(b), true
}
