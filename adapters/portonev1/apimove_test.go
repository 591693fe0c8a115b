package portonev1_test

import (
	"errors"
	"testing"
	"time"

	"github.com/pg-gateway/pg-gateway/adapters"
	"github.com/pg-gateway/pg-gateway/adapters/onewrite"
	"github.com/pg-gateway/pg-gateway/adapters/portonev1"
)

// TestPlanned: what PortOne says of a schedule is read only where it is about the one that was asked for.
func TestPlanned(t *testing.T) {
	t.Parallel()
	says := func(uid, status, at string) string {
		return `{"code":0,"message":null,"response":{"merchant_uid":"` + uid + `","schedule_status":"` + status + `","schedule_at":` + at + `}}`
	}
	for name, tt := range map[string]struct {
		answer string
		want   adapters.Planned
		err    error
	}{
		"waits":       {says("SUB-1", "scheduled", "1796432400"), adapters.Planned{Waits: true}, nil},
		"taken back":  {says("SUB-1", "revoked", "1796432400"), adapters.Planned{Revoked: true}, nil},
		"tried":       {says("SUB-1", "executed", "1796432400"), adapters.Planned{}, nil},
		"another's":   {says("SUB-2", "scheduled", "1796432400"), adapters.Planned{}, adapters.ErrUnavailable},
		"no time":     {says("SUB-1", "scheduled", `"soon"`), adapters.Planned{}, adapters.ErrUnavailable},
		"no schedule": {`{"code":0,"message":null,"response":null}`, adapters.Planned{}, adapters.ErrUnavailable},
		"no JSON":     {`<html>`, adapters.Planned{}, adapters.ErrUnavailable},
	} {
		base, _ := prepareServer(t, "", tt.answer)
		d := portonev1.New(onewrite.New(onewrite.Options{}), nil)
		p, err := d.Planned(t.Context(), account(base).PG, "SUB-1")
		if p.Waits != tt.want.Waits || p.Revoked != tt.want.Revoked || !errors.Is(err, tt.err) {
			t.Errorf("%s: %+v, %v", name, p, err)
		}
		if err == nil && (!p.At.Equal(time.Unix(1796432400, 0)) || string(p.Answer.Body) != tt.answer) {
			t.Errorf("%s: at %s, said %s", name, p.At, p.Answer.Body)
		}
	}
}
