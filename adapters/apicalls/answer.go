package apicalls

import (
	"encoding/json"
	"net/http"

	"github.com/pg-gateway/pg-gateway/adapters"
)

// Answer writes an answer of ours; what is written are structs of texts and numbers.
func Answer(status int, body any) adapters.APIAnswer {
	text, err := json.Marshal(body)
	if err != nil {
		return adapters.APIAnswer{Status: http.StatusInternalServerError, Body: []byte("{}")}
	}
	return adapters.APIAnswer{Status: status, Body: text}
}
