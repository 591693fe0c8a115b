package sandbox

import (
	"crypto/sha256"
	"net/http"
	"regexp"
	"time"
)

// v2IdemLife is how long V2 remembers the answer to an idempotent request.
const v2IdemLife = 3 * time.Hour

// idemForm is a quoted RFC 8941 string of 16 to 256 printable ASCII characters.
var idemForm = regexp.MustCompile(`^"[\x20-\x21\x23-\x5b\x5d-\x7e]{16,256}"$`)

// v2Idem is what became of an Idempotency-Key.
type v2Idem struct {
	at      time.Time
	request [sha256.Size]byte
	done    bool
	answer  answer
}

// handleV2Write registers a write that honours Idempotency-Key.
func (s *Sandbox) handleV2Write(pattern, name string, do func(*call) answer) {
	s.mux.Handle(pattern, operation{s: s, pg: pgV2, name: name, do: s.v2Guard(do), begin: s.v2Begin})
}

// v2Begin answers a repeated request from memory, or refuses it while the first one runs.
func (s *Sandbox) v2Begin(c *call) (answer, bool, func(answer)) {
	headers := c.r.Header.Values("Idempotency-Key")
	// Who has no secret neither reads an answer nor uses up a key.
	if len(headers) == 0 || !s.v2Authorized(c.r) {
		return answer{}, false, nil
	}
	key := headers[0]
	if len(headers) > 1 || !idemForm.MatchString(key) {
		return v2Invalid("Idempotency-Key는 큰따옴표로 감싼 16~256자의 ASCII 문자열이어야 합니다."), true, nil
	}
	request := sha256.Sum256([]byte(c.r.Method + " " + c.r.URL.RequestURI() + "\n" + string(c.body)))
	if seen, ok := s.v2.idem.get(key); ok && c.now.Sub(seen.at) < v2IdemLife {
		switch {
		// That it is refused is documented, with which error is not (portone.md §4.4).
		case seen.request != request:
			return v2Invalid("다른 요청에 쓰인 Idempotency-Key입니다."), true, nil
		case !seen.done:
			return v2Error(http.StatusConflict, "IDEMPOTENCY_OUTSTANDING_REQUEST", ""), true, nil
		default:
			return seen.answer, true, nil
		}
	}
	entry := &v2Idem{at: c.now, request: request}
	s.v2.idem.put(key, entry)
	return answer{}, false, func(a answer) { entry.answer, entry.done = a, true }
}
