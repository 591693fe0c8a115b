package wire_test

import (
	"strings"
	"testing"

	"github.com/pg-gateway/pg-gateway/adapters/wire"
)

// TestAnAddressIsSentWholeOrNotAtAll: cut or cleaned it would be somebody else's.
func TestAnAddressIsSentWholeOrNotAtAll(t *testing.T) {
	t.Parallel()
	long := "kim.minsu.the.very.long.mail.address.of.one.buyer@mailbox.co.kr" // 63 bytes
	tests := []struct {
		address string
		limit   int
		want    string
	}{
		{"a@b.kr", 60, "a@b.kr"},
		{" a@b.kr ", 60, "a@b.kr"},
		{long, 63, long},
		{long, 62, ""},
		{long, 60, ""},
		{"김민수@한국.kr", 60, "김민수@한국.kr"},
		{"김민수@한국.kr", 10, ""},
		{"a\nb@c.kr", 60, ""},
		{"a b@c.kr", 60, ""},
		{"a\xffb@c.kr", 60, ""},
		{"a\u00a0b@c.kr", 60, ""},
		{"", 60, ""},
		{strings.Repeat("a", 300) + "@b.kr", wire.MaxEmail, ""},
	}
	for _, tt := range tests {
		if got := wire.Email(tt.address, tt.limit); got != tt.want {
			t.Errorf("Email(%q, %d) = %q, want %q", tt.address, tt.limit, got, tt.want)
		}
	}
}
