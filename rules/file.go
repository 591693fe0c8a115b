package rules

import "github.com/pg-gateway/pg-gateway/payment"

// file is config.yaml as written, before names are looked up and sections checked against each other.
type file struct {
	known        *known
	mode         payment.Mode
	modeAt       value
	start        StartOnly
	journalAt    value
	sandboxAt    value
	orders       OrderServiceConfig
	intercepts   []Intercept
	interceptsAt []value
	limits       LimitsConfig
	deposit      VirtualAccountConfig
	billing      BillingConfig
	recovery     payment.RecoveryRules
	telemetry    TelemetryConfig
	x2bee        X2BEEConfig
	x2beeAt      value
	apps         []rawAppScheme
	verifyMID    string
	pgs          []entry[rawPG]
	merchants    []rawMerchant
	methods      []rawMethod
	routes       []rawRoute
	installments rawInstallments
	notices      []rawNotice
	controls     []rawControl
}

// reader reads the whole file; defaults are in place before it runs.
func (f *file) reader() reader {
	f.mode = payment.ModeTest
	return object(fields{
		"mode": {
			placed(&f.modeAt, choice(&f.mode, payment.ModeTest, payment.ModeLive)),
			"live makes test MIDs, public test keys and secrets in the file errors.",
		},
		"server": {serverReader(&f.start.Server), "Listeners. A change needs a restart."},
		"journal": {
			placed(&f.journalAt, journalReader(&f.start.Journal)), "Where payments are recorded. A change needs a restart.",
		},
		"sandbox": {
			placed(&f.sandboxAt, sandboxReader(&f.start.Sandbox)), "Stand-ins for PortOne, Inicis and a demo shop.",
		},
		"order_service": {orderServiceReader(&f.orders), "The shop's order service."},
		"intercepts": {list(&f.intercepts, func(c *Intercept, at value) reader {
			f.interceptsAt = append(f.interceptsAt, at)
			return interceptReader(c)
		}), "Routes of the shop that run through the gateway; the first match wins."},
		"limits": {limitsReader(&f.limits), "Bounds of a checkout."},
		"virtual_account": {
			virtualAccountReader(&f.deposit), "Until when a virtual account takes the deposit (가상계좌 입금 기한).",
		},
		"billing":   {billingReader(&f.billing, &f.recovery), "Billing keys (빌링키) and their charges (정기결제)."},
		"telemetry": {telemetryReader(&f.telemetry), "Logs."},
		"x2bee":     {placed(&f.x2beeAt, x2beeReader(&f.x2bee)), "The payment functions of the X2BEE store API."},
		"app_schemes": {
			list(&f.apps, appSchemeReader),
			"Schemes of the shop's apps that a checkout may name as app_scheme or in return_url, as in [myshop].",
		},
		"pgs":             {dict(&f.pgs, f.pgReader), "The PGs, by our name for each."},
		"merchants":       {list(&f.merchants, f.merchantReader), "Contracts with PGs (가맹점)."},
		"payment_methods": {list(&f.methods, methodReader), "Payment methods (결제수단) and where each may go."},
		"routing": {
			list(&f.routes, routeReader), "Which PG takes a payment; the first rule that holds decides.",
		},
		"installments":          {installmentsReader(&f.installments), "Instalment plans (할부)."},
		"interest_free_notices": {list(&f.notices, noticeReader), "Interest-free offers (무이자할부 안내)."},
		"controls":              {list(&f.controls, controlReader), "What is closed, when, and what the buyer reads (점검)."},
		"account_verification": {object(fields{
			"mid": {keyText(&f.verifyMID), "MID used only to verify refund accounts (계좌인증용 MID)."},
		}), "Account verification."},
	}, "order_service", "pgs", "merchants", "payment_methods")
}
