package payment

import "time"

// Candidate is one way to have a checkout paid.
type Candidate struct {
	PG       PGID       `json:"pg"`
	Merchant MerchantID `json:"merchant"`
}

// Decision is what the rules make of a checkout that may be paid. It points into the immutable snapshot that
// made it, and is read-only.
type Decision struct {
	// RulesVersion is the version of the snapshot that decided: the first 12 hex digits of the file's SHA-256.
	RulesVersion string
	// Internal tells that no primary method is left to pay: the shop settles the order itself and PG,
	// Merchant and Method are empty.
	Internal bool
	PG       *PG
	Merchant *Merchant
	// Method is the one primary method, Amount its part of the order, in won.
	Method Method
	Amount Won
	// TaxFree and VAT are the tax-free part and the value added tax of Amount; VATSet tells that VAT is stated.
	TaxFree Won
	VAT     Won
	VATSet  bool
	// DepositDue is until when a virtual account takes the deposit; zero for every other method.
	DepositDue time.Time
	// Rule is the name of the routing rule that chose.
	Rule string
	// Installments is what the window may offer.
	Installments Installments
	// Fallbacks are the candidates behind the chosen one, best first.
	Fallbacks []Candidate
	// Trace holds every step taken, when asked for; nil otherwise.
	Trace []Step
}

// Step is one line of a decision's trace.
type Step struct {
	// Stage is where it happened: methods, control, link, merchant, routing, installments.
	Stage string `json:"stage"`
	// Subject is what was looked at: a method, PG, merchant or rule.
	Subject string `json:"subject"`
	// Passed tells whether it stayed in the running.
	Passed bool `json:"passed"`
	// Reason says why, in English.
	Reason string `json:"reason"`
}

// Installments is what the PG window may offer the buyer.
type Installments struct {
	// Months are the plans beside the lump sum, ascending, from 2; empty means lump sum only.
	Months []int
	// InterestFree lists, per acquirer, the months for which the merchant pays the interest.
	InterestFree []AcquirerMonths
	// PartlyInterestFree lists, per acquirer, the months for which the merchant pays part of it.
	PartlyInterestFree []AcquirerMonths
	// Cards, when not empty, restricts the window to these acquirers (cards whose review is done).
	Cards []string
	// Fixed is the plan the buyer chose beforehand, with its acquirer; nil when the window asks.
	Fixed *Card
}

// AcquirerMonths is an acquirer and the instalment months that apply to it, ascending.
type AcquirerMonths struct {
	Acquirer string
	Months   []int
}

// WindowKind says which call of a PG's browser SDK a window is for.
type WindowKind string

// The kinds of window.
const (
	WindowInicisPC WindowKind = "inicis_pc" // INIStdPay.pay
	// WindowInicisMobile is a form posted to Action, in EUC-KR (accept-charset), by the whole page.
	WindowInicisMobile WindowKind = "inicis_mobile"
	WindowPortOneV1    WindowKind = "portone_v1" // IMP.request_pay
	WindowPortOneV2    WindowKind = "portone_v2" // PortOne.requestPayment
	// The windows that issue a billing key. V1 issues with IMP.request_pay, as it pays.
	WindowPortOneV2Key WindowKind = "portone_v2_billing_key" // PortOne.requestIssueBillingKey
	WindowInicisKey    WindowKind = "inicis_billing_key"     // a form posted to Action
)

// Window is what the browser needs to open the PG's page. Params go into the SDK's call as they are.
type Window struct {
	Kind WindowKind `json:"kind"`
	// Script is the URL of the PG's browser SDK.
	Script string `json:"script"`
	// Action is the URL that a form is posted to, for windows that are a form; empty otherwise.
	Action string `json:"action"`
	// InitCode is what IMP.init is called with (PortOne V1's customer code); empty otherwise.
	InitCode string `json:"init_code,omitempty"`
	// Params marshals to a JSON object.
	Params any `json:"params"`
}
