package rules

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/pg-gateway/pg-gateway/payment"
)

// TestFile is a file of expectations: what the rules must make of some checkouts.
type TestFile struct {
	Name string
	// Config is the configuration that the file carries itself, empty when it is for another one.
	Config string
	// ConfigFile is the configuration that the file names, relative to itself.
	ConfigFile string
	Cases      []TestCase
}

// TestCase is one expectation.
type TestCase struct {
	Name     string
	Line     int
	Checkout payment.Checkout
	Now      time.Time
	world    world
	expect   []entry[word]
	share    []entry[share]
}

// TestResult says whether an expectation holds; Diffs lists what differs, empty when nothing does.
type TestResult struct {
	File  string
	Case  string
	Line  int
	Diffs []string
}

// world is what a case assumes about PGs. It is Health and Rates.
type world struct {
	unhealthy, failed []word
	rates             []entry[int]
}

// Healthy implements Health.
func (w *world) Healthy(id payment.PGID) bool {
	return !slices.ContainsFunc(w.unhealthy, func(u word) bool { return u.text == string(id) })
}

// SuccessRate implements Rates.
func (w *world) SuccessRate(id payment.PGID, _ payment.Method) (float64, int) {
	for _, e := range w.rates {
		if e.key.text == string(id) {
			return float64(e.val) / 10000, 1000
		}
	}
	return 0, 0
}

// expectations are what a case may state; what it leaves out is not compared.
func expectations() []string {
	return []string{
		"pg", "merchant", "method", "amount", "rule", "fallbacks", "internal", "denied", "field", "months",
		"interest_free", "partly_free", "cards", "message", "tax_free", "vat_amount", "deposit_due", "share",
	}
}

// ParseTests reads a file of expectations. Errors join *Error.
func ParseTests(name string, text []byte) (*TestFile, error) {
	d := &decoder{file: name, data: true}
	root := d.document(text)
	tf := &TestFile{Name: name}
	var at time.Time
	var raws []rawCase
	if root != nil {
		object(fields{
			"config":      {filled(&tf.Config), "The configuration to test, written in place."},
			"config_file": {filled(&tf.ConfigFile), "The configuration to test, relative to this file."},
			"at":          {instant(&at, false), "When the checkouts happen, unless a case says otherwise."},
			"cases":       {list(&raws, caseReader), "The expectations."},
		}, "cases")(value{d: d, n: root})
	}
	if err := joinErrors(d.errs); err != nil {
		return nil, err
	}
	for _, r := range raws {
		c := TestCase{
			Name: r.name, Line: r.at.n.Line, Checkout: r.checkout.checkout(), Now: r.now, world: r.world, expect: r.expect,
			share: r.share,
		}
		if c.Now.IsZero() {
			c.Now = at
		}
		tf.Cases = append(tf.Cases, c)
	}
	return tf, nil
}

type rawCase struct {
	at       value
	name     string
	checkout rawCheckout
	now      time.Time
	world    world
	expect   []entry[word]
	share    []entry[share]
}

func caseReader(c *rawCase, at value) reader {
	c.at = at
	expected := func(w *word, at value) reader {
		return func(v value) {
			*w = word{text: flatten(v), at: at}
			if v.schema == nil && at.path == c.at.path+".expect.share" {
				dict(&c.share, func(s *share, _ value) reader { return shareOf(s) })(v)
				return
			}
			step := at.path[strings.LastIndexByte(at.path, '.')+1:]
			if !slices.Contains(expectations(), step) {
				at.fail(hintOf(step, expectations()), "unknown expectation %q", clip(step))
			}
		}
	}
	return object(fields{
		"name":      {filled(&c.name), "What the case shows."},
		"checkout":  {checkoutReader(&c.checkout), "The checkout."},
		"at":        {instant(&c.now, false), "When it happens."},
		"unhealthy": {names(&c.world.unhealthy), "PGs that are not well."},
		"failed":    {names(&c.world.failed), "PGs that already failed this order."},
		"rates": {
			dict(&c.world.rates, func(n *int, _ value) reader { return percent(n) }), "Recent approval rates by PG: 97.5%.",
		},
		"expect": {dict(&c.expect, expected), "What must come out: " + strings.Join(expectations(), ", ") + "."},
	}, "name", "checkout", "expect")
}

// flatten writes a YAML value as one line: lists with spaces, mappings as key:values joined by /.
func flatten(v value) string {
	if v.schema != nil {
		return ""
	}
	var parts []string
	switch v.n.Kind {
	case mappingKind:
		for i := 0; i+1 < len(v.n.Content); i += 2 {
			sub := v.at(v.n.Content[i+1], v.n.Content[i].Value)
			parts = append(parts, v.n.Content[i].Value+":"+strings.ReplaceAll(flatten(sub), " ", ","))
		}
		slices.Sort(parts)
	case sequenceKind:
		for _, n := range v.n.Content {
			parts = append(parts, flatten(v.at(n, "")))
		}
	default:
		return v.n.Value
	}
	return strings.Join(parts, " ")
}

// RunTests decides every case of a file and compares what comes out with what is expected.
func RunTests(s *Snapshot, tf *TestFile) []TestResult {
	out := make([]TestResult, 0, len(tf.Cases))
	for i := range tf.Cases {
		c := &tf.Cases[i]
		opt := Options{Now: c.Now, Health: &c.world}
		// Nil is that nothing is known, which is something else than a rate of 0.
		if len(c.world.rates) > 0 {
			opt.Rates = &c.world
		}
		for _, f := range c.world.failed {
			opt.FailedPGs = append(opt.FailedPGs, payment.PGID(f.text))
		}
		dec, err := s.Decide(&c.Checkout, opt)
		got := outcome(dec, err)
		res := TestResult{File: tf.Name, Case: c.Name, Line: c.Line}
		for _, e := range c.expect {
			if e.key.text == "share" {
				continue
			}
			if want := e.val.text; got[e.key.text] != want {
				res.Diffs = append(res.Diffs, fmt.Sprintf("%s is %q, want %q", e.key.text, got[e.key.text], want))
			}
		}
		res.Diffs = append(res.Diffs, c.shares(s, opt)...)
		if _, said := find(c.expect, "denied"); err != nil && !said && len(c.share) == 0 {
			res.Diffs = append(res.Diffs, "denied: "+err.Error())
		}
		out = append(out, res)
	}
	return out
}

func find(list []entry[word], key string) (string, bool) {
	for _, e := range list {
		if e.key.text == key {
			return e.val.text, true
		}
	}
	return "", false
}

// outcome writes a decision in the words of expectations.
func outcome(dec payment.Decision, err error) map[string]string {
	if p, ok := payment.AsProblem(err); ok {
		return map[string]string{"denied": string(p.Code), "field": p.Field, "message": p.DetailKo}
	}
	if dec.Internal {
		return map[string]string{"internal": "Y"}
	}
	out := map[string]string{
		"internal": "N", "pg": string(dec.PG.ID), "merchant": string(dec.Merchant.ID),
		"method": string(dec.Method), "amount": dec.Amount.String(), "rule": dec.Rule,
		"months": numbers(dec.Installments.Months, " "), "cards": strings.Join(dec.Installments.Cards, " "),
		"interest_free": free(dec.Installments.InterestFree), "partly_free": free(dec.Installments.PartlyInterestFree),
	}
	var fallbacks []string
	for _, f := range dec.Fallbacks {
		fallbacks = append(fallbacks, string(f.PG))
	}
	out["fallbacks"] = strings.Join(fallbacks, " ")
	out["tax_free"] = dec.TaxFree.String()
	if dec.VATSet {
		out["vat_amount"] = dec.VAT.String()
	}
	if !dec.DepositDue.IsZero() {
		out["deposit_due"] = dec.DepositDue.In(payment.KST()).Format("2006-01-02 15:04")
	}
	return out
}

func free(list []payment.AcquirerMonths) string {
	sorted := slices.SortedFunc(slices.Values(list), func(a, b payment.AcquirerMonths) int {
		return cmp.Compare(a.Acquirer, b.Acquirer)
	})
	var parts []string
	for _, a := range sorted {
		parts = append(parts, a.Acquirer+":"+numbers(a.Months, ","))
	}
	return strings.Join(parts, " ")
}

func numbers(list []int, sep string) string {
	parts := make([]string, len(list))
	for i, n := range list {
		parts[i] = strconv.Itoa(n)
	}
	return strings.Join(parts, sep)
}
