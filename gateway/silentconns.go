package gateway

// silentConns are connections that are silent, in the order in which they fell silent. Each connection holds its own
// place in two such lists, since it comes and goes with every request.
type silentConns struct {
	oldest, newest *doorConn
	n              int
	// ofPeer says which of a connection's places is in this list: 0 among all, 1 among those of its address.
	ofPeer int
}

// neighbours are those before and behind a connection.
type neighbours struct{ older, newer *doorConn }

// add puts c behind all others. It must not be in.
func (s *silentConns) add(c *doorConn) {
	c.beside[s.ofPeer] = neighbours{older: s.newest}
	if s.newest == nil {
		s.oldest = c
	} else {
		s.newest.beside[s.ofPeer].newer = c
	}
	s.newest = c
	s.n++
}

// remove takes c out. It must be in.
func (s *silentConns) remove(c *doorConn) {
	at := c.beside[s.ofPeer]
	if at.older == nil {
		s.oldest = at.newer
	} else {
		at.older.beside[s.ofPeer].newer = at.newer
	}
	if at.newer == nil {
		s.newest = at.older
	} else {
		at.newer.beside[s.ofPeer].older = at.older
	}
	c.beside[s.ofPeer] = neighbours{}
	s.n--
}
