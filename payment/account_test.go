package payment

import (
	"errors"
	"testing"
	"time"
)

func TestParseDepositDueReadsFourForms(t *testing.T) {
	t.Parallel()
	tests := []struct {
		in   string
		want time.Time
	}{
		{"2026-12-24", time.Date(2026, 12, 24, 23, 59, 59, 0, KST())},
		{"20261224", time.Date(2026, 12, 24, 23, 59, 59, 0, KST())},
		{"2026-12-24 18:30:05", time.Date(2026, 12, 24, 18, 30, 5, 0, KST())},
		{"20261224183005", time.Date(2026, 12, 24, 18, 30, 5, 0, KST())},
		{"2028-02-29", time.Date(2028, 2, 29, 23, 59, 59, 0, KST())},
	}
	for _, tt := range tests {
		if got, err := ParseDepositDue(tt.in); err != nil || !got.Equal(tt.want) {
			t.Errorf("%q: got %v, %v; want %v", tt.in, got, err, tt.want)
		}
	}
}

func TestParseDepositDueRefusesOtherForms(t *testing.T) {
	t.Parallel()
	for _, in := range []string{
		"", " ", "2026", "202612", "2026-12", "2026/12/24", "24-12-2026", "2026-13-01", "2026-02-29", "20260230",
		"2026-12-24T18:30:05", "2026-12-24 18:30", "202612241830", "2026-12-24 24:00:00", "20261224236000",
		"2026-12-24 18:30:05+09:00", "2026-12-24T18:30:05Z", "2026-12-24 1:30:05", "2026-12-24 1:30:05.5", "2026-12-24 1:30:05,5",
		"2026-12-24  8:30:05", "2026-12-248:30:05.5", "2026-12-248:30:05,5",
		"1798106405", "２０２６１２２４", "-20261224", "+2026-12-24", "2026-12-24\n", "0x261224",
	} {
		if got, err := ParseDepositDue(in); !errors.Is(err, ErrDepositDue) || !got.IsZero() {
			t.Errorf("%q: got %v, %v", in, got, err)
		}
	}
}

func FuzzParseDepositDue(f *testing.F) {
	for _, s := range []string{"2026-12-24", "20261224", "2026-12-24 18:30:05", "20261224183005", "2026-12-24 1:30:05.5", "0000-01-01"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got, err := ParseDepositDue(s)
		if err != nil {
			if !errors.Is(err, ErrDepositDue) || !got.IsZero() {
				t.Fatalf("got %v, %v", got, err)
			}
			return
		}
		// Whatever is taken is written back by one of the four layouts, to the letter.
		for _, layout := range []string{time.DateOnly, "20060102", time.DateTime, "20060102150405"} {
			if got.In(KST()).Format(layout) == s {
				return
			}
		}
		t.Fatalf("%q was read as %v", s, got)
	})
}
