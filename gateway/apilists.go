package gateway

import (
	"context"
	"fmt"
	"log/slog"
	"reflect"
	"time"

	"github.com/gofiber/fiber/v2"
	gocache "github.com/patrickmn/go-cache"
	"golang.org/x/sync/singleflight"

	"github.com/pg-gateway/pg-gateway/adapters"
	"github.com/pg-gateway/pg-gateway/payment"
	"github.com/pg-gateway/pg-gateway/upstream"
)

const (
	// listFresh is how long a list is answered with as it is, listKept how long while it is asked for anew beside that.
	listFresh = 10 * time.Minute
	listKept  = 24 * time.Hour
	// maxList is the longest list that is kept, in bytes, and maxLists how many are.
	maxList  = 256 << 10
	maxLists = 256
)

// apiList is an answer of a PG's API that changes seldom: banks, card companies, channels.
type apiList struct {
	status int
	kind   string
	body   []byte
	at     time.Time
	// pg is whose account it is of.
	pg *payment.PG
}

// apiLists are the lists that are kept. It is safe for concurrent use.
type apiLists struct {
	kept    *gocache.Cache
	flights singleflight.Group
}

func newAPILists() *apiLists {
	// No janitor: there are few, and their age is looked at when they are asked for.
	return &apiLists{kept: gocache.New(gocache.NoExpiration, 0)}
}

// listOfAPI answers with a list that is kept, or asks for it. One that is old is answered with while it is asked for
// anew: what cannot be had again just now is better than nothing. What is asked for does not depend on who asks.
func (g *Gateway) listOfAPI(c *fiber.Ctx, r *apiRequest) error {
	key := fmt.Sprintf("%s %s %s?%s", r.pg.ID, r.passage.Root(r.pg), r.call.Path, r.call.Query)
	value, ok := g.lists.kept.Get(key)
	//guard:lists-are-of-the-account
	if list, isList := value.(apiList); ok && isList && reflect.DeepEqual(list.pg, r.pg) {
		switch age := g.now().Sub(list.at); {
		case age < listFresh:
			return answerList(c, list)
		case age < listKept:
			again := r.apart()
			g.following.Go(func() { _, _ = g.fetchList(key, again) }) // it is logged where it fails
			return answerList(c, list)
		}
	}
	list, err := g.fetchList(key, r.apart())
	if err != nil {
		return err
	}
	return answerList(c, list)
}

// apart is a copy that outlives its request.
func (r *apiRequest) apart() *apiRequest {
	own := *r
	own.raw = append([]byte(nil), r.raw...)
	return &own
}

func answerList(c *fiber.Ctx, l apiList) error {
	c.Set(fiber.HeaderContentType, l.kind)
	c.Status(l.status)
	c.Response().SetBodyRaw(l.body)
	return nil
}

// fetchList asks for a list, once for all that wait for it, and keeps it when it is one.
func (g *Gateway) fetchList(key string, r *apiRequest) (apiList, error) {
	value, err, _ := g.lists.flights.Do(key, func() (any, error) {
		ctx, cancel := context.WithTimeout(g.ctx, r.pg.ReadTimeout)
		defer cancel()
		list, err := g.readList(ctx, r)
		if err != nil {
			g.log.Warn("a list of a PG's cannot be had", slog.Any("pg", r.pg.ID), slog.String("operation", r.name()),
				slog.Any("err", err))
			return list, err
		}
		//guard:refusals-are-not-kept
		if r.passage.Succeeded(list.status, list.body) && len(list.body) <= maxList {
			if g.lists.kept.ItemCount() >= maxLists {
				g.lists.kept.Flush()
			}
			g.lists.kept.Set(key, list, gocache.NoExpiration)
		}
		return list, nil
	})
	list, _ := value.(apiList)
	return list, err
}

// readList asks the PG.
func (g *Gateway) readList(ctx context.Context, r *apiRequest) (apiList, error) {
	a, err := r.passage.Authorise(ctx, g.toAuthorise(r))
	if err != nil {
		return apiList{}, fmt.Errorf("asking %s for a list: %w", r.pg.ID, err)
	}
	at, err := g.apis.at(r.passage.Root(r.pg))
	if err != nil {
		return apiList{}, err
	}
	deadline, _ := ctx.Deadline()
	req := upstream.Request{
		Method: []byte(fiber.MethodGet), Host: at.host, Deadline: deadline,
		Target: append(append([]byte(at.path), r.raw...), queryOf(a.Query)...),
		More:   []byte("Accept: application/json\r\nAuthorization: " + a.Authorization.Reveal() + "\r\n"),
	}
	var x upstream.Exchange
	if err := at.client.Do(&x, &req); err != nil { //nolint:contextcheck // the request has its deadline
		return apiList{}, fmt.Errorf("asking %s for a list: %w: %w", r.pg.ID, adapters.ErrUnavailable, err)
	}
	defer func() { _ = x.Close() }()
	body, err := x.ReadAll(nil, maxAPIBody)
	if err != nil {
		return apiList{}, fmt.Errorf("reading a list of %s: %w: %w", r.pg.ID, adapters.ErrUnavailable, err)
	}
	if x.Status() == fiber.StatusUnauthorized {
		r.passage.Unauthorised(r.pg, a)
	}
	return apiList{status: x.Status(), kind: string(x.Header("content-type")), body: body, at: g.now(), pg: r.pg}, nil
}

func queryOf(query string) string {
	if query == "" {
		return ""
	}
	return "?" + query
}
