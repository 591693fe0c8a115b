package inicis

import (
	"errors"
	"fmt"

	"github.com/pg-gateway/pg-gateway/adapters"
	"github.com/pg-gateway/pg-gateway/payment"
)

var (
	_ adapters.Returner      = (*Driver)(nil)
	_ adapters.KeyReturner   = (*Driver)(nil)
	_ adapters.PhoneReturner = (*Driver)(nil)
	_ adapters.Notifier      = (*Driver)(nil)
)

// ReadReturn implements adapters.Returner.
func (d *Driver) ReadReturn(body []byte) (adapters.Return, error) {
	ret, err := ParseReturn(body)
	if err != nil {
		return adapters.Return{}, err
	}
	r := adapters.Return{
		Token: ret.MerchantData, OrderRef: payment.AttemptID(ret.OrderNumber), MID: ret.MID, Through: ret.Authenticated(),
		Proof:      adapters.Proof{AuthToken: ret.AuthToken, IDC: ret.IDC},
		ApproveURL: ret.AuthURL, UndoURL: ret.NetCancelURL, Code: ret.ResultCode, BuyerCancelled: ret.BuyerCancelled,
	}
	if !r.Through {
		r.Why = DeclineReason(ret.ResultCode, ret.ResultMsg)
	}
	return r, nil
}

// CheckReturn implements adapters.Returner.
func (d *Driver) CheckReturn(pg *payment.PG, r adapters.Return) error {
	return CheckReturn(pg, Return{
		AuthToken: r.Proof.AuthToken, IDC: r.Proof.IDC, AuthURL: r.ApproveURL, NetCancelURL: r.UndoURL,
	})
}

// ReadPhoneReturn implements adapters.PhoneReturner.
func (d *Driver) ReadPhoneReturn(body []byte) (adapters.Return, error) {
	ret, err := ParseMobileReturn(body)
	if err != nil {
		return adapters.Return{}, err
	}
	r := adapters.Return{
		Token: ret.MerchantData, Through: ret.Authenticated(), Code: ret.Status, BuyerCancelled: ret.BuyerCancelled,
	}
	if !r.Through {
		r.Why = DeclineReason(ret.Status, ret.Message)
		return r, nil
	}
	r.Proof, r.ApproveURL = adapters.Proof{AuthToken: ret.TID, IDC: ret.IDC, Mobile: true}, ret.ReqURL
	if r.Amount, err = payment.ParseWon(ret.Amount); err != nil {
		return adapters.Return{}, fmt.Errorf("%w: P_AMT is not an amount of won", ErrReturn)
	}
	return r, nil
}

// CheckPhoneReturn implements adapters.PhoneReturner.
func (d *Driver) CheckPhoneReturn(pg *payment.PG, a payment.Attempt, r adapters.Return) error {
	err := CheckMobileReturn(pg, a, MobileReturn{
		TID: r.Proof.AuthToken, IDC: r.Proof.IDC, ReqURL: r.ApproveURL, Amount: r.Amount.String(),
	})
	if errors.Is(err, ErrReturn) {
		return fmt.Errorf("%w: %w", adapters.ErrForged, err)
	}
	return err
}

// ReadKeyReturn implements adapters.KeyReturner.
func (d *Driver) ReadKeyReturn(body []byte) (adapters.Return, error) {
	ret, err := ParseKeyReturn(body)
	if err != nil {
		return adapters.Return{}, err
	}
	r := adapters.Return{
		Token: ret.MerchantData, OrderRef: payment.AttemptID(ret.OrderID), MID: ret.MID, Through: ret.Issued(),
		BillingKey: ret.BillKey, PGTxID: ret.TID, Code: ret.ResultCode, BuyerCancelled: ret.BuyerCancelled,
	}
	if !r.Through {
		r.Why = DeclineReason(ret.ResultCode, ret.ResultMsg)
	}
	return r, nil
}

// ReadNotification implements adapters.Notifier. An account that was issued is no news: its approval has told us.
func (d *Driver) ReadNotification(_ *payment.PG, m adapters.Message) (adapters.Notification, error) {
	n, err := ParseDeposit(m.ContentType(), m.Body)
	if err != nil {
		return adapters.Notification{}, err
	}
	if n.Kind != DepositPaid {
		return adapters.Notification{Kind: adapters.NotificationOther}, nil
	}
	return adapters.Notification{
		Kind: adapters.NotificationDeposit, Attempt: n.OID, PGTxID: n.TID, Says: payment.OutcomeApproved,
		MID: n.MID, IssueTxID: n.IssueTID, Amount: n.Amount,
	}, nil
}
