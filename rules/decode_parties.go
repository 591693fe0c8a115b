package rules

import (
	"time"

	"github.com/pg-gateway/pg-gateway/payment"
)

// rawPG is one entry of pgs as written.
type rawPG struct {
	payment.PG
	at        value
	pgSpan    span
	keys      []located
	callsWith callsWith
	// listingAt is where the section listing is, if there is one.
	listingAt value
}

// callsWith is whose credentials calls of a PG's API are made with.
type callsWith string

const (
	credentialsOurs   callsWith = "ours"
	credentialsPassed callsWith = "passthrough"
)

// pgReader reads a PG; its driver's own keys are beside what every PG has.
func (f *file) pgReader(p *rawPG, at value) reader {
	p.at = at
	p.InUse, p.Environment = true, payment.EnvSandbox
	p.ApproveTimeout, p.ReadTimeout = 30*time.Second, 10*time.Second
	p.Listing = payment.Listing{On: true, Every: 20 * time.Second, Strangers: payment.StrangersCount}
	return object(keyFields(p.fields(f.known), f.known.pgKeys, &p.Keys, &p.keys), "driver")
}

func (p *rawPG) fields(k *known) fields {
	return fields{
		"code":   {filled(&p.Code), "X2BEE's OM030 code, as in \"10\" for 이니시스."},
		"name":   {filled(&p.Name), "What people call it."},
		"driver": {choice(&p.Driver, k.names...), "Which driver speaks to it."},
		"in_use": {flag(&p.InUse), "N turns the PG off for every method at once (사용여부)."},
		"environment": {
			choice(&p.Environment, payment.EnvLive, payment.EnvTest, payment.EnvSandbox),
			"Which hosts: live, test, or our sandbox.",
		},
		"base_url": {baseURL(&p.BaseURL), "Replaces the hosts of the environment."},
		"approve_timeout": {
			duration(&p.ApproveTimeout, time.Second, 2*time.Minute), "How long one money-moving request may take.",
		},
		"read_timeout": {duration(&p.ReadTimeout, 100*time.Millisecond, time.Minute), "How long one look-up may take."},
		"webhook_sources": {
			list(&p.WebhookSources, func(s *string, _ value) reader { return source(s) }),
			"Addresses or CIDR ranges that PortOne V1 webhooks come from; PortOne's own three when left out. It is a hint: a " +
				"bounded number is taken from other addresses too, read at PortOne before it is believed, and counted as " +
				"unlisted_source. Inicis' notices of deposits are taken from listed addresses only.",
		},
		"listing": {
			placed(&p.listingAt, p.listing()),
			"How the payments that the PG has are listed, to find money of which nobody told; for drivers whose PG can list.",
		},
		"sidecar_listen": {
			address(&p.SidecarListen), "Address of a listener that is this PG's own API alone, as in 127.0.0.1:8082: for the " +
				"order service's SDK, which gets it as its base URL. Beyond the loopback interface it needs " +
				"server.sidecar.tokens. A change needs a restart.",
		},
		"credentials": {
			choice(&p.callsWith, credentialsOurs, credentialsPassed), "Whose credentials calls of the PG's API are made with: " +
				"ours, or with passthrough the caller's own, which driver inicis does not do. What moves money is made with " +
				"ours in any case.",
		},
		"from":  {instant(&p.pgSpan.from, false), "Not before this moment."},
		"until": {instant(&p.pgSpan.until, true), "Not from this moment on; a date means its end."},
	}
}

func (p *rawPG) listing() reader {
	return object(fields{
		"enabled": {flag(&p.Listing.On), "N lists on demand only (pg-gateway cases find); Y when left out."},
		"every":   {duration(&p.Listing.Every, 5*time.Second, time.Hour), "The pause between two rounds; 20s when left out."},
		"strangers": {
			choice(&p.Listing.Strangers, payment.StrangersCount, payment.StrangersCase, payment.StrangersTell),
			"What becomes of a payment under an id that is none of ours: count (the default; other systems, a console or the " +
				"order service itself use the account too), tell (those are the shop's own, and it hears of each as " +
				"external_payment.updated) or case (nobody else uses it, and each is shown by cases list).",
		},
	})
}

// reviewState is where a card company's review of a merchant stands (카드사 심사).
type reviewState string

const (
	reviewApproved reviewState = "approved"
	reviewPending  reviewState = "pending"
	reviewRefused  reviewState = "refused"
)

// rawMerchant is one entry of merchants as written.
type rawMerchant struct {
	payment.Merchant
	at      value
	id      word
	pg      word
	midAt   value
	keys    []located
	inUse   bool
	span    span
	sites   []word
	devices []word
	methods []word
	// integrations are those of 연동방식.
	integrations []word
	cards        []entry[reviewState]
	fees         []entry[rawFee]
	free         bool
	maxMonths    int
	// digital is what the contract's phone bills are for, where digitalSet tells that it says.
	digital    bool
	digitalSet bool
	cardPoints bool
}

// rawFee is a fee, or fees by kind of card.
type rawFee struct {
	credit    Fee
	companies []entry[Fee]
}

func feeReader(f *rawFee) reader {
	return either(fee(&f.credit), object(fields{
		"credit": {fee(&f.credit), "Fee for cards: their kind is not known before the window opens."},
		"check":  notBuilt("the kind of a card is not known before the window opens, so credit counts"),
		"companies": {
			dict(&f.companies, func(c *Fee, _ value) reader { return fee(c) }),
			"Fee by card company, as in { kb: 2.0% }; lowest_fee takes it for a card chosen beforehand, credit otherwise.",
		},
	}, "credit"))
}

// merchantReader reads a merchant; its driver's own keys are beside what every merchant has.
func (f *file) merchantReader(m *rawMerchant, at value) reader {
	m.at, m.inUse = at, true
	m.Purpose, m.Tax = payment.MerchantGeneral, payment.TaxTaxable
	return object(keyFields(m.fields(f.known), f.known.merchantKeys, &m.Keys, &m.keys), "id", "pg")
}

func (m *rawMerchant) fields(k *known) fields {
	return fields{
		"id":             {name(&m.id), "Our name for the contract (가맹점번호)."},
		"pg":             {name(&m.pg), "The PG it is with, one of pgs."},
		"mid":            {placed(&m.midAt, keyText(&m.MID)), "What the PG calls us (MID)."},
		"channel_key":    {keyText(&m.ChannelKey), "PortOne channel key."},
		"behind":         {choice(&m.Behind, k.behind...), "The PG behind the PortOne channel."},
		"manual_confirm": {flag(&m.ManualConfirm), "PortOne V2 manual confirm: nothing is approved until we say so."},
		"confirm_hook": {
			flag(&m.ConfirmHook),
			"Y has PortOne ask us before it approves (confirm_url, confirmUrl); PortOne support must have switched it on.",
		},
		"purpose": {
			choice(&m.Purpose, payment.MerchantGeneral, payment.MerchantRecurring, payment.MerchantEscrow,
				payment.MerchantAccountVerification, payment.MerchantKeyIn),
			"What the contract is for (용도); a MID that is for several is there once for each.",
		},
		"mode": {choice(&m.Mode, payment.ModeTest, payment.ModeLive), "test or live; must be the file's mode."},
		"tax": {
			choice(&m.Tax, payment.TaxTaxable, payment.TaxFree, payment.TaxMixed, payment.TaxZeroRated),
			"How sales are taxed (과세 구분).",
		},
		"digital": {
			set(&m.digitalSet, flag(&m.digital)), "What the contract's phone bills are for: Y digital content (컨텐츠), N goods " +
				"that are sent (실물). Only the order's look-up says otherwise then; when left out, the page may.",
		},
		"card_points": {
			flag(&m.cardPoints), "Y has buyers pay with their card's points (카드 포인트), which the contract must have.",
		},
		"in_use":  {flag(&m.inUse), "N takes the merchant out."},
		"from":    {instant(&m.span.from, false), "Not before this moment."},
		"until":   {instant(&m.span.until, true), "Not from this moment on; a date means its end."},
		"sites":   {names(&m.sites), "all, or the sites it is for (적용사이트)."},
		"devices": {names(&m.devices), "pc, mobile, app; all when left out."},
		"integration": {
			names(&m.integrations), "How the contract is used (연동방식): window (결제창), api (key-in, accounts and keys without " +
				"a window), billing (charges of billing keys); all that its purpose allows when left out.",
		},
		"methods": {names(&m.methods), "Methods the contract covers; all that the PG supports when left out."},
		"cards": {dict(&m.cards, func(s *reviewState, _ value) reader {
			return choice(s, reviewApproved, reviewPending, reviewRefused)
		}), "Review state by card company, and default: one not approved is hidden and refused (카드사 심사)."},
		"fees": {
			dict(&m.fees, func(f *rawFee, _ value) reader { return feeReader(f) }), "Fee by method: 2.2%, 300won, 1.5%+100won.",
		},
		"interest_free": {flag(&m.free), "Y applies the interest-free notices (무이자 사용여부)."},
		"max_months":    {whole(&m.maxMonths, 1, 36), "Longest instalment plan of this contract."},
	}
}

// placed notes where a value stands before reading it.
func placed(dst *value, r reader) reader {
	return func(v value) {
		if v.schema == nil {
			*dst = v
		}
		r(v)
	}
}
