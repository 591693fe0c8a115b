package sandbox

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"
)

// v2State is what the PortOne V2 stand-in remembers.
type v2State struct {
	registered *shelf[v2Registered]
	payments   *shelf[*v2Payment]
	windows    *shelf[*v2Attempt]
	idem       *shelf[*v2Idem]
	// cancelMode is how cancels end, cancelDelay how long asynchronous ones take (zero: until they are told to).
	cancelMode  CancelMode
	cancelDelay time.Duration
	waiting     []*v2Cancellation
}

// v2Registered is an amount registered before the window opens. Every field is optional.
type v2Registered struct {
	StoreID       string `json:"storeId"`
	TotalAmount   *Won   `json:"totalAmount"`
	TaxFreeAmount *Won   `json:"taxFreeAmount"`
	Currency      string `json:"currency"`
}

// v2Payment is a paymentId with its attempts; its state is that of the newest attempt, or of the paid one.
type v2Payment struct {
	id      string
	current *v2Attempt
	paid    bool
}

// v2Attempt is one opening of the window.
type v2Attempt struct {
	payment   *v2Payment
	txID      string
	channel   Channel
	device    string
	payMethod string
	easyPay   string
	orderName string
	total     Won
	// paidAmount is what came in: total, but for a deposit of another amount.
	paidAmount  Won
	taxes       taxes
	back        taxes
	currency    string
	customer    v2Customer
	customData  string
	status      string
	token       string
	decline     bool
	pgTxID      string
	failure     map[string]string
	requestedAt time.Time
	changedAt   time.Time
	paidAt      time.Time
	cancelledAt time.Time
	cancels     []*v2Cancellation
	cancelled   Won
	// pending is what asynchronous cancels that are not decided hold.
	pending    Won
	redirect   string
	windowKey  string
	closed     bool
	noticeURLs []string
	confirmURL string
	// due is until when a virtual account is to take its deposit, account the one that was issued.
	due     time.Time
	account *account
	// escrow is where an escrow payment stands; empty for an ordinary one.
	escrow string
}

type v2Customer struct {
	FullName    string `json:"fullName"`
	FirstName   string `json:"firstName"`
	LastName    string `json:"lastName"`
	PhoneNumber string `json:"phoneNumber"`
	Email       string `json:"email"`
}

func newV2State(limit int) *v2State {
	return &v2State{
		registered: newShelf[v2Registered](limit),
		payments:   newShelf[*v2Payment](limit),
		windows:    newShelf[*v2Attempt](limit),
		idem:       newShelf[*v2Idem](limit),
		cancelMode: CancelAtOnce,
	}
}

func (s *Sandbox) routeV2() {
	const api = "/portone/v2"
	s.mux.HandleFunc("GET /portone/sdk/v2/browser-sdk.js", serveAsset("assets/browser-sdk.js"))
	s.handleSDK("/portone/sdk/v2/open", pgV2, "open", nil, s.v2Open)
	s.handleSDK("/portone/sdk/v2/act", pgV2, "pay", s.v2Ask, s.v2Act)
	s.mux.HandleFunc("GET /portone/window/v2", s.v2WindowPage)
	s.handleAsking("POST /portone/window/v2/act", pgV2, "pay", s.v2Ask, s.v2WindowAct)

	s.handle("GET "+api+"/payments/{id}", pgV2, "lookup", s.v2Guard(s.v2Read))
	s.handleV2Write("POST "+api+"/payments/{id}/pre-register", "prepare", s.v2PreRegister)
	s.handleV2Write("POST "+api+"/payments/{id}/confirm", "confirm", s.v2Confirm)
	s.handleV2Write("POST "+api+"/payments/{id}/cancel", "cancel", s.v2Cancel)
	s.handleV2Write("POST "+api+"/payments/{id}/virtual-account/close", "cancel", s.v2CloseAccount)
}

// v2Error is V2's error body.
func v2Error(status int, kind, message string) answer {
	body := map[string]string{"type": kind}
	if message != "" {
		body["message"] = message
	}
	return jsonAnswer(status, body)
}

func v2Invalid(message string) answer {
	return v2Error(http.StatusBadRequest, "INVALID_REQUEST", message)
}

// v2Authorized tells whether the request carries the store's API secret.
func (s *Sandbox) v2Authorized(r *http.Request) bool {
	secret, ok := strings.CutPrefix(r.Header.Get("Authorization"), "PortOne ")
	return ok && secret == s.cfg.V2.APISecret
}

// v2Guard lets a call through that carries the API secret and asks for no other store.
func (s *Sandbox) v2Guard(do func(*call) answer) func(*call) answer {
	return func(c *call) answer {
		c.ref = c.r.PathValue("id")
		if !s.v2Authorized(c.r) {
			return v2Error(http.StatusUnauthorized, "UNAUTHORIZED", "인증 정보가 올바르지 않습니다.")
		}
		if id := c.r.URL.Query().Get("storeId"); id != "" && id != s.cfg.V2.StoreID {
			return v2Error(http.StatusForbidden, "FORBIDDEN", "접근 권한이 없는 상점입니다.")
		}
		return do(c)
	}
}

// v2Decode reads a JSON body and checks the store it names.
func (s *Sandbox) v2Decode(c *call, into any) *answer {
	body := c.body
	if len(body) == 0 {
		// No field of a pre-registration is required (portone.md §4.5).
		body = []byte("{}")
	}
	var store struct {
		StoreID string `json:"storeId"`
	}
	err := errors.Join(json.Unmarshal(body, into), json.Unmarshal(body, &store))
	if err != nil {
		a := v2Invalid(kindOfJSONError(err))
		return &a
	}
	if store.StoreID != "" && store.StoreID != s.cfg.V2.StoreID {
		a := v2Error(http.StatusForbidden, "FORBIDDEN", "접근 권한이 없는 상점입니다.")
		return &a
	}
	return nil
}

// kindOfJSONError describes a decoding error without repeating what was sent.
func kindOfJSONError(err error) string {
	if typed, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		return fmt.Sprintf("%s: %s 자리에 %s", typed.Field, typed.Type, typed.Value)
	}
	return "JSON이 올바르지 않습니다"
}

// v2PreRegister fixes the amount of a payment before its window opens.
func (s *Sandbox) v2PreRegister(c *call) answer {
	var reg v2Registered
	if refusal := s.v2Decode(c, &reg); refusal != nil {
		return *refusal
	}
	if (reg.TotalAmount != nil && *reg.TotalAmount < 0) || (reg.TaxFreeAmount != nil && *reg.TaxFreeAmount < 0) {
		return v2Invalid("금액이 올바르지 않습니다.")
	}
	if p, ok := s.v2.payments.get(c.ref); ok && p.paid {
		return v2Error(http.StatusConflict, "ALREADY_PAID", "이미 결제된 건입니다.")
	}
	s.v2.registered.put(c.ref, reg)
	return jsonAnswer(http.StatusOK, struct{}{})
}

// v2Read reads one payment.
func (s *Sandbox) v2Read(c *call) answer {
	p, ok := s.v2.payments.get(c.ref)
	if !ok {
		return v2Error(http.StatusNotFound, "PAYMENT_NOT_FOUND", "결제 건이 존재하지 않습니다.")
	}
	return jsonAnswer(http.StatusOK, s.v2Wire(p.current))
}

type v2ConfirmRequest struct {
	PaymentToken  string  `json:"paymentToken"`
	TxID          *string `json:"txId"`
	Currency      *string `json:"currency"`
	TotalAmount   *Won    `json:"totalAmount"`
	TaxFreeAmount *Won    `json:"taxFreeAmount"`
	IsTest        *bool   `json:"isTest"`
}

// v2Confirm captures an attempt of a manual-confirm channel.
func (s *Sandbox) v2Confirm(c *call) answer {
	var req v2ConfirmRequest
	if refusal := s.v2Decode(c, &req); refusal != nil {
		return *refusal
	}
	p, ok := s.v2.payments.get(c.ref)
	switch {
	case req.PaymentToken == "":
		return v2Invalid("paymentToken은 필수입니다.")
	case !ok:
		return v2Error(http.StatusNotFound, "PAYMENT_NOT_FOUND", "결제 건이 존재하지 않습니다.")
	case p.paid:
		return v2Error(http.StatusConflict, "ALREADY_PAID", "이미 결제된 건입니다.")
	case p.current.token == "" || p.current.token != req.PaymentToken || p.current.status != "READY":
		return v2Error(http.StatusBadRequest, "INVALID_PAYMENT_TOKEN", "유효하지 않은 결제 토큰입니다.")
	case !req.matches(p.current):
		return v2Error(http.StatusConflict, "INFORMATION_MISMATCH", "결제 정보가 일치하지 않습니다.")
	}
	a := p.current
	// A card's refusal is a 502 whose body names the PG's code (portone.md §4.3).
	if a.decline {
		a.fail(c, "한도초과")
		c.notices = append(c.notices, s.v2Notice(a, "Failed", c.now))
		return jsonAnswer(http.StatusBadGateway, map[string]string{
			"type": "PG_PROVIDER", "message": "PG사에서 오류를 전달했습니다.", "pgCode": "V014", "pgMessage": "한도초과",
		})
	}
	// With manual confirm the account is only issued now (portone.md §4.7). Nothing is paid, and paidAt is there all the
	// same, as every answer of confirm has it (§4.5).
	if a.payMethod == payMethodAccount {
		s.v2Issue(c, a)
		return jsonAnswer(http.StatusOK, map[string]any{"pgTxId": a.pgTxID, "paidAt": rfc3339(c.now)})
	}
	s.v2Capture(c, a, "confirm")
	return jsonAnswer(http.StatusOK, map[string]any{"pgTxId": a.pgTxID, "paidAt": rfc3339(a.paidAt)})
}

// matches compares the fields that the caller sent for verification.
func (r v2ConfirmRequest) matches(a *v2Attempt) bool {
	return (r.TxID == nil || *r.TxID == a.txID) &&
		(r.Currency == nil || *r.Currency == a.currency) &&
		(r.TotalAmount == nil || *r.TotalAmount == a.total) &&
		(r.TaxFreeAmount == nil || *r.TaxFreeAmount == a.taxes.taxFree) &&
		(r.IsTest == nil || *r.IsTest == a.channel.Test)
}

// v2Capture moves the money; callers hold the mutex.
func (s *Sandbox) v2Capture(c *call, a *v2Attempt, by string) {
	a.status, a.paidAt, a.changedAt = "PAID", c.now, c.now
	a.pgTxID = s.transactionID("CARD", a.channel.MID, c.now)
	a.payment.paid, a.paidAmount = true, a.total
	s.book(Entry{PG: pgV2, Kind: EntryCapture, OrderRef: a.payment.id, TxID: a.txID, Amount: a.total, By: by})
	c.notices = append(c.notices, s.v2Notice(a, "Paid", c.now))
}

func (a *v2Attempt) fail(c *call, reason string) {
	a.status, a.changedAt = "FAILED", c.now
	a.failure = map[string]string{"reason": reason, "pgCode": "V014", "pgMessage": reason}
}

func rfc3339(t time.Time) string { return t.UTC().Format(time.RFC3339) }
