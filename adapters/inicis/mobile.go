package inicis

// MobileAnswer is the answer to a mobile approval. Its body is not percent-encoded, so a buyer's name that
// holds an & injects pairs.
type MobileAnswer struct {
	// First holds the first value of every name.
	First map[string]string
	// Duplicates lists those of the critical names that came more than once, in the order of the body's rules.
	Duplicates []string
	// Twice holds every name that came more than once.
	Twice map[string]bool
}

// Trusted tells whether nothing critical came twice. What is not trusted is decided by inquiry.
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
	answer := MobileAnswer{First: f.first, Twice: f.twice}
	for _, name := range []string{"P_STATUS", "P_AMT", "P_OID", "P_TID", "P_MID", "P_TYPE", "P_SRC_CODE", "P_VACT_NUM"} {
		if f.twice[name] {
			answer.Duplicates = append(answer.Duplicates, name)
		}
	}
	return answer, nil
}
