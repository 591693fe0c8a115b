package payment

import (
	"slices"
	"time"
)

// DriverName names the code that speaks to a PG. Which there are is known where drivers are joined.
type DriverName string

// Environment is the family of hosts a PG is reached at.
type Environment string

// The environments. A merchant's mode (test or live) is a different thing: test MIDs may well be used
// against the live hosts.
const (
	EnvLive    Environment = "live"
	EnvTest    Environment = "test"
	EnvSandbox Environment = "sandbox"
)

// PG is somebody to send a payment to, as configured. It is part of an immutable snapshot: never changed.
type PG struct {
	ID PGID
	// Code is X2BEE's OM030 code.
	Code string
	Name string
	// InUse tells that the PG is on.
	InUse       bool
	Driver      DriverName
	Environment Environment
	// BaseURL replaces the hosts of the environment; the sandbox environment always has it. No trailing slash.
	BaseURL string
	// ApproveTimeout bounds one money-moving request; ReadTimeout one that only reads.
	ApproveTimeout time.Duration
	ReadTimeout    time.Duration
	// WebhookSources are the addresses or CIDR ranges that unsigned messages may come from.
	WebhookSources []string
	// SidecarListen is the address of a listener that is this PG's API alone; empty for none.
	SidecarListen string
	// PassCredentials tells that calls of the PG's API are handed on with the caller's credentials, where they are not
	// the gateway's own to make.
	PassCredentials bool
	// Listing is how its payments are listed.
	Listing Listing
	// Keys are what the driver alone reads (DriverSpec.PGKeys).
	Keys Keys
}

// Listing is how the payments that a PG has are listed and held against the journal.
type Listing struct {
	// On tells that it is done by itself, Every with which pause.
	On    bool
	Every time.Duration
	// Strangers is what becomes of money of no attempt under an id that is none of ours.
	Strangers Strangers
}

// Strangers is what becomes of payments at a PG's account that are none of ours.
type Strangers string

// What can become of them.
const (
	// StrangersCount has them counted: others use the account too.
	StrangersCount Strangers = "count"
	// StrangersCase brings each before a person: nobody else uses the account.
	StrangersCase Strangers = "case"
	// StrangersTell has the shop told of them: they are its own, paid elsewhere than through the gateway.
	StrangersTell Strangers = "tell"
)

// MerchantPurpose is what a contract is for.
type MerchantPurpose string

// The purposes of a merchant.
const (
	MerchantGeneral             MerchantPurpose = "general"
	MerchantRecurring           MerchantPurpose = "recurring"
	MerchantEscrow              MerchantPurpose = "escrow"
	MerchantAccountVerification MerchantPurpose = "account_verification"
	MerchantKeyIn               MerchantPurpose = "key_in"
)

// Mode tells real money from test money.
type Mode string

// The modes.
const (
	ModeTest Mode = "test"
	ModeLive Mode = "live"
)

// TaxKind is how a merchant's sales are taxed.
type TaxKind string

// The tax kinds.
const (
	TaxTaxable   TaxKind = "taxable"
	TaxFree      TaxKind = "tax_free"
	TaxMixed     TaxKind = "mixed"
	TaxZeroRated TaxKind = "zero_rated"
)

// Merchant is a contract with one PG, as configured. It is part of an immutable snapshot: never changed.
type Merchant struct {
	ID MerchantID
	PG PGID
	// MID is what the PG calls us.
	MID     string
	Purpose MerchantPurpose
	Mode    Mode
	Tax     TaxKind
	// Clauses are what the contract has besides.
	Clauses []Clause
	// Goods is what the contract's phone bills are for; empty for both.
	Goods Goods
	// ChannelKey is the channel at a driver that reaches other PGs; Behind is our code for the PG behind that channel.
	ChannelKey string
	Behind     string
	// ManualConfirm tells that the channel approves only when we say so.
	ManualConfirm bool
	// ConfirmHook tells that the PG asks us just before it has a payment approved.
	ConfirmHook bool
	// Keys are what the driver alone reads (DriverSpec.MerchantKeys).
	Keys Keys
}

// Has tells whether the contract has a clause.
func (m *Merchant) Has(c Clause) bool { return slices.Contains(m.Clauses, c) }
