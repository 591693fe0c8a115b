package wire

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strconv"
	"strings"
)

// maxHead is the longest head that either end reads, in bytes.
const maxHead = 1 << 20

// message is a request or an answer as it came over the wire.
type message struct {
	start   string
	headers []string
	// framing is how the body's end was told: none, length, chunks or close.
	framing  string
	body     []byte
	trailers []string
	// broken is why the body is not whole; nil when it is.
	broken error
}

// readHead reads up to the empty line.
func readHead(r *bufio.Reader) (*message, error) {
	var m message
	for size := 0; ; {
		line, err := r.ReadString('\n')
		if err != nil {
			if size > 0 || line != "" {
				return nil, fmt.Errorf("after %d bytes of a head: %w", size+len(line), err)
			}
			return nil, err
		}
		if size += len(line); size > maxHead {
			return nil, errors.New("a head without end")
		}
		line = strings.TrimSuffix(line, "\r\n")
		switch {
		case line == "" && m.start != "":
			return &m, nil
		case m.start == "":
			m.start = line
		default:
			m.headers = append(m.headers, line)
		}
	}
}

// values are those of all lines of a name.
func (m *message) values(name string) (list []string) {
	for _, h := range m.headers {
		n, v, _ := strings.Cut(h, ":")
		if strings.EqualFold(strings.TrimSpace(n), name) {
			list = append(list, strings.TrimSpace(v))
		}
	}
	return list
}

// readBody reads what follows the head; bodiless says that nothing does, untilClose that the end of the connection
// ends what says no length.
func (m *message) readBody(r *bufio.Reader, bodiless, untilClose bool) {
	lengths, encodings := m.values("Content-Length"), m.values("Transfer-Encoding")
	m.framing = "none"
	switch {
	case len(lengths) > 1, len(lengths)+len(encodings) > 1:
		m.framing = "ambiguous"
	case len(lengths) == 1:
		m.framing = "length"
	case len(encodings) == 1:
		m.framing = "chunks"
	case untilClose && !bodiless:
		m.framing = "close"
	}
	switch {
	case bodiless:
		m.framing = "none"
		if len(lengths) == 1 {
			m.framing = "length " + lengths[0] + ","
		}
	case len(encodings) > 0:
		m.readChunks(r)
	case len(lengths) > 0:
		n, err := strconv.ParseInt(lengths[0], 10, 64)
		if err != nil {
			m.broken = err
			return
		}
		m.body, m.broken = io.ReadAll(io.LimitReader(r, n))
		if m.broken == nil && int64(len(m.body)) < n {
			m.broken = io.ErrUnexpectedEOF
		}
	case untilClose:
		m.body, m.broken = io.ReadAll(r)
	}
}

func (m *message) readChunks(r *bufio.Reader) {
	for {
		line, err := r.ReadString('\n')
		if err != nil {
			m.broken = fmt.Errorf("reading a chunk's size: %w", err)
			return
		}
		size, _, _ := strings.Cut(strings.TrimRight(line, "\r\n"), ";")
		n, err := strconv.ParseUint(strings.TrimSpace(size), 16, 31)
		if err != nil {
			m.broken = fmt.Errorf("reading a chunk's size: %w", err)
			return
		}
		if n == 0 {
			m.readTrailers(r)
			return
		}
		part := make([]byte, n+2)
		got, err := io.ReadFull(r, part)
		m.body = append(m.body, part[:min(got, int(n))]...)
		if err != nil || !bytes.HasSuffix(part, []byte("\r\n")) {
			m.broken = errors.New("a chunk broke off")
			return
		}
	}
}

func (m *message) readTrailers(r *bufio.Reader) {
	for {
		line, err := r.ReadString('\n')
		if err != nil {
			m.broken = fmt.Errorf("reading the trailers: %w", err)
			return
		}
		if line = strings.TrimRight(line, "\r\n"); line == "" {
			return
		}
		m.trailers = append(m.trailers, line)
	}
}

// bodyless tells whether an answer has no body whatever its head says.
func (m *message) bodyless(method string) bool {
	s := m.status()
	return method == "HEAD" || s < 200 || s == 204 || s == 304 || method == "CONNECT" && s == 200
}

// status is an answer's; 0 when it has none.
func (m *message) status() int {
	fields := strings.Fields(m.start)
	if len(fields) < 2 || !strings.HasPrefix(fields[0], "HTTP/1.") {
		return 0
	}
	n, err := strconv.Atoi(fields[1])
	if err != nil {
		return 0
	}
	return n
}

// shownBody is a body as outcomes show it: whole, or by its length and digest.
func shownBody(b []byte) string {
	switch {
	case bytes.Contains(b, []byte(`"window":`)):
		return "a window"
	case len(b) > 160:
		return fmt.Sprintf("%d bytes %x", len(b), sha256.Sum256(b))[:len(strconv.Itoa(len(b)))+15]
	}
	return strconv.Quote(string(b))
}

// seen is how outcomes show a message, its headers without those left out.
func (m *message) seen(first string, leftOut func(name string) bool) sight {
	s := sight{first: first}
	upgrade := m.upgrade()
	if upgrade != "" {
		s.first += " upgrade to " + upgrade
	}
	if m.framing != "none" || len(m.body) > 0 {
		s.first += " " + m.framing
	}
	if strings.HasSuffix(m.framing, ",") {
		s.first += " no body"
	} else if m.framing != "none" {
		s.first += " " + shownBody(m.body)
	}
	if m.broken != nil {
		s.first += " cut"
	}
	for _, h := range m.headers {
		name, _, _ := strings.Cut(h, ":")
		name = strings.ToLower(strings.TrimSpace(name))
		if !leftOut(name) && (upgrade == "" || name != "upgrade") {
			s.lines = append(s.lines, shownLine(h))
		}
	}
	for _, h := range m.trailers {
		s.lines = append(s.lines, "trailer "+shownLine(h))
	}
	return s
}

// upgrade is the protocol that a message changes to, or asks to; "" when Connection does not say so.
func (m *message) upgrade() string {
	for _, v := range m.values("Connection") {
		for token := range strings.SplitSeq(v, ",") {
			if strings.EqualFold(strings.TrimSpace(token), "upgrade") {
				return strings.Join(m.values("Upgrade"), ", ")
			}
		}
	}
	return ""
}

// shownLine is a header's line, by its length and digest when it is long, with bytes that are not plain escaped.
func shownLine(h string) string {
	name, value, found := strings.Cut(h, ":")
	value = strings.Trim(value, " \t")
	switch {
	case found && len(value) > 200:
		return name + ": " + shownBody([]byte(value))
	case found:
		h = strings.TrimRight(name+": "+value, " ")
	}
	var b strings.Builder
	for _, c := range []byte(h) {
		if c < ' ' || c > '~' {
			fmt.Fprintf(&b, `\x%02x`, c)
			continue
		}
		b.WriteByte(c)
	}
	return b.String()
}

// ended tells whether err says that the other side has closed or reset the connection.
func ended(err error) bool {
	var timeout net.Error
	return err != nil && (!errors.As(err, &timeout) || !timeout.Timeout())
}

// has tells whether a list of names has one.
func has(names []string, name string) bool { return slices.Contains(names, name) }
