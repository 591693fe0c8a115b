package planted

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
	"testing"
)

// TestEveryValueIsFoundInEveryForm writes each value in the ways that programs do, amid other text.
func TestEveryValueIsFoundInEveryForm(t *testing.T) {
	t.Parallel()
	digits := func(s string) string { return strings.ReplaceAll(s, "-", "") }
	forms := map[string]func(s string) string{
		"raw":     func(s string) string { return s },
		"in JSON": func(s string) string { text, _ := json.Marshal(map[string]string{"v": s}); return string(text) },
		"in JSON in JSON": func(s string) string {
			in, _ := json.Marshal(s)
			text, _ := json.Marshal(string(in))
			return string(text)
		},
		"escaped in JSON":    escaped,
		"in a query":         func(s string) string { return url.Values{"v": {s}}.Encode() },
		"escaped in a URL":   percent,
		"escaped dashes":     func(s string) string { return strings.ReplaceAll(s, "-", "%2D") },
		"in hex":             func(s string) string { return hex.EncodeToString([]byte(s)) },
		"in capital hex":     func(s string) string { return strings.ToUpper(hex.EncodeToString([]byte(s))) },
		"in base64":          func(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) },
		"in base64, later":   func(s string) string { return base64.StdEncoding.EncodeToString([]byte("{" + s + "}")) },
		"in base64, later 2": func(s string) string { return base64.URLEncoding.EncodeToString([]byte(`:"` + s + `"`)) },
	}
	for _, v := range Values() {
		for name, form := range forms {
			for _, text := range []string{v.Text, digits(v.Text)} {
				if text != v.Text && strings.Trim(v.Text, "0123456789-") != "" {
					continue
				}
				log := fmt.Sprintf(`{"msg":"odd","value":"%s"}`, form(text))
				if !has(Find([]byte(log)), v) {
					t.Errorf("%s %s is not found in %s", v.Name, name, log)
				}
			}
		}
	}
}

func has(leaks []Leak, v Value) bool {
	for _, l := range leaks {
		if l.Value == v {
			return true
		}
	}
	return false
}

// TestNothingElseIsFound in what looks alike.
func TestNothingElseIsFound(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		`{"time":"2026-11-29T15:27:33.512900101Z","msg":"attempt"}`, "id 01a227ea349774c782409826deb2f3900101", "4111118888884243",
		`{"attempt_id":"A-1900101","amount":900100}`, "card 4111-****-****-4242", "imp_key", "010-****-4242", "",
	} {
		if leaks := Find([]byte(text)); len(leaks) > 0 {
			t.Errorf("%q holds %v", text, leaks)
		}
	}
}
