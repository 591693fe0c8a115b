package gateway

import (
	"errors"
	"io"
	"log/slog"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/valyala/fasthttp"
)

// doorRoom is how many connections a door takes.
type doorRoom struct {
	// all is how many in all, perAddress how many of one address; 0 is no bound.
	all, perAddress int
	// exempt addresses have no bound of their own: many people come from them.
	exempt func(netip.Addr) bool
	// refusals is how many that find no room are told so at once; more are closed without a word.
	refusals int
}

// Why a door closed a connection of its own accord.
const (
	closedFull      = "full"
	closedAddress   = "per_address"
	closedNoneLeft  = "no_descriptor"
	acceptPauseLow  = 5 * time.Millisecond
	acceptPauseHigh = 250 * time.Millisecond
)

// door is a listener that nobody can bring down by opening connections. It outlasts having no file descriptor left,
// takes as many connections as it has room for, and makes room by closing the connection that has been silent for
// longest: browsers and HTTP clients keep some for later, and attackers do nothing else. A connection on which a
// request was begun and not answered is never closed by it. When nobody is silent, who comes is refused.
type door struct {
	net.Listener

	room func() doorRoom
	// closed is told why a connection, or none, could be taken.
	closed func(why string, err error)
	// refused is told why a connection was refused, and whether it was told so.
	refused func(why string, told bool, err error)
	// refusal is what it is told.
	refusal func() ([]byte, error)
	// patience is how long no byte may move while a body is read, or an answer written; headTime is how long a head may
	// take.
	patience, headTime time.Duration

	mu       sync.Mutex
	open     int
	refusing refusing
	silent   silentConns
	peers    map[netip.Addr]*doorPeer
}

// doorPeer is what one address has open.
type doorPeer struct {
	open   int
	silent silentConns
}

func newDoor(
	l net.Listener, room func() doorRoom, closed func(why string, err error),
	refused func(why string, told bool, err error),
) *door {
	return &door{
		Listener: l, room: room, closed: closed, refused: refused, refusal: sync.OnceValues(fullAnswer),
		patience: shopTimeout, headTime: forwardTimeout, peers: map[netip.Addr]*doorPeer{},
	}
}

// Accept waits for the next connection. It ends only with its listener.
func (d *door) Accept() (net.Conn, error) {
	pause := acceptPauseLow
	for {
		conn, err := d.Listener.Accept()
		switch {
		case err == nil:
			if c := d.admit(conn); c != nil {
				return c, nil
			}
		case errors.Is(err, net.ErrClosed) || !passing(err):
			return nil, err
		default:
			d.closed(closedNoneLeft, err)
			time.Sleep(pause)
			pause = min(2*pause, acceptPauseHigh)
			continue
		}
		pause = acceptPauseLow
	}
}

// passing tells whether an error of accept is about this moment, or about the connection that it was for.
func passing(err error) bool {
	for _, e := range []error{
		syscall.EMFILE, syscall.ENFILE, syscall.ENOBUFS, syscall.ENOMEM,
		syscall.ECONNABORTED, syscall.EPROTO, syscall.EINTR, syscall.EPERM,
	} {
		if errors.Is(err, e) {
			return true
		}
	}
	return false
}

// admit takes a connection in, or refuses it and returns nil.
func (d *door) admit(conn net.Conn) *doorConn {
	r := d.room()
	c := &doorConn{Conn: conn, d: d, from: addressOf(conn), request: request{route: routeNone}}
	d.mu.Lock()
	peer := d.peers[c.from]
	if peer == nil {
		peer = &doorPeer{silent: silentConns{ofPeer: 1}}
		d.peers[c.from] = peer
	}
	var evicted *doorConn
	why := ""
	switch {
	case r.perAddress > 0 && peer.open >= r.perAddress && (r.exempt == nil || !r.exempt(c.from)):
		why, evicted = closedAddress, d.evict(&peer.silent)
	case r.all > 0 && d.open >= r.all:
		why, evicted = closedFull, d.evict(&d.silent)
	}
	if why != "" && evicted == nil {
		d.forgetPeer(c.from, peer)
		d.mu.Unlock()
		d.refuse(conn, why, r.refusals)
		return nil
	}
	d.open++
	peer.open++
	d.list(c)
	d.mu.Unlock()
	if evicted != nil {
		d.closed(why, evicted.Close())
	}
	return c
}

// evict takes out the connection that has been silent for longest, or returns nil. d.mu is held.
func (d *door) evict(from *silentConns) *doorConn {
	for c := from.oldest; c != nil; c = from.oldest {
		d.unlist(c)
		if c.state.CompareAndSwap(stateSilent, stateEvicted) {
			return c
		}
	}
	return nil
}

func (d *door) forgetPeer(at netip.Addr, p *doorPeer) {
	if p.open == 0 {
		delete(d.peers, at)
	}
}

// list puts c behind the silent ones. d.mu is held.
func (d *door) list(c *doorConn) {
	if peer := d.peers[c.from]; peer != nil && !c.listed {
		c.listed = true
		d.silent.add(c)
		peer.silent.add(c)
	}
}

// unlist takes c out of the silent ones. d.mu is held.
func (d *door) unlist(c *doorConn) {
	if c.listed {
		c.listed = false
		d.silent.remove(c)
		d.peers[c.from].silent.remove(c)
	}
}

// closeSilent closes the connections on which nothing was said. A client that is just about to say something
// sees it closed without an answer, and knows that nothing was done.
func (d *door) closeSilent() {
	for {
		d.mu.Lock()
		c := d.evict(&d.silent)
		d.mu.Unlock()
		if c == nil {
			return
		}
		_ = c.Close()
	}
}

// What has become of a connection.
const (
	stateSilent int32 = iota
	stateSpoke
	stateEvicted
)

// doorConn is a connection that its door counts.
type doorConn struct {
	net.Conn

	d      *door
	from   netip.Addr
	state  atomic.Int32
	closed sync.Once
	// listed tells that it is among the silent ones, of all and of its address, whose neighbours beside has; d.mu guards
	// them.
	listed bool
	beside [2]neighbours
	// idled tells that it has waited for a next request; d.mu guards it.
	idled bool

	pace paced
	head headWatch
	// never is what to do when it ends before somebody has it that it is meant for.
	never atomic.Pointer[func()]
	// passage and request are for one request after the other.
	passage passage
	request request
	called  callers
}

// Read reads from the connection; the first byte ends its silence. What comes after its door has chosen to close it
// is not read: it must not be done when nobody can be answered. A head that cannot end gets an end, and nothing comes
// after it, so that whoever sent it is refused at once.
func (c *doorConn) Read(p []byte) (int, error) {
	if err := c.pace.read(c.Conn, c.d); err != nil {
		return 0, err
	}
	if c.head.broken {
		return 0, io.EOF
	}
	n, err := c.Conn.Read(p)
	if n == 0 || c.state.Load() == stateSpoke {
		if c.head.open && c.head.more(p[:n]) {
			n += copy(p[n:], headEnd)
		}
		return n, err
	}
	if !c.state.CompareAndSwap(stateSilent, stateSpoke) {
		return 0, net.ErrClosed
	}
	c.d.mu.Lock()
	defer c.d.mu.Unlock()
	c.d.unlist(c)
	if c.head.begin(p[:n]) {
		n += copy(p[n:], headEnd)
	}
	return n, err
}

// connState is told by the server what it does with a connection: one that waits for its next request is as silent
// as one that waits for its first.
func connState(conn net.Conn, s fasthttp.ConnState) {
	c, ok := conn.(*doorConn)
	if !ok {
		return
	}
	if s == fasthttp.StateIdle { //guard:each-request-has-its-own-state
		// Its answer has been written.
		c.passage.giveBack()
		c.request = request{route: routeNone}
		c.pace.to(paceIdle)
	}
	if s == fasthttp.StateActive {
		c.pace.wake()
	}
	c.d.mu.Lock()
	defer c.d.mu.Unlock()
	switch {
	case s == fasthttp.StateIdle && c.state.CompareAndSwap(stateSpoke, stateSilent):
		c.idled = true
		c.d.list(c)
	case s == fasthttp.StateActive && c.idled && c.state.CompareAndSwap(stateSilent, stateSpoke):
		// The request was sent along with the one before it. (A new connection counts as active at once.)
		c.d.unlist(c)
	}
}

// Close closes the connection and gives its room back.
func (c *doorConn) Close() error {
	c.closed.Do(func() {
		c.d.mu.Lock()
		defer c.d.mu.Unlock()
		c.d.unlist(c)
		c.d.open--
		peer := c.d.peers[c.from]
		peer.open--
		c.d.forgetPeer(c.from, peer)
	})
	if never := c.never.Swap(nil); never != nil {
		(*never)()
	}
	return c.Conn.Close()
}

// addressOf is whom a connection counts for: its address, or of IPv6 the network of 64 bits that one customer has.
func addressOf(c net.Conn) netip.Addr {
	tcp, ok := c.RemoteAddr().(*net.TCPAddr)
	if !ok {
		return netip.Addr{}
	}
	a := tcp.AddrPort().Addr().Unmap().WithZone("")
	if a.Is6() {
		if p, err := a.Prefix(64); err == nil {
			return p.Addr()
		}
	}
	return a
}

// Shares of the process's limit on open files. A forwarded request takes one on either side, and the journal, the
// PGs and the doors of the pod need some too.
const (
	publicShare  = 0.4
	sidecarShare = 0.1
	adminShare   = 0.05
	shopShare    = 0.25
	lookUpShare  = 0.1
	tunnelShare  = 0.05
	refusedShare = 0.02
)

// maxRefusals is how many connections a door refuses with an answer at once.
const maxRefusals = 256

// openFiles is how many files the process may have open at once. The Go runtime has raised it at the start to the
// most that the system allows.
func openFiles() int {
	var l syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &l); err != nil || l.Cur > 1<<20 {
		return 1 << 20
	}
	return int(l.Cur)
}

func shareOf(files int, share float64) int { return max(int(float64(files)*share), 8) }

// publicRoom is what the configuration grants strangers, and no more than the process can hold.
func (g *Gateway) publicRoom() doorRoom {
	l := g.view().rules.Limits()
	all := min(l.Connections, shareOf(g.openFiles, publicShare))
	return doorRoom{
		all: all, perAddress: min(l.ConnectionsPerAddress, all/2), exempt: g.trusted,
		refusals: min(maxRefusals, shareOf(g.openFiles, refusedShare)),
	}
}

// newDoor makes the named door of l.
func (g *Gateway) newDoor(l net.Listener, name string, room func() doorRoom) *door {
	var lastLog atomic.Int64
	log := func(text, why string, err error) {
		now := g.now().Unix()
		if last := lastLog.Load(); now-last >= 10 && lastLog.CompareAndSwap(last, now) {
			g.log.Warn(text, slog.String("listener", name), slog.String("reason", why), slog.Any("err", err))
		}
	}
	closed := func(why string, err error) {
		g.metrics.ConnectionClosed(name, why)
		log("a listener closes connections", why, err)
	}
	return newDoor(l, room, closed, func(why string, told bool, err error) {
		g.metrics.ConnectionRefused(name, why, told)
		log("a listener refuses connections", why, err)
	})
}

// ownRoom is that of a door for a few known callers.
func (g *Gateway) ownRoom(share float64) func() doorRoom {
	r := doorRoom{all: shareOf(g.openFiles, share), refusals: min(maxRefusals, shareOf(g.openFiles, refusedShare/2))}
	return func() doorRoom { return r }
}
