package sandbox

import (
	"net/http"
	"slices"
	"strings"
	"time"
)

// moduleDanal is the module of Channel that identifies people (본인인증) by their telephone, and bills it.
const moduleDanal = "danal"

// identityOTP is the number that every buyer is sent.
const identityOTP = "123456"

// v2Identity is one identity verification.
type v2Identity struct {
	id       string
	channel  Channel
	name     string
	phone    string
	operator string
	method   string
	// birth is YYYY-MM-DD and gender MALE or FEMALE: all that is kept of the resident number.
	birth      string
	gender     string
	customData string
	requested  time.Time
	verified   time.Time
	pgTxID     string
}

func (x *v2Identity) status() string {
	if x.verified.IsZero() {
		return "READY"
	}
	return "VERIFIED"
}

type v2IdentityRequest struct {
	ChannelKey string `json:"channelKey"`
	Customer   struct {
		Name           string `json:"name"`
		PhoneNumber    string `json:"phoneNumber"`
		IdentityNumber string `json:"identityNumber"`
		IPAddress      string `json:"ipAddress"`
	} `json:"customer"`
	CustomData string `json:"customData"`
	Operator   string `json:"operator"`
	Method     string `json:"method"`
}

// born reads the first seven digits of a resident number: the birthday, and the digit that says century and gender.
func born(number string) (birth, gender string, ok bool) {
	if number == "" {
		return "1990-01-01", "FEMALE", true
	}
	if len(number) != 7 || !isDigits(number) {
		return "", "", false
	}
	century, gender := "19", "MALE"
	if strings.Contains("3478", number[6:]) {
		century = "20"
	}
	if (number[6]-'0')%2 == 0 {
		gender = "FEMALE"
	}
	birth = century + number[:2] + "-" + number[2:4] + "-" + number[4:6]
	_, err := time.Parse(time.DateOnly, birth)
	return birth, gender, err == nil
}

// v2SendIdentity sends a buyer the number that he is to enter.
func (s *Sandbox) v2SendIdentity(c *call) answer {
	var req v2IdentityRequest
	if refusal := s.v2Decode(c, &req); refusal != nil {
		return *refusal
	}
	birth, gender, ok := born(req.Customer.IdentityNumber)
	operators := []string{"SKT", "KT", "LGU", "SKT_MVNO", "KT_MVNO", "LGU_MVNO"}
	switch {
	case req.Customer.Name == "" || req.Customer.PhoneNumber == "" || req.Customer.IPAddress == "" || !ok:
		return v2Invalid("customer의 name, phoneNumber, ipAddress가 필요하고 identityNumber는 7자리입니다.")
	case !slices.Contains(operators, req.Operator) || (req.Method != "SMS" && req.Method != "APP"):
		return v2Invalid("operator 또는 method가 올바르지 않습니다.")
	}
	i := slices.IndexFunc(s.cfg.Channels, func(ch Channel) bool {
		return ch.Key == req.ChannelKey && ch.Module == moduleDanal && !ch.Recurring
	})
	if i < 0 {
		return v2Error(http.StatusNotFound, "CHANNEL_NOT_FOUND", "채널을 찾을 수 없습니다.")
	}
	if old, ok := s.v2.identities.get(c.ref); ok {
		if old.status() == "VERIFIED" {
			return v2Verified()
		}
		return v2Error(http.StatusConflict, "IDENTITY_VERIFICATION_ALREADY_SENT", "이미 요청된 본인인증 건입니다.")
	}
	s.v2.identities.put(c.ref, &v2Identity{
		id: c.ref, channel: s.cfg.Channels[i], name: req.Customer.Name, phone: req.Customer.PhoneNumber,
		operator: req.Operator, method: req.Method, birth: birth, gender: gender, customData: req.CustomData,
		requested: c.now, pgTxID: randomHex(10),
	})
	return jsonAnswer(http.StatusOK, struct{}{})
}

func v2Verified() answer {
	return v2Error(http.StatusConflict, "IDENTITY_VERIFICATION_ALREADY_VERIFIED", "이미 인증이 끝난 본인인증 건입니다.")
}

// v2WaitingIdentity finds a verification that waits for its buyer.
func (s *Sandbox) v2WaitingIdentity(id string) (*v2Identity, *answer) {
	x, ok := s.v2.identities.get(id)
	var refusal answer
	switch {
	case !ok:
		refusal = v2Error(http.StatusNotFound, "IDENTITY_VERIFICATION_NOT_FOUND", "본인인증 건이 존재하지 않습니다.")
	case x.status() == "VERIFIED":
		refusal = v2Verified()
	default:
		return x, nil
	}
	return nil, &refusal
}

// v2ResendIdentity sends the number again.
func (s *Sandbox) v2ResendIdentity(c *call) answer {
	if _, refusal := s.v2WaitingIdentity(c.ref); refusal != nil {
		return *refusal
	}
	return jsonAnswer(http.StatusOK, struct{}{})
}

// v2ConfirmIdentity takes the number that the buyer entered; one who uses an app enters none.
func (s *Sandbox) v2ConfirmIdentity(c *call) answer {
	var req struct {
		OTP string `json:"otp"`
	}
	if refusal := s.v2Decode(c, &req); refusal != nil {
		return *refusal
	}
	x, refusal := s.v2WaitingIdentity(c.ref)
	switch {
	case refusal != nil:
		return *refusal
	case x.method == "SMS" && req.OTP == "":
		return v2Invalid("otp가 필요합니다.")
	case x.method == "SMS" && req.OTP != identityOTP:
		return v2PGError("C110", "인증번호가 일치하지 않습니다")
	}
	x.verified = c.now
	return jsonAnswer(http.StatusOK, map[string]any{"identityVerification": x.wire()})
}

// wire is V2's identity verification object.
func (x *v2Identity) wire() map[string]any {
	changed := x.requested
	if !x.verified.IsZero() {
		changed = x.verified
	}
	out := map[string]any{
		"status": x.status(), "id": x.id, "channel": x.channel.wire(), "requestedAt": rfc3339(x.requested),
		"updatedAt": rfc3339(changed), "statusChangedAt": rfc3339(changed), "pgTxId": x.pgTxID, "version": "V2",
	}
	if x.customData != "" {
		out["customData"] = x.customData
	}
	if x.verified.IsZero() {
		out["requestedCustomer"] = map[string]any{"name": x.name, "phoneNumber": x.phone}
		return out
	}
	out["verifiedAt"], out["pgRawResponse"] = rfc3339(x.verified), "{}"
	out["verifiedCustomer"] = map[string]any{
		"name": x.name, "operator": x.operator, "phoneNumber": x.phone, "birthDate": x.birth, "gender": x.gender,
		"isForeigner": false, "ci": sha512Hex("ci" + x.phone), "di": sha256Hex("di" + x.phone),
	}
	return out
}

func (s *Sandbox) v2ReadIdentity(c *call) answer {
	x, ok := s.v2.identities.get(c.ref)
	if !ok {
		return v2Error(http.StatusNotFound, "IDENTITY_VERIFICATION_NOT_FOUND", "본인인증 건이 존재하지 않습니다.")
	}
	return jsonAnswer(http.StatusOK, x.wire())
}

// v2IdentitiesQuery is the question of the list of identity verifications.
type v2IdentitiesQuery struct {
	Page v2Page `json:"page"`
	Sort struct {
		Order string `json:"order"`
	} `json:"sort"`
	Filter struct {
		v2Span
		ID       string   `json:"identityVerificationId"`
		Statuses []string `json:"statuses"`
	} `json:"filter"`
}

// v2Identities lists identity verifications by when they were requested.
func (s *Sandbox) v2Identities(c *call) answer {
	var q v2IdentitiesQuery
	if refusal := s.v2Question(c, &q); refusal != nil {
		return *refusal
	}
	from, until, ok := q.Filter.between(c.now)
	if !ok || !q.Page.valid() {
		return v2Invalid("조회 조건이 올바르지 않습니다.")
	}
	found := []map[string]any{}
	for _, x := range s.v2.identities.all() {
		if !x.requested.Before(from) && !x.requested.After(until) && (q.Filter.ID == "" || q.Filter.ID == x.id) &&
			(len(q.Filter.Statuses) == 0 || slices.Contains(q.Filter.Statuses, x.status())) {
			found = append(found, x.wire())
		}
	}
	if q.Sort.Order != "ASC" {
		slices.Reverse(found)
	}
	return q.Page.answer(found)
}
