package sandbox

import (
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// Limits of the sandbox's own on the millisecond timestamp of a window form: a page may lie open for a while.
const (
	timestampPast   = 24 * time.Hour
	timestampFuture = time.Hour
)

var (
	oidForm        = regexp.MustCompile(`^[A-Za-z0-9_-]{1,40}$`)
	priceForm      = regexp.MustCompile(`^[1-9][0-9]{0,11}$`)
	telForm        = regexp.MustCompile(`^[0-9-]{1,20}$`)
	emailForm      = regexp.MustCompile(`^[A-Za-z0-9._%+-]+@[A-Za-z0-9.-]+$`)
	timestampForm  = regexp.MustCompile(`^[0-9]{13}$`)
	periodForm     = regexp.MustCompile(`^([0-9]{8}-[0-9]{8}|[MY]2)$`)
	quotaForm      = regexp.MustCompile(`^[0-9]{1,2}(:[0-9]{1,2})*$`)
	nointerestForm = regexp.MustCompile(`^[0-9]{2}-[0-9]{1,2}(:[0-9]{1,2})*(,[0-9]{2}-[0-9]{1,2}(:[0-9]{1,2})*)*$`)
)

// gopayMethods are the values that the stand-in's merchants have a contract for.
func gopayMethods() []string {
	return []string{
		"Card", "DirectBank", methodVBank, "HPP", "onlykakaopay", "onlypayco", "onlylpay", "onlyssp", "onlynaverpay",
		"onlytosspay", "onlyssgcard", "onlyapplepay",
	}
}

// splitOptions splits an acceptmethod value on the colons outside parentheses.
func splitOptions(s string) []string {
	var out []string
	depth, start := 0, 0
	for i := range len(s) {
		switch s[i] {
		case '(':
			depth++
		case ')':
			depth--
		case ':':
			// mallpoint(11:34) has one inside (inicis.md §1.4).
			if depth == 0 {
				out = append(out, s[start:i])
				start = i + 1
			}
		}
	}
	return append(out, s[start:])
}

// checkInicisForm returns why the window refuses a form, or "".
func (s *Sandbox) checkInicisForm(f url.Values, now time.Time) string {
	for name, values := range f {
		// Get would read the first and never see that there are two.
		if len(values) > 1 {
			return name + ": 값이 둘 이상입니다"
		}
		if !utf8.ValidString(values[0]) {
			return name + ": UTF-8이 아닙니다"
		}
	}
	for _, check := range []func(url.Values) string{
		s.checkInicisMerchant,
		checkInicisFields,
		checkInicisOptions,
		checkInicisTaxes,
		func(f url.Values) string { return checkInicisDeadline(f, now) },
		func(f url.Values) string { return checkMillis(f.Get("timestamp"), now) },
		s.checkInicisHashes,
	} {
		if why := check(f); why != "" {
			return why
		}
	}
	return ""
}

func (s *Sandbox) checkInicisMerchant(f url.Values) string {
	if _, ok := s.cfg.Inicis[f.Get("mid")]; !ok {
		return "mid: 등록되지 않은 상점입니다"
	}
	return ""
}

func checkInicisFields(f url.Values) string {
	for _, rule := range []struct {
		field string
		ok    func(string) bool
	}{
		{"version", func(v string) bool { return v == "1.0" }},
		{"oid", oidForm.MatchString},
		// Bytes, which is 13 Korean letters (inicis.md §1.2).
		{"goodname", func(v string) bool { return v != "" && len(v) <= 40 }},
		{"price", priceForm.MatchString},
		{"currency", func(v string) bool { return v == "WON" || v == "USD" }},
		{"buyername", func(v string) bool { return v != "" }},
		{"buyertel", telForm.MatchString},
		{"buyeremail", func(v string) bool { return len(v) <= 60 && emailForm.MatchString(v) }},
		{"returnUrl", isAbsoluteURL},
		{"closeUrl", func(v string) bool { return v == "" || isAbsoluteURL(v) }},
		// Without it nobody looks at verification, and a buyer sets his own price (inicis.md §1.2, §1.6).
		{"use_chkfake", func(v string) bool { return v == "Y" }},
		{"charset", func(v string) bool { return v == "" || v == "UTF-8" }},
		{"quotabase", func(v string) bool { return v == "" || quotaForm.MatchString(v) }},
		{"nointerest", func(v string) bool { return v == "" || nointerestForm.MatchString(v) }},
		{"payViewType", func(v string) bool { return v == "" || v == "overlay" || v == "popup" }},
		{"languageView", func(v string) bool { return v == "" || slices.Contains([]string{"ko", "en", "cn"}, v) }},
		{"offerPeriod", func(v string) bool { return v == "" || periodForm.MatchString(v) }},
		{"tax", func(v string) bool { return v == "" || isDigits(v) }},
		{"taxfree", func(v string) bool { return v == "" || isDigits(v) }},
		{"merchantData", isASCII},
	} {
		if !rule.ok(f.Get(rule.field)) {
			return rule.field + ": 값이 없거나 잘못되었습니다"
		}
	}
	return ""
}

// checkInicisOptions checks gopaymethod and acceptmethod against each other.
func checkInicisOptions(f url.Values) string {
	options := splitOptions(f.Get("acceptmethod"))
	has := func(prefix string) bool {
		return slices.ContainsFunc(options, func(o string) bool { return o == prefix || strings.HasPrefix(o, prefix+"(") })
	}
	// It brings idc_name, which the approval's address is held to (inicis.md §1.8).
	if !slices.Contains(options, "centerCd(Y)") {
		return "acceptmethod: centerCd(Y)가 없습니다"
	}
	if f.Get("gopaymethod") != "" {
		for m := range strings.SplitSeq(f.Get("gopaymethod"), ":") {
			switch {
			case !slices.Contains(gopayMethods(), m):
				return "gopaymethod: 계약되지 않은 결제수단입니다"
			case strings.HasPrefix(m, "only") && !has("cardonly"):
				return "acceptmethod: 직접호출에는 cardonly가 필요합니다"
			case m == "HPP" && !slices.Contains(options, "HPP(1)") && !slices.Contains(options, "HPP(2)"):
				return "acceptmethod: HPP(1) 또는 HPP(2)가 필요합니다"
			}
		}
	}
	price, err := strconv.ParseInt(f.Get("price"), 10, 64)
	if err == nil && price < 1000 && f.Get("currency") == "WON" && !has("below1000") {
		return "price: 1,000원 미만 결제에는 below1000이 필요합니다"
	}
	return ""
}

// checkInicisTaxes checks the parts of the price that the shop states.
func checkInicisTaxes(f url.Values) string {
	price, err := parseWon(f.Get("price"))
	if err != nil {
		return "price: 금액이 잘못되었습니다"
	}
	if t, _, err := inicisTaxes(f); err != nil || !t.possible(price) {
		return "tax: 부가세 또는 면세 금액이 잘못되었습니다"
	}
	return ""
}

// inicisTaxes reads tax and taxfree, and whether either was stated.
func inicisTaxes(f url.Values) (t taxes, stated bool, err error) {
	var freeSet bool
	if t.vat, t.vatSet, err = optionalWon(f.Get("tax")); err != nil {
		return t, false, err
	}
	t.taxFree, freeSet, err = optionalWon(f.Get("taxfree"))
	return t, t.vatSet || freeSet, err
}

// checkInicisDeadline checks the deadline of a window that may issue a virtual account.
func checkInicisDeadline(f url.Values, now time.Time) string {
	if _, ok := vbankDue(splitOptions(f.Get("acceptmethod")), now); !ok {
		return "acceptmethod: vbank 입금기한이 잘못되었거나 지났습니다"
	}
	return ""
}

// checkMillis tells what is wrong with a millisecond timestamp, or "".
func checkMillis(v string, now time.Time) string {
	if !timestampForm.MatchString(v) {
		return "timestamp: 13자리 밀리초가 아닙니다"
	}
	ms, err := strconv.ParseInt(v, 10, 64)
	if err != nil {
		return "timestamp: 숫자가 아닙니다"
	}
	if at := time.UnixMilli(ms); at.Before(now.Add(-timestampPast)) || at.After(now.Add(timestampFuture)) {
		return "timestamp: 현재 시각과 차이가 큽니다"
	}
	return ""
}

func (s *Sandbox) checkInicisHashes(f url.Values) string {
	key := s.cfg.Inicis[f.Get("mid")].SignKey
	oid, price, ts := f.Get("oid"), f.Get("price"), f.Get("timestamp")
	switch {
	// Anybody can compute it: verification alone binds the price to the merchant (inicis.md §1.6).
	case f.Get("signature") != windowSignature(oid, price, ts):
		return "signature: 위변조가 확인되었습니다"
	case f.Get("verification") != windowVerification(oid, price, key, ts):
		return "verification: 위변조가 확인되었습니다"
	case f.Get("mKey") != sha256Hex(key):
		return "mKey: 상점 키가 일치하지 않습니다"
	}
	return ""
}

func windowSignature(oid, price, timestamp string) string {
	return sha256Hex("oid=" + oid + "&price=" + price + "&timestamp=" + timestamp)
}

func windowVerification(oid, price, signKey, timestamp string) string {
	return sha256Hex("oid=" + oid + "&price=" + price + "&signKey=" + signKey + "&timestamp=" + timestamp)
}

func approvalSignature(authToken, timestamp string) string {
	return sha256Hex("authToken=" + authToken + "&timestamp=" + timestamp)
}

func approvalVerification(authToken, signKey, timestamp string) string {
	return sha256Hex("authToken=" + authToken + "&signKey=" + signKey + "&timestamp=" + timestamp)
}

// authSignature is the checksum of an approval's answer; its layout hangs on the last digit of the request's
// timestamp (official sample, makeSignatureAuth).
func authSignature(mid, moid, price, timestamp string) string {
	if timestamp == "" {
		return ""
	}
	value := map[byte]string{'M': "MOID=" + moid, 'm': "mid=" + mid, 't': "tstamp=" + timestamp, 'P': "TotPrice=" + price}
	layouts := [10]string{"PtM", "Mmt", "Mtm", "mMt", "mtM", "tmM", "tMm", "Pmt", "Ptm", "PMt"}
	digit := timestamp[len(timestamp)-1] - '0'
	if digit > 9 {
		return ""
	}
	parts := make([]string, 0, 3)
	for _, field := range []byte(layouts[digit]) {
		parts = append(parts, value[field])
	}
	return sha256Hex(strings.Join(parts, "&"))
}

func isAbsoluteURL(v string) bool {
	u, err := url.Parse(v)
	return err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Host != ""
}

func isDigits(v string) bool {
	return v != "" && strings.Trim(v, "0123456789") == ""
}

func isASCII(v string) bool {
	for i := range len(v) {
		if v[i] >= utf8.RuneSelf || v[i] < ' ' {
			return false
		}
	}
	return true
}

func parseWon(v string) (Won, error) {
	if !isDigits(v) || (len(v) > 1 && v[0] == '0') {
		return 0, fmt.Errorf("%q is not an amount", v)
	}
	n, err := strconv.ParseInt(v, 10, 64)
	return Won(n), err
}

func (w Won) text() string { return strconv.FormatInt(int64(w), 10) }
