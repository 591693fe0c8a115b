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

// KeptText is a version as text, with what its references stood for: enough to build the very same snapshot again.
// Whole snapshots are many times as large.
type KeptText struct {
	loader  *Loader
	name    string
	version string
	// hash is the text's alone, without the references.
	hash string
	// packed is the text, gzipped.
	packed []byte
	refs   map[string]payment.Secret
}

// Version is that of the snapshot that was made of the text.
func (k KeptText) Version() string { return k.version }

// Hash is the text's alone: other values of its references leave it as it is.
func (k KeptText) Hash() string { return k.hash }

// newKept packs a text that was parsed.
func newKept(l *Loader, name, version string, text []byte, refs []resolved) KeptText {
	var b bytes.Buffer
	w, err := gzip.NewWriterLevel(&b, gzip.BestSpeed)
	if err == nil {
		_, err = w.Write(text)
	}
	if err == nil {
		err = w.Close()
	}
	k := KeptText{
		loader: l, name: name, version: version, hash: textHash(text), packed: bytes.Clone(b.Bytes()),
		refs: make(map[string]payment.Secret, len(refs)),
	}
	if err != nil {
		// A buffer takes every write; should it ever not, a rollback to this version says that it is not kept.
		k.packed = nil
	}
	for _, r := range refs {
		k.refs[r.ref] = r.got
	}
	return k
}

// Parse builds the snapshot again.
func (k KeptText) Parse() (*Snapshot, error) {
	r, err := gzip.NewReader(bytes.NewReader(k.packed))
	if err != nil {
		return nil, fmt.Errorf("unpacking version %s: %w", k.version, err)
	}
	text, err := io.ReadAll(io.LimitReader(r, MaxFileSize+1))
	if err != nil {
		return nil, fmt.Errorf("unpacking version %s: %w", k.version, err)
	}
	return k.loader.Parse(k.name, text, Sources{
		Env: func(name string) (string, bool) {
			got, ok := k.refs["${env:"+name+"}"]
			return got.Reveal(), ok
		},
		ReadFile: func(path string) ([]byte, error) {
			got, ok := k.refs["${file:"+path+"}"]
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

// HashFile is the hash of the text at path, as KeptText.Hash has it; empty when it cannot be read.
func HashFile(path string) string {
	text, _, err := readCapped(filepath.Clean(path), MaxFileSize)
	if err != nil {
		return ""
	}
	return textHash(text)
}
