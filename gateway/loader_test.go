package gateway

import (
	"sync"

	"github.com/pg-gateway/pg-gateway/adapters/drivers"
	"github.com/pg-gateway/pg-gateway/rules"
)

// loader reads configurations for the drivers that there are.
var loader = sync.OnceValue(func() *rules.Loader {
	l, err := rules.NewLoader(drivers.Specs())
	if err != nil {
		panic(err)
	}
	return l
})
