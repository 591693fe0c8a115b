package sandbox

import (
	"fmt"
	"net/http"
	"time"
)

// Certification is a command to identify somebody (본인인증) at PortOne V1, as a window does. Zero values leave it to
// the sandbox, which has a buyer of its own.
type Certification struct {
	MerchantUID string `json:"merchant_uid"`
	Name        string `json:"name"`
	Phone       string `json:"phone"`
	// Birthday is YYYY-MM-DD, Gender male or female, Carrier SKT, KT or LGT.
	Birthday  string `json:"birthday"`
	Gender    string `json:"gender"`
	Carrier   string `json:"carrier"`
	Foreigner bool   `json:"foreigner"`
	// Ago is for how many seconds it has been done already.
	Ago int64 `json:"ago"`
}

// v1Certification is a Certification that was done.
type v1Certification struct {
	Certification

	impUID string
	tid    string
	at     time.Time
	unique string
}

// Certify identifies somebody and returns the imp_uid that the window would give.
func (s *Sandbox) Certify(x Certification) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	for field, standard := range map[*string]string{
		&x.Name: "홍길동", &x.Phone: "01042424242", &x.Birthday: "1988-12-31", &x.Gender: "male", &x.Carrier: "SKT",
	} {
		if *field == "" {
			*field = standard
		}
	}
	v := &v1Certification{
		Certification: x, impUID: s.v1ID(), tid: fmt.Sprintf("cert_%d", s.next()),
		at: s.cfg.Now().Add(-time.Duration(x.Ago) * time.Second), unique: sha512Hex(x.Name + x.Birthday + x.Gender),
	}
	s.v1.certifications.put(v.impUID, v)
	return v.impUID
}

func (v *v1Certification) wire() map[string]any {
	return map[string]any{
		"imp_uid": v.impUID, "merchant_uid": orNull(v.MerchantUID), "pg_tid": v.tid, "pg_provider": "inicis_unified",
		"name": v.Name, "gender": v.Gender, "birthday": v.Birthday, "foreigner": v.Foreigner, "foreigner_v2": v.Foreigner,
		"phone": v.Phone, "carrier": v.Carrier, "certified": true, "certified_at": unix(v.at),
		// The same person has the same two, in every shop and in this one.
		"unique_key": v.unique[:88], "unique_in_site": v.unique[40:104], "origin": nil,
	}
}

func (s *Sandbox) routeV1Certifications() {
	const api = "/portone/v1/certifications/{uid}"
	s.handle("GET "+api, pgV1, "lookup", s.v1Guard(func(c *call) answer { return s.v1Certified(c, false) }))
	s.handle("DELETE "+api, pgV1, "certification_delete",
		s.v1Guard(func(c *call) answer { return s.v1Certified(c, true) }))
	s.mux.HandleFunc("POST /_sandbox/certifications", func(w http.ResponseWriter, r *http.Request) {
		var x Certification
		if err := decodeStrict(r, &x); err != nil {
			jsonAnswer(http.StatusBadRequest, map[string]string{"error": err.Error()}).write(w)
			return
		}
		jsonAnswer(http.StatusOK, map[string]string{"imp_uid": s.Certify(x)}).write(w)
	})
}

// v1Certified reads an identification, and perhaps deletes it.
func (s *Sandbox) v1Certified(c *call, gone bool) answer {
	c.ref = c.r.PathValue("uid")
	v, ok := s.v1.certifications.get(c.ref)
	if !ok || v == nil {
		return v1Failure(http.StatusNotFound, -1, "인증결과가 존재하지 않습니다.")
	}
	if gone {
		s.v1.certifications.put(c.ref, nil)
	}
	return v1OK(v.wire())
}
