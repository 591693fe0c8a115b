package wire

import (
	"slices"
	"strings"
)

// sight is one message as one side saw it.
type sight struct {
	first string
	lines []string
}

// How the client's connection stands after its answers.
const (
	endOpen   = "open"
	endClosed = "closed"
	// endEither is for wants: both are right.
	endEither = "open or closed"
)

// outcome is all that a case comes to. As text it is
//
//	< 200 length "body"
//	<   Header: of the answer
//	open
//	> GET /target length "body"
//	>   Header: that the shop saw
//	! what must never be
type outcome struct {
	answers  []sight
	end      string
	requests []sight
	// wrong is what must never be, whoever the proxy is: an answer that is somebody else's.
	wrong []string
}

// parseOutcome reads the text of an outcome.
func parseOutcome(text string) outcome {
	var o outcome
	for line := range strings.SplitSeq(strings.TrimSpace(text), "\n") {
		line = strings.TrimLeft(line, "\t ")
		switch {
		case strings.HasPrefix(line, "<   "):
			last := &o.answers[len(o.answers)-1]
			last.lines = append(last.lines, line[4:])
		case strings.HasPrefix(line, "< "):
			o.answers = append(o.answers, sight{first: line[2:]})
		case strings.HasPrefix(line, ">   "):
			last := &o.requests[len(o.requests)-1]
			last.lines = append(last.lines, line[4:])
		case strings.HasPrefix(line, "> "):
			o.requests = append(o.requests, sight{first: line[2:]})
		default:
			o.end = line
		}
	}
	return o
}

// text lists all of it.
func (o outcome) text() (list []string) {
	for _, a := range o.answers {
		list = append(list, "< "+a.first)
		for _, l := range a.lines {
			list = append(list, "<   "+l)
		}
	}
	list = append(list, o.end)
	for _, r := range o.requests {
		list = append(list, "> "+r.first)
		for _, l := range r.lines {
			list = append(list, ">   "+l)
		}
	}
	for _, w := range o.wrong {
		list = append(list, "! "+w)
	}
	return list
}

// loose is o without what a proxy is free to choose: the order of lines of different names, the case of names, with which
// status it refuses, and how it tells the shop the length of a body. A Content-Type that a case is not about is left out,
// too: whether the standard library's proxy adds one to an answer that has none depends on the moment. So is Forwarded,
// which the peers do not say.
func (o outcome) loose(shows []string) outcome {
	loosen := func(all []sight, change func(string) string) (list []sight) {
		for _, s := range all {
			var lines []string
			for _, l := range s.lines {
				name, value, _ := strings.Cut(l, ":")
				name = strings.ToLower(name)
				if name != "forwarded" && (name != "content-type" || has(shows, name)) {
					lines = append(lines, name+":"+value)
				}
			}
			slices.SortStableFunc(lines, func(a, b string) int {
				a, _, _ = strings.Cut(a, ":")
				b, _, _ = strings.Cut(b, ":")
				return strings.Compare(a, b)
			})
			list = append(list, sight{change(s.first), lines})
		}
		return list
	}
	o.answers = loosen(o.answers, func(first string) string {
		if strings.HasSuffix(first, " by the proxy") {
			return "refused by the proxy"
		}
		return first
	})
	o.requests = loosen(o.requests, func(first string) string {
		line, body, _ := strings.Cut(first, ` "`)
		line = strings.TrimSuffix(strings.TrimSuffix(line, " chunks"), " length")
		if body == "" || body == `"` {
			return line
		}
		return line + ` "` + body
	})
	return o
}

// meant is o with the end that want leaves free.
func (o outcome) meant(want outcome) outcome {
	if want.end == endEither && (o.end == endOpen || o.end == endClosed) {
		o.end = endEither
	}
	return o
}

// only are the lines of a that b has not, each as often as it has it more.
func only(a, b []string) (list []string) {
	b = slices.Clone(b)
	for _, line := range a {
		if i := slices.Index(b, line); i >= 0 {
			b = slices.Delete(b, i, i+1)
			continue
		}
		list = append(list, line)
	}
	return list
}
