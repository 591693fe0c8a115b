package rules

import (
	"slices"
	"time"

	"github.com/pg-gateway/pg-gateway/payment"
)

// Snapshot is one checked configuration. It never changes; everything it hands out is read-only.
type Snapshot struct {
	known      *known // what there is to know of the drivers
	version    string
	text       KeptText   // what it was made of
	files      []SeenFile // what it was read from
	passed     []Advice   // what it does without
	inline     []string   // where secrets stand in the file itself
	lines      []string   // the file without its secrets
	left       []Advice   // what building found that must be settled before real payments
	urls       []endpoint
	mode       payment.Mode
	start      StartOnly
	orders     OrderServiceConfig
	intercepts []Intercept
	limits     LimitsConfig
	deposit    VirtualAccountConfig
	billing    BillingConfig
	recovery   payment.RecoveryRules
	telemetry  TelemetryConfig
	x2bee      X2BEEConfig
	verifyMID  string
	apps       []appScheme

	pgs        []*pg
	pgByID     map[payment.PGID]*pg
	merchants  []*merchant
	merchantBy map[payment.MerchantID]*merchant
	methods    []*method
	methodBy   map[payment.Method]*method
	routes     []*route
	index      routeIndex
	controls   []*control
	notices    []*notice
	plans      plans
	candidates *memo[[]payment.Candidate]
	offers     *memo[payment.Installments]
}

// pg is a PG with what the rules know about it beyond payment.PG.
type pg struct {
	payment.PG
	spec     *payment.DriverSpec
	span     period
	controls []*control
	// merchants by purpose, the one to try first in front; served is the same by site.
	merchants map[payment.MerchantPurpose][]*merchant
	served    map[payment.MerchantPurpose]served
}

// on tells whether the PG is in use at a moment.
func (p *pg) on(m moment) bool { return p.InUse && p.span.holds(m.unix) }

// method is a payment method.
type method struct {
	code      payment.Method
	index     int
	x2bee     string
	title     string
	secondary bool
	inUse     bool
	min, max  payment.Won
	sites     []payment.Site
	devices   deviceSet
	purposes  purposeSet
	links     []*link
	controls  []*control
}

// link says whether a method may go to a PG.
type link struct {
	pg       *pg
	on       bool
	span     period
	min, max payment.Won
}

// Version is the first 12 hex digits of the SHA-256 of the file and of what its references stood for.
func (s *Snapshot) Version() string { return s.version }

// Text is what the snapshot was made of, to make it again.
func (s *Snapshot) Text() KeptText { return s.text }

// Files are what the snapshot was read from, the configuration first; none when it was parsed from a text.
func (s *Snapshot) Files() []SeenFile { return s.files }

// Lines are those of the file, with its secrets hidden.
func (s *Snapshot) Lines() []string { return s.lines }

// Mode tells whether the file is for real money.
func (s *Snapshot) Mode() payment.Mode { return s.mode }

// StartOnly are the sections that only a restart applies.
func (s *Snapshot) StartOnly() StartOnly { return s.start }

// With is the same snapshot under the sections that the process started with.
func (s *Snapshot) With(start StartOnly) *Snapshot {
	under := *s
	under.start = start
	return &under
}

// Server is the section server.
func (s *Snapshot) Server() ServerConfig { return s.start.Server }

// Journal is the section journal.
func (s *Snapshot) Journal() JournalConfig { return s.start.Journal }

// Sandbox is the section sandbox.
func (s *Snapshot) Sandbox() SandboxConfig { return s.start.Sandbox }

// OrderService is the section order_service.
func (s *Snapshot) OrderService() OrderServiceConfig { return s.orders }

// Intercepts are the shop's routes that run through the gateway, in the order in which they are tried.
func (s *Snapshot) Intercepts() []Intercept { return s.intercepts }

// Limits is the section limits.
func (s *Snapshot) Limits() LimitsConfig { return s.limits }

// Telemetry is the section telemetry.
func (s *Snapshot) Telemetry() TelemetryConfig { return s.telemetry }

// AccountVerificationMID is the MID used only to verify refund accounts; empty when there is none.
func (s *Snapshot) AccountVerificationMID() string { return s.verifyMID }

// PG finds a PG by its name in the file.
func (s *Snapshot) PG(id payment.PGID) (*payment.PG, bool) {
	p, ok := s.pgByID[id]
	if !ok {
		return nil, false
	}
	return &p.PG, true
}

// PGs are all PGs in file order, in use or not.
func (s *Snapshot) PGs() []*payment.PG {
	out := make([]*payment.PG, len(s.pgs))
	for i, p := range s.pgs {
		out[i] = &p.PG
	}
	return out
}

// Merchant finds a merchant by its id in the file, in use or not.
func (s *Snapshot) Merchant(id payment.MerchantID) (*payment.Merchant, bool) {
	m, ok := s.merchantBy[id]
	if !ok {
		return nil, false
	}
	return &m.Merchant, true
}

// Merchants are all merchants in file order.
func (s *Snapshot) Merchants() []*payment.Merchant {
	out := make([]*payment.Merchant, len(s.merchants))
	for i, m := range s.merchants {
		out[i] = &m.Merchant
	}
	return out
}

// Methods are all payment methods in file order.
func (s *Snapshot) Methods() []payment.Method {
	out := make([]payment.Method, len(s.methods))
	for i, m := range s.methods {
		out[i] = m.code
	}
	return out
}

// Routes are the names of the routing rules in file order.
func (s *Snapshot) Routes() []string {
	out := make([]string, len(s.routes))
	for i, r := range s.routes {
		out[i] = r.name
	}
	return out
}

// ResolveMethod finds the canonical method for a canonical or X2BEE (OM013) code.
func (s *Snapshot) ResolveMethod(code string) (payment.Method, bool) {
	m, ok := s.methodBy[payment.Method(code)]
	if !ok {
		return "", false
	}
	return m.code, true
}

// Secondary tells whether a method is settled by the shop itself.
func (s *Snapshot) Secondary(code payment.Method) bool {
	m, ok := s.methodBy[code]
	return ok && m.secondary
}

// deviceSet is a set of devices.
type deviceSet uint8

func deviceBit(d payment.Device) deviceSet {
	switch d {
	case payment.DevicePC:
		return 1
	case payment.DeviceMobile:
		return 2
	case payment.DeviceApp:
		return 4
	}
	return 0
}

// purposeSet is a set of purposes.
type purposeSet uint8

func purposeBit(p payment.Purpose) purposeSet {
	switch p {
	case payment.PurposeOneTime, "":
		return 1
	case payment.PurposeBillingKey:
		return 2
	case payment.PurposeEscrow:
		return 4
	case payment.PurposeRecurring:
		return 8
	case payment.PurposeKeyIn:
		return 16
	}
	return 0
}

// merchantPurpose is the kind of contract that a checkout's purpose needs.
func merchantPurpose(p payment.Purpose) payment.MerchantPurpose {
	switch p {
	case payment.PurposeBillingKey, payment.PurposeRecurring:
		return payment.MerchantRecurring
	case payment.PurposeEscrow:
		return payment.MerchantEscrow
	case payment.PurposeKeyIn:
		return payment.MerchantKeyIn
	case payment.PurposeOneTime:
	}
	return payment.MerchantGeneral
}

// period is a span in Unix seconds, for fast comparison; zero leaves an end open.
type period struct{ from, until int64 }

func (p period) holds(unix int64) bool {
	return (p.from == 0 || unix >= p.from) && (p.until == 0 || unix < p.until)
}

func (s span) period() period {
	var p period
	if !s.from.IsZero() {
		p.from = s.from.Unix()
	}
	if !s.until.IsZero() {
		p.until = s.until.Unix()
	}
	return p
}

// moment is a point in time as the rules look at it: Unix seconds, and minute and weekday in KST.
type moment struct {
	unix    int64
	minute  int
	weekday int
}

func momentOf(t time.Time) moment {
	const day = 24 * 60 * 60
	unix := t.Unix()
	// Korea has had no summer time since 1988.
	local := unix + 9*60*60
	days := local / day
	// Division rounds towards zero, and days before 1970 begin below it.
	if local%day < 0 {
		days--
	}
	// 1 January 1970 was a Thursday.
	return moment{unix: unix, minute: int(local-days*day) / 60, weekday: int(((days+4)%7 + 7) % 7)}
}

// calendar is when something holds: within a period, on some weekdays, in some parts of the day.
type calendar struct {
	span     period
	days     uint8
	windows  []window
	disabled bool
}

// holds tells whether the calendar covers a moment. A part of the day that wraps midnight belongs to the
// weekday it starts on.
func (c *calendar) holds(m moment) bool {
	if c.disabled || !c.span.holds(m.unix) {
		return false
	}
	if len(c.windows) == 0 {
		return c.days == 0 || c.days&(1<<m.weekday) != 0
	}
	for _, w := range c.windows {
		day := m.weekday
		if w.from > w.to && m.minute < w.to {
			day = (day + 6) % 7
		}
		if w.holds(m.minute) && (c.days == 0 || c.days&(1<<day) != 0) {
			return true
		}
	}
	return false
}

// always tells that the calendar has no limits.
func (c *calendar) always() bool {
	return !c.disabled && c.span == period{} && c.days == 0 && len(c.windows) == 0
}

func hasSite(sites []payment.Site, s payment.Site) bool {
	return len(sites) == 0 || slices.Contains(sites, s)
}
