package portonev2

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/pg-gateway/pg-gateway/adapters"
	"github.com/pg-gateway/pg-gateway/adapters/apicalls"
	"github.com/pg-gateway/pg-gateway/adapters/wire"
	"github.com/pg-gateway/pg-gateway/payment"
)

var _ adapters.IdentityReader = (*Driver)(nil)

// Identity implements adapters.IdentityReader by GET /identity-verifications/{id} (portone.md §4.2).
func (d *Driver) Identity(ctx context.Context, pg *payment.PG, id string) (adapters.Identity, error) {
	const doing = "reading an identity verification at PortOne"
	if err := checkSecret(pg); err != nil {
		return adapters.Identity{}, fmt.Errorf("%s: %w", doing, err)
	}
	if id == "" || len(id) > maxKey || !plain(id) { //guard:v2-verification-in-a-path-is-plain
		return adapters.Identity{}, &adapters.FieldError{Field: "identityVerificationId", Msg: "is none"}
	}
	answer, err := d.call(ctx, pg, pg.ReadTimeout, http.MethodGet,
		root(pg)+"/identity-verifications/"+url.PathEscape(id)+storeQuery(pg), "", nil)
	if err != nil {
		return adapters.Identity{}, wire.ReadError(doing, err)
	}
	o, ok := answerOf(answer)
	if answer.Status == http.StatusNotFound && ok && o.Text("type") == "IDENTITY_VERIFICATION_NOT_FOUND" {
		return adapters.Identity{}, nil
	}
	if answer.Status != http.StatusOK || !ok {
		return adapters.Identity{}, wire.ReadError(doing, fmt.Errorf("%w: HTTP status %d", wire.ErrShape, answer.Status))
	}
	status, whose := o.Required("status"), o.Required("id")
	switch {
	case o.Err() != nil:
		return adapters.Identity{}, wire.ReadError(doing, o.Err())
	case whose != id:
		return adapters.Identity{}, wire.ReadError(doing, fmt.Errorf("%w: another one's answer", wire.ErrShape))
	case status != "VERIFIED": //guard:v2-verification-was-done
		return adapters.Identity{}, nil
	}
	who, _ := o.Object("verifiedCustomer")
	at, err := time.Parse(time.RFC3339, o.Text("verifiedAt"))
	person := adapters.Person{Name: payment.Secret(who.Text("name")), Birth: wire.Birth(who.Text("birthDate"))}
	if err != nil || o.Err() != nil || who.Err() != nil {
		return adapters.Identity{}, wire.ReadError(doing, fmt.Errorf("%w: verifiedAt or who it was", wire.ErrShape))
	}
	return adapters.Identity{Verified: true, At: at, Person: person}, nil
}

// readHolder reads whose card a call says that it is; empty where it does not say. number is what the card's credential
// has of birth.
func readHolder(f *apicalls.Fields, birth string) (p adapters.Person) {
	p.Birth = payment.Secret(birth)
	customer := f.Object("customer")
	if customer == nil {
		return p
	}
	if name := customer.Object("name"); name != nil {
		p.Name = payment.Secret(name.Text("full"))
		if parts := name.Object("separated"); parts != nil && !p.Name.IsSet() {
			p.Name = payment.Secret(parts.Text("last") + parts.Text("first"))
			name.Join("separated", parts)
		}
		customer.Join("name", name)
	}
	f.Join("customer", customer)
	return p
}
