package adapters_test

import (
	"strings"
	"testing"

	"github.com/pg-gateway/pg-gateway/adapters"
	"github.com/pg-gateway/pg-gateway/payment"
)

// bare is a driver that can read nothing that comes to it; reader reads all.
type bare struct {
	adapters.Driver
	spec payment.DriverSpec
}

func (d bare) Spec() payment.DriverSpec { return d.spec }

type reader struct {
	bare
	adapters.Returner
	adapters.KeyReturner
	adapters.Notifier
	adapters.Asker
}

// signer reads all, and verifies it.
type signer struct {
	reader
	adapters.Verifier
}

func TestCheckRoutes(t *testing.T) {
	t.Parallel()
	reads := func(carries bool, r payment.Routes) adapters.Driver {
		return reader{bare: bare{spec: payment.DriverSpec{Name: "d", CarriesToken: carries, Routes: r}}}
	}
	blind := func(carries bool, r payment.Routes) adapters.Driver {
		return bare{spec: payment.DriverSpec{Name: "d", CarriesToken: carries, Routes: r}}
	}
	all := payment.Routes{
		Return: "/return/d", KeyReturn: "/return/d/key", Notifications: "/hooks/d/:pg", Questions: "/hooks/d/:pg/may", Deposits: "/hooks/d/:pg/deposit",
		DepositTaken: "OK", DepositRefused: "FAIL",
	}
	with := func(change func(*payment.Routes)) payment.Routes {
		r := all
		change(&r)
		return r
	}
	for _, tt := range []struct {
		name   string
		driver adapters.Driver
		wrong  string // empty when nothing is
	}{
		{"everything", reads(true, all), ""},
		{"redirects alone", blind(false, payment.Routes{Return: "/return/d", KeyReturn: "/return/d/key"}), ""},
		{"nowhere to come back to", reads(false, payment.Routes{Notifications: "/hooks/d/:pg"}), "no address to come back to"},
		{"a return among the shop's pages", reads(false, payment.Routes{Return: "/d"}), "is not below /return/"},
		{"a notification at a return", reads(false, payment.Routes{Return: "/return/d", Notifications: "/return/d/:pg"}), "is not below /hooks/"},
		{"a notification for nobody", reads(false, payment.Routes{Return: "/return/d", Notifications: "/hooks/d"}), "must tell its PG"},
		{"a return of one PG", reads(false, payment.Routes{Return: "/return/:pg"}), "must tell its PG"},
		{"a form that nobody reads", blind(true, payment.Routes{Return: "/return/d"}), "cannot read what comes to the address for its return"},
		{"a notification that nobody reads", blind(false, payment.Routes{Return: "/return/d", Notifications: "/hooks/d/:pg"}), "cannot read"},
		{"an address that is every driver's", reads(false, payment.Routes{Return: "/return/d", Notifications: "/hooks/:pg/notice"}), "a folder of the driver's own"},
		{"keys that come back nowhere", reads(true, with(func(r *payment.Routes) { r.KeyReturn = "" })), "no address for them"},
		{"keys that come back by redirect", reads(false, with(func(r *payment.Routes) { r.KeyReturn = "" })), ""},
		{"a deposit is taken as it is refused", reads(true, with(func(r *payment.Routes) { r.DepositTaken = "FAIL" })), "answered like that it is not"},
		{"a deposit is taken without a word", reads(true, with(func(r *payment.Routes) { r.DepositTaken = "" })), "answered like that it is not"},
		{"deposits that are signed", signer{reader: reads(true, all).(reader)}, "nobody verifies"},
		{"signed, without deposits", signer{reader: reads(true, with(func(r *payment.Routes) { r.Deposits = "" })).(reader)}, ""},
		{"a question that nobody answers", blind(false, payment.Routes{Return: "/return/d", Questions: "/hooks/d/:pg"}), "cannot read"},
	} {
		wrongIs(t, tt.name, adapters.CheckRoutes(tt.driver), tt.wrong)
	}
}

func TestCheckDrivers(t *testing.T) {
	t.Parallel()
	driver := func(name payment.DriverName, carries bool, r payment.Routes) adapters.Driver {
		return reader{bare: bare{spec: payment.DriverSpec{Name: name, CarriesToken: carries, Routes: r}}}
	}
	own := func(word string) payment.Routes {
		return payment.Routes{Return: "/return/" + word, Notifications: "/hooks/" + word + "/:pg"}
	}
	shared := own("a")
	shared.KeyReturn, shared.Notifications = "/return/a/key", "/hooks/a/more/:pg"
	twice := own("b")
	twice.Questions = twice.Notifications
	for _, tt := range []struct {
		name  string
		b     adapters.Driver
		wrong string
	}{
		{"apart", driver("b", false, own("b")), ""},
		{"redirects to one address", driver("b", false, shared), ""},
		{"a form at another's redirect", driver("b", true, shared), "/return/a"},
		{"another's notifications", driver("b", false, payment.Routes{Return: "/return/b", Notifications: "/hooks/a/:pg"}), "/hooks/a/:pg"},
		{"one address for two things", driver("b", false, twice), "/hooks/b/:pg"},
		{"a driver that is wrong itself", driver("b", false, payment.Routes{}), "no address to come back to"},
	} {
		wrongIs(t, tt.name, adapters.CheckDrivers(map[payment.DriverName]adapters.Driver{"a": driver("a", false, own("a")), "b": tt.b}), tt.wrong)
	}
}

func wrongIs(t *testing.T, name string, err error, want string) {
	t.Helper()
	if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
		t.Errorf("%s: %v, want %q", name, err, want)
	}
}
