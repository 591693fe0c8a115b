package main

import (
	"maps"
	"net/http"
	"net/url"
	"time"

	"github.com/pg-gateway/pg-gateway/sandbox"
)

const (
	get, post, patch, del = http.MethodGet, http.MethodPost, http.MethodPatch, http.MethodDelete

	v2Payment = "/payments/{paymentId}"
)

func fill(names ...string) []string { return names }

// with is a copy of an object with some fields put or, when nil, left out.
func with(o, changes object) object {
	out := maps.Clone(o)
	for name, v := range changes {
		if v == nil {
			delete(out, name)
			continue
		}
		out[name] = v
	}
	return out
}

// driveV2 asks everything that the stand-in for PortOne V2 answers, at each of its statuses.
func driveV2(d *driver) {
	d.v2Tokens()
	d.header["Authorization"] = "PortOne sandbox-v2-secret"
	key := d.v2Keys()
	d.v2Windows()
	d.v2Charges(key)
	d.v2Schedules(key)
	d.v2Cancels()
	d.v2Escrow()
	d.v2Receipts()
	d.v2Identities()
	d.v2Lists()
	d.header["Authorization"] = "PortOne wrong"
	for op := range map[string]bool{
		"/payments": true, "/payments/{paymentId}": true, "/payments-by-cursor": true, "/payment-events-by-cursor": true,
		"/payment-schedules": true, "/billing-keys": true, "/cash-receipts": true, "/identity-verifications": true,
	} {
		d.call(401, get, op, fill("A-1"), nil)
	}
}

func (d *driver) v2Tokens() {
	got := d.call(200, post, "/login/api-secret", nil, object{"apiSecret": sandbox.Defaults().V2.APISecret})
	d.call(401, post, "/login/api-secret", nil, object{"apiSecret": "x"})
	d.call(400, post, "/login/api-secret", nil, object{"apiSecret": 1})
	d.call(200, post, "/token/refresh", nil, object{"refreshToken": word(got, "refreshToken")})
	d.call(401, post, "/token/refresh", nil, object{"refreshToken": word(got, "refreshToken")})
	d.call(200, get, "/banks", nil, nil)
}

func v2Buyer() object {
	return object{"name": object{"full": "홍길동"}, "phoneNumber": "010-4242-4242", "email": "gildong@example.com"}
}

func v2Card() object {
	return object{"card": object{"credential": object{
		"number": "4242424242424242", "expiryYear": "39", "expiryMonth": "12",
	}}}
}

// v2Keys issues billing keys and returns one that lives.
func (d *driver) v2Keys() string {
	ask := object{"channelKey": "channel-key-v2-billing", "method": v2Card(), "customer": v2Buyer()}
	key := word(d.call(200, post, "/billing-keys", nil, ask), "billingKeyInfo", "billingKey")
	other := word(d.call(200, post, "/billing-keys", nil, ask), "billingKeyInfo", "billingKey")
	d.call(400, post, "/billing-keys", nil, with(ask, object{"method": object{}}))
	d.call(404, post, "/billing-keys", nil, with(ask, object{"channelKey": "none"}))
	d.decline("issue")
	d.call(502, post, "/billing-keys", nil, ask)
	d.call(200, get, "/billing-keys/{billingKey}", fill(key), nil)
	d.call(404, get, "/billing-keys/{billingKey}", fill("none"), nil)
	d.call(200, del, "/billing-keys/{billingKey}", fill(other), nil)
	d.call(409, del, "/billing-keys/{billingKey}", fill(other), nil)
	d.call(404, del, "/billing-keys/{billingKey}", fill("none"), nil)
	d.call(200, get, "/billing-keys/{billingKey}", fill(other), nil)
	return key
}

// decline makes the PG decline the next of an operation.
func (d *driver) decline(operation string) {
	if err := d.box.Inject(sandbox.Fault{PG: "portone_v2", Operation: operation, Kind: sandbox.FaultDecline}); err != nil {
		d.differ("%v", err)
	}
}

func v2Window(id, channel string) object {
	return object{
		"storeId": "store-sandbox", "channelKey": channel, "paymentId": id, "orderName": "의자", "totalAmount": 1000,
		"currency": "KRW", "payMethod": "CARD",
		"customer": object{"fullName": "홍길동", "phoneNumber": "010-4242-4242", "email": "gildong@example.com"},
	}
}

// v2Pay opens a window and clicks in it.
func (d *driver) v2Pay(params object, click string) object {
	opened := d.page("/portone/sdk/v2/open", object{"device": "pc", "params": params})
	if click == "" {
		return opened
	}
	return d.page("/portone/sdk/v2/act", object{"key": opened["key"], "action": click})
}

// v2Windows pays in windows by every method, and confirms what is to be confirmed.
func (d *driver) v2Windows() {
	const auto, manual = "channel-key-v2-auto", "channel-key-v2-inicis"
	d.v2Pay(v2Window("READY", auto), "")
	d.v2Pay(v2Window("FAILED", auto), "fail")
	d.v2Pay(v2Window("PAID", auto), "pay")
	kakao := object{"payMethod": "EASY_PAY", "easyPay": object{"easyPayProvider": "KAKAOPAY"}}
	d.v2Pay(with(v2Window("EASY", auto), kakao), "pay")
	d.v2Pay(with(v2Window("TRANS", auto), object{"payMethod": "TRANSFER", "customData": object{"a": 1}}), "pay")
	d.v2Pay(with(v2Window("MOBILE", auto), object{"payMethod": "MOBILE", "productType": "REAL"}), "pay")
	d.v2Pay(with(v2Window("ACCOUNT", auto), object{"payMethod": "VIRTUAL_ACCOUNT"}), "pay")
	for _, id := range []string{"READY", "FAILED", "PAID", "EASY", "TRANS", "MOBILE", "ACCOUNT"} {
		d.call(200, get, v2Payment, fill(id), nil)
		d.call(200, get, v2Payment+"/transactions", fill(id), nil)
	}
	d.call(404, get, v2Payment, fill("NONE"), nil)
	d.callAt(403, get, v2Payment, "?storeId=store-other", fill("PAID"), nil)
	d.call(404, get, v2Payment+"/transactions", fill("NONE"), nil)
	d.call(200, post, v2Payment+"/pre-register", fill("NEXT"), object{"totalAmount": 1000})
	d.call(409, post, v2Payment+"/pre-register", fill("PAID"), object{"totalAmount": 1000})
	d.call(400, post, v2Payment+"/pre-register", fill("NEXT"), object{"totalAmount": "1000"})
	d.call(403, post, v2Payment+"/pre-register", fill("NEXT"), object{"storeId": "store-other"})

	const confirm = v2Payment + "/confirm"
	token := d.v2Pay(v2Window("CONFIRM", manual), "pay")["paymentToken"]
	d.call(400, post, confirm, fill("CONFIRM"), object{})
	d.call(400, post, confirm, fill("CONFIRM"), object{"paymentToken": "x"})
	d.call(404, post, confirm, fill("NONE"), object{"paymentToken": token})
	d.call(409, post, confirm, fill("CONFIRM"), object{"paymentToken": token, "totalAmount": 1})
	d.call(200, post, confirm, fill("CONFIRM"), object{"paymentToken": token, "totalAmount": 1000})
	d.call(409, post, confirm, fill("CONFIRM"), object{"paymentToken": token})
	token = d.v2Pay(v2Window("DECLINED", manual), "fail")["paymentToken"]
	d.call(502, post, confirm, fill("DECLINED"), object{"paymentToken": token})

	const shut = v2Payment + "/virtual-account/close"
	d.call(200, post, shut, fill("ACCOUNT"), object{})
	d.call(409, post, shut, fill("ACCOUNT"), object{})
	d.call(404, post, shut, fill("NONE"), object{})
	d.call(200, get, v2Payment, fill("ACCOUNT"), nil)
}

func v2Sale(more object) object {
	return with(object{
		"orderName": "의자", "currency": "KRW", "amount": object{"total": 1000}, "customer": v2Buyer(), "customData": "{}",
	}, more)
}

// v2Charges charges without a window.
func (d *driver) v2Charges(key string) {
	const charge, instant = v2Payment + "/billing-key", v2Payment + "/instant"
	byKey := v2Sale(object{"billingKey": key, "noticeUrls": []string{"http://127.0.0.1:1/"}})
	d.call(200, post, charge, fill("CHARGED"), byKey)
	d.call(409, post, charge, fill("CHARGED"), byKey)
	d.call(404, post, charge, fill("C-1"), with(byKey, object{"billingKey": "none"}))
	d.call(404, post, charge, fill("C-1"), with(byKey, object{"channelKey": "none"}))
	d.call(400, post, charge, fill("C-1"), with(byKey, object{"amount": nil}))
	d.call(409, post, charge, fill("C-1"), with(byKey, object{"amount": object{"total": 1, "taxFree": 2}}))
	d.decline("charge")
	d.call(502, post, charge, fill("C-1"), byKey)
	d.call(200, get, v2Payment, fill("CHARGED"), nil)

	byCard := v2Sale(object{"channelKey": "channel-key-v2-auto", "method": v2Card()})
	d.call(200, post, instant, fill("INSTANT"), byCard)
	d.call(409, post, instant, fill("INSTANT"), byCard)
	d.call(400, post, instant, fill("I-1"), with(byCard, object{"method": object{}}))
	d.call(404, post, instant, fill("I-1"), with(byCard, object{"channelKey": "none"}))
	d.decline("instant")
	d.call(502, post, instant, fill("I-1"), byCard)
	d.call(200, post, instant, fill("FIXED"), with(byCard, object{"method": object{"virtualAccount": object{
		"bank": "SHINHAN", "expiry": object{"validHours": 24},
		"option": object{"type": "FIXED", "fixed": object{"accountNumber": "56200001111222"}},
	}}}))
	d.call(200, get, v2Payment, fill("FIXED"), nil)
	if err := d.box.Deposit(sandbox.Deposit{Ref: "FIXED"}); err != nil {
		d.differ("%v", err)
	}
	d.call(200, get, v2Payment, fill("FIXED"), nil)
	d.call(200, post, v2Payment+"/resend-webhook", fill("CHARGED"), object{})
	d.call(404, post, v2Payment+"/resend-webhook", fill("PAID"), object{})
	d.call(404, post, v2Payment+"/resend-webhook", fill("NONE"), object{})
}

// v2Schedules makes schedules, lets them fire and takes them back.
func (d *driver) v2Schedules(key string) {
	const make, one, all = v2Payment + "/schedule", "/payment-schedules/{paymentScheduleId}", "/payment-schedules"
	ask := object{
		"payment": v2Sale(object{"billingKey": key}), "timeToPay": time.Now().Add(time.Hour).Format(time.RFC3339),
	}
	var ids []string
	for _, id := range []string{"S-PAID", "S-FAILED", "S-REVOKED", "S-WAITS"} {
		ids = append(ids, word(d.call(200, post, make, fill(id), ask), "schedule", "id"))
	}
	d.call(409, post, make, fill("S-WAITS"), ask)
	d.call(409, post, make, fill("PAID"), ask)
	d.call(400, post, make, fill("S-1"), with(ask, object{"timeToPay": "soon"}))
	d.call(404, post, make, fill("S-1"), with(ask, object{"payment": v2Sale(object{"billingKey": "none"})}))
	d.call(409, del, "/billing-keys/{billingKey}", fill(key), nil)
	d.fire("S-PAID")
	d.decline("fire")
	d.fire("S-FAILED")
	d.call(200, del, all, nil, object{"scheduleIds": ids[2:3]})
	d.call(409, del, all, nil, object{"scheduleIds": ids[2:3]})
	d.call(409, del, all, nil, object{"scheduleIds": ids[:1]})
	d.call(404, del, all, nil, object{"scheduleIds": []string{"none"}})
	d.call(400, del, all, nil, object{})
	for _, id := range ids {
		d.call(200, get, one, fill(id), nil)
	}
	d.call(404, get, one, fill("none"), nil)
	ever := question(`{"filter":{"until":"2100-01-01T00:00:00Z","from":"2020-01-01T00:00:00Z"}}`)
	d.callAt(200, get, all, ever, nil, nil)
	d.callAt(400, get, all, question(`{"page":{"size":0}}`), nil, nil)
	d.call(200, get, v2Payment, fill("S-FAILED"), nil)
	d.call(200, get, v2Payment, fill("S-PAID"), nil)
	d.call(200, del, all, nil, object{"billingKey": key})
}

func question(text string) string { return "?requestBody=" + url.QueryEscape(text) }

func (d *driver) fire(ref string) {
	if err := d.box.FireNow(ref); err != nil {
		d.differ("%v", err)
	}
}

// v2Cancels gives money back in every way.
func (d *driver) v2Cancels() {
	const cancel, stop = v2Payment + "/cancel", v2Payment + "/cancellations/{cancellationId}/stop"
	d.call(404, post, cancel, fill("NONE"), object{"reason": "x"})
	d.call(409, post, cancel, fill("FAILED"), object{"reason": "x"})
	d.call(400, post, cancel, fill("PAID"), object{})
	d.call(409, post, cancel, fill("PAID"), object{"reason": "x", "amount": 2000})
	d.call(409, post, cancel, fill("PAID"), object{"reason": "x", "amount": 100, "currentCancellableAmount": 1})
	d.call(409, post, cancel, fill("PAID"), object{"reason": "x", "amount": 100, "taxFreeAmount": 50})
	d.call(409, post, cancel, fill("PAID"), object{"reason": "x", "amount": 100, "taxFreeAmount": 500})
	d.call(200, post, cancel, fill("PAID"), object{"reason": "x", "amount": 100})
	d.call(200, get, v2Payment, fill("PAID"), nil)
	d.cancels(sandbox.CancelLater)
	waiting := word(d.call(200, post, cancel, fill("PAID"), object{"reason": "x", "amount": 100}), "cancellation", "id")
	d.call(200, get, v2Payment, fill("PAID"), nil)
	d.call(200, post, stop, fill("PAID", waiting), object{})
	d.call(409, post, stop, fill("PAID", waiting), object{})
	d.call(404, post, stop, fill("PAID", "none"), object{})
	d.call(404, post, stop, fill("NONE", waiting), object{})
	d.call(200, get, v2Payment, fill("PAID"), nil)
	d.cancels(sandbox.CancelAtOnce)
	d.call(200, post, cancel, fill("PAID"), object{"reason": "x"})
	d.call(409, post, cancel, fill("PAID"), object{"reason": "x"})
	d.call(200, get, v2Payment, fill("PAID"), nil)
	d.call(200, get, v2Payment+"/transactions", fill("PAID"), nil)
}

func (d *driver) cancels(m sandbox.CancelMode) {
	if err := d.box.SetCancels(m, 0); err != nil {
		d.differ("%v", err)
	}
}

// v2Escrow sends goods, and shows every state of an escrow payment.
func (d *driver) v2Escrow() {
	const logistics, complete = v2Payment + "/escrow/logistics", v2Payment + "/escrow/complete"
	d.v2Pay(with(v2Window("ESCROW", "channel-key-v2-auto"), object{"isEscrow": true}), "pay")
	side := object{
		"name": "홍길동", "phoneNumber": "010-4242-4242", "zipcode": "04524",
		"address": object{"addressLine1": "서울", "addressLine2": "1"},
	}
	parcel := object{
		"sender": side, "receiver": side, "products": []object{{"id": "P", "name": "의자", "amount": 1000, "quantity": 1}},
		"logistics": object{"company": "CJ", "invoiceNumber": "1", "sentAt": "2026-04-02T06:00:00Z"},
	}
	d.call(502, post, v2Payment+"/cancel", fill("ESCROW"), object{"reason": "x", "amount": 1})
	d.call(502, post, complete, fill("ESCROW"), object{})
	d.call(502, patch, logistics, fill("ESCROW"), parcel)
	d.call(200, get, v2Payment, fill("ESCROW"), nil)
	d.call(200, post, logistics, fill("ESCROW"), parcel)
	d.call(200, patch, logistics, fill("ESCROW"), parcel)
	d.call(400, post, logistics, fill("ESCROW"), object{})
	d.call(404, post, logistics, fill("NONE"), parcel)
	d.call(409, post, logistics, fill("FAILED"), parcel)
	d.call(502, post, logistics, fill("EASY"), parcel)
	d.call(200, get, v2Payment, fill("ESCROW"), nil)
	d.call(200, post, complete, fill("ESCROW"), object{})
	d.call(404, post, complete, fill("NONE"), object{})
	d.call(409, post, complete, fill("FAILED"), object{})
	for _, state := range []string{"2", "3", "31", "4", "8", "10"} {
		if err := d.box.Escrow("ESCROW", state); err != nil {
			d.differ("%v", err)
		}
		d.call(200, get, v2Payment, fill("ESCROW"), nil)
	}
}

func (d *driver) v2Receipts() {
	const read, cancel = v2Payment + "/cash-receipt", v2Payment + "/cash-receipt/cancel"
	ask := object{
		"paymentId": "R-1", "channelKey": "channel-key-v2-auto", "type": "PERSONAL", "orderName": "의자", "currency": "KRW",
		"amount": object{"total": 1000}, "customer": object{"identityNumber": "01042424242"},
	}
	d.call(200, post, "/cash-receipts", nil, ask)
	d.call(409, post, "/cash-receipts", nil, ask)
	d.call(400, post, "/cash-receipts", nil, with(ask, object{"type": nil}))
	d.call(404, post, "/cash-receipts", nil, with(ask, object{"channelKey": "none"}))
	d.call(200, get, read, fill("R-1"), nil)
	d.call(404, get, read, fill("NONE"), nil)
	d.call(200, post, cancel, fill("R-1"), nil)
	d.call(404, post, cancel, fill("R-1"), nil)
	d.call(404, post, cancel, fill("NONE"), nil)
	d.call(200, get, read, fill("R-1"), nil)
	d.call(200, get, "/cash-receipts", nil, nil)
}

func (d *driver) v2Identities() {
	const one = "/identity-verifications/{identityVerificationId}"
	ask := object{
		"channelKey": "channel-key-v2-identity", "operator": "SKT", "method": "SMS", "customData": "x",
		"customer": object{
			"name": "홍길동", "phoneNumber": "01042424242", "identityNumber": "9001011", "ipAddress": "203.0.113.7",
		},
	}
	d.call(404, post, one+"/confirm", fill("I-1"), object{"otp": "1"})
	d.call(404, post, one+"/resend", fill("I-1"), nil)
	d.call(404, get, one, fill("I-1"), nil)
	d.call(400, post, one+"/send", fill("I-1"), with(ask, object{"operator": "x"}))
	d.call(404, post, one+"/send", fill("I-1"), with(ask, object{"channelKey": "x"}))
	d.call(200, post, one+"/send", fill("I-1"), ask)
	d.call(409, post, one+"/send", fill("I-1"), ask)
	d.call(200, post, one+"/resend", fill("I-1"), nil)
	d.call(200, get, one, fill("I-1"), nil)
	d.call(400, post, one+"/confirm", fill("I-1"), object{})
	d.call(502, post, one+"/confirm", fill("I-1"), object{"otp": "1"})
	d.call(200, post, one+"/confirm", fill("I-1"), object{"otp": "123456"})
	d.call(409, post, one+"/confirm", fill("I-1"), object{"otp": "123456"})
	d.call(409, post, one+"/resend", fill("I-1"), nil)
	d.call(200, get, one, fill("I-1"), nil)
	d.call(200, get, "/identity-verifications", nil, nil)
}

// v2Lists lists what the others made, so that every kind of item stands in them.
func (d *driver) v2Lists() {
	for _, path := range []string{"/payments-by-cursor", "/payment-events-by-cursor"} {
		d.callAt(200, get, path, question(`{"size":1000}`), nil, nil)
		d.callAt(400, get, path, question(`{"size":0}`), nil, nil)
		d.callAt(403, get, path, question(`{"storeId":"store-other"}`), nil, nil)
	}
	for _, path := range []string{"/payments", "/billing-keys"} {
		d.callAt(200, get, path, question(`{"page":{"size":1000}}`), nil, nil)
		d.callAt(400, get, path, question(`{"page":{"size":0}}`), nil, nil)
		d.callAt(403, get, path, question(`{"filter":{"storeId":"store-other"}}`), nil, nil)
	}
}
