package wire

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"github.com/pg-gateway/pg-gateway/adapters"
	"github.com/pg-gateway/pg-gateway/payment"
)

// Overlay puts own, which marshals to an object, over a caller's object of the same fields: own's win, and those that
// are named in not are never taken from the caller, also where own says nothing. Errors are an adapters.FieldError.
func Overlay(callers []byte, not []string, own any) (map[string]json.RawMessage, error) {
	out := map[string]json.RawMessage{}
	if len(callers) > 0 {
		if err := CheckUnique(callers); err != nil {
			return nil, notAnObject()
		}
		if err := json.Unmarshal(callers, &out); err != nil || out == nil {
			return nil, notAnObject()
		}
	}
	for name := range out {
		if slices.Contains(not, name) { //guard:callers-figures-are-not-taken
			delete(out, name)
		}
	}
	text, err := json.Marshal(own)
	if err != nil {
		return nil, fmt.Errorf("encoding the request: %w", err)
	}
	ours := map[string]json.RawMessage{}
	if err := json.Unmarshal(text, &ours); err != nil {
		return nil, fmt.Errorf("encoding the request: %w", err)
	}
	maps.Copy(out, ours) //guard:own-fields-win
	return out, nil
}

// With is own, which marshals to an object, with more of a caller's members where it has none of that name. Errors are
// as Overlay's.
func With(own any, more []byte) (any, error) {
	if len(more) == 0 {
		return own, nil // in its own order
	}
	return Overlay(more, nil, own)
}

func notAnObject() error {
	return &adapters.FieldError{Field: "fields", Msg: "must be one JSON object whose names occur once"}
}

// SaidOf is an answer to be handed on.
func SaidOf(a Answer) *adapters.Said {
	return &adapters.Said{Status: a.Status, ContentType: a.ContentType, Body: payment.Secret(a.Body)}
}
