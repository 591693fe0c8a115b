package rules

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/pg-gateway/pg-gateway/payment"
)

// Loader reads configurations for a set of drivers. It is made once, and safe for concurrent use.
type Loader struct{ drivers known }

// known is what the rules know of the drivers, all of it from their specs.
type known struct {
	specs map[payment.DriverName]*payment.DriverSpec
	// names are the drivers' in order, behind those of the PGs that their channels may stand for.
	names  []payment.DriverName
	behind []string
	// pgKeys and merchantKeys are the drivers' own keys of the configuration.
	pgKeys       []payment.KeySpec
	merchantKeys []payment.KeySpec
	// testMIDs and publicKeys are what everybody knows, whoever gave it out.
	testMIDs   []string
	publicKeys []string
}

// NewLoader returns what reads configurations for drivers with these specs. Two that cannot stand in one file are an
// error.
func NewLoader(specs []payment.DriverSpec) (*Loader, error) {
	k := known{specs: make(map[payment.DriverName]*payment.DriverSpec, len(specs))}
	var errs []error
	behind := make(map[string]bool)
	for i := range specs {
		s := &specs[i]
		if s.Name == "" || k.specs[s.Name] != nil {
			errs = append(errs, fmt.Errorf("driver %q needs a name of its own", s.Name))
		}
		k.specs[s.Name] = s
		var err error
		if k.pgKeys, err = together(k.pgKeys, s.PGKeys); err != nil {
			errs = append(errs, fmt.Errorf("driver %s: %w", s.Name, err))
		}
		if k.merchantKeys, err = together(k.merchantKeys, s.MerchantKeys); err != nil {
			errs = append(errs, fmt.Errorf("driver %s: %w", s.Name, err))
		}
		for _, b := range s.Behind {
			behind[b.Name] = true
		}
		k.testMIDs = append(k.testMIDs, s.MID.Tests...)
		k.publicKeys = append(k.publicKeys, s.PublicKeys...)
	}
	k.names = slices.Sorted(maps.Keys(k.specs))
	k.behind = slices.Sorted(maps.Keys(behind))
	if err := k.apart(); err != nil {
		errs = append(errs, err)
	}
	return &Loader{drivers: k}, errors.Join(errs...)
}

// together adds a driver's keys to those of others. One that others have too must be read in the same way; whether it
// is required is each driver's own.
func together(have, more []payment.KeySpec) ([]payment.KeySpec, error) {
	for _, k := range more {
		i := slices.IndexFunc(have, func(h payment.KeySpec) bool { return h.Name == k.Name })
		if i < 0 {
			have = append(have, k)
			continue
		}
		if h := have[i]; h.Doc != k.Doc || h.Kind != k.Kind || h.Size != k.Size || h.NotBuilt != k.NotBuilt ||
			!slices.Equal(h.Choices, k.Choices) {
			return have, fmt.Errorf("the key %s is another driver's, and another one there", k.Name)
		}
	}
	return have, nil
}

// apart refuses keys of drivers that every PG or merchant has.
func (k *known) apart() error {
	var errs []error
	own := func(r reader, keys []payment.KeySpec) {
		s := describe(r)
		for _, key := range keys {
			if s.Properties[key.Name] != nil {
				errs = append(errs, fmt.Errorf("the key %s is no driver's own", key.Name))
			}
		}
	}
	own(object(new(rawPG).fields(k)), k.pgKeys)
	own(object(new(rawMerchant).fields(k)), k.merchantKeys)
	return errors.Join(errs...)
}

// spec is what is known of a driver; of one that there is not, nothing.
func (k *known) spec(name payment.DriverName) *payment.DriverSpec {
	if s := k.specs[name]; s != nil {
		return s
	}
	return &payment.DriverSpec{}
}

// whose names the drivers that have something, as in "PortOne V1's or PortOne V2's".
func (k *known) whose(has func(*payment.DriverSpec) bool) string {
	var titles []string
	for _, name := range k.names {
		if s := k.specs[name]; has(s) {
			titles = append(titles, s.Title+"'s")
		}
	}
	if len(titles) == 0 {
		return "no driver's"
	}
	return strings.Join(titles, " or ")
}

// keyFields adds the drivers' own keys to the fields of a PG or a merchant, and notes in seen which are written and
// where.
func keyFields(to fields, keys []payment.KeySpec, dst *payment.Keys, seen *[]located) fields {
	for i := range keys {
		if k := &keys[i]; k.NotBuilt != "" {
			to[k.Name] = notBuilt(k.NotBuilt)
		} else {
			to[k.Name] = field{noted(seen, k.Name, keyReader(k, dst)), k.Doc}
		}
	}
	return to
}

// noted keeps where a key stands before it is read.
func noted(seen *[]located, name string, r reader) reader {
	return func(v value) {
		if v.schema == nil {
			*seen = append(*seen, located{v, name})
		}
		r(v)
	}
}

// foreign refuses keys that a driver does not read: whoever wrote them would believe that they act.
func (k *known) foreign(
	written []located, driver *payment.DriverSpec, keys func(*payment.DriverSpec) []payment.KeySpec,
) {
	has := func(s *payment.DriverSpec, name string) bool {
		return slices.ContainsFunc(keys(s), func(key payment.KeySpec) bool { return key.Name == name })
	}
	for _, w := range written {
		if !has(driver, w.text) { //guard:unread-key-is-refused
			owners := k.whose(func(s *payment.DriverSpec) bool { return has(s, w.text) })
			w.at.fail("leave it out", "%s is %s; driver %s does not read it", w.text, owners, driver.Name)
		}
	}
}

func pgKeysOf(s *payment.DriverSpec) []payment.KeySpec       { return s.PGKeys }
func merchantKeysOf(s *payment.DriverSpec) []payment.KeySpec { return s.MerchantKeys }

// keyReader reads a key of a driver.
func keyReader(k *payment.KeySpec, dst *payment.Keys) reader {
	switch k.Kind {
	case payment.KeyTexts:
		return func(v value) {
			var texts []string
			list(&texts, func(s *string, _ value) reader { return filled(s) })(v)
			keepTexts(k, dst, v, texts)
		}
	case payment.KeySecret:
		return func(v value) {
			var s payment.Secret
			if k.Size > 0 {
				sizedSecret(&s, k.Size)(v)
			} else {
				keySecret(&s)(v)
			}
			keepSecrets(k, dst, v, []payment.Secret{s})
		}
	case payment.KeySigningSecrets:
		return func(v value) {
			var list []payment.Secret
			verifyingSecrets(&list)(v)
			keepSecrets(k, dst, v, list)
		}
	case payment.KeyText:
	}
	return func(v value) {
		var s string
		if len(k.Choices) > 0 {
			choice(&s, k.Choices...)(v)
		} else {
			keyText(&s)(v)
		}
		keepTexts(k, dst, v, []string{s})
	}
}

func keepTexts(k *payment.KeySpec, dst *payment.Keys, v value, texts []string) {
	if v.schema == nil {
		*dst = dst.WithText(k.Name, texts...)
	}
}

func keepSecrets(k *payment.KeySpec, dst *payment.Keys, v value, secrets []payment.Secret) {
	if v.schema == nil {
		*dst = dst.WithSecret(k.Name, secrets...)
	}
}
