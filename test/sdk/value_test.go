package sdk

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
)

// value is JSON that was read.
type value struct{ any }

// at is what is at a path: names and indexes, with dots between them. Where there is nothing it is nil.
func (v value) at(path string) value {
	if path == "" {
		return v
	}
	name, rest, _ := strings.Cut(path, ".")
	switch x := v.any.(type) {
	case map[string]any:
		return value{x[name]}.at(rest)
	case []any:
		if name == "length" {
			return value{float64(len(x))}.at(rest)
		}
		if i, err := strconv.Atoi(name); err == nil && i >= 0 && i < len(x) {
			return value{x[i]}.at(rest)
		}
	}
	return value{}
}

func (v value) text(path string) string {
	s, _ := v.at(path).any.(string)
	return s
}

func (v value) int(path string) int {
	f, _ := v.at(path).any.(float64)
	return int(f)
}

// is tells whether a path holds a text, a bool, an int or nil.
func (v value) is(path string, want any) bool {
	got := v.at(path).any
	if n, ok := want.(int); ok {
		want = float64(n)
	}
	return got == want
}

func (v value) String() string {
	text, err := json.Marshal(v.any)
	if err != nil {
		return fmt.Sprint(v.any)
	}
	return string(text)
}
