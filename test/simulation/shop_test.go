package simulation

import "github.com/pg-gateway/pg-gateway/test/fixture"

// withEveryCapture adds the PGs whose kinds of capture the shop lacks: a PortOne V2 channel without manual confirm, and
// one of either version that asks us before it approves. A method each goes there, and accounts go where a checkout's
// site says.
func withEveryCapture(c *fixture.Config) {
	c.Server.Public.TokenKey = "${env:SIM_TOKEN_KEY}"
	c.PGs["portone_auto"], c.PGs["portone_ask"], c.PGs["portone1_ask"] = fixture.V2("92", "포트원 자동승인"), fixture.V2("93", "포트원 확인"), fixture.V1("94", "포트원 V1 확인")
	auto, ask, ask1 := *c.Merchant("2001"), *c.Merchant("2001"), *c.Merchant("2101")
	auto.ID, auto.PG, auto.ChannelKey, auto.ManualConfirm, auto.Fees = "2201", "portone_auto", "channel-key-v2-auto", false, nil
	ask.ID, ask.PG, ask.ChannelKey, ask.ManualConfirm, ask.Fees = "2301", "portone_ask", "channel-key-v2-auto", false, nil
	ask1.ID, ask1.PG, ask1.Fees = "2401", "portone1_ask", nil
	ask.ConfirmHook, ask1.ConfirmHook = true, true
	c.Merchants = append(c.Merchants, auto, ask, ask1)
	keys := func(id, pg, channel string) fixture.Merchant {
		return fixture.Merchant{ID: id, PG: pg, MID: "INIBillTst", ChannelKey: channel, Behind: "inicis", Purpose: "recurring", Mode: "test"}
	}
	c.Merchants = append(c.Merchants,
		keys("2009", "portone", "channel-key-v2-billing"), keys("2109", "portone1", "channel-key-v1-billing"))
	c.Method("card").Purposes = []string{"one_time", "billing_key", "recurring"}
	fixture.KeyIn()(c)
	c.Method("naverpay").Links["portone_auto"] = true
	c.Method("payco").Links["portone_ask"] = true
	c.Method("samsung").Links["portone1_ask"] = true
	c.Method("vbank").Links = fixture.Links("inicis", "portone", "portone_auto", "portone_ask", "portone1", "portone1_ask")
	c.RouteFirst(
		fixture.ByPG("naverpay-by-portone-auto", "naverpay", "portone_auto", "inicis"),
		fixture.ByPG("payco-by-portone-that-asks", "payco", "portone_ask", "inicis"),
		fixture.ByPG("samsung-by-portone-v1-that-asks", "samsung", "portone1_ask", "inicis"),
		accountsAt("bank_manual", "portone"), accountsAt("bank_auto", "portone_auto"), accountsAt("bank_ask", "portone_ask"),
		accountsAt("bank_v1", "portone1"), accountsAt("bank_v1_ask", "portone1_ask"),
		cardsAt("keys_v1", "portone1"), cardsAt("keys_v2", "portone"), cardsAt("keys_inicis", "inicis"),
	)
	c.More = recoveryRules
	// The schedules run through the night.
	fixture.BankNight(c)
}

// accountsAt has a PG issue the virtual accounts of a site.
func accountsAt(site, pg string) fixture.Rule {
	return fixture.Rule{Name: site, When: fixture.When{Method: "vbank", Site: site}, Choose: fixture.Choose{Priority: []string{pg}}}
}

// cardsAt has a PG take the cards of a site.
func cardsAt(site, pg string) fixture.Rule {
	return fixture.Rule{Name: site, When: fixture.When{Method: "card", Site: site}, Choose: fixture.Choose{Priority: []string{pg}}}
}

// recoveryRules have declined charges tried again: for a card company that is closed and for a limit twice each, and
// never at night.
const recoveryRules = `
billing:
  recovery:
    quiet_hours: "22:00-08:00"
    temporary: { tries: 2, spacing: [1h] }
    limit: { tries: 2, spacing: [1h] }
`
