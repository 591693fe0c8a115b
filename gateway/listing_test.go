package gateway

import (
	"crypto/rand"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"
	"time"

	"github.com/pg-gateway/pg-gateway/lifecycle"
	"github.com/pg-gateway/pg-gateway/payment"
	"github.com/pg-gateway/pg-gateway/sandbox"
	"github.com/pg-gateway/pg-gateway/test/fixture"
)

// silentHouse is a house whose PortOne tells nothing.
func silentHouse(t *testing.T, edits ...fixture.Edit) *hookHouse {
	t.Helper()
	h := newHookHouse(t, nil, edits...)
	if err := h.sandbox.SetNotices(sandbox.NoticeNever); err != nil {
		t.Fatal(err)
	}
	return h
}

// What PortOne took is found though neither it nor the browser tells of it, and so is what goes back in its console.
func TestWhatPortOneTookIsListed(t *testing.T) {
	t.Parallel()
	for _, version := range []string{"v1", "v2"} {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			h := silentHouse(t, autoV2)
			o := h.window(version)
			h.click(o, "pay")
			h.g.listing.Once(t.Context())
			a := h.state(o.attempt)
			if a.State != payment.StateApproved {
				t.Fatalf("the attempt is %s", a.State)
			}
			h.balanced(true)
			if err := h.sandbox.ConsoleCancel(sandbox.ConsoleCancel{Ref: string(o.attempt), Amount: 1000}); err != nil {
				t.Fatal(err)
			}
			h.g.listing.Once(t.Context())
			list, err := h.journal.CancelsOf(t.Context(), o.attempt)
			if err != nil || len(list) != 1 || list[0].Amount != 1000 || list[0].Origin != payment.CancelByPG {
				t.Errorf("%+v, %v", list, err)
			}
			if n := h.listed(lifecycle.ListedWoken); n != 2 {
				t.Errorf("%v payments woke their attempts", n)
			}
			h.g.listing.Once(t.Context())
			if n := h.listed(lifecycle.ListedWoken); n != 2 {
				t.Errorf("what agrees woke its attempt")
			}
		})
	}
}

// A second V1 payment that nobody tells of goes back.
func TestASecondPaymentIsListed(t *testing.T) {
	t.Parallel()
	h := newHookHouse(t, func(c *sandbox.Config) { c.V1.PaysTwice = true })
	if err := h.sandbox.SetNotices(sandbox.NoticeNever); err != nil {
		t.Fatal(err)
	}
	first, _ := h.twice()
	for range 3 {
		h.g.listing.Once(t.Context())
	}
	a := h.state(first.attempt)
	if l := h.sandbox.Ledger(); a.State != payment.StateApproved || int64(l.Net) != int64(a.Amount) {
		t.Errorf("the attempt is %s, the ledger %+v", a.State, l)
	}
}

// Money under an id that this gateway made and its journal does not have comes before a person, and is not given back.
// Under any other id it is somebody else's.
func TestMoneyOfNoAttemptIsListed(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		id   func(h *hookHouse) payment.AttemptID
		edit fixture.Edit
		want int
	}{
		{"ours", func(h *hookHouse) payment.AttemptID {
			return h.g.sealer.newAttemptID(h.g.view().environment, h.g.now())
		}, nil, 1},
		{"another environment's", func(h *hookHouse) payment.AttemptID { return h.g.sealer.newAttemptID("live:other", h.g.now()) }, nil, 0},
		{"somebody's", func(*hookHouse) payment.AttemptID { return payment.AttemptID("shop-" + rand.Text()) }, nil, 0},
		{
			"somebody's where nobody else is", func(*hookHouse) payment.AttemptID { return payment.AttemptID("shop-" + rand.Text()) },
			func(c *fixture.Config) { c.PGs["portone1"].Listing = &fixture.Listing{Strangers: "case"} }, 1,
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			edits := []fixture.Edit{}
			if tt.edit != nil {
				edits = append(edits, tt.edit)
			}
			h := silentHouse(t, edits...)
			id := tt.id(h)
			h.click(h.changed("v1", h.checkout("tosspay"), map[string]any{"merchant_uid": string(id)}), "pay")
			h.g.listing.Once(t.Context())
			h.g.now = func() time.Time { return time.Now().Add(3 * time.Minute) }
			h.g.listing.Once(t.Context())
			cases, err := lifecycle.OpenCases(t.Context(), h.journal, h.g.now())
			if err != nil || len(cases.Open) != tt.want {
				t.Fatalf("%+v, %v", cases, err)
			}
			if tt.want > 0 && (cases.Open[0].Ownerless == nil || cases.Open[0].Attempt.ID != id || cases.Open[0].State() != "unmatched_ownerless") {
				t.Errorf("%+v", cases.Open[0])
			}
			if a := h.sandbox.Audit(); a.Captured == 0 || a.Cancelled != 0 {
				t.Errorf("the books: %+v", a)
			}
		})
	}
}

// The past is listed when somebody asks at the admin door.
func TestThePastIsListedOnDemand(t *testing.T) {
	t.Parallel()
	h := silentHouse(t)
	o := h.window("v1")
	h.click(o, "pay")
	ask := func(pg string, from, until time.Time) answer {
		q := url.Values{"pg": {pg}, "from": {from.Format(time.RFC3339)}, "until": {until.Format(time.RFC3339)}}
		return h.send(h.admin, httptest.NewRequest(http.MethodPost, "/-/listing?"+q.Encode(), nil))
	}
	now := time.Now()
	day := 24 * time.Hour
	for name, a := range map[string]answer{
		"a PG that cannot list":  ask("inicis", now.Add(-day), now),
		"no PG":                  ask("nobody", now.Add(-day), now),
		"two days at once":       ask("portone1", now.Add(-2*day), now),
		"a period of long ago":   ask("portone1", now.Add(-100*day), now.Add(-99*day)),
		"a period turned around": ask("portone1", now, now.Add(-day)),
	} {
		if a.status != http.StatusUnprocessableEntity && a.status != http.StatusBadRequest {
			t.Errorf("%s: %d %s", name, a.status, a.body)
		}
	}
	a := ask("portone1", now.Add(-day), now.Add(time.Minute))
	if counts, _ := a.json["counts"].(map[string]any); a.status != http.StatusOK || counts["woken"] != 1.0 {
		t.Errorf("%d %s", a.status, a.body)
	}
	if a := h.state(o.attempt); a.State != payment.StateApproved {
		t.Errorf("the attempt is %s", a.State)
	}
}

// A gateway that is told to list on demand only does so.
func TestListingIsSwitchedOff(t *testing.T) {
	t.Parallel()
	h := silentHouse(t, func(c *fixture.Config) { c.PGs["portone1"].Listing = &fixture.Listing{Enabled: new(bool)} })
	o := h.window("v1")
	h.click(o, "pay")
	h.g.listing.Once(t.Context())
	if a := h.state(o.attempt); a.State != payment.StateOpened {
		t.Errorf("the attempt is %s", a.State)
	}
}

// listed is listed_payments_total by result.
func (h *hookHouse) listed(result lifecycle.ListedResult) float64 {
	h.t.Helper()
	families, err := h.g.registry.Gather()
	if err != nil {
		h.t.Fatal(err)
	}
	sum := 0.0
	for _, f := range families {
		if f.GetName() != "pg_gateway_listed_payments_total" {
			continue
		}
		for _, m := range f.GetMetric() {
			for _, l := range m.GetLabel() {
				if l.GetName() == "result" && l.GetValue() == string(result) {
					sum += m.GetCounter().GetValue()
				}
			}
		}
	}
	return sum
}
