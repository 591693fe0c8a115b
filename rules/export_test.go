package rules

import (
	"sync"

	"github.com/pg-gateway/pg-gateway/adapters/drivers"
)

// Parse, LoadFile and JSONSchema are those of a loader for the drivers that there are.

func Parse(name string, text []byte, src Sources) (*Snapshot, error) {
	return shipped().Parse(name, text, src)
}

func LoadFile(path string) (*Snapshot, error) { return shipped().LoadFile(path) }

func JSONSchema() ([]byte, error) { return shipped().JSONSchema() }

var shipped = sync.OnceValue(func() *Loader {
	l, err := NewLoader(drivers.Specs())
	if err != nil {
		panic(err)
	}
	return l
})
