package sandbox

import (
	"encoding/base64"
	"log/slog"
	"net/http"
	"time"
)

// Won is an amount of Korean won, which has no minor unit.
type Won int64

// Config is what a sandbox is made of. Start from Defaults.
type Config struct {
	// Listen is the address that the caller should listen on; the sandbox itself is given a listener.
	Listen string
	// Inicis holds the merchants that the Inicis stand-in knows, by MID.
	Inicis map[string]InicisMerchant
	V1     V1Account
	V2     V2Account
	// Channels are PortOne's channels, of V1 and V2.
	Channels []Channel
	// EventsSecret is the Standard Webhooks secret (whsec_...) that the demo shop verifies events with.
	EventsSecret string
	// HookClient sends webhooks and the questions of the confirm process; without it there are none, and a
	// payment that would have to be asked about is refused.
	HookClient *http.Client
	// InicisNoticeURL is where Inicis tells of deposits into virtual accounts; empty tells nobody. A merchant may
	// have its own (InicisMerchant.NoticeURL).
	InicisNoticeURL string
	// InicisRetryUnit is the sandbox's minute between the tries at a deposit notice; zero tries once.
	InicisRetryUnit time.Duration
	// Gateway is where the demo shop asks for cancels.
	Gateway Gateway
	// MaxPayments bounds what is remembered of each kind; the oldest are forgotten. Zero means 100,000.
	MaxPayments int
	// Now is the clock; nil means time.Now.
	Now func() time.Time
	// Logger may be nil. Nothing personal or secret is logged.
	Logger *slog.Logger
}

// InicisMerchant holds the four secrets of a MID.
type InicisMerchant struct {
	SignKey string
	APIKey  string
	APIIV   string
	HashKey string
	LiteKey string
	// NoticeURL is where this merchant's deposits are told.
	NoticeURL string
}

// V1Account is a PortOne V1 customer.
type V1Account struct {
	ImpCode string
	Key     string
	Secret  string
	// FormNotices sends webhooks as forms instead of JSON.
	FormNotices bool
	// NoticeURL is the console's address for webhooks: of payments that named none of their own.
	NoticeURL string
	// PaysTwice lets windows that are open at once, and charges by API, each be paid under one merchant_uid, as PortOne's
	// check can be outrun.
	PaysTwice bool
}

// V2Account is a PortOne V2 store.
type V2Account struct {
	StoreID   string
	APISecret string
	// WebhookSecret (whsec_...) signs webhooks; OldNotices sends them in body version 2024-01-01.
	WebhookSecret string
	OldNotices    bool
	// NoticeURL is where payments are told that name no address of their own, as in the console; empty tells nobody.
	NoticeURL string
	// RetryUnit is the sandbox's minute between the tries at a webhook; zero tries once.
	RetryUnit time.Duration
}

// Channel is one PortOne channel: a PG module, a MID and a mode.
type Channel struct {
	Key string
	// Module is html5_inicis (V1), inicis_v2 (V2) or danal, which identifies people for V2, and bills their phones for V1
	// where the channel is Recurring.
	Module string
	MID    string
	// Test tells a test channel from a live one.
	Test bool
	// ManualConfirm makes a V2 channel wait for POST /payments/{id}/confirm before it captures.
	ManualConfirm bool
	// Recurring marks a billing-key channel.
	Recurring bool
}

// The modules of Channel.
const (
	moduleV1Inicis = "html5_inicis"
	moduleV2Inicis = "inicis_v2"
)

// publicSignKey is the sign key that KG Inicis publishes for all its test MIDs.
const publicSignKey = "SU5JTElURV9UUklQTEVERVNfS0VZU1RS"

// Defaults returns the account data that the example configuration of the gateway uses: the public test MIDs
// of KG Inicis and made-up PortOne accounts. None of it opens anything real.
func Defaults() Config {
	return Config{
		Listen: "127.0.0.1:7070",
		Inicis: map[string]InicisMerchant{
			"INIpayTest": {
				SignKey: publicSignKey, APIKey: "ItEQKi3rY7uvDS8l", APIIV: "HYb3yQ4f65QL89==",
				HashKey: "3CB8183A4BE283555ACC8363C0360223",
			},
			"iniescrow0": {
				SignKey: publicSignKey, APIKey: "yERbIlJ3NhTeObsA", APIIV: "tOGDXbfoajk2DQ==",
				HashKey: "37F3A120C1DFCDEB708B00F5383D2263",
			},
			"INIBillTst": {
				SignKey: publicSignKey, APIKey: "rKnPljRn5m6J9Mzz", APIIV: "W2KLNKra6Wxc1P==",
				LiteKey: "b09LVzhuTGZVaEY1WmJoQnZzdXpRdz09",
			},
		},
		V1: V1Account{ImpCode: "imp00000000", Key: "sandbox-imp-key", Secret: "sandbox-imp-secret"},
		V2: V2Account{
			StoreID: "store-sandbox", APISecret: "sandbox-v2-secret", RetryUnit: time.Second,
			WebhookSecret: "whsec_" + base64.StdEncoding.EncodeToString([]byte("sandbox-portone-v2-hooks-0000001")),
		},
		Channels: []Channel{
			{Key: "channel-key-v1-inicis", Module: moduleV1Inicis, MID: "INIpayTest", Test: true},
			{Key: "channel-key-v2-inicis", Module: moduleV2Inicis, MID: "INIpayTest", Test: true, ManualConfirm: true},
			{Key: "channel-key-v2-auto", Module: moduleV2Inicis, MID: "INIpayTest", Test: true},
			{Key: "channel-key-v1-billing", Module: moduleV1Inicis, MID: "INIBillTst", Test: true, Recurring: true},
			{Key: "channel-key-v1-phone", Module: moduleDanal, MID: "A010002002", Test: true, Recurring: true},
			{Key: "channel-key-v2-identity", Module: moduleDanal, MID: "A010002002", Test: true},
			{Key: "channel-key-v2-billing", Module: moduleV2Inicis, MID: "INIBillTst", Test: true, Recurring: true},
		},
		InicisRetryUnit: 100 * time.Millisecond,
		EventsSecret:    "whsec_" + base64.StdEncoding.EncodeToString([]byte("demo-shop-events-secret-00000001")),
		MaxPayments:     100_000,
	}
}
