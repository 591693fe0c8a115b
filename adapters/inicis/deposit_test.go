package inicis_test

import (
	"errors"
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pg-gateway/pg-gateway/adapters/inicis"
	"github.com/pg-gateway/pg-gateway/payment"
)

const formType = "application/x-www-form-urlencoded"

// pcNotice is a deposit notice as the PC window's accounts give it: EUC-KR, percent-encoded, with spaces around
// some values.
func pcNotice() string {
	return "no_tid=ININPGVBNKINIpayTest20260402153012345678&no_oid=ORD-20260402-0001-A1+&id_merchant=INIpayTest&cd_bank=00000088" +
		"&dt_trans=20260402&tm_trans=153010&no_msgseq=0000012345&cd_joinorg=20000050&dt_transbase=20260402&no_transeq=1" +
		"&type_msg=0200&cl_trans=1100&cl_close=0&cl_kor=2&no_vacct=56211102345678++++&amt_input=+64900&amt_check=0" +
		"&nm_inputbank=%BD%C5%C7%D1%C0%BA%C7%E0&nm_input=%C8%AB%B1%E6%B5%BF++&dt_inputstd=20260402&dt_calculstd=20260402" +
		"&flg_close=0&no_req_tid=" + accountTID
}

func mobileNotice() string {
	return "P_STATUS=02&P_TID=INIMX_VBNKINIpayTest20260402141359654321&P_TYPE=VBANK&P_AUTH_DT=20260402153010&P_MID=INIpayTest" +
		"&P_OID=ORD-20260402-0001-A1&P_FN_CD1=88&P_FN_CD2=&P_FN_NM=%BD%C5%C7%D1%C0%BA%C7%E0&P_AMT=64900&P_UNAME=%C8%AB%B1%E6%B5%BF" +
		"&P_RMESG1=P_VACCT_NO%3D56211102345678%7CP_EXP_DT%3D20260412&P_RMESG2=&P_NOTI=n&P_AUTH_NO="
}

func TestParseDeposit(t *testing.T) {
	t.Parallel()
	paid := inicis.Deposit{
		Kind: inicis.DepositPaid, TID: "ININPGVBNKINIpayTest20260402153012345678", IssueTID: accountTID,
		OID: "ORD-20260402-0001-A1", MID: "INIpayTest", Account: "56211102345678", Amount: 64_900, Bank: "088",
		At: time.Date(2026, 4, 2, 6, 30, 10, 0, time.UTC),
	}
	mobile := paid
	mobile.TID = "INIMX_VBNKINIpayTest20260402153010654321"
	mobile.IssueTID = "INIMX_VBNKINIpayTest20260402141359654321"
	with := func(d inicis.Deposit, change func(*inicis.Deposit)) inicis.Deposit {
		change(&d)
		return d
	}
	swap := strings.NewReplacer
	tests := []struct {
		name, body string
		want       inicis.Deposit
	}{
		{"a deposit of the PC window", pcNotice(), paid},
		{"names in raw EUC-KR", swap("%C8%AB%B1%E6%B5%BF", "\xc8\xab\xb1\xe6\xb5\xbf").Replace(pcNotice()), paid},
		{"names in UTF-8", swap("%C8%AB%B1%E6%B5%BF", url.QueryEscape("홍길동")).Replace(pcNotice()), paid},
		{"a name that is half a character", swap("%C8%AB%B1%E6%B5%BF", "%C8").Replace(pcNotice()), paid},
		{"a name with a bare percent sign", swap("%C8%AB%B1%E6%B5%BF", "100%").Replace(pcNotice()), paid},
		{"the payer's name twice", pcNotice() + "&nm_input=x", paid},
		{"fields nobody knows", pcNotice() + "&new=1&new=2&&=", paid},
		{
			"without the issue's transaction", swap("&no_req_tid="+accountTID, "").Replace(pcNotice()),
			with(paid, func(d *inicis.Deposit) { d.IssueTID = "" }),
		},
		{"after the bank's day was closed", swap("cl_close=0", "cl_close=1").Replace(pcNotice()), paid},
		{"without a transaction class", swap("&cl_trans=1100", "").Replace(pcNotice()), paid},
		{
			"another message", swap("type_msg=0200", "type_msg=0400").Replace(pcNotice()),
			with(paid, func(d *inicis.Deposit) { d.Kind = inicis.DepositOther }),
		},
		{
			"another transaction", swap("cl_trans=1100", "cl_trans=2100").Replace(pcNotice()),
			with(paid, func(d *inicis.Deposit) { d.Kind = inicis.DepositOther }),
		},
		{
			"another message that says little", "no_oid=ORD-1&id_merchant=INIpayTest&type_msg=0800",
			inicis.Deposit{Kind: inicis.DepositOther, OID: "ORD-1", MID: "INIpayTest"},
		},
		{
			"no readable time and bank", swap("20260402&tm_trans", "20260431&tm_trans", "00000088", "000000D3").Replace(pcNotice()),
			with(paid, func(d *inicis.Deposit) { d.At, d.Bank = time.Time{}, "" }),
		},
		{"a deposit of the mobile window", mobileNotice(), mobile},
		{
			"a deposit's own transaction, in PRO", mobileNotice() + "&P_IN_TID=ININPGVBNKINIpayTest20260402153012345678",
			with(mobile, func(d *inicis.Deposit) { d.TID = paid.TID }),
		},
		{"an empty one, in PRO", mobileNotice() + "&P_IN_TID=", mobile},
		{
			"to the minute", swap("20260402153010", "202604021530").Replace(mobileNotice()),
			with(mobile, func(d *inicis.Deposit) {
				d.TID, d.At = "INIMX_VBNKINIpayTest20260402153000654321", time.Date(2026, 4, 2, 6, 30, 0, 0, time.UTC)
			}),
		},
		{
			"an account that was issued", swap("P_STATUS=02", "P_STATUS=00").Replace(mobileNotice()),
			with(mobile, func(d *inicis.Deposit) { d.Kind = inicis.DepositIssued }),
		},
		{
			"a failure, whose text is in Korean",
			"P_STATUS=01&P_TYPE=VBANK&P_MID=INIpayTest&P_OID=ORD-1&P_RMESG1=%BD%C7%C6%D0&P_AMT=",
			inicis.Deposit{Kind: inicis.DepositFailed, OID: "ORD-1", MID: "INIpayTest"},
		},
		{
			"another method's notice", swap("P_TYPE=VBANK", "P_TYPE=BANK").Replace(mobileNotice()),
			with(mobile, func(d *inicis.Deposit) { d.Kind = inicis.DepositOther }),
		},
		{
			"a status nobody knows", swap("P_STATUS=02", "P_STATUS=03").Replace(mobileNotice()),
			with(mobile, func(d *inicis.Deposit) { d.Kind = inicis.DepositOther }),
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := inicis.ParseDeposit(formType+"; charset=EUC-KR", []byte(tt.body))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

func TestParseDepositRefusesWhatCanBeReadTwoWays(t *testing.T) {
	t.Parallel()
	swap := strings.NewReplacer
	tests := []struct{ name, kind, body string }{
		{"nothing", formType, ""},
		{"something else", formType, "hello=world"},
		{"JSON", "application/json", pcNotice()},
		{"a content type that is none", ";;", pcNotice()},
		{"too much", formType, pcNotice() + "&x=" + strings.Repeat("x", 64<<10)},
		{"two kinds at once", formType, pcNotice() + "&" + mobileNotice()},
		{"the amount twice", formType, pcNotice() + "&amt_input=1"},
		{"the amount twice, once encoded", formType, pcNotice() + "&amt%5Finput=1"},
		{"the order twice", formType, pcNotice() + "&no_oid=ORD-20260402-0001-A1"},
		{"the account twice", formType, pcNotice() + "&no_vacct=1"},
		{"the transaction twice", formType, pcNotice() + "&no_tid=1"},
		{"the issue's transaction twice", formType, pcNotice() + "&no_req_tid=1"},
		{"the merchant twice", formType, pcNotice() + "&id_merchant=1"},
		{"the message twice", formType, pcNotice() + "&type_msg=0800"},
		{"no amount", formType, swap("amt_input", "amt_inputs").Replace(pcNotice())},
		{"an amount with a separator", formType, swap("+64900", "64,900").Replace(pcNotice())},
		{"an amount below zero", formType, swap("+64900", "-64900").Replace(pcNotice())},
		{"no transaction", formType, swap("no_tid=ININPGVBNKINIpayTest20260402153012345678&", "").Replace(pcNotice())},
		{"a transaction that is none", formType, swap("ININPGVBNK", "ININPGVBNK%00").Replace(pcNotice())},
		{"an order in Korean", formType, swap("no_oid=ORD", "no_oid=%C8%AB").Replace(pcNotice())},
		{"no order", formType, swap("ORD-20260402-0001-A1+", "+").Replace(pcNotice())},
		{"no merchant", formType, swap("id_merchant=INIpayTest", "id_merchant=").Replace(pcNotice())},
		{"no account", formType, swap("56211102345678", "").Replace(pcNotice())},
		{"an account that is none", formType, swap("56211102345678", "5621110x").Replace(pcNotice())},
		{"a field that is too long", formType, swap("cd_bank=", "cd_bank="+strings.Repeat("0", 200)).Replace(pcNotice())},
		{"the status twice", formType, mobileNotice() + "&P_STATUS=00"},
		{"the method twice", formType, mobileNotice() + "&P_TYPE=CARD"},
		{"the order twice, mobile", formType, mobileNotice() + "&P_OID=ORD-2"},
		{"the amount twice, mobile", formType, mobileNotice() + "&P_AMT=1"},
		{"the account's field twice", formType, mobileNotice() + "&P_RMESG1=P_VACCT_NO%3D1"},
		{"two accounts in a field", formType, swap("%7CP_EXP", "%7CP_VACCT_NO%3D1%7CP_EXP").Replace(mobileNotice())},
		{"no account, mobile", formType, swap("P_VACCT_NO", "P_OTHER").Replace(mobileNotice())},
		{"no transaction, mobile", formType, swap("P_TID=INIMX_VBNKINIpayTest20260402141359654321", "P_TID=").Replace(mobileNotice())},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := inicis.ParseDeposit(tt.kind, []byte(tt.body))
			if !errors.Is(err, inicis.ErrDeposit) || got != (inicis.Deposit{}) {
				t.Errorf("got %+v, %v", got, err)
			}
			if err != nil && (strings.Contains(err.Error(), "5621110") || strings.Contains(err.Error(), "64900")) {
				t.Errorf("the error tells too much: %v", err)
			}
		})
	}
}

func TestADepositPrintsNoAccount(t *testing.T) {
	t.Parallel()
	d, err := inicis.ParseDeposit("", []byte(pcNotice()))
	if err != nil {
		t.Fatal(err)
	}
	if text := fmt.Sprintf("%v %+v %#v", d, d, d); strings.Contains(text, "56211102345678") {
		t.Errorf("printed %s", text)
	}
}

func FuzzParseDeposit(f *testing.F) {
	f.Add(formType, []byte(pcNotice()))
	f.Add(formType, []byte(mobileNotice()))
	f.Add("", []byte("no_oid=1&no_oid=2"))
	f.Add(formType, []byte("P_STATUS=02&P_TYPE=VBANK&P_RMESG1=P_VACCT_NO=1|P_VACCT_NO=2"))
	f.Fuzz(func(t *testing.T, kind string, body []byte) {
		d, err := inicis.ParseDeposit(kind, body)
		if err != nil {
			if !errors.Is(err, inicis.ErrDeposit) || d != (inicis.Deposit{}) {
				t.Fatalf("got %+v, %v", d, err)
			}
			return
		}
		if !payment.ValidID(string(d.OID)) || !payment.ValidID(d.MID) || d.Amount < 0 || d.Amount > payment.MaxWon {
			t.Errorf("read as %+v", d)
		}
		if d.Kind == inicis.DepositPaid && (!payment.ValidID(d.TID) || !d.Account.IsSet()) {
			t.Errorf("a deposit without %+v", d)
		}
	})
}
