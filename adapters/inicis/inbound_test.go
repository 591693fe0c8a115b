package inicis_test

import (
	"errors"
	"net/http"
	"testing"

	"github.com/pg-gateway/pg-gateway/adapters"
	"github.com/pg-gateway/pg-gateway/adapters/adapterstest"
	"github.com/pg-gateway/pg-gateway/adapters/inicis"
	"github.com/pg-gateway/pg-gateway/payment"
)

func TestInbound(t *testing.T) {
	t.Parallel()
	pg := account("").PG
	pg.Environment = payment.EnvLive
	urls := inicis.Endpoints(pg)
	ret, key := returnForm(), keyReturnForm()
	form := http.Header{"Content-Type": {"application/x-www-form-urlencoded"}}
	adapterstest.RunInbound(t, adapterstest.Inbound{
		Driver: inicis.New(nil), PG: pg, Now: at,
		Returns: []adapterstest.Letter[adapters.Return]{{Name: "of the PC window", Body: ret.Encode(), Want: adapters.Return{
			Token: "v1.c2VhbGVk", OrderRef: "ORD-1", MID: "INIpayTest", Through: true, Code: "0000",
			Proof:      adapters.Proof{AuthToken: "SkJ0+7fQ/9aZ==", IDC: "fc"},
			ApproveURL: ret.Get("authUrl"), UndoURL: urls.NetCancel("fc"),
		}}},
		KeyReturns: []adapterstest.Letter[adapters.Return]{{Name: "of INILite", Body: key.Encode(), Want: adapters.Return{
			Token: key.Get("merchantRedirectData"), OrderRef: payment.AttemptID(key.Get("orderId")), MID: key.Get("mid"), Through: true,
			BillingKey: payment.Secret(key.Get("billkey")), PGTxID: key.Get("tid"), Code: "SUCCESS",
		}}},
		Attempt: attempt(),
		PhoneReturns: []adapterstest.Letter[adapters.Return]{{
			Name: "of the window on a phone", Body: mobileReturnForm().Encode(), Want: adapters.Return{
				Token: "v1.c2VhbGVk", Through: true, Code: "00", Amount: 64_900, ApproveURL: urls.MobileApprove("fc"),
				Proof: adapters.Proof{AuthToken: authTID, IDC: "fc", Mobile: true},
			},
		}},
		Notifications: []adapterstest.Letter[adapters.Notification]{
			{Name: "of a deposit by the PC window", Header: form, Body: pcNotice(), Want: adapters.Notification{
				Kind: adapters.NotificationDeposit, Attempt: "ORD-20260402-0001-A1", PGTxID: "ININPGVBNKINIpayTest20260402153012345678",
				Says: payment.OutcomeApproved, MID: "INIpayTest", IssueTxID: accountTID, Amount: 64_900,
			}},
			{Name: "of a deposit by the mobile window", Header: form, Body: mobileNotice(), Want: adapters.Notification{
				Kind: adapters.NotificationDeposit, Attempt: "ORD-20260402-0001-A1", PGTxID: "INIMX_VBNKINIpayTest20260402153010654321",
				Says: payment.OutcomeApproved, MID: "INIpayTest", IssueTxID: "INIMX_VBNKINIpayTest20260402141359654321", Amount: 64_900,
			}},
		},
	})
}

// TestWhoDidNotComeThroughBringsNothing: a browser that says so brings no proof and no key, whatever else it says.
func TestWhoDidNotComeThroughBringsNothing(t *testing.T) {
	t.Parallel()
	d := inicis.New(nil)
	declined := returnForm()
	declined.Set("resultCode", "2001")
	r, err := d.ReadReturn([]byte(declined.Encode()))
	if err != nil || r.Through || !r.BuyerCancelled || r.Token != "v1.c2VhbGVk" || r.Code != "2001" {
		t.Errorf("a return says %+v, %v", r, err)
	}
	failed := keyReturnForm()
	failed.Set("resultCode", "01")
	failed.Set("resultMessage", "한도 초과")
	k, err := d.ReadKeyReturn([]byte(failed.Encode()))
	if err != nil || k.Through || k.BillingKey.IsSet() || k.PGTxID == "" || k.Why != payment.DeclinedLimit {
		t.Errorf("a return of a key says %+v, %v", k, err)
	}
	left := mobileReturnForm()
	left.Set("P_STATUS", "01")
	left.Set("P_RMESG1", "사용자에 의한 취소입니다.(091)")
	p, err := d.ReadPhoneReturn([]byte(left.Encode()))
	if err != nil || p.Through || !p.BuyerCancelled || p.Proof.AuthToken.IsSet() || p.Token != "v1.c2VhbGVk" {
		t.Errorf("a return of a phone says %+v, %v", p, err)
	}
	left = mobileReturnForm()
	left.Set("P_AMT", "64900.0")
	if p, err := d.ReadPhoneReturn([]byte(left.Encode())); !errors.Is(err, inicis.ErrReturn) {
		t.Errorf("an amount that is none is %+v, %v", p, err)
	}
	n, err := d.ReadNotification(nil, adapters.Message{Body: []byte("P_STATUS=00&P_TYPE=VBANK&P_OID=ORD-1&P_MID=INIpayTest&P_TID=T1&P_AMT=1000")})
	if err != nil || n != (adapters.Notification{Kind: adapters.NotificationOther}) {
		t.Errorf("an account that was issued is %+v, %v", n, err)
	}
}
