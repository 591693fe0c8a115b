package adapters

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/pg-gateway/pg-gateway/payment"
)

// Where the addresses of all drivers are.
const (
	ReturnsAt = "/return/"
	HooksAt   = "/hooks/"
)

// CheckRoutes tells what is wrong with the addresses that a driver names: where they are, and that the driver can read
// what comes there.
func CheckRoutes(d Driver) error {
	spec := d.Spec()
	r := spec.Routes
	_, returns := d.(Returner)
	_, keyReturns := d.(KeyReturner)
	_, phoneReturns := d.(PhoneReturner)
	_, notices := d.(Notifier)
	_, asks := d.(Asker)
	for _, c := range []struct {
		what, path, below string
		reads             bool
	}{
		{"return", r.Return, ReturnsAt, returns || !spec.CarriesToken},
		{"return of billing keys", r.KeyReturn, ReturnsAt, keyReturns || !spec.CarriesToken},
		{"return of phones", r.PhoneReturn, ReturnsAt, phoneReturns},
		{"notifications", r.Notifications, HooksAt, notices},
		{"questions", r.Questions, HooksAt, asks},
		{"deposits", r.Deposits, HooksAt, notices},
	} {
		switch {
		case c.path == "":
		case !strings.HasPrefix(c.path, c.below):
			return fmt.Errorf("driver %s: the address for its %s is not below %s", spec.Name, c.what, c.below)
		case (c.below == HooksAt) != strings.Contains(c.path, "/"+payment.RoutePG):
			return fmt.Errorf("driver %s: the address for its %s must tell its PG by %s, and one for browsers must not",
				spec.Name, c.what, payment.RoutePG)
		case strings.HasPrefix(c.path, c.below+payment.RoutePG):
			return fmt.Errorf("driver %s: the address for its %s must have a folder of the driver's own", spec.Name, c.what)
		case !c.reads:
			return fmt.Errorf("driver %s cannot read what comes to the address for its %s", spec.Name, c.what)
		}
	}
	_, signs := d.(Verifier)
	_, lists := d.(Lister)
	switch {
	case lists != spec.Lists:
		return fmt.Errorf("driver %s: its spec and its code differ on whether it lists payments", spec.Name)
	case r.Return == "":
		return fmt.Errorf("driver %s: browsers have no address to come back to", spec.Name)
	case spec.CarriesToken && keyReturns && r.KeyReturn == "":
		return fmt.Errorf("driver %s: it reads returns of billing keys, and has no address for them", spec.Name)
	case phoneReturns && r.PhoneReturn == "":
		return fmt.Errorf("driver %s: it reads returns of phones, and has no address for them", spec.Name)
	case r.Deposits != "" && signs:
		// They are known by where they come from alone.
		return fmt.Errorf("driver %s: nobody verifies what comes to the address for its deposits", spec.Name)
	case r.Deposits != "" && (r.DepositTaken == "" || r.DepositTaken == r.DepositRefused):
		return fmt.Errorf("driver %s: that a deposit is taken is answered like that it is not", spec.Name)
	}
	return nil
}

// CheckDrivers is CheckRoutes for all drivers of a process, and tells whether two name one address. Only redirects that
// carry no attempt may come back to one: the journal tells whose they are.
func CheckDrivers(drivers map[payment.DriverName]Driver) error {
	const redirects = payment.DriverName("redirects")
	owners := map[string]payment.DriverName{}
	for _, name := range slices.Sorted(maps.Keys(drivers)) {
		if err := CheckRoutes(drivers[name]); err != nil {
			return err
		}
		spec := drivers[name].Spec()
		back := redirects
		if spec.CarriesToken {
			back = name
		}
		r := spec.Routes
		for _, a := range []struct {
			path  string
			owner payment.DriverName
		}{
			{r.Return, back},
			{r.KeyReturn, back},
			{r.PhoneReturn, back},
			{r.Notifications, name},
			{r.Questions, name},
			{r.Deposits, name},
		} {
			owner, taken := owners[a.path]
			if taken && (owner != a.owner || a.owner == name) && a.path != "" { //guard:drivers-share-no-address
				return fmt.Errorf("driver %s: another driver has the address %s, or this one has it twice", name, a.path)
			}
			owners[a.path] = a.owner
		}
	}
	return nil
}

// SharesIDs tells whether the PG of an attempt can hold several payments under its id.
func SharesIDs(drivers map[payment.DriverName]Driver, a payment.Attempt) bool {
	d, ok := drivers[a.Driver]
	return ok && d.Spec().SharesIDs
}
