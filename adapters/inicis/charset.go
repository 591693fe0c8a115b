package inicis

import (
	"errors"
	"fmt"
	"net/url"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/korean"

	"github.com/pg-gateway/pg-gateway/adapters/wire"
)

// ErrCharset is returned for text that is not in the character set it claims.
var ErrCharset = errors.New("text is not in the stated character set")

// Decode reads bytes in charset, UTF-8 when it is empty. EUC-KR is read as CP949, its superset. Nothing is
// guessed and nothing is replaced: what cannot be read is an error.
func Decode(text, charset string) (string, error) {
	switch strings.ToUpper(charset) {
	case "", "UTF-8", "UTF8":
	case "EUC-KR", "EUCKR", "CP949", "MS949", "KS_C_5601-1987":
		decoded, err := korean.EUCKR.NewDecoder().String(text)
		if err != nil || strings.ContainsRune(decoded, utf8.RuneError) {
			return "", fmt.Errorf("%w: EUC-KR", ErrCharset)
		}
		return decoded, nil
	default:
		return "", fmt.Errorf("%w: unknown character set", ErrCharset)
	}
	if !utf8.ValidString(text) {
		return "", fmt.Errorf("%w: UTF-8", ErrCharset)
	}
	return text, nil
}

// EncodeEUCKR writes text as EUC-KR. Characters that EUC-KR has not are an error.
func EncodeEUCKR(text string) ([]byte, error) {
	out, err := korean.EUCKR.NewEncoder().Bytes([]byte(text))
	if err != nil {
		return nil, fmt.Errorf("%w: EUC-KR", ErrCharset)
	}
	return out, nil
}

// fields is a form body: the first value of each name, and the names that came more than once.
type fields struct {
	first map[string]string
	twice map[string]bool
}

// splitPairs cuts a body at & and =. decode is applied to names and values.
func splitPairs(body string, decode func(string) (string, error)) (fields, error) {
	f := fields{first: map[string]string{}, twice: map[string]bool{}}
	for pair := range strings.SplitSeq(body, "&") {
		if pair == "" {
			continue
		}
		rawName, rawValue, _ := strings.Cut(pair, "=")
		name, err := decode(rawName)
		if err != nil {
			return f, err
		}
		value, err := decode(rawValue)
		if err != nil {
			return f, err
		}
		// The first stays: a name that a buyer injects comes behind the PG's own.
		if _, seen := f.first[name]; seen {
			f.twice[name] = true
			continue
		}
		f.first[name] = value
	}
	return f, nil
}

// loose undoes percent-encoding and takes the bytes as they are: only the fields that are used are held to their form,
// and those are plain ASCII. What is not percent-encoding is marked, so that it is never taken for one of them.
func loose(s string) (string, error) {
	if plain, err := url.QueryUnescape(s); err == nil {
		return plain, nil
	}
	return string(utf8.RuneError) + s, nil
}

// freeText reads a text that people wrote and that nothing hangs on: in UTF-8, else in EUC-KR, whatever the message
// says of itself; "" when it is in neither.
func freeText(s string) string {
	for _, charset := range []string{"UTF-8", "EUC-KR"} {
		if text, err := Decode(s, charset); err == nil {
			return wire.CutBytes(wire.Clean(text), maxText)
		}
	}
	return ""
}
