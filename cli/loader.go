package cli

import (
	"fmt"

	"github.com/pg-gateway/pg-gateway/adapters/drivers"
	"github.com/pg-gateway/pg-gateway/gateway"
	"github.com/pg-gateway/pg-gateway/reload"
	"github.com/pg-gateway/pg-gateway/rules"
)

// newLoader returns what reads configurations for the drivers of this program.
func newLoader() (*rules.Loader, error) {
	l, err := rules.NewLoader(drivers.Specs())
	if err != nil {
		return nil, fmt.Errorf("joining the drivers: %w", err)
	}
	return l, nil
}

// newStore loads a configuration and all that is made of it. told hears of reloads; nil when nobody needs to.
func newStore(path string, told func(reload.Result)) (*reload.Store, error) {
	l, err := newLoader()
	if err != nil {
		return nil, err
	}
	return reload.New(reload.Options{Path: path, Load: l.LoadFile, Prepare: gateway.Prepare, OnResult: told})
}
