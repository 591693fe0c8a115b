package gateway

import (
	"bytes"

	"github.com/pg-gateway/pg-gateway/payment"
)

// shownOn is the device that a window is for. A browser that calls itself a phone's gets no window for PCs, which it
// could not show, whatever its page says.
func shownOn(said payment.Device, agent []byte) payment.Device {
	if said == payment.DevicePC && ofPhone(agent) { //guard:phones-are-known-by-their-browser
		return payment.DeviceMobile
	}
	return said
}

// ofPhone tells whether a User-Agent is a phone's or a tablet's. A tablet that asks for pages as a PC does is taken for
// one.
func ofPhone(agent []byte) bool {
	for _, word := range [...]string{"Mobi", "Android", "iPhone", "iPad", "iPod"} {
		if bytes.Contains(agent, []byte(word)) {
			return true
		}
	}
	return false
}
