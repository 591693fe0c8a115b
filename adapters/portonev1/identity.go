package portonev1

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/pg-gateway/pg-gateway/adapters"
	"github.com/pg-gateway/pg-gateway/adapters/wire"
	"github.com/pg-gateway/pg-gateway/payment"
)

var _ adapters.IdentityReader = (*Driver)(nil)

// Identity implements adapters.IdentityReader by GET /certifications/{imp_uid} (portone.md §1.7).
func (d *Driver) Identity(ctx context.Context, pg *payment.PG, id string) (adapters.Identity, error) {
	const doing = "reading an identity verification at PortOne"
	if !payment.ValidID(id) { //guard:v1-verification-in-a-path-is-plain
		return adapters.Identity{}, &adapters.FieldError{Field: "imp_uid", Msg: "is none of an identity verification"}
	}
	o, err := d.get(ctx, pg, "/certifications/"+id)
	if errors.Is(err, errNotFound) {
		return adapters.Identity{}, nil
	}
	if err != nil {
		return adapters.Identity{}, readError(doing, err)
	}
	certified, told := o.Bool("certified")
	uid, birth := o.Required("imp_uid"), wire.Birth(o.Text("birthday"))
	name, at := payment.Secret(o.Text("name")), o.Text("certified_at")
	switch {
	case o.Err() != nil:
		return adapters.Identity{}, readError(doing, o.Err())
	case uid != id:
		return adapters.Identity{}, readError(doing, fmt.Errorf("%w: another one's answer", wire.ErrShape))
	case !told || !certified: //guard:v1-verification-was-done
		return adapters.Identity{}, nil
	}
	seconds, err := strconv.ParseInt(at, 10, 64)
	if err != nil {
		return adapters.Identity{}, readError(doing, fmt.Errorf("%w: certified_at is no time", wire.ErrShape))
	}
	return adapters.Identity{
		Verified: true, At: time.Unix(seconds, 0), Person: adapters.Person{Name: name, Birth: birth},
	}, nil
}
