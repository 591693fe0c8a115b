package sandbox

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// How long V1's access tokens live (portone.md §1.1): 30 minutes, 5 more when asked for in the last minute.
const (
	v1TokenLife      = 30 * time.Minute
	v1TokenExtension = 5 * time.Minute
	v1TokenLastCall  = time.Minute
)

// v1State is what the PortOne V1 stand-in remembers.
type v1State struct {
	token        string
	tokenExpires time.Time
	prepared     *shelf[v1Prepared]
	payments     *shelf[*v1Payment]
	byOrder      *shelf[[]*v1Payment]
	windows      *shelf[*v1Payment]
}

// v1Prepared is an amount registered before the window opens.
type v1Prepared struct {
	MerchantUID string `json:"merchant_uid"`
	Amount      Won    `json:"amount"`
	Currency    string `json:"currency"`
}

// v1Payment is one attempt of a merchant_uid.
type v1Payment struct {
	impUID       string
	merchantUID  string
	channel      Channel
	device       string
	payMethod    string
	name         string
	amount       Won
	cancelled    Won
	currency     string
	buyerName    string
	buyerTel     string
	buyerEmail   string
	customData   string
	status       string
	tid          string
	failReason   string
	cancelReason string
	startedAt    time.Time
	paidAt       time.Time
	failedAt     time.Time
	cancelledAt  time.Time
	updatedAt    time.Time
	history      []v1Cancel
	redirect     string
	windowKey    string
	noticeURLs   []string
	confirmURL   string
	// taxes are what the window stated, back what of them was given back.
	taxes taxes
	back  taxes
	// due is until when a virtual account is to take its deposit, account the one that was issued.
	due     time.Time
	account *account
	// escrow is where an escrow payment stands; empty for an ordinary one.
	escrow string
	// customerUID is the billing key that the window issues; empty for a sale.
	customerUID string
}

type v1Cancel struct {
	PGTID          string  `json:"pg_tid"`
	Amount         Won     `json:"amount"`
	CancelledAt    int64   `json:"cancelled_at"`
	Reason         string  `json:"reason"`
	CancellationID string  `json:"cancellation_id"`
	ReceiptURL     *string `json:"receipt_url"`
}

func newV1State(limit int) *v1State {
	return &v1State{
		prepared: newShelf[v1Prepared](limit),
		payments: newShelf[*v1Payment](limit),
		byOrder:  newShelf[[]*v1Payment](limit),
		windows:  newShelf[*v1Payment](limit),
	}
}

// paid tells whether a merchant_uid was ever approved, even when it was given back later.
func (st *v1State) paid(merchantUID string) bool {
	list, _ := st.byOrder.get(merchantUID)
	return slices.ContainsFunc(list, func(p *v1Payment) bool { return !p.paidAt.IsZero() })
}

func (s *Sandbox) routeV1() {
	const api = "/portone/v1"
	s.mux.HandleFunc("GET /portone/sdk/v1/iamport.js", serveAsset("assets/iamport.js"))
	s.handleSDK("/portone/sdk/v1/open", pgV1, "open", nil, s.v1Open)
	s.handleSDK("/portone/sdk/v1/act", pgV1, "pay", s.v1Ask, s.v1Act)
	s.mux.HandleFunc("GET /portone/window/v1", s.v1WindowPage)
	s.handleAsking("POST /portone/window/v1/act", pgV1, "pay", s.v1Ask, s.v1WindowAct)

	s.handle("POST "+api+"/users/getToken", pgV1, "token", s.v1Token)
	s.handle("POST "+api+"/payments/prepare", pgV1, "prepare", s.v1Guard(s.v1Prepare))
	s.handle("PUT "+api+"/payments/prepare", pgV1, "prepare", s.v1Guard(s.v1Reprepare))
	s.handle("GET "+api+"/payments/prepare/{uid}", pgV1, "prepare_read", s.v1Guard(s.v1PrepareRead))
	s.handle("GET "+api+"/payments", pgV1, "lookup", s.v1Guard(s.v1List))
	s.handle("GET "+api+"/payments/{uid}", pgV1, "lookup", s.v1Guard(s.v1One))
	s.handle("GET "+api+"/payments/{uid}/{part}", pgV1, "balance", s.v1Guard(s.v1Balance))
	s.handle("GET "+api+"/payments/find/{uid}", pgV1, "lookup", s.v1Guard(s.v1Find))
	s.handle("GET "+api+"/payments/find/{uid}/{status}", pgV1, "lookup", s.v1Guard(s.v1Find))
	s.handle("GET "+api+"/payments/findAll/{uid}", pgV1, "lookup", s.v1Guard(s.v1FindAll))
	s.handle("GET "+api+"/payments/findAll/{uid}/{status}", pgV1, "lookup", s.v1Guard(s.v1FindAll))
	s.handle("POST "+api+"/payments/cancel", pgV1, "cancel", s.v1Guard(s.v1Cancel))
	s.handle("DELETE "+api+"/vbanks/{uid}", pgV1, "cancel", s.v1Guard(s.v1CloseAccount))
}

// v1OK and v1Failure are V1's envelope.
func v1OK(response any) answer {
	return jsonAnswer(http.StatusOK, map[string]any{"code": 0, "message": nil, "response": response})
}

func v1Failure(status, code int, message string) answer {
	return jsonAnswer(status, map[string]any{"code": code, "message": message, "response": nil})
}

// v1Fields reads a body that may be JSON or form-urlencoded into text by name.
func v1Fields(c *call) (map[string]string, bool) {
	out := make(map[string]string)
	// Nearly every operation takes both (portone.md §1.1).
	if !strings.HasPrefix(c.r.Header.Get("Content-Type"), "application/json") {
		form, err := url.ParseQuery(string(c.body))
		for name := range form {
			out[name] = form.Get(name)
		}
		return out, err == nil
	}
	dec := json.NewDecoder(bytes.NewReader(c.body))
	// Digit by digit: 1e3 or 100.5 must reach parseWon as written, to be refused.
	dec.UseNumber()
	var fields map[string]any
	if err := dec.Decode(&fields); err != nil {
		return nil, false
	}
	for name, v := range fields {
		switch v := v.(type) {
		case string:
			out[name] = v
		case json.Number:
			out[name] = v.String()
		case bool:
			out[name] = strconv.FormatBool(v)
		}
	}
	return out, true
}

// v1Token hands out the one token that all callers with the same key share.
func (s *Sandbox) v1Token(c *call) answer {
	fields, _ := v1Fields(c)
	if fields["imp_key"] != s.cfg.V1.Key || fields["imp_secret"] != s.cfg.V1.Secret {
		return v1Failure(http.StatusUnauthorized, -1, "인증에 실패하였습니다. API키와 secret을 확인하세요.")
	}
	left := s.v1.tokenExpires.Sub(c.now)
	switch {
	case s.v1.token == "" || left <= 0:
		s.v1.token = randomHex(20)
		s.v1.tokenExpires = c.now.Add(v1TokenLife)
	// With more than a minute left it is the same token with the same end (portone.md §1.1).
	case left <= v1TokenLastCall:
		s.v1.tokenExpires = s.v1.tokenExpires.Add(v1TokenExtension)
	}
	return v1OK(map[string]any{
		"access_token": s.v1.token, "now": c.now.Unix(), "expired_at": s.v1.tokenExpires.Unix(),
	})
}

// v1Guard lets a call through that carries the live token, with or without "Bearer".
func (s *Sandbox) v1Guard(do func(*call) answer) func(*call) answer {
	return func(c *call) answer {
		// Official samples send the bare token too (portone.md §1.1).
		token := strings.TrimPrefix(c.r.Header.Get("Authorization"), "Bearer ")
		if s.v1.token == "" || token != s.v1.token || !c.now.Before(s.v1.tokenExpires) {
			return v1Failure(http.StatusUnauthorized, -1, "Unauthorized")
		}
		return do(c)
	}
}

// v1Prepare registers the amount of a merchant_uid, once.
func (s *Sandbox) v1Prepare(c *call) answer {
	p, why := v1PreparedOf(c)
	if why != "" {
		return v1Failure(http.StatusOK, 1, why)
	}
	// V1 refuses a second one with HTTP 200 and code 1 (portone.md §1.4).
	if _, ok := s.v1.prepared.get(p.MerchantUID); ok {
		return v1Failure(http.StatusOK, 1, "결제정보 사전등록에 실패하였습니다(이미 등록된 merchant_uid입니다).")
	}
	s.v1.prepared.put(p.MerchantUID, p)
	return v1OK(p.wire())
}

// v1Reprepare changes a registered amount.
func (s *Sandbox) v1Reprepare(c *call) answer {
	p, why := v1PreparedOf(c)
	if why != "" {
		return v1Failure(http.StatusOK, 1, why)
	}
	// PUT changes and never makes one: 404 when there is none (portone.md §1.4).
	if _, ok := s.v1.prepared.get(p.MerchantUID); !ok {
		return v1Failure(http.StatusNotFound, -1, "사전등록된 결제정보가 존재하지 않습니다.")
	}
	s.v1.prepared.put(p.MerchantUID, p)
	return v1OK(p.wire())
}

func (s *Sandbox) v1PrepareRead(c *call) answer {
	c.ref = c.r.PathValue("uid")
	p, ok := s.v1.prepared.get(c.ref)
	if !ok {
		return v1Failure(http.StatusNotFound, -1, "사전등록된 결제정보가 존재하지 않습니다.")
	}
	return v1OK(p.wire())
}

func v1PreparedOf(c *call) (v1Prepared, string) {
	fields, ok := v1Fields(c)
	c.ref = fields["merchant_uid"]
	amount, err := parseWon(fields["amount"])
	switch {
	case !ok || fields["merchant_uid"] == "":
		return v1Prepared{}, "merchant_uid는 필수입니다."
	case len(fields["merchant_uid"]) > 40:
		return v1Prepared{}, "merchant_uid는 40자 이하여야 합니다."
	case err != nil:
		return v1Prepared{}, "amount가 올바르지 않습니다."
	}
	return v1Prepared{MerchantUID: fields["merchant_uid"], Amount: amount, Currency: fields["currency"]}, ""
}

func (p v1Prepared) wire() map[string]any {
	out := map[string]any{"merchant_uid": p.MerchantUID, "amount": p.Amount, "currency": nil}
	if p.Currency != "" {
		out["currency"] = p.Currency
	}
	return out
}
