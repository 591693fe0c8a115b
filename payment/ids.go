package payment

// MaxIDLength is the longest attempt id, Inicis' oid and PortOne V1's merchant_uid bound (inicis.md §1.2).
const MaxIDLength = 40

// ValidID tells whether s may serve as an order or attempt id towards a PG: 1 to 40 characters of
// [A-Za-z0-9_-].
func ValidID(s string) bool {
	if s == "" || len(s) > MaxIDLength {
		return false
	}
	for i := range len(s) {
		c := s[i]
		switch {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9', c == '-', c == '_':
		default:
			return false
		}
	}
	return true
}
