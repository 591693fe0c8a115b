package payment_test

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"

	"github.com/pg-gateway/pg-gateway/payment"
)

func TestAnAttemptIsNamedOnTheLinesOwnLevel(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	slog.New(slog.NewJSONHandler(&b, nil)).Info("x", payment.Attempt{ID: "A1", OrderID: "O1", PG: "inicis", Merchant: "1001"}.LogAttr())
	if !strings.Contains(b.String(), `"attempt_id":"A1","order_id":"O1","pg":"inicis","merchant":"1001"`) {
		t.Error(b.String())
	}
}

func TestCancelsAndMessagesNameTheirOrder(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	log := slog.New(slog.NewJSONHandler(&b, nil))
	log.Info("x", payment.Cancel{ID: "C1", AttemptID: "A1", OrderID: "O1"}.LogAttr())
	log.Info("y", payment.Message{ID: "msg_A1_approved", OrderID: "O1", Type: payment.MessageConfirmed}.LogAttr())
	for _, want := range []string{
		`"cancel_id":"C1","attempt_id":"A1","order_id":"O1"`, `"message_id":"msg_A1_approved","order_id":"O1","type":"payment.confirmed"`,
	} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("%s is not in %s", want, b.String())
		}
	}
}

func TestPGWordsHoldNothingPersonal(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"한도초과 (51)":                     "한도초과 (51)",
		"card 4111-1111-1111-1111 over": "card <number> over",
		"card 4111 11** **** 1111":      "card <number>",
		"call 010-1234-5678 now":        "call <number> now",
		"hong.gildong@example.com said": "<mail> said",
		"홍길동님 카드":                       "<name> 카드",
		"line\r\nforged":                "line  forged",
		"\xbf\xc0":                      "?",
		strings.Repeat("가", 100):        strings.Repeat("가", 66),
	} {
		if got := payment.PGWords(in); got != want {
			t.Errorf("%q became %q, want %q", in, got, want)
		}
	}
}

func TestPGCodesAreCodes(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"V801": "V801", "01234567": "01234567", "FAILURE_TYPE_PG": "FAILURE_TYPE_PG", "": "",
		"010-1234-5678": "(not a code)", "홍길동": "(not a code)", "a b": "(not a code)", strings.Repeat("A", 41): "(not a code)", "4111111111111111": "(not a code)",
	} {
		if got := payment.PGCode(in); got != want {
			t.Errorf("%q became %q", in, got)
		}
	}
}
