package sandbox

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"
)

// v2State is what the PortOne V2 stand-in remembers.
type v2State struct {
	registered *shelf[v2Registered]
	payments   *shelf[*v2Payment]
	windows    *shelf[*v2Attempt]
	idem       *shelf[*v2Idem]
	events     *shelf[*v2Event]
	schedules  *shelf[*v2Schedule]
	receipts   *shelf[*v2Receipt]
	identities *shelf[*v2Identity]
	tokens     v2Tokens
	// noticeURL is where webhooks of payments go that name no address of their own.
	noticeURL string
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
	// attempts are all of them, oldest first, and hooks the webhooks that they gave rise to.
	attempts []*v2Attempt
	hooks    []*v2Hook
	// seq is where the payment stands among all of them, and created when it was first heard of.
	seq     int64
	created time.Time
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
	app        string
	windowKey  string
	closed     bool
	noticeURLs []string
	confirmURL string
	// due is until when a virtual account is to take its deposit, fixed the number that it must have, and account the one
	// that was issued.
	due     time.Time
	fixed   string
	account *account
	// escrow is where an escrow payment stands; empty for an ordinary one. parcel is what was sent.
	escrow string
	parcel v2Parcel
	// card is the masked number of the card that pays, and billing the key that stands for it, if one does.
	card    string
	billing *billingKey
	// schedule is the schedule that it was paid by.
	schedule string
	// months are the instalments (할부) that a payment without a window asked for; 0 pays at once.
	months int
	// quiet tells that the shop wants no webhook of this payment.
	quiet bool
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
		events:     newShelf[*v2Event](limit),
		schedules:  newShelf[*v2Schedule](limit),
		receipts:   newShelf[*v2Receipt](limit),
		identities: newShelf[*v2Identity](limit),
		tokens:     v2Tokens{access: newShelf[time.Time](limit)},
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
	s.handleV2Write("POST "+api+"/payments/{id}/billing-key", "charge", s.v2Charge)
	s.handleV2Write("POST "+api+"/payments/{id}/instant", "instant", s.v2Instant)
	s.handleV2Write("POST "+api+"/payments/{id}/schedule", "schedule", s.v2MakeSchedule)
	s.handle("GET "+api+"/payment-schedules", pgV2, "list", s.v2Guard(s.v2Schedules))
	s.handle("GET "+api+"/payment-schedules/{id}", pgV2, "lookup", s.v2Guard(s.v2ReadSchedule))
	s.handleV2Write("DELETE "+api+"/payment-schedules", "unschedule", s.v2Revoke)
	s.routeV2Beside(api)
	s.handle("GET "+api+"/payments", pgV2, "list", s.v2Guard(s.v2Payments))
	s.handle("GET "+api+"/payments-by-cursor", pgV2, "list", s.v2Guard(s.v2PaymentsByCursor))
	s.handle("GET "+api+"/payment-events-by-cursor", pgV2, "list", s.v2Guard(s.v2EventsByCursor))
}

// routeV2Beside registers what stands beside payments themselves.
func (s *Sandbox) routeV2Beside(api string) {
	s.handle("POST "+api+"/login/api-secret", pgV2, "token", s.v2Login)
	s.handle("POST "+api+"/token/refresh", pgV2, "token", s.v2Refresh)
	s.handle("GET "+api+"/banks", pgV2, "list", s.v2Banks)
	s.handle("GET "+api+"/payments/{id}/transactions", pgV2, "lookup", s.v2Guard(s.v2Transactions))
	s.handleV2Write("POST "+api+"/payments/{id}/cancellations/{cancellation}/stop", "stop", s.v2StopCancel)
	s.handleV2Write("POST "+api+"/payments/{id}/resend-webhook", "resend", s.v2ResendWebhook)
	s.handleV2Write("POST "+api+"/payments/{id}/escrow/logistics", "escrow", s.v2Ship)
	s.handleV2Write("PATCH "+api+"/payments/{id}/escrow/logistics", "escrow", s.v2Ship)
	s.handleV2Write("POST "+api+"/payments/{id}/escrow/complete", "escrow", s.v2Complete)
	s.handle("GET "+api+"/cash-receipts", pgV2, "list", s.v2Guard(s.v2Receipts))
	s.handleV2Write("POST "+api+"/cash-receipts", "receipt", s.v2IssueReceipt)
	s.handle("GET "+api+"/payments/{id}/cash-receipt", pgV2, "lookup", s.v2Guard(s.v2ReadReceipt))
	s.handleV2Write("POST "+api+"/payments/{id}/cash-receipt/cancel", "receipt_cancel", s.v2CancelReceipt)
	s.handle("GET "+api+"/identity-verifications", pgV2, "list", s.v2Guard(s.v2Identities))
	s.handle("GET "+api+"/identity-verifications/{id}", pgV2, "lookup", s.v2Guard(s.v2ReadIdentity))
	s.handleV2Write("POST "+api+"/identity-verifications/{id}/send", "identity", s.v2SendIdentity)
	s.handleV2Write("POST "+api+"/identity-verifications/{id}/resend", "identity", s.v2ResendIdentity)
	s.handleV2Write("POST "+api+"/identity-verifications/{id}/confirm", "identity", s.v2ConfirmIdentity)
	// With which words PortOne says so is not documented; the form is that of all its errors.
	s.handle(api+"/", pgV2, "unknown", func(*call) answer {
		return v2Error(http.StatusNotFound, "NOT_FOUND", "요청하신 경로가 없습니다.")
	})
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

// v2Guard lets a call through that carries the API secret and asks for no other store.
func (s *Sandbox) v2Guard(do func(*call) answer) func(*call) answer {
	return func(c *call) answer {
		c.ref = c.r.PathValue("id")
		if !s.v2Authorized(c.r) {
			return v2Unauthorized()
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
		return v2NoPayment()
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
		return v2NoPayment()
	case p.paid:
		return v2Error(http.StatusConflict, "ALREADY_PAID", "이미 결제된 건입니다.")
	case p.current.token == "" || p.current.token != req.PaymentToken || p.current.status != "READY":
		return v2Error(http.StatusBadRequest, "INVALID_PAYMENT_TOKEN", "유효하지 않은 결제 토큰입니다.")
	case !req.matches(p.current):
		return v2Error(http.StatusConflict, "INFORMATION_MISMATCH", "결제 정보가 일치하지 않습니다.")
	}
	a := p.current
	if a.decline && c.decline == nil {
		c.decline = declineFor("")
	}
	if c.decline != nil {
		return s.v2Decline(c, a)
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
	s.v2Happened(a, "PAID", a.total, nil, c.now)
	s.v2Tell(c, a, "Paid")
}

// v2Tell sends the webhook of what happened to an attempt, unless the shop wants none.
func (s *Sandbox) v2Tell(c *call, a *v2Attempt, kind string) {
	if !a.quiet {
		c.notices = append(c.notices, s.v2Notice(a, kind, c.now))
	}
}

// escrowed makes an attempt one that is held until its buyer confirms the purchase.
func (a *v2Attempt) escrowed(yes bool) {
	if yes {
		a.escrow = escrowPaid
	}
}

func (a *v2Attempt) fail(c *call, d decline) {
	a.status, a.changedAt = "FAILED", c.now
	a.failure = map[string]string{"reason": d.text, "pgCode": d.code, "pgMessage": d.text}
}

// v2Decline ends an attempt that the PG declines: a 502 whose body names the PG's code (portone.md §4.3).
func (s *Sandbox) v2Decline(c *call, a *v2Attempt) answer {
	a.fail(c, *c.decline)
	s.v2Tell(c, a, "Failed")
	return v2PGError(c.decline.code, c.decline.text)
}

// v2PGError is the answer to what the PG refused.
func v2PGError(code, text string) answer {
	return jsonAnswer(http.StatusBadGateway, map[string]string{
		"type": "PG_PROVIDER", "message": "PG사에서 오류를 전달했습니다.", "pgCode": code, "pgMessage": text,
	})
}

// v2Attempted notes a new attempt at a payment; a look-up shows the newest (portone.md §6.1).
func (s *Sandbox) v2Attempted(id string, a *v2Attempt) {
	p, ok := s.v2.payments.get(id)
	if !ok {
		p = &v2Payment{id: id, seq: s.next(), created: a.requestedAt}
		s.v2.payments.put(id, p)
	}
	a.payment, p.current = p, a
	p.attempts = append(p.attempts, a)
}

func rfc3339(t time.Time) string { return t.UTC().Format(time.RFC3339) }
