package inicis

import (
	"regexp"
	"slices"
	"strings"
)

// class is what a result code means for the money.
type class int

const (
	classDeclined class = iota // a definite no
	classUnknown               // may have happened: ask
	classNotFound              // the PG knows no such payment
)

// detail finds the six-digit code of family and suffix (500 card, 506 bank transfer, ...) in a code or a
// message; cardCode finds a card company's answer, short or long.
var (
	detail   = regexp.MustCompile(`(?:^|[^0-9])5(?:0[0-9]|1[0-9]|50|56)([0-9]{3})(?:[^0-9]|$)`)
	cardCode = regexp.MustCompile(`^12(?:00)?([0-9]{2})$`)
)

// classify reads an answer that is not a success. A code nobody has written down is a decline only when it
// looks like a code at all.
func classify(code, message string) class {
	switch code {
	case "":
		return classUnknown
	case "R201":
		// The auth data was used before: what came of it must be looked up.
		return classUnknown
	case "V801", "R101":
		return classUnknown
	case "0000", "00", "SUCCESS":
		// The success of some other call.
		return classUnknown
	}
	if !codeLike(code) {
		return classUnknown
	}
	// The six digits may stand in either.
	for _, text := range []string{code, message} {
		for _, m := range detail.FindAllStringSubmatch(text, -1) {
			if c := classifySuffix(m[1]); c != classDeclined {
				return c
			}
		}
	}
	if m := cardCode.FindStringSubmatch(code); m != nil && slices.Contains([]string{"10", "35", "36", "41", "55"}, m[1]) {
		// Time-out, line down, duplicate: the card company may have approved.
		return classUnknown
	}
	return classDeclined
}

// saidCard finds a card company's six digits in a message.
var saidCard = regexp.MustCompile(`(?:^|[^0-9])(1200[0-9]{2})(?:[^0-9]|$)`)

// classifyWords reads an answer whose code only says no, as 01 of a phone's window: what it was, its message tells
// (inicis.md §9). A time-out, a line that was down and a duplicate may have been approved.
func classifyWords(code, message string) class {
	c := classify(code, message)
	if code != "01" || c != classDeclined {
		return c
	}
	for _, m := range saidCard.FindAllStringSubmatch(message, -1) {
		if c := classify(m[1], ""); c != classDeclined {
			return c
		}
	}
	words := strings.ToUpper(strings.ReplaceAll(message, " ", ""))
	for _, word := range []string{
		"시간초과", "타임아웃", "TIMEOUT", "TIME-OUT", "응답없음", "무응답", "응답지연", "회선", "중복", "통신오류", "통신장애", "통신에러", "통신실패",
		"통신불가", "이미승인", "처리중",
	} {
		if strings.Contains(words, word) { //guard:time-out-in-words-is-no-decline
			return classUnknown
		}
	}
	return classDeclined
}

// proofRefused tells whether an approval was refused for the authentication that it brought: the PG knows none such, or
// it was used before.
func proofRefused(code, message string) bool {
	return code == "R201" || classify(code, message) == classNotFound
}

func classifySuffix(suffix string) class {
	switch suffix {
	case "050", "051", "052", "053", "054", "055", "105", "106", "108", "110", // communication and database
		"127", "772", // a cancel that may have gone through, or is running
		"626", "704", // already cancelled or completed: confirm by inquiry
		"630", "631": // a duplicate: what the first one did is not known
		return classUnknown
	case "263", "623", "700", "828":
		return classNotFound
	}
	return classDeclined
}

func codeLike(code string) bool {
	if len(code) > 12 {
		return false
	}
	for _, r := range code {
		if (r < '0' || r > '9') && (r < 'A' || r > 'Z') && r != '_' && r != '-' {
			return false
		}
	}
	return true
}
