package payment

import "slices"

// DriverSpec is what everybody else needs to know of a driver, as data: the driver says it, and the rules, the gateway
// and the lifecycle read it. Nobody outside the driver's folder asks for its name. It is made once and never changed.
type DriverSpec struct {
	// Name is the driver's name in the configuration and in the journal.
	Name DriverName
	// Title is what people call what the driver speaks to, as in "PortOne V2"; Company is who runs it, as in "PortOne".
	Title   string
	Company string

	// SharesIDs tells that the PG can hold several payments under one attempt's id, so that another transaction is
	// another payment. Elsewhere an id has one payment, whatever its transaction is called.
	SharesIDs bool
	// CarriesToken tells that the sealed attempt travels through the browser and comes back with the return, so that a
	// window is opened without a word to the PG or to the journal.
	CarriesToken bool

	// API is the path at the sidecar's listener below which the order service reaches the PG's own API (adapters.Passage);
	// empty when it cannot.
	API string
	// Lists tells that the PG can list the payments of an account, and that the driver can ask it to.
	Lists bool
	// APISigned tells that each call of the API is signed with keys that only we have, so that a caller's own credentials
	// cannot be handed on.
	APISigned bool

	// Routes are the addresses of ours that its PG is told, and Windows the kinds of window that it opens.
	Routes  Routes
	Windows []WindowKind

	// PGKeys and MerchantKeys are the keys of the configuration that are this driver's own. Two drivers may have a key
	// of one name when it is the same key.
	PGKeys       []KeySpec
	MerchantKeys []KeySpec
	// WebhookSources are where unsigned messages come from when the configuration does not say, by environment.
	WebhookSources map[Environment][]string

	// MID is what is known of the MIDs that the PG gives out.
	MID MIDSpec
	// PublicKeys are keys printed in public manuals: worth nothing as secrets.
	PublicKeys []string

	// Methods are what the driver opens windows for by itself. Empty when it reaches other PGs through channels, which
	// Behind lists then with the methods of each: a merchant needs a channel key and names the PG behind it.
	Methods []Method
	Behind  []BehindSpec
	// KeyMethods are the methods that the driver has billing keys issued for. Those that it charges keys of are the same,
	// but where it reaches other PGs through channels: there each of those says its own.
	KeyMethods []Method
	// ChargesKeys tells that the driver charges stored billing keys.
	ChargesKeys bool
	// KeysUntold tells that the PG cannot be asked about billing keys, not whether it has one either: what is known of
	// one is what the journal keeps of its issue, or what the caller says.
	KeysUntold bool
	// KeyInMethods are what the driver charges by data that the order service has of it (ChargeRequest.Card), or opens an
	// account for without a window (ChargeRequest.VBank).
	KeyInMethods []Method
	// PhoneNeeds are the keys without which a merchant's windows cannot be opened on phones and in apps: it is for PCs
	// alone then. It names none where they can.
	PhoneNeeds LiveNeed
	// NotOnPhones are methods that only its windows for PCs have.
	NotOnPhones []Method
	// PhoneToken is how long the sealed attempt may be that a window on a phone carries, in characters; 0 is any length.
	PhoneToken int

	// Clauses are what a merchant's contract may have besides; where the driver reaches other PGs through channels, each
	// of those says its own.
	Clauses []Clause

	// ManualConfirm tells that a channel can be told to approve only when we say so.
	ManualConfirm bool
	// ConfirmHook tells that the PG can ask us before it approves. ConfirmKey is the key of the PG without which its
	// question cannot be told from a forged one; empty when it is not signed.
	ConfirmHook bool
	ConfirmKey  string

	// PGNeeds and MerchantNeeds are what must be set before real money moves, beside what a file cannot be loaded
	// without.
	PGNeeds       []LiveNeed
	MerchantNeeds []LiveNeed
}

// KeyKind says how a key of the configuration is written and kept.
type KeyKind int

// The kinds of keys.
const (
	// KeyText is text that goes to the PG as it is.
	KeyText KeyKind = iota
	// KeyTexts is a list of texts.
	KeyTexts
	// KeySecret is a secret that is signed with or sent as it is.
	KeySecret
	// KeySigningSecrets are one or several secrets in the form of Standard Webhooks (whsec_ and base64).
	KeySigningSecrets
)

// KeySpec is a key of the configuration that belongs to a driver.
type KeySpec struct {
	// Name is the key in the file, Doc what it is for, in the user's words.
	Name string
	Doc  string
	Kind KeyKind
	// Size is how many bytes a secret has; 0 is any number.
	Size int
	// Choices are the only words that a text may be; empty is any.
	Choices []string
	// Required tells that the driver cannot work without it, but for contracts of the purposes in Unless.
	Required bool
	Unless   []MerchantPurpose
	// Defaults are its values when the file has none, by environment.
	Defaults map[Environment][]string
	// NotBuilt refuses the key and says why: nothing would act on it.
	NotBuilt string
}

// MIDSpec is what is known of a PG's MIDs.
type MIDSpec struct {
	// Required tells that a merchant must have one.
	Required bool
	// Longest is how many characters one has at most; 0 is any number.
	Longest int
	// Tests are those that the PG gives everybody for tests. Where there are any, another one is a live MID.
	Tests []string
}

// BehindSpec is a PG that a channel may stand for, and the methods that the driver can ask it for.
type BehindSpec struct {
	Name    string
	Methods []Method
	// KeyMethods are those whose billing keys it charges.
	KeyMethods []Method
	// Clauses are what a contract with it may have besides.
	Clauses []Clause
	// Needs are the merchant's keys without which it has no window for a method.
	Needs map[Method]string
}

// LiveNeed is what a PG or a merchant must have before real money moves.
type LiveNeed struct {
	// Keys are all needed; with Any one of them is enough. The advice is about the first.
	Keys []string
	Any  bool
	// Purposes are the contracts that need it; empty is all.
	Purposes []MerchantPurpose
	// Msg says what is wrong without it, Fix what to do.
	Msg string
	Fix string
	// Optional tells that going without it costs comfort, and no money.
	Optional bool
}

// For tells whether contracts of a purpose need it.
func (n LiveNeed) For(p MerchantPurpose) bool {
	return len(n.Purposes) == 0 || slices.Contains(n.Purposes, p)
}
