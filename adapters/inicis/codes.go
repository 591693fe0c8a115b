package inicis

import (
	"cmp"
	"regexp"
	"slices"
	"strings"

	"github.com/pg-gateway/pg-gateway/adapters/wire"
	"github.com/pg-gateway/pg-gateway/payment"
)

// class is what a result code means for the money.
type class int

const (
	classDeclined class = iota // a definite no
	classUnknown               // may have happened: ask
	classNotFound              // the PG knows no such payment
)

// verdict is what an answer that is no success means: for the money, and in words.
type verdict struct {
	class class
	// why is the reason of an attempt that was declined, refused the code of a cancel that was; empty when the answer
	// does not tell.
	why     payment.Reason
	refused string
	// alarm tells that Inicis says that an amount was tampered with.
	alarm bool
}

// judge reads an answer that is no success by the tables of inicis.md §9: its code, its text, in which codes may stand
// too, and further codes, as detailResultCode. A code nobody has written down is a decline only when it looks like a
// code at all. Where the codes of one answer mean several things, what may have happened comes first.
func judge(code, message string, details ...string) verdict {
	if code == "" || !codeLike(code) {
		return verdict{class: classUnknown}
	}
	v := verdict{class: classDeclined}
	for _, row := range rowsOf(code, message, details) {
		switch c := row.kind.class(); {
		case c == classUnknown: //guard:may-have-happened-comes-first
			v.class = classUnknown
		case v.class == classDeclined:
			v.class = c
		}
		v.alarm = v.alarm || row.kind == kindAlarm
		v.why, v.refused = cmp.Or(v.why, row.why()), cmp.Or(v.refused, row.refused())
	}
	if code == "01" && v.class == classDeclined && mayHaveHappened(message) {
		v.class = classUnknown
	}
	v.why = cmp.Or(v.why, wire.Decline(message))
	return v
}

// warning names what a person should see of a no.
func (v verdict) warning() string {
	if v.alarm {
		return "Inicis says that the amount is another"
	}
	return ""
}

// rowsOf are the rows of all codes of an answer, those of its own code first.
func rowsOf(code, message string, details []string) []*codeRow {
	var rows []*codeRow
	for _, c := range append([]string{code}, details...) {
		if row := rowOf(c); row != nil {
			rows = append(rows, row)
		}
	}
	for _, text := range append([]string{code, message}, details...) {
		for _, c := range codesIn(text) {
			if row := rowOf(c); row != nil {
				rows = append(rows, row)
			}
		}
	}
	return rows
}

// codesIn finds the codes in a text: runs of six digits, and words of letters and digits. A card company's short ones
// are none there, or an amount would be one.
func codesIn(text string) []string {
	digit := func(r rune) bool { return r >= '0' && r <= '9' }
	letter := func(r rune) bool { return r >= 'A' && r <= 'Z' }
	codes := slices.DeleteFunc(
		strings.FieldsFunc(text, func(r rune) bool { return !digit(r) }), func(s string) bool { return len(s) != 6 },
	)
	for _, word := range strings.FieldsFunc(text, func(r rune) bool { return !digit(r) && !letter(r) }) {
		if strings.ContainsFunc(word, letter) {
			codes = append(codes, word)
		}
	}
	return codes
}

// mayHaveHappened reads an answer whose code only says no, as 01 of a phone's window and of INIAPI: what it was, its
// message tells. A time-out, a line that was down and a duplicate may have been carried out.
func mayHaveHappened(message string) bool {
	words := strings.ToUpper(strings.ReplaceAll(message, " ", ""))
	for _, word := range []string{
		"시간초과", "타임아웃", "TIMEOUT", "TIME-OUT", "응답없음", "무응답", "응답지연", "회선", "중복", "통신오류", "통신장애", "통신에러", "통신실패",
		"통신불가", "이미승인", "처리중",
	} {
		if strings.Contains(words, word) { //guard:time-out-in-words-is-no-decline
			return true
		}
	}
	return false
}

// codeUsed is said to an authentication that was used before.
const codeUsed = "R201"

// proofRefused tells whether an approval was refused for the authentication that it brought: the PG knows none such, or
// it was used before.
func proofRefused(code, message string) bool {
	return code == codeUsed || judge(code, message).class == classNotFound
}

// DeclineReason is why Inicis or a card company behind it declined, as an attempt's reason: by the code where one is
// written down (inicis.md §9), else by the words; empty when neither tells.
func DeclineReason(code, message string) payment.Reason {
	return cmp.Or(judge(code, message).why, wire.Decline(message))
}

// detailShape is a code of family and suffix: 500 card, 506 bank transfer, ...
var detailShape = regexp.MustCompile(`^(5(?:0[0-9]|1[0-9]|50|56))([0-9]{3})$`)

// cardShape is a card company's answer, short or long.
var cardShape = regexp.MustCompile(`^12(?:00)?([0-9]{2})$`)

// rowOf is what is written down of a code; nil for one that nobody has written down.
func rowOf(code string) *codeRow {
	family, suffix := "", ""
	if m := detailShape.FindStringSubmatch(code); m != nil {
		family, suffix = m[1], m[2]
	} else if m := cardShape.FindStringSubmatch(code); m != nil {
		code = "1200" + m[1]
	}
	for i := range codeTable {
		row := &codeTable[i]
		switch {
		case slices.Contains(row.codes, code):
			return row
		case row.families != nil && !slices.Contains(row.families, family):
		case suffix != "" && slices.Contains(row.suffixes, suffix):
			return row
		}
	}
	return nil
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
