package rules

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"path/filepath"

	"github.com/pg-gateway/pg-gateway/payment"
)

// keptText is a version as text, with what its references stood for: enough to build the very same snapshot again.
// Whole snapshots are many times as large.
type keptText struct {
	loader  *Loader
	name    string
	version string
	// hash is the text's alone, without the references.
	hash string
	// packed is the text, gzipped.
	packed []byte
	refs   map[string]payment.Secret
}

// newKept packs a text that was parsed.
func newKept(l *Loader, name, version string, text []byte, refs []resolved) keptText {
	var b bytes.Buffer
	w, err := gzip.NewWriterLevel(&b, gzip.BestSpeed)
	if err == nil {
		_, err = w.Write(text)
	}
	if err == nil {
		err = w.Close()
	}
	s := keptText{loader: l, name: name, version: version, hash: textHash(text), packed: bytes.Clone(b.Bytes()), refs: make(map[string]payment.Secret, len(refs))}
	if err != nil {
		// A buffer takes every write; should it ever not, a rollback to this version says that it is not kept.
		s.packed = nil
	}
	for _, r := range refs {
		s.refs[r.ref] = r.got
	}
	return s
}

// parse builds the snapshot again.
func (s keptText) parse() (*Snapshot, error) {
	r, err := gzip.NewReader(bytes.NewReader(s.packed))
	if err != nil {
		return nil, fmt.Errorf("unpacking version %s: %w", s.version, err)
	}
	text, err := io.ReadAll(io.LimitReader(r, MaxFileSize+1))
	if err != nil {
		return nil, fmt.Errorf("unpacking version %s: %w", s.version, err)
	}
	return s.loader.Parse(s.name, text, Sources{
		Env: func(name string) (string, bool) {
			got, ok := s.refs["${env:"+name+"}"]
			return got.Reveal(), ok
		},
		ReadFile: func(path string) ([]byte, error) {
			got, ok := s.refs["${file:"+path+"}"]
			if !ok {
				return nil, errors.New("not kept")
			}
			return []byte(got.Reveal()), nil
		},
	})
}

func textHash(text []byte) string {
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])
}

// hashOf is the hash of the text on disk; empty when it cannot be read.
func hashOf(path string) string {
	text, _, err := readCapped(filepath.Clean(path), MaxFileSize)
	if err != nil {
		return ""
	}
	return textHash(text)
}
