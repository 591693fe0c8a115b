package inicis

import (
	"slices"
	"strings"
)

// MobileAnswer is the answer to a mobile approval. Its body is not percent-encoded, so a buyer's name that
// holds an & injects pairs.
type MobileAnswer struct {
	// First holds the first value of every name.
	First map[string]string
	// Duplicates lists those of the critical names that came more than once, in the order of the body's rules.
	Duplicates []string
}

// Trusted tells whether nothing critical came twice. What is not trusted is settled by inquiry.
func (m MobileAnswer) Trusted() bool { return len(m.Duplicates) == 0 }

// ParseMobileAnswer reads the answer to a mobile approval in charset. Values are taken as they are: decoding
// percent signs that nobody encoded would change them.
func ParseMobileAnswer(body []byte, charset string) (MobileAnswer, error) {
	text, err := Decode(string(body), charset)
	if err != nil {
		return MobileAnswer{}, err
	}
	f, err := splitPairs(text, func(s string) (string, error) { return s, nil })
	if err != nil {
		return MobileAnswer{}, err
	}
	answer := MobileAnswer{First: f.first}
	for _, name := range []string{"P_STATUS", "P_AMT", "P_OID", "P_TID", "P_MID"} {
		if f.twice[name] {
			answer.Duplicates = append(answer.Duplicates, name)
		}
	}
	return answer, nil
}

// ParseNotice reads a deposit notice: percent-encoded, in charset (EUC-KR for PC). Values are trimmed. The
// names that came more than once are returned sorted; such a notice must not be believed.
func ParseNotice(body []byte, charset string) (values map[string]string, twice []string, err error) {
	f, err := parseForm(string(body), charset)
	if err != nil {
		return nil, nil, err
	}
	for name, value := range f.first {
		f.first[name] = strings.TrimSpace(value)
	}
	for name := range f.twice {
		twice = append(twice, name)
	}
	slices.Sort(twice)
	return f.first, twice, nil
}

// NoticeSources returns the addresses that Inicis sends deposit notices from, by channel: pc or mobile. The
// list is a default; it changes, so it must be configurable where it is used.
func NoticeSources(channel string) []string {
	both := []string{"203.238.37.15", "183.109.71.153"}
	switch channel {
	case "pc":
		return append(both, "39.115.212.9")
	case "mobile":
		return append(both, "118.129.210.25")
	}
	return nil
}
