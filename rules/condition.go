package rules

import (
	"slices"

	"github.com/expr-lang/expr/vm"

	"github.com/pg-gateway/pg-gateway/payment"
)

// condition is a compiled when. Methods are not in it: each method has its own list of rules.
type condition struct {
	from, to     payment.Won
	devices      deviceSet
	purposes     purposeSet
	integrations integrationSet
	sites        []payment.Site
	cards        []string
	countries    []string
	when         calendar
	expr         *vm.Program
	exprText     string
}

// fits checks the structured fields, cheapest first, and names the first that does not hold.
func (c *condition) fits(in *payment.Checkout, amount payment.Won, now moment) string {
	switch {
	case amount < c.from || amount > c.to:
		return "amount"
	case !c.devices.names(in):
		return "device"
	case c.purposes&purposeBit(in.Purpose) == 0:
		return "purpose"
	case c.integrations&integrationBit(in.Integration()) == 0:
		return "integration"
	case !hasSite(c.sites, in.Site):
		return "site"
	case len(c.cards) > 0 && !slices.Contains(c.cards, cardOf(in)):
		return "card"
	case len(c.countries) > 0 && !slices.Contains(c.countries, in.Country):
		return "country"
	case !c.when.holds(now):
		return "time"
	}
	return ""
}

// unconditional tells that the condition holds for everything, always.
func (c *condition) unconditional() bool {
	return c.from == 0 && c.to == payment.MaxWon && c.devices == allDevices && c.purposes == allPurposes &&
		c.integrations == allIntegrations &&
		len(c.sites) == 0 && len(c.cards) == 0 && len(c.countries) == 0 && c.when.always() && c.exprText == ""
}

const (
	allDevices  deviceSet  = 7
	allPurposes purposeSet = 31
	// noDevice stands in an index for a payment without a device.
	noDevice deviceSet = 8
)

// deviceOf is the bit of a checkout's device. Nobody holds one when a billing key is charged, or issued by API.
func deviceOf(in *payment.Checkout) deviceSet {
	if in.Windowless() {
		return noDevice
	}
	return deviceBit(in.Device)
}

// names tells whether what is said for some devices, as a rule or a control is, is said for a checkout: of a charge
// that has no device, only what is said for all.
func (s deviceSet) names(in *payment.Checkout) bool {
	device := deviceOf(in)
	return s&device != 0 || device == noDevice && s == allDevices //guard:charge-has-no-device
}

// serves tells whether what is offered on some devices, as a method or a contract is, can be used by a checkout. A
// charge is no window that a device must show.
func (s deviceSet) serves(in *payment.Checkout) bool {
	device := deviceOf(in)
	return s&device != 0 || device == noDevice
}

// onSite tells whether what is offered on some sites can be used by a checkout. The site of a charge need not be known.
func onSite(sites []payment.Site, in *payment.Checkout) bool {
	return hasSite(sites, in.Site) || in.Windowless() && in.Site == ""
}

// control closes something while its calendar holds.
type control struct {
	name    string
	methods []payment.Method
	pgs     []payment.PGID
	cards   []string
	devices deviceSet
	sites   []payment.Site
	when    calendar
	ko, en  string
}

// closes tells whether the control stops a checkout, apart from which method or PG it is for.
func (c *control) closes(in *payment.Checkout, now moment) bool {
	return c.devices.names(in) && hasSite(c.sites, in.Site) && c.when.holds(now) &&
		(len(c.cards) == 0 || slices.Contains(c.cards, cardOf(in)))
}
