package sandbox

import (
	"net/http"
	"time"
)

// Execution is one request that reached a stand-in. Counting them shows whether a client wrote a request more
// than once.
type Execution struct {
	Seq       int64     `json:"seq"`
	At        time.Time `json:"at"`
	PG        string    `json:"pg"`
	Operation string    `json:"operation"`
	Method    string    `json:"method"`
	// Ref is the order reference (oid, merchant_uid, paymentId or order id), when the request told one.
	Ref string `json:"ref"`
	// RequestID is the request's Idempotency-Key, else its X-Request-Id.
	RequestID string `json:"request_id"`
	// Done tells that the operation ran: a fault may have stopped it before.
	Done   bool `json:"done"`
	Status int  `json:"status"`
}

type runLog struct {
	limit int
	list  []*Execution
}

func newRunLog(limit int) *runLog { return &runLog{limit: limit} }

// arrive notes a request; callers hold the mutex.
func (s *Sandbox) arrive(pg, operation string, r *http.Request) *Execution {
	id := r.Header.Get("Idempotency-Key")
	if id == "" {
		id = r.Header.Get("X-Request-Id")
	}
	run := &Execution{Seq: s.next(), At: s.cfg.Now(), PG: pg, Operation: operation, Method: r.Method, RequestID: id}
	s.runs.list = append(s.runs.list, run)
	if len(s.runs.list) >= 2*s.runs.limit {
		s.runs.list = append([]*Execution(nil), s.runs.list[len(s.runs.list)-s.runs.limit:]...)
	}
	return run
}

// Executions returns the requests seen, oldest first. Empty arguments match everything.
func (s *Sandbox) Executions(pg, operation, ref string) []Execution {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := []Execution{}
	for _, run := range s.runs.list {
		if (pg == "" || run.PG == pg) && (operation == "" || run.Operation == operation) && (ref == "" || run.Ref == ref) {
			out = append(out, *run)
		}
	}
	return out
}
