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

// TestOwnFieldsWin: what others add stands beside our own members, and in the place of none.
func TestOwnFieldsWin(t *testing.T) {
	t.Parallel()
	own := struct {
		Amount int    `json:"amount"`
		Note   string `json:"note,omitempty"`
	}{Amount: 1000}
	for more, want := range map[string]string{
		"":                              `{"amount":1000}`,
		`{"amount":1,"a":{"b":[1.50]}}`: `{"a":{"b":[1.50]},"amount":1000}`,
	} {
		with, err := wire.With(own, []byte(more))
		if err != nil {
			t.Fatal(err)
		}
		if got, err := wire.JSON(with); err != nil || got != want {
			t.Errorf("with %s: %s, %v", more, got, err)
		}
	}
}
