package portonev1_test

import (
	"net/http/httptest"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/pg-gateway/pg-gateway/adapters"
	"github.com/pg-gateway/pg-gateway/adapters/onewrite"
	"github.com/pg-gateway/pg-gateway/adapters/portonev1"
)

// BenchmarkList reads pages of 250 payments of 1.5 KB each, the test's own server included, and tells what one payment
// takes of a core.
func BenchmarkList(b *testing.B) {
	one := item(`"custom_data":"` + strings.Repeat("x", 1200) + `"`)
	items := make([]string, 250)
	for i := range items {
		items[i] = one
	}
	srv := httptest.NewServer(&lists{answers: map[string]string{"paid limit=250 page=1": list(0, items...)}})
	defer srv.Close()
	acc := account(srv.URL)
	acc.PG.ReadTimeout = 10 * time.Second
	d := portonev1.New(onewrite.New(onewrite.Options{}), nil)
	req := adapters.ListRequest{PG: acc.PG, From: time.Unix(1000, 0), Until: time.Unix(2000, 0)}
	began := cpu(b)
	for b.Loop() {
		if page, err := d.List(b.Context(), req); err != nil || len(page.Payments) != len(items) {
			b.Fatal(len(page.Payments), err)
		}
	}
	b.ReportMetric(float64((cpu(b)-began).Microseconds())/float64(b.N*len(items)), "cpu-us/payment")
}

// cpu is what the process has taken of all cores so far.
func cpu(b *testing.B) time.Duration {
	b.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
