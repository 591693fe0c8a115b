package sandbox

import "regexp"

// appSchemeForm is the app that a window on a phone is to come back to: its scheme, or an address that it opens
// (portone.md §2.2, §4.8). inicisAppForm is the one form that KG Inicis documents (inicis.md §2.2).
var (
	appSchemeForm = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9+.-]*` +
		`(://[\x21\x24-\x26\x28-\x3b\x3d\x3f-\x5b\x5d\x5f\x61-\x7a\x7e]*)?$`)
	inicisAppForm = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9+.-]*://$`)
)

// isAppScheme tells whether PortOne takes an app_scheme; it may be left out.
func isAppScheme(s string) bool { return s == "" || appSchemeForm.MatchString(s) }
