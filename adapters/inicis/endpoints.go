package inicis

import (
	"slices"

	"github.com/pg-gateway/pg-gateway/payment"
)

// URLs are the addresses of one PG entry of the configuration.
type URLs struct {
	// Script is the browser script that defines INIStdPay.
	Script string
	// INIAPI is the root of INIAPI: /api/v1/... and /v2/pg/... hang below it.
	INIAPI string
	// MobileWindow is where the mobile window's form is posted to.
	MobileWindow string
	// KeyWindow is where the form that has a billing key issued is posted to.
	KeyWindow string
	// IDCs are the idc_name values that may be answered.
	IDCs []string

	pc, mobile func(idc, call string) string
}

// Endpoints returns the addresses of pg. A BaseURL replaces every host, in the sandbox's layout.
func Endpoints(pg *payment.PG) URLs {
	u := URLs{IDCs: pg.Keys.Texts(keyIDCs)}
	if len(u.IDCs) == 0 {
		u.IDCs = DefaultIDCs(pg.Environment)
	}
	u.Script = script(pg)
	if base := pg.BaseURL; base != "" {
		u.INIAPI = base + "/inicis/iniapi"
		u.KeyWindow, u.MobileWindow = base+"/inicis/pay/card/billing", base+"/inicis/smart/payment/"
		u.pc = func(idc, call string) string { return base + "/inicis/" + idc + "/api/" + call }
		u.mobile = func(idc, call string) string { return base + "/inicis/" + idc + "/smart/" + call }
		return u
	}
	// Test and live have one window each of these; the MID tells them apart.
	u.KeyWindow = "https://inilitepay.inicis.com/pay/card/billing"
	u.MobileWindow = "https://mobile.inicis.com/smart/payment/"
	u.INIAPI = "https://stginiapi.inicis.com"
	if pg.Environment == payment.EnvLive {
		u.INIAPI = "https://iniapi.inicis.com"
	}
	u.pc = func(idc, call string) string { return "https://" + idc + "stdpay.inicis.com/api/" + call }
	u.mobile = func(idc, call string) string { return "https://" + idc + "mobile.inicis.com/smart/" + call }
	return u
}

// script is URLs.Script alone, which every window needs.
func script(pg *payment.PG) string {
	switch {
	case pg.BaseURL != "":
		return pg.BaseURL + "/inicis/stdjs/INIStdPay.js"
	case pg.Environment == payment.EnvLive:
		return "https://stdpay.inicis.com/stdjs/INIStdPay.js"
	}
	return "https://stgstdpay.inicis.com/stdjs/INIStdPay.js"
}

// DefaultIDCs returns the data centres that an environment answers with.
func DefaultIDCs(env payment.Environment) []string {
	if env == payment.EnvLive {
		return []string{"fc", "ks"}
	}
	return []string{"stg"}
}

// Allowed tells whether idc is one of the configured data centres.
func (u URLs) Allowed(idc string) bool { return idc != "" && slices.Contains(u.IDCs, idc) }

// Approve is the approval address of a data centre. Ask Allowed first.
func (u URLs) Approve(idc string) string { return u.pc(idc, "payAuth") }

// NetCancel is the net cancel address of a data centre. Ask Allowed first.
func (u URLs) NetCancel(idc string) string { return u.pc(idc, "netCancel") }

// MobileApprove is the mobile window's approval address of a data centre.
func (u URLs) MobileApprove(idc string) string { return u.mobile(idc, "payReq.ini") }

// MobileNetCancel is the mobile window's net cancel address of a data centre.
func (u URLs) MobileNetCancel(idc string) string { return u.mobile(idc, "payNetCancel.ini") }

// AuthURLAllowed is the idc rule of the PC window: the address must be, to the letter, the one that follows
// from the data centre. Whoever posts to what a browser delivered approves himself.
func (u URLs) AuthURLAllowed(idc, authURL string) bool {
	return u.Allowed(idc) && authURL == u.Approve(idc)
}

// ReqURLAllowed is the idc rule of the mobile window.
func (u URLs) ReqURLAllowed(idc, reqURL string) bool {
	return u.Allowed(idc) && reqURL == u.MobileApprove(idc)
}
