package rules

import (
	"slices"

	"github.com/pg-gateway/pg-gateway/payment"
)

// MerchantInfo is what the X2BEE store API shows of a merchant. It holds no key.
type MerchantInfo struct {
	ID     payment.MerchantID
	PG     payment.PGID
	PGCode string
	MID    string
	InUse  bool
	// Sites is empty for all sites.
	Sites        []payment.Site
	Devices      []payment.Device
	Methods      []payment.Method
	InterestFree bool
}

func (s *Snapshot) merchantInfo(m *merchant) MerchantInfo {
	info := MerchantInfo{
		ID: m.ID, PG: m.PG, PGCode: m.owner.Code, MID: m.MID, InUse: m.inUse,
		Sites: slices.Clone(m.sites), InterestFree: m.free,
	}
	for _, d := range []payment.Device{payment.DevicePC, payment.DeviceMobile, payment.DeviceApp} {
		if m.devices&deviceBit(d) != 0 {
			info.Devices = append(info.Devices, d)
		}
	}
	info.Methods = s.coveredBy(m)
	return info
}

// coveredBy are the methods that a contract is for.
func (s *Snapshot) coveredBy(m *merchant) []payment.Method {
	var out []payment.Method
	for _, me := range s.methods {
		if m.methods.has(me.index) {
			out = append(out, me.code)
		}
	}
	return out
}
