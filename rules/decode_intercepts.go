package rules

import (
	"slices"
	"strings"
)

// sourceNames are the fields that an intercepted exchange can yield.
func sourceNames() []string {
	return []string{
		"order_id", "amount", "tax_free", "vat_amount", "vbank_due", "order_name", "pay_method", "pay_amount", "device",
		"site", "buyer_name",
		"buyer_email", "buyer_tel", "card_company", "installment", "purpose", "return_url", "country",
	}
}

// sources reads where fields are found: those of sourceNames, and more.
func sources(dst *map[string]Source, more ...string) reader {
	*dst = map[string]Source{}
	fs := fields{}
	for _, key := range append(sourceNames(), more...) {
		fs[key] = field{func(v value) {
			var s string
			checked(&s, `^(body|header|const):.+$`, "body:<gjson path>, header:<name> or const:<value>", func(s string) bool {
				kind, val, ok := strings.Cut(s, ":")
				return ok && val != "" && slices.Contains([]string{"body", "header", "const"}, kind)
			})(v)
			if kind, val, ok := strings.Cut(s, ":"); ok {
				(*dst)[key] = Source{Kind: kind, Value: val}
			}
		}, "Where " + key + " is: body:<gjson path>, header:<name> or const:<value>."}
	}
	return object(fs)
}

func interceptReader(c *Intercept) reader {
	c.Errors = "problem"
	var path string
	fs := fields{
		"name": {filled(&c.Name), "A name for logs and metrics."},
		"match": {object(fields{
			"method": {choice(&c.Method, "GET", "POST", "PUT", "PATCH", "DELETE"), "HTTP method; all when left out."},
			"path":   {webPath(&path), "Exact path, or a prefix ending in /*."},
		}, "path"), "Which requests this is for; the first match wins."},
		"upstream":      {choice(new(string), "order_service"), "Where the request goes."},
		"read_request":  {sources(&c.ReadRequest), "Where fields are in the request."},
		"refuse_before": {sources(&c.RefuseBefore), "Fields by which a checkout is refused before the shop sees it."},
		"read_answer": {sources(&c.ReadAnswer, "pg_amount"), "Where fields are in the shop's answer. pg_amount is the " +
			"part that goes through a PG, where the shop settles the rest itself."},
		"put":    {memberPath(&c.Put), "Where in the answer the PG window goes: names with dots between."},
		"errors": {choice(&c.Errors, "problem", "x2bee"), "How refusals look: RFC 9457 or X2BEE's envelope."},
	}
	return func(v value) {
		object(fs, "name", "match")(v)
		c.Path, c.Prefix = strings.CutSuffix(path, "*")
		if v.schema != nil {
			return
		}
		if strings.Contains(c.Path, "*") || (c.Prefix && !strings.HasSuffix(c.Path, "/")) {
			v.fail("as in /api/orders or /*", "the path %q is neither exact nor a prefix ending in /*", clip(path))
		}
		if c.Put != "" && c.ReadAnswer["amount"] == (Source{}) {
			v.fail("read_answer: { amount: \"body:...\" }", "put needs read_answer.amount: the browser's amount never counts")
		}
		if c.Put != "" && (c.ReadAnswer["order_id"] == Source{}) {
			v.fail("read_answer: { order_id: \"body:...\" }", "put needs read_answer.order_id")
		}
	}
}

// memberPath reads where something is put: names and indexes only, since a path that could stand for several places is
// none.
func memberPath(dst *string) reader {
	step := func(s string) bool { return s != "" && !strings.ContainsAny(s, " *?|@!#()[]{}\\:~<>=%\"'") }
	return checked(dst, `^[^ .*?|@!#()\[\]{}\\:~<>=%"']+(\.[^ .*?|@!#()\[\]{}\\:~<>=%"']+)*$`,
		"names with dots between, such as payload.pg", func(s string) bool {
			return !slices.ContainsFunc(strings.Split(s, "."), func(name string) bool { return !step(name) })
		})
}
