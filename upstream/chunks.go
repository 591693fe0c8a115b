package upstream

import "bytes"

// Bounds of what a chunked body may have besides its data, in bytes.
const (
	// maxChunkLine is for the line that begins a chunk, or one of a trailer.
	maxChunkLine = 4 << 10
	maxTrailer   = 16 << 10
	// maxExcess is for chunk extensions and for the overhead of very small chunks, over the whole body.
	maxExcess = 16 << 10
)

type chunkState int

const (
	inSize chunkState = iota
	inData
	inEnd
	inTrailer
	allRead
)

// chunks reads a chunked body (RFC 9112 §7.1) from wherever it comes.
type chunks struct {
	state chunkState
	left  int64
	// excess is how much more overhead there was than a sensible body has.
	excess  int64
	trailer []byte
}

// take reads on in b, which begins where the last call ended. It returns a run of data, which is of b, and how much of
// b is done with. No data without an error means that b must be longer, or that all is read.
func (c *chunks) take(b []byte) (data []byte, used int, err error) {
	for {
		var n int
		switch c.state {
		case inSize:
			n, err = c.size(b[used:])
		case inData:
			if n = int(min(c.left, int64(len(b)-used))); n > 0 {
				if c.left -= int64(n); c.left == 0 {
					c.state = inEnd
				}
				return b[used : used+n], used + n, nil
			}
		case inEnd:
			n, err = c.end(b[used:])
		case inTrailer:
			n, err = c.trailerLine(b[used:])
		case allRead:
			return nil, used, nil
		}
		if n == 0 || err != nil {
			return nil, used, err
		}
		used += n
	}
}

// chunkLine is the line that b begins with, without its end; nil when it is not complete.
func chunkLine(b []byte) ([]byte, error) {
	end := bytes.IndexByte(b, '\n')
	switch {
	case end < 0 && len(b) < maxChunkLine:
		return nil, nil
	case end < 1 || end > maxChunkLine || b[end-1] != '\r':
		return nil, ErrBroken
	}
	return b[:end-1], nil
}

// size reads the line that begins a chunk: hexadecimal digits, and extensions, which are passed over.
func (c *chunks) size(b []byte) (int, error) {
	line, err := chunkLine(b)
	if line == nil || err != nil {
		return 0, err
	}
	digits := 0
	for ; digits < len(line); digits++ {
		d := hexDigit(line[digits])
		if d < 0 {
			break
		}
		c.left = c.left<<4 | int64(d)
	}
	if digits == 0 || digits > 15 || digits < len(line) && line[digits] != ';' || !clean(line[digits:]) {
		return 0, ErrBroken
	}
	// As net/http does: 16 bytes of overhead a chunk are fine, and as much as a tenth or so of large ones.
	if c.excess = max(c.excess+int64(len(line))+2-16-2*c.left, 0); c.excess > maxExcess {
		return 0, ErrBroken
	}
	if c.state = inData; c.left == 0 {
		c.state = inTrailer
	}
	return len(line) + 2, nil
}

func hexDigit(c byte) int {
	switch {
	case c >= '0' && c <= '9':
		return int(c - '0')
	case c >= 'a' && c <= 'f':
		return int(c-'a') + 10
	case c >= 'A' && c <= 'F':
		return int(c-'A') + 10
	}
	return -1
}

// end reads the end of line behind the data of a chunk.
func (c *chunks) end(b []byte) (int, error) {
	n := min(len(b), 2)
	if string(b[:n]) != "\r\n"[:n] {
		return 0, ErrBroken
	}
	if n < 2 {
		return 0, nil
	}
	c.state = inSize
	return 2, nil
}

// trailerLine reads a header line behind the last chunk, or the empty line that ends the body.
func (c *chunks) trailerLine(b []byte) (int, error) {
	line, err := chunkLine(b)
	if line == nil || err != nil {
		return 0, err
	}
	n := len(line) + 2
	if len(line) == 0 {
		c.state = allRead
		return n, nil
	}
	if l := NewLines(b[:n]); !l.Next() || len(c.trailer)+n > maxTrailer {
		return 0, ErrBroken
	}
	c.trailer = append(c.trailer, b[:n]...)
	return n, nil
}
