package inicis_test

import (
	"testing"

	"github.com/pg-gateway/pg-gateway/adapters/inicis"
	"github.com/pg-gateway/pg-gateway/adapters/wire"
	"github.com/pg-gateway/pg-gateway/payment"
)

func TestDeclinesAreToldApart(t *testing.T) {
	t.Parallel()
	tests := []struct {
		code, message string
		want          payment.Reason
	}{
		{"120049", "", "declined_limit"},
		{"1237", "", "declined_limit"},
		{"120054", "", "declined_balance"},
		{"120001", "", "declined_card"},
		{"120026", "승인 거절", "declined_stolen"},
		{"120004", "", "declined_expired"},
		{"120048", "", "declined_card"},
		{"120035", "", "declined_busy"},
		{"01", "카드사 시스템 장애, 잠시 후 다시 시도하십시오", "declined_busy"},
		{"120021", "", "declined_identity"},
		{"500644", "", "declined_limit"},
		{"01", "[500645] 거절", "declined_limit"},
		{"506751", "", "declined_hours"},
		{"01", "월 한도 초과", "declined_limit"},
		{"V014", "한도초과", "declined_limit"},
		{"01", "잔액 부족", "declined_balance"},
		{"01", "거래정지 카드입니다", "declined_card"},
		{"01", "카드 유효기간 오류", "declined_expired"},
		{"01", "분실 카드 한도 초과", "declined_stolen"},
		{"01", "비밀번호 오류", "declined_identity"},
		{"01", "은행 점검 시간입니다", "declined_hours"},
		{"01", "알 수 없는 오류", ""},
		{"120013", "", "declined_amount"},
		{"1265", "", ""},
		{"500607", "", "declined_installment"},
		{"01", "무이자 설정 오류 (500605)", "declined_installment"},
		{"500411", "", "declined_setup"},
		{"500906", "", "declined_setup"},
		{"500690", "", "declined_amount"},
		{"500610", "금액이 위변조되었습니다", "rejected_by_pg"},
		{"506685", "", "declined_card"},
		{"500685", "", ""},
		{"509817", "", "declined_identity"},
		{"504817", "", "rejected_by_pg"},
		{"1165", "", "declined_expired"},
		{"01", "결제 금액 1165원", ""},
		{"01", "결제창이 닫혔습니다 [A012]", ""},
		{"MX1002", "", "declined_busy"},
		{"ER0102", "", "rejected_by_pg"},
		{"01", "500623 500645", "declined_limit"},
		{"", "", ""},
	}
	for _, tt := range tests {
		if got := inicis.DeclineReason(tt.code, tt.message); got != tt.want {
			t.Errorf("%s %q: got %q, want %q", tt.code, tt.message, got, tt.want)
		}
	}
	if got := wire.Decline("1일 이용 한도를 넘었습니다"); got != "declined_limit" {
		t.Errorf("got %q", got)
	}
}
