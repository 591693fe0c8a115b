package main

import (
	"net/http"
	"strconv"
	"time"

	"github.com/pg-gateway/pg-gateway/sandbox"
)

const (
	put = http.MethodPut

	v1Key = "/subscribe/customers/{customer_uid}"
	// v1Sandbox shows payments of test channels, which V1 hides otherwise.
	v1Sandbox = "?include_sandbox=true"
)

// driveV1 asks everything that the stand-in for PortOne V1 answers, at each of its statuses.
func driveV1(d *driver) {
	d.call(401, post, "/users/getToken", nil, object{"imp_key": "x", "imp_secret": "x"})
	account := sandbox.Defaults().V1
	mine := object{"imp_key": account.Key, "imp_secret": account.Secret}
	got := d.call(200, post, "/users/getToken", nil, mine)
	d.header["Authorization"] = "Bearer " + word(got, "response", "access_token")
	d.v1Windows()
	d.v1Charges()
	d.v1Schedules()
	d.v1Accounts()
	d.v1Escrow()
	d.v1Beside()
	d.header["Authorization"] = "Bearer x"
	d.call(401, get, "/payments/{imp_uid}", fill("x"), nil)
	d.call(401, post, "/payments/cancel", nil, object{"imp_uid": "x"})
	d.call(401, post, "/subscribe/payments/again", nil, object{})
}

func v1Window(uid string) object {
	return object{
		"channelKey": "channel-key-v1-inicis", "pay_method": "card", "merchant_uid": uid, "name": "의자", "amount": 1000,
		"buyer_tel": "010-4242-4242", "buyer_name": "홍길동", "buyer_email": "gildong@example.com",
		"m_redirect_url": "http://shop.test/return",
	}
}

// v1Pay opens a window, clicks in it and returns the payment's imp_uid.
func (d *driver) v1Pay(params object, click string) string {
	opened := d.page("/portone/sdk/v1/open", object{"imp_code": "imp00000000", "device": "pc", "params": params})
	return word(d.page("/portone/sdk/v1/act", object{"key": opened["key"], "action": click}), "imp_uid")
}

// v1Windows pays in windows, reads in every way and gives back.
func (d *driver) v1Windows() {
	paid, failed := d.v1Pay(v1Window("PAID"), "pay"), d.v1Pay(v1Window("FAILED"), "fail")
	for _, id := range []string{paid, failed} {
		d.callAt(200, get, "/payments/{imp_uid}", v1Sandbox, fill(id), nil)
	}
	d.call(404, get, "/payments/{imp_uid}", fill("imp_none"), nil)
	d.call(200, get, "/payments/{imp_uid}/balance", fill(paid), nil)
	d.callAt(200, get, "/payments", "?imp_uid[]="+paid+"&imp_uid[]="+failed, nil, nil)
	d.call(200, get, "/payments/find/{merchant_uid}/{payment_status}", fill("PAID", "paid"), nil)
	d.call(404, get, "/payments/find/{merchant_uid}/{payment_status}", fill("NONE", "paid"), nil)
	d.call(200, get, "/payments/findAll/{merchant_uid}/{payment_status}", fill("PAID", "paid"), nil)
	for _, status := range []string{"all", "paid", "failed", "ready", "cancelled"} {
		d.call(200, get, "/payments/status/{payment_status}", fill(status), nil)
	}
	prepare := object{"merchant_uid": "NEXT", "amount": 1000}
	d.call(404, put, "/payments/prepare", nil, prepare)
	d.call(200, post, "/payments/prepare", nil, prepare)
	d.call(200, post, "/payments/prepare", nil, prepare)
	d.call(200, put, "/payments/prepare", nil, prepare)
	d.call(200, get, "/payments/prepare/{merchant_uid}", fill("NEXT"), nil)
	d.call(200, post, "/payments/cancel", nil, object{"imp_uid": "imp_none"})
	d.call(200, post, "/payments/cancel", nil, object{"imp_uid": paid, "amount": 100, "checksum": 1000, "reason": "x"})
	d.call(200, post, "/payments/cancel", nil, object{"imp_uid": paid, "amount": 100, "checksum": 1000})
	d.call(200, post, "/payments/cancel", nil, object{"imp_uid": paid})
	d.callAt(200, get, "/payments/{imp_uid}", v1Sandbox, fill(paid), nil)
}

// v1Charges issues billing keys and charges them and cards.
func (d *driver) v1Charges() {
	card := object{"card_number": "4287-9012-3456-0294", "expiry": "2039-12", "birth": "881231", "pwd_2digit": "73"}
	window := object{"channelKey": "channel-key-v1-billing", "customer_uid": "cust-1", "amount": 0}
	d.v1Pay(with(v1Window("K-1"), window), "pay")
	d.call(200, get, v1Key, fill("cust-1"), nil)
	d.call(404, get, v1Key, fill("none"), nil)
	d.call(200, post, v1Key, fill("cust-2"), card)
	d.callAt(200, get, "/subscribe/customers", "?customer_uid[]=cust-1&customer_uid[]=cust-2", nil, nil)
	again := object{"customer_uid": "cust-1", "merchant_uid": "AGAIN", "amount": 1000, "name": "월간 이용권"}
	d.call(200, post, "/subscribe/payments/again", nil, again)
	d.call(200, post, "/subscribe/payments/again", nil, again)
	d.v1Decline("again")
	d.call(200, post, "/subscribe/payments/again", nil, with(again, object{"merchant_uid": "AGAIN-2"}))
	d.call(200, get, v1Key+"/payments", fill("cust-1"), nil)
	once := with(card, object{"merchant_uid": "ONCE", "amount": 1000, "name": "연필"})
	d.call(200, post, "/subscribe/payments/onetime", nil, once)
	d.call(200, del, v1Key, fill("cust-2"), nil)
	d.call(404, del, v1Key, fill("cust-2"), nil)
}

func (d *driver) v1Decline(operation string) {
	if err := d.box.Inject(sandbox.Fault{PG: "portone_v1", Operation: operation, Kind: sandbox.FaultDecline}); err != nil {
		d.differ("%v", err)
	}
}

// v1Schedules makes schedules, lets them fire, moves them and takes them back.
func (d *driver) v1Schedules() {
	const root = "/subscribe/payments/schedule"
	at := time.Now().Add(time.Hour).Unix()
	plan := func(uid string) object {
		return object{"merchant_uid": uid, "schedule_at": at, "amount": 8900, "currency": "KRW", "name": "월간 이용권"}
	}
	ask := object{"customer_uid": "cust-1", "schedules": []object{plan("S-1"), plan("S-2"), plan("S-3")}}
	d.call(200, post, root, nil, ask)
	d.call(200, post, root, nil, ask)
	d.call(200, get, root+"/{merchant_uid}", fill("S-1"), nil)
	d.call(404, get, root+"/{merchant_uid}", fill("NONE"), nil)
	d.call(200, put, root+"/{merchant_uid}", fill("S-2"), object{"schedule_at": at + 60})
	d.call(404, put, root+"/{merchant_uid}", fill("NONE"), object{"schedule_at": at})
	d.call(400, put, root+"/{merchant_uid}", fill("S-2"), object{"schedule_at": 1})
	d.v1Decline("fire")
	d.fire("S-1")
	d.fire("S-2")
	d.call(200, get, root+"/{merchant_uid}", fill("S-1"), nil)
	d.call(200, get, root+"/{merchant_uid}", fill("S-2"), nil)
	d.call(200, post, root+"/{merchant_uid}/reschedule", fill("S-1"), object{"schedule_at": at})
	d.call(400, post, root+"/{merchant_uid}/reschedule", fill("S-2"), object{"schedule_at": at})
	d.call(404, post, root+"/{merchant_uid}/reschedule", fill("NONE"), object{"schedule_at": at})
	d.v1Decline("fire")
	d.fire("S-1")
	d.call(200, post, root+"/{merchant_uid}/retry", fill("S-1"), nil)
	d.call(400, post, root+"/{merchant_uid}/retry", fill("S-2"), nil)
	d.call(404, post, root+"/{merchant_uid}/retry", fill("NONE"), nil)
	span := "?schedule_from=" + unix(-time.Hour) + "&schedule_to=" + unix(24*time.Hour)
	d.callAt(200, get, root, span, nil, nil)
	span = "?from=" + unix(-time.Hour) + "&to=" + unix(24*time.Hour)
	d.callAt(200, get, root+"/customers/{customer_uid}", span, fill("cust-1"), nil)
	d.callAt(200, get, v1Key+"/schedules", span, fill("cust-1"), nil)
	third := object{"customer_uid": "cust-1", "merchant_uid": []string{"S-3"}}
	d.call(200, post, "/subscribe/payments/unschedule", nil, third)
	d.call(200, post, "/subscribe/payments/unschedule", nil, third)
}

// v1Accounts issues virtual accounts by API, pays into one and gives receipts.
func (d *driver) v1Accounts() {
	const key = "?pg_api_key=ItEQKi3rY7uvDS8l"
	ask := object{
		"channel_key": "channel-key-v1-inicis", "merchant_uid": "VB-1", "amount": 11000, "vbank_code": "004",
		"vbank_due": time.Now().Add(24 * time.Hour).Unix(), "vbank_holder": "상점", "buyer_name": "홍길동",
		"buyer_email": "gildong@example.com",
	}
	one := d.callAt(200, post, "/vbanks", key, nil, ask)
	two := d.callAt(200, post, "/vbanks", key, nil, with(ask, object{"merchant_uid": "VB-2"}))
	id, other := word(one, "response", "imp_uid"), word(two, "response", "imp_uid")
	d.call(200, put, "/vbanks/{imp_uid}", fill(id), object{"vbank_due": time.Now().Add(48 * time.Hour).Unix()})
	d.call(404, put, "/vbanks/{imp_uid}", fill("imp_none"), object{"amount": 1})
	d.callAt(200, del, "/vbanks/{imp_uid}", key, fill(other), nil)
	d.callAt(404, del, "/vbanks/{imp_uid}", key, fill("imp_none"), nil)
	if err := d.box.Deposit(sandbox.Deposit{Account: word(one, "response", "vbank_num")}); err != nil {
		d.differ("%v", err)
	}
	d.call(400, put, "/vbanks/{imp_uid}", fill(id), object{"amount": 1})
	d.callAt(200, get, "/payments/{imp_uid}", v1Sandbox, fill(id), nil)
	who := object{"identifier": "01042424242"}
	d.call(404, get, "/receipts/{imp_uid}", fill(id), nil)
	d.call(200, post, "/receipts/{imp_uid}", fill(id), who)
	d.call(400, post, "/receipts/{imp_uid}", fill(id), who)
	d.call(200, get, "/receipts/{imp_uid}", fill(id), nil)
	d.call(200, get, "/payments/{imp_uid}/balance", fill(id), nil)
	d.call(200, del, "/receipts/{imp_uid}", fill(id), nil)
	d.call(400, del, "/receipts/{imp_uid}", fill(id), nil)
	sale := object{"channel_key": "channel-key-v1-inicis", "name": "연필", "amount": 1100, "identifier": "01042424242"}
	const outside = "/receipts/external/{merchant_uid}"
	d.call(404, get, outside, fill("OFF"), nil)
	d.call(404, del, outside, fill("OFF"), nil)
	d.call(200, post, outside, fill("OFF"), sale)
	d.call(400, post, outside, fill("OFF"), sale)
	d.call(200, get, outside, fill("OFF"), nil)
	d.call(200, del, outside, fill("OFF"), nil)
}

func (d *driver) v1Escrow() {
	const path = "/escrows/logis/{imp_uid}"
	side := object{"name": "홍길동", "tel": "01042424242", "addr": "서울", "postcode": "06018"}
	parcel := object{
		"sender": side, "receiver": side, "logis": object{"company": "CJGLS", "invoice": "1", "sent_at": 1775106900},
	}
	id := d.v1Pay(with(v1Window("ESCROW"), object{"escrow": true}), "pay")
	d.call(409, get, path, fill(id), nil)
	d.call(409, put, path, fill(id), parcel)
	d.call(400, post, path, fill(id), object{})
	d.call(404, post, path, fill("imp_none"), parcel)
	d.call(200, post, path, fill(id), parcel)
	d.call(409, post, path, fill(id), parcel)
	d.call(200, put, path, fill(id), parcel)
	d.call(200, get, path, fill(id), nil)
	d.callAt(200, get, "/payments/{imp_uid}", v1Sandbox, fill(id), nil)
}

// v1Beside reads what is about no payment.
func (d *driver) v1Beside() {
	id := d.box.Certify(sandbox.Certification{Name: "성춘향", Birthday: "2001-05-05", Gender: "female"})
	d.call(200, get, "/certifications/{imp_uid}", fill(id), nil)
	d.call(200, del, "/certifications/{imp_uid}", fill(id), nil)
	d.call(404, get, "/certifications/{imp_uid}", fill(id), nil)
	d.call(404, del, "/certifications/{imp_uid}", fill(id), nil)
	d.call(200, get, "/banks", nil, nil)
	d.call(200, get, "/banks/{bank_standard_code}", fill("088"), nil)
	d.call(404, get, "/banks/{bank_standard_code}", fill("999"), nil)
	d.call(200, get, "/cards", nil, nil)
	d.call(200, get, "/cards/{card_standard_code}", fill("366"), nil)
	d.call(404, get, "/cards/{card_standard_code}", fill("999"), nil)
	d.callAt(200, get, "/users/pg", "?type=payment", nil, nil)
}

// unix is a time from now in seconds, as V1's questions have it.
func unix(from time.Duration) string { return strconv.FormatInt(time.Now().Add(from).Unix(), 10) }
