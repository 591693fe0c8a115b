package onewrite

import (
	"net/http"
	"strings"
	"testing"
)

func TestTheBodyOfAWriteCannotBeRewound(t *testing.T) {
	t.Parallel()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://127.0.0.1/", strings.NewReader("a=b"))
	if err != nil || req.GetBody == nil {
		t.Fatalf("the request to begin with: %v", err)
	}
	if once := single(req, func() {}); once.GetBody != nil {
		t.Error("the body can be rewound, so the request can be sent again")
	}
}
