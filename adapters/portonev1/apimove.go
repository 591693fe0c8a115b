package portonev1

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/pg-gateway/pg-gateway/adapters"
	"github.com/pg-gateway/pg-gateway/adapters/apicalls"
	"github.com/pg-gateway/pg-gateway/payment"
)

var _ adapters.SchedulePassage = (*Driver)(nil)

// readMove reads PUT /subscribe/payments/schedule/{merchant_uid}, and its reschedule and retry (portone.md §1.7).
func readMove(call adapters.APICall, m *adapters.APIMove) error {
	f, err := apicalls.Read(call, true)
	if err != nil {
		return err
	}
	path := strings.ToLower(call.Path)
	m.Anew, m.Now = strings.HasSuffix(path, "/reschedule"), strings.HasSuffix(path, "/retry")
	if m.Now {
		return nil
	}
	m.At = unixIn(f, "schedule_at")
	if f.Rest() != nil { //guard:v1-move-changes-the-time-alone
		f.Refuse("body", "may say schedule_at alone: to change more, take the schedule back and make another")
	}
	return f.Err()
}

// Planned implements adapters.SchedulePassage.
func (d *Driver) Planned(ctx context.Context, pg *payment.PG, id payment.AttemptID) (adapters.Planned, error) {
	const doing = "reading a schedule"
	a, err := d.call(
		ctx, pg, pg.ReadTimeout, http.MethodGet, "/subscribe/payments/schedule/"+url.PathEscape(string(id)), nil,
	)
	if err != nil {
		return adapters.Planned{}, readError(doing, err)
	}
	e, err := parseEnvelope(a)
	switch {
	case err != nil:
		return adapters.Planned{}, readError(doing, err)
	case a.Status == http.StatusNotFound && e.code != 0:
		return adapters.Planned{}, fmt.Errorf("%s: %w: there is none", doing, adapters.ErrRejected)
	case a.Status != http.StatusOK || e.code != 0 || e.response == nil:
		return adapters.Planned{}, fmt.Errorf("%s: %w: HTTP status %d", doing, adapters.ErrUnavailable, a.Status)
	}
	whose, status := e.response.Required("merchant_uid"), e.response.Required("schedule_status")
	at, err := strconv.ParseInt(e.response.Required("schedule_at"), 10, 64)
	if err := errors.Join(err, e.response.Err()); err != nil {
		return adapters.Planned{}, readError(doing, err)
	}
	if whose != string(id) {
		return adapters.Planned{}, readError(doing, errForeign)
	}
	return adapters.Planned{
		At: time.Unix(at, 0).UTC(), Waits: status == "scheduled", Revoked: status == "revoked",
		Answer: adapters.APIAnswer{Status: http.StatusOK, Body: a.Body},
	}, nil
}
