package rules

import (
	"regexp"
	"slices"
	"strings"
)

// sourceNames are the fields that an intercepted exchange can yield.
func sourceNames() []string {
	return []string{
		"order_id", "amount", "tax_free", "vat_amount", "vbank_due", "order_name", "pay_method", "pay_amount", "device",
		"site", "buyer_name",
		"buyer_email", "buyer_tel", "card_company", "installment", "purpose", "return_url", "app_scheme", "country",
		"digital", "language", "period_from", "period_to", "cash_receipt", "custom_data", "buyer_addr", "buyer_postcode",
	}
}

// requestSources reads where fields are found in a request, answerSources in an answer.
func requestSources(dst *map[string]Source) reader {
	return sources(dst, sourceNames(), "body:<gjson path>, header:<name>, query:<name> or const:<value>",
		"body", "header", "query", "const")
}

func answerSources(dst *map[string]Source) reader {
	return sources(dst, append(sourceNames(), "pg_amount"), answerHint, "body", "header", "const")
}

const answerHint = "body:<gjson path>, header:<name> or const:<value>"

func sources(dst *map[string]Source, names []string, hint string, kinds ...string) reader {
	*dst = map[string]Source{}
	fs := fields{}
	for _, key := range names {
		fs[key] = field{func(v value) {
			var s Source
			if sourceReader(&s, hint, kinds...)(v); s != (Source{}) {
				(*dst)[key] = s
			}
		}, "Where " + key + " is: " + hint + "."}
	}
	return object(fs)
}

func sourceReader(dst *Source, hint string, kinds ...string) reader {
	return func(v value) {
		var s string
		checked(&s, `^(`+strings.Join(kinds, "|")+`):.+$`, hint, func(s string) bool {
			kind, val, ok := strings.Cut(s, ":")
			return ok && val != "" && slices.Contains(kinds, kind)
		})(v)
		if kind, val, ok := strings.Cut(s, ":"); ok {
			*dst = Source{Kind: kind, Value: val}
		}
	}
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
		"read_request":  {requestSources(&c.ReadRequest), "Where fields are in the request."},
		"refuse_before": {requestSources(&c.RefuseBefore), "Fields by which a checkout is refused before the shop sees it."},
		"read_answer": {answerSources(&c.ReadAnswer), "Where fields are in the shop's answer. pg_amount is the " +
			"part that goes through a PG, where the shop settles the rest itself."},
		"put": {memberPath(&c.Put), "Where in the answer the PG window goes: names with dots between."},
		"put_request": {requestPlace(&c.PutRequest), "Where in the request the PG window of the order goes that " +
			"read_request.order_id finds, for a shop whose own page opens it: body:<name> (a member of the JSON, or a field " +
			"of the form with the JSON in it) or header:X-<name> (the JSON in ASCII). What the client sends there is left out."},
		"content_types": {list(&c.ContentTypes, func(dst *string, _ value) reader {
			return choice(dst, "json", "form", "multipart")
		}), "Kinds of request bodies that this route takes; another route with the same path may take others, and what " +
			"none takes is refused. All when left out."},
		"offers": {object(fields{
			"list": {memberPath(&c.Offers.List), "Where the list is in the answer: names with dots between."},
			"code": {memberPath(&c.Offers.Code), "The member of an item that names its payment method."},
			"mark": {object(fields{
				"member": {memberPath(&c.Offers.Mark), "The member of an item to set."},
				"as":     {text(&c.Offers.MarkAs), "The text to set it to."},
			}, "member", "as"), "How items that cannot be used now are marked; they are taken out when this is left out."},
		}, "list", "code"), "A list of payment methods in the answer, as an order sheet has: those that a checkout would " +
			"be refused with now are marked or taken out."},
		"accepted": {object(fields{
			"where": {
				sourceReader(&c.Accepted, answerHint, "body", "header", "const"),
				"Where the answer says it: body:<gjson path> or header:<name>.",
			},
			"is": {list(&c.AcceptedIs, func(dst *string, _ value) reader { return filled(dst) }), "What it says then."},
		}, "where", "is"), "How the shop's answer says that it took the order; every other answer passes as it is. When " +
			"left out, an answer that names an order."},
		"errors": {
			either(choice(&c.Errors, "problem", "x2bee"), ownErrors(c)),
			"How refusals look: RFC 9457 (problem), X2BEE's envelope, or the shop's own: JSON, a page, or a redirect.",
		},
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
		switch {
		case c.Put != "" && c.Offers.List != "":
			v.fail("make two routes of it", "put and offers are for different answers")
		case c.Accepted.Kind != "" && c.Put == "" && c.Offers.List == "":
			v.fail("add put, or leave accepted out", "accepted is for an answer that gets a window")
		case c.Accepted.Kind == "const":
			v.fail("body:<gjson path> or header:<name>", "accepted.where must be something that the answer says")
		case len(c.ContentTypes) > 0 && c.Forward():
			v.fail("leave content_types out", "a route that is handed on unread takes all")
		}
		c.checkPutRequest(v)
		if c.Put != "" && c.ReadAnswer["amount"] == (Source{}) {
			v.fail("read_answer: { amount: \"body:...\" }", "put needs read_answer.amount: the browser's amount never counts")
		}
		if c.Put != "" && (c.ReadAnswer["order_id"] == Source{}) {
			v.fail("read_answer: { order_id: \"body:...\" }", "put needs read_answer.order_id")
		}
	}
}

// requestPlace reads where a window goes in a request: one plain name, which all servers read alike.
func requestPlace(dst *Source) reader {
	const pattern = `^(body:[A-Za-z_][A-Za-z0-9_-]*|header:[Xx]-[A-Za-z0-9][A-Za-z0-9-]*)$`
	plain := regexp.MustCompile(pattern)
	own := regexp.MustCompile(`(?i)^header:x-(request-id|real-ip|forwarded-.*|pg-gateway-.*)$`)
	return func(v value) {
		var s string
		checked(&s, pattern, "body:<name> or header:X-<name>, such as body:pg_window", func(s string) bool {
			return plain.MatchString(s) && !own.MatchString(s)
		})(v)
		if kind, name, ok := strings.Cut(s, ":"); ok {
			*dst = Source{Kind: kind, Value: name}
		}
	}
}

// checkPutRequest complains about what a window in the request needs and the route does not have.
func (i *Intercept) checkPutRequest(v value) {
	if i.PutRequest == (Source{}) {
		return
	}
	in := func(field string) bool {
		return i.ReadRequest[field] != Source{} || field == "pay_method" && i.RefuseBefore[field] != Source{}
	}
	for _, field := range []string{"order_id", "pay_method", "return_url"} {
		if !in(field) {
			v.fail("read_request: { "+field+": \"body:...\" }", "put_request needs read_request.%s", field)
		}
	}
	switch {
	case i.Put != "" || i.Offers.List != "":
		v.fail("make two routes of it", "put_request is for a request, put and offers are for its answer")
	case i.PutRequest.Kind == "body" && (i.Method == "" || i.Method == "GET"):
		v.fail("match: { method: POST }, or put_request: header:X-...", "put_request is in the body, which a GET has not")
	}
}

// ownErrors reads how a shop's own refusals look.
func ownErrors(c *Intercept) reader {
	template := errorTemplateReader(&c.Template)
	return func(v value) {
		c.Errors = ""
		template(v)
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
