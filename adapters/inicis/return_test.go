package inicis_test

import (
	"errors"
	"net/url"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/pg-gateway/pg-gateway/adapters/inicis"
	"github.com/pg-gateway/pg-gateway/payment"
)

func returnForm() url.Values {
	return url.Values{
		"resultCode": {"0000"}, "resultMsg": {"정상처리되었습니다"}, "mid": {"INIpayTest"}, "orderNumber": {"ORD-1"},
		"authToken": {"SkJ0+7fQ/9aZ=="}, "idc_name": {"fc"}, "charset": {"UTF-8"}, "merchantData": {"v1.c2VhbGVk"},
		"authUrl":      {"https://fcstdpay.inicis.com/api/payAuth"},
		"netCancelUrl": {"https://fcstdpay.inicis.com/api/netCancel"},
		"checkAckUrl":  {"https://evil.example.com/"}, "soonToCome": {"x", "y"},
	}
}

func TestParseReturnReadsByName(t *testing.T) {
	t.Parallel()
	got, err := inicis.ParseReturn([]byte(returnForm().Encode()))
	if err != nil {
		t.Fatal(err)
	}
	want := inicis.Return{
		ResultCode: "0000", ResultMsg: "정상처리되었습니다", MID: "INIpayTest", OrderNumber: "ORD-1",
		AuthToken: "SkJ0+7fQ/9aZ==", IDC: "fc", AuthURL: "https://fcstdpay.inicis.com/api/payAuth",
		NetCancelURL: "https://fcstdpay.inicis.com/api/netCancel", MerchantData: "v1.c2VhbGVk",
	}
	if got != want {
		t.Errorf("got %+v\nwant %+v", got, want)
	}
	if !got.Authenticated() {
		t.Error("0000 is not taken for authenticated")
	}
}

// What the PG's text is written in, and what is in fields that nobody reads, is no reason to lose a payment.
func TestParseReturnReadsTheRestLoosely(t *testing.T) {
	t.Parallel()
	good := returnForm()
	good.Del("resultMsg")
	for name, tt := range map[string]struct{ more, msg string }{
		"a text in EUC-KR":                 {"resultMsg=%BB%E7%BF%EB%C0%DA+%C3%EB%BC%D2", "사용자 취소"},
		"a text in no known character set": {"resultMsg=%FF%FE%FD", ""},
		"half a character":                 {"resultMsg=%BB", ""},
		"bad percent-encoding in a text":   {"resultMsg=100%", "100%"},
		"control characters in a text":     {"resultMsg=a%00%0d%0ab", "ab"},
		"an unknown field in EUC-KR":       {"goodsName=%BB%E7%BF%EB", ""},
		"an unknown field, unencoded":      {"goodsName=\xbb\xe7\xbf\xeb", ""},
		"an unknown field with a %":        {"sale=50%&x=%zz", ""},
		"an unknown name in EUC-KR":        {"%BB%E7=1", ""},
		"an unknown field twice":           {"a=1&a=2", ""},
		"a long unknown field":             {"a=" + strings.Repeat("x", 8192), ""},
		"a text that does not end":         {"resultMsg=" + strings.Repeat("a", 8192), strings.Repeat("a", 1024)},
	} {
		got, err := inicis.ParseReturn([]byte(good.Encode() + "&" + tt.more))
		if err != nil || got.ResultMsg != tt.msg || !got.Authenticated() || got.OrderNumber != "ORD-1" {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
	for name, body := range map[string]string{
		"the PC window's":     "resultCode=2099&resultMsg=%BB%E7%BF%EB%C0%DA+%C3%EB%BC%D2&orderNumber=ORD-1",
		"the mobile window's": "P_STATUS=01&P_NOTI=v1.x&P_RMESG1=%BB%E7%BF%EB%C0%DA+%C3%EB%BC%D2",
		"the key window's":    "resultCode=01&orderId=KEY-1&resultMessage=%BB%E7%BF%EB%C0%DA+%C3%EB%BC%D2",
	} {
		pc, err1 := inicis.ParseReturn([]byte(body))
		mobile, err2 := inicis.ParseMobileReturn([]byte(body))
		key, err3 := inicis.ParseKeyReturn([]byte(body))
		told := err1 == nil && pc.BuyerCancelled || err2 == nil && mobile.BuyerCancelled || err3 == nil && key.BuyerCancelled
		if !told {
			t.Errorf("a buyer who gives up in %s: %v, %v, %v", name, err1, err2, err3)
		}
	}
}

func TestParseReturnRefusesWhatTwoReadersWouldReadTwoWays(t *testing.T) {
	t.Parallel()
	good := returnForm().Encode()
	tests := []struct{ name, body string }{
		{"nothing", ""},
		{"something else", "hello=world"},
		{"the result twice", good + "&resultCode=9999"},
		{"the result twice with the same value", good + "&resultCode=0000"},
		{"the result twice, once encoded", good + "&result%43ode=9999"},
		{"the order twice", good + "&orderNumber=ORD-2"},
		{"the token twice", good + "&authToken=x"},
		{"the data centre twice", good + "&idc_name=ks"},
		{"our token twice", good + "&merchantData=x"},
		{"the address twice", good + "&authUrl=http%3A%2F%2Flocalhost"},
		{"bad percent-encoding", "resultCode=0000&authToken=%zz"},
		{"not UTF-8", "resultCode=0000&orderNumber=%FF%FE"},
		{"a newline in the order number", "resultCode=0000&orderNumber=ORD-1%0d%0aX"},
		{"Korean in the data centre", "resultCode=0000&idc_name=%ED%99%8D"},
		{"a space behind the token, which a PG may trim", "resultCode=0000&authToken=abc%20"},
		{"a plus in the token that was not encoded", "resultCode=0000&authToken=a+bc"},
		{"a token over 8 KiB", "resultCode=0000&authToken=" + strings.Repeat("a", 8193)},
		{"a field over 4 KiB", "resultCode=0000&merchantData=" + strings.Repeat("a", 4097)},
		{"a body over 64 KiB", "resultCode=0000&x=" + strings.Repeat("a", 64<<10)},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got, err := inicis.ParseReturn([]byte(tt.body)); !errors.Is(err, inicis.ErrReturn) {
				t.Errorf("got %+v, %v", got, err)
			}
		})
	}
}

func TestCheckReturnAppliesTheIDCRule(t *testing.T) {
	t.Parallel()
	live := &payment.PG{Environment: payment.EnvLive}
	sandbox := &payment.PG{Environment: payment.EnvSandbox, BaseURL: "http://127.0.0.1:7070"}
	both := &payment.PG{Environment: payment.EnvTest, Keys: payment.Keys{}.WithText("idcs", "stg", "fc")}
	tests := []struct {
		name   string
		pg     *payment.PG
		change func(*inicis.Return)
		want   error
	}{
		{"as it should be", live, func(*inicis.Return) {}, nil},
		{"no net cancel address", live, func(r *inicis.Return) { r.NetCancelURL = "" }, nil},
		{"a data centre that was configured in addition", both, func(*inicis.Return) {}, nil},
		{"the sandbox's own addresses", sandbox, func(r *inicis.Return) {
			r.IDC, r.AuthURL = "stg", "http://127.0.0.1:7070/inicis/stg/api/payAuth"
			r.NetCancelURL = "http://127.0.0.1:7070/inicis/stg/api/netCancel"
		}, nil},
		{"live addresses at the sandbox", sandbox, func(*inicis.Return) {}, inicis.ErrAuthURL},
		{"another data centre's address", live, func(r *inicis.Return) { r.IDC = "ks" }, inicis.ErrAuthURL},
		{"no data centre", live, func(r *inicis.Return) { r.IDC = "" }, inicis.ErrAuthURL},
		{"the test data centre at live", live, func(r *inicis.Return) {
			r.IDC, r.AuthURL = "stg", "https://stgstdpay.inicis.com/api/payAuth"
		}, inicis.ErrAuthURL},
		{"a data centre that is a path", live, func(r *inicis.Return) {
			r.IDC, r.AuthURL = "evil.example.com/", "https://evil.example.com/stdpay.inicis.com/api/payAuth"
		}, inicis.ErrAuthURL},
		{"plain HTTP", live, func(r *inicis.Return) { r.AuthURL = "http://fcstdpay.inicis.com/api/payAuth" }, inicis.ErrAuthURL},
		{"a port", live, func(r *inicis.Return) { r.AuthURL = "https://fcstdpay.inicis.com:443/api/payAuth" }, inicis.ErrAuthURL},
		{"a query", live, func(r *inicis.Return) { r.AuthURL += "?" }, inicis.ErrAuthURL},
		{"capitals", live, func(r *inicis.Return) { r.AuthURL = "https://FCstdpay.inicis.com/api/payAuth" }, inicis.ErrAuthURL},
		{"a user before the host", live, func(r *inicis.Return) {
			r.AuthURL = "https://fcstdpay.inicis.com@evil.example.com/api/payAuth"
		}, inicis.ErrAuthURL},
		{"no address", live, func(r *inicis.Return) { r.AuthURL = "" }, inicis.ErrAuthURL},
		{"a foreign net cancel address", live, func(r *inicis.Return) { r.NetCancelURL = "https://evil.example.com/" }, inicis.ErrAuthURL},
		{"no token", live, func(r *inicis.Return) { r.AuthToken = "" }, inicis.ErrReturn},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r, err := inicis.ParseReturn([]byte(returnForm().Encode()))
			if err != nil {
				t.Fatal(err)
			}
			tt.change(&r)
			if err := inicis.CheckReturn(tt.pg, r); !errors.Is(err, tt.want) || tt.want == nil && err != nil {
				t.Errorf("got %v, want %v", err, tt.want)
			}
		})
	}
}

func TestTheMobileAddressFollowsTheSameRule(t *testing.T) {
	t.Parallel()
	urls := inicis.Endpoints(&payment.PG{Environment: payment.EnvLive})
	for _, tt := range []struct {
		idc, url string
		want     bool
	}{
		{"fc", "https://fcmobile.inicis.com/smart/payReq.ini", true},
		{"ks", "https://fcmobile.inicis.com/smart/payReq.ini", false},
		{"stg", "https://stgmobile.inicis.com/smart/payReq.ini", false},
		{"", "https://mobile.inicis.com/smart/payReq.ini", false},
		{"fc", "http://fcmobile.inicis.com/smart/payReq.ini", false},
	} {
		if got := urls.ReqURLAllowed(tt.idc, tt.url); got != tt.want {
			t.Errorf("%q with %q: got %v", tt.url, tt.idc, got)
		}
	}
}

func FuzzParseReturn(f *testing.F) {
	f.Add([]byte(returnForm().Encode()))
	f.Add([]byte("resultCode=2001&resultMsg=%BB%E7%BF%EB%C0%DA"))
	f.Add([]byte("resultCode=0000&resultCode=0001"))
	f.Fuzz(func(t *testing.T, body []byte) {
		r, err := inicis.ParseReturn(body)
		if err != nil {
			if !errors.Is(err, inicis.ErrReturn) {
				t.Errorf("error without a kind: %v", err)
			}
			return
		}
		for _, s := range []string{r.ResultCode, r.MID, r.OrderNumber, r.IDC, r.AuthURL, r.NetCancelURL, r.MerchantData} {
			if len(s) > 4096 || strings.ContainsAny(s, "\r\n\x00") {
				t.Errorf("let through %q", s)
			}
		}
		if !utf8.ValidString(r.ResultMsg) {
			t.Errorf("let through bytes that are not UTF-8")
		}
		if inicis.CheckReturn(&payment.PG{Environment: payment.EnvLive}, r) == nil &&
			r.AuthURL != "https://fcstdpay.inicis.com/api/payAuth" && r.AuthURL != "https://ksstdpay.inicis.com/api/payAuth" {
			t.Errorf("the idc rule let through %q", r.AuthURL)
		}
	})
}
