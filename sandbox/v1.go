package sandbox

import (
	"net/http"
	"slices"
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
	// noticeURL is the console's address for webhooks.
	noticeURL      string
	token          string
	tokenExpires   time.Time
	prepared       *shelf[v1Prepared]
	payments       *shelf[*v1Payment]
	byOrder        *shelf[[]*v1Payment]
	windows        *shelf[*v1Payment]
	schedules      *shelf[*v1Schedule]
	certifications *shelf[*v1Certification]
	// receipts are those of sales that PortOne knows nothing of, by merchant_uid.
	receipts *shelf[*v1Receipt]
}

// v1Prepared is an amount registered before the window opens.
type v1Prepared struct {
	MerchantUID string `json:"merchant_uid"`
	Amount      Won    `json:"amount"`
	Currency    string `json:"currency"`
}

// v1Payment is one attempt of a merchant_uid.
type v1Payment struct {
	impUID        string
	merchantUID   string
	channel       Channel
	device        string
	payMethod     string
	name          string
	amount        Won
	cancelled     Won
	currency      string
	buyerName     string
	buyerTel      string
	buyerEmail    string
	buyerAddr     string
	buyerPostcode string
	customData    string
	status        string
	tid           string
	failReason    string
	cancelReason  string
	startedAt     time.Time
	paidAt        time.Time
	failedAt      time.Time
	cancelledAt   time.Time
	updatedAt     time.Time
	history       []v1Cancel
	redirect      string
	app           string
	windowKey     string
	noticeURLs    []string
	confirmURL    string
	// taxes are what the window stated, back what of them was given back.
	taxes taxes
	back  taxes
	// due is until when a virtual account is to take its deposit, account the one that was issued.
	due     time.Time
	account *account
	// escrow is where an escrow payment stands; empty for an ordinary one. delivery is nil until it was registered.
	escrow   string
	delivery *v1Delivery
	// receipt is the newest cash receipt, nil without one.
	receipt *v1Receipt
	// customerUID is the billing key that was issued or charged, usage which of the two; empty for an ordinary sale.
	customerUID string
	usage       string
	// card is the masked number of a card that the API was given or had stored; quota are its months.
	card  string
	quota int64
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
		prepared:       newShelf[v1Prepared](limit),
		payments:       newShelf[*v1Payment](limit),
		byOrder:        newShelf[[]*v1Payment](limit),
		windows:        newShelf[*v1Payment](limit),
		schedules:      newShelf[*v1Schedule](limit),
		certifications: newShelf[*v1Certification](limit),
		receipts:       newShelf[*v1Receipt](limit),
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
	s.handle("GET "+api+"/payments/status/{status}", pgV1, "list", s.v1Guard(s.v1ByStatus))
	s.handle("GET "+api+"/payments/find/{uid}", pgV1, "lookup", s.v1Guard(s.v1Find))
	s.handle("GET "+api+"/payments/find/{uid}/{status}", pgV1, "lookup", s.v1Guard(s.v1Find))
	s.handle("GET "+api+"/payments/findAll/{uid}", pgV1, "lookup", s.v1Guard(s.v1FindAll))
	s.handle("GET "+api+"/payments/findAll/{uid}/{status}", pgV1, "lookup", s.v1Guard(s.v1FindAll))
	s.handle("POST "+api+"/payments/cancel", pgV1, "cancel", s.v1Guard(s.v1Cancel))
	s.routeV1Accounts()
	s.routeV1Receipts()
	s.routeV1Escrow()
	s.routeV1Certifications()
	s.handle("POST "+api+"/subscribe/payments/again", pgV1, "again", s.v1Guard(s.v1Again))
	s.handle("POST "+api+"/subscribe/payments/onetime", pgV1, "onetime", s.v1Guard(s.v1Onetime))
	s.routeV1Schedules()
	s.routeV1Codes()
	s.handle(api+"/", pgV1, "unknown", s.v1Unknown)
}

// v1Unknown answers a path that V1 does not have, or not for this method, in V1's envelope.
func (s *Sandbox) v1Unknown(c *call) answer {
	for _, method := range []string{http.MethodGet, http.MethodPost, http.MethodPut, http.MethodDelete} {
		r := c.r.Clone(c.r.Context())
		r.Method = method
		if _, pattern := s.mux.Handler(r); strings.HasPrefix(pattern, method) {
			return v1Failure(http.StatusMethodNotAllowed, -1, "허용되지 않는 HTTP METHOD입니다.")
		}
	}
	return v1Failure(http.StatusNotFound, -1, "존재하지 않는 API입니다.")
}

// v1OK and v1Failure are V1's envelope.
func v1OK(response any) answer {
	return jsonAnswer(http.StatusOK, map[string]any{"code": 0, "message": nil, "response": response})
}

func v1Failure(status, code int, message string) answer {
	return jsonAnswer(status, map[string]any{"code": code, "message": message, "response": nil})
}

// v1Refusal is how V1 refuses what it understood: HTTP 200 with code 1 (portone.md §1.2).
func v1Refusal(message string) answer { return v1Failure(http.StatusOK, 1, message) }

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
