package rules

import (
	"net/url"
	"regexp"
	"strings"
)

// DefaultPrefix is server.public.prefix where a file has none.
const DefaultPrefix = "/pg-gateway/"

// prefixPattern allows no byte that any server reads more into than itself: what is below the prefix must be so in one
// way only.
const prefixPattern = `^(/[A-Za-z0-9_-]+)+/$`

// publishedFolders are where our own endpoints stand whatever the prefix is: contracts at PGs and pages of shops name
// them.
func publishedFolders() []string { return []string{"/checkout/", "/return/", "/hooks/"} }

// prefix reads what the paths of our own endpoints for browsers begin with.
func prefix(dst *string) reader {
	plain := regexp.MustCompile(prefixPattern)
	read := checked(dst, prefixPattern,
		"letters, digits, - and _ between slashes, with one in front and at the end, as in "+DefaultPrefix, plain.MatchString)
	return func(v value) {
		if read(v); v.schema == nil {
			v.d.prefix = v
		}
	}
}

// prefixIsFree refuses a prefix that takes paths that are somebody else's. Servers that ignore case would have it take
// those in another case, too.
func (b *builder) prefixIsFree() {
	prefix := b.s.start.Server.Public.Prefix
	if b.d.prefix.n != nil && b.d.prefix.broken("") {
		return
	}
	for _, folder := range publishedFolders() {
		if within(prefix, folder) { //guard:prefix-leaves-published-paths
			b.d.prefix.fail("another prefix, as in "+DefaultPrefix, "endpoints of ours stand below %s already", folder)
			return
		}
	}
	for i, c := range b.s.intercepts {
		if !within(c.Path, prefix) { //guard:prefix-leaves-intercepts
			continue
		}
		at := b.d.prefix
		if at.n == nil {
			at = b.f.interceptsAt[i]
		}
		at.fail("set server.public.prefix to a folder that the shop does not have",
			"the intercept %q is for %s, and nothing below server.public.prefix (%s) reaches the shop", clip(c.Name),
			clip(c.Path), prefix)
	}
	for _, function := range b.s.x2bee.Paths.functions() {
		path := b.s.x2bee.BasePath + function
		if !b.s.x2bee.Enabled || !within(path, prefix) {
			continue
		}
		at := b.d.prefix
		if at.n == nil {
			at = b.f.x2beeAt
		}
		at.fail("set server.public.prefix to a folder that no function of x2bee is in",
			"x2bee answers %s, which is below server.public.prefix (%s)", clip(path), prefix)
		return
	}
}

// within tells whether a path is a folder, or below it, where case is ignored.
func within(path, folder string) bool {
	if decoded, err := url.PathUnescape(path); err == nil {
		path = decoded
	}
	return strings.HasPrefix(strings.ToLower(path)+"/", strings.ToLower(folder))
}
