package payment

import "strings"

// AppLink is an address that opens an app: a scheme that the app has registered, and what follows it. A checkout names
// one as app_scheme, for the apps of card companies to come back to (inicis.md §2.2, portone.md §2.2), or as
// return_url, for the buyer to come back to after the window.
type AppLink struct {
	// Scheme is in lower case, without what ends it.
	Scheme string
	// Rest is what follows ://; empty where there is none.
	Rest string
}

// String is the scheme alone, or the whole address where something follows it.
func (l AppLink) String() string {
	if l.Rest == "" {
		return l.Scheme
	}
	return l.Scheme + "://" + l.Rest
}

// MaxAppScheme is how long a scheme may be, in bytes.
const MaxAppScheme = 64

// ParseAppLink reads myshop, myshop:// or myshop://path?query. It is strict, for what it reads is written between the
// fields of a PG's form and into a redirect: a scheme of RFC 3986 in lower case, and behind it ASCII that neither
// ends a text nor begins another one.
func ParseAppLink(s string) (AppLink, bool) {
	scheme, rest, _ := strings.Cut(s, "://")
	if !ValidAppScheme(scheme) || !plainAppRest(rest) { //guard:app-links-are-plain
		return AppLink{}, false
	}
	return AppLink{Scheme: scheme, Rest: rest}, true
}

// ValidAppScheme tells whether a text is a scheme in lower case (RFC 3986 §3.1) that can be an app's. What a browser
// opens by itself, and what opens other apps than the one that registered it, is none.
func ValidAppScheme(s string) bool {
	if len(s) < 2 || len(s) > MaxAppScheme || s[0] < 'a' || s[0] > 'z' {
		return false
	}
	for i := range len(s) {
		c := s[i]
		if (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '+' && c != '-' && c != '.' {
			return false
		}
	}
	return !reservedScheme(s) //guard:only-apps-schemes
}

// reservedScheme tells whether a scheme is a browser's own, or leads to stores, phones and whatever app is asked for.
func reservedScheme(s string) bool {
	switch s {
	case "http", "https", "ws", "wss", "ftp", "ftps", "sftp", "ssh", "file", "filesystem", "content", "cid", "mid",
		"javascript", "vbscript", "data", "blob", "about", "jar", "view-source", "resource", "urn", "res", "mhtml",
		"chrome", "chrome-extension", "moz-extension", "ms-browser-extension", "edge", "safari-extension",
		"safari-web-extension", "devtools",
		"intent", "android-app", "ios-app", "market", "itms", "itmss", "itms-app", "itms-apps", "itms-appss",
		"itms-services", "tstore", "onestore",
		"tel", "telprompt", "sms", "smsto", "mms", "mmsto", "mailto", "facetime", "facetime-audio", "geo", "maps",
		"webcal", "prefs", "app-prefs", "app-settings", "shortcuts":
		return true
	}
	return false
}

// plainAppRest tells whether what follows a scheme is of an address and no more.
func plainAppRest(s string) bool {
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9',
			strings.IndexByte("-._~/?=&,:+*!()", c) >= 0:
		case c == '%' && i+2 < len(s) && plainEscape(s[i+1], s[i+2]):
			i += 2
		default:
			return false
		}
	}
	return true
}

// plainEscape tells whether two digits stand for a byte that is no control character.
func plainEscape(hi, lo byte) bool {
	digit := func(c byte) bool {
		return '0' <= c && c <= '9' || 'a' <= c && c <= 'f' || 'A' <= c && c <= 'F'
	}
	del := hi == '7' && (lo == 'f' || lo == 'F')
	return digit(hi) && digit(lo) && hi > '1' && !del
}
