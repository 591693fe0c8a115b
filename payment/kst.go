package payment

import "time"

// kst is made once: FixedZone allocates, and a checkout asks for it several times.
var kst = time.FixedZone("KST", 9*60*60)

// KST is Korea's clock, which has had no summer time since 1988; fixed, so that no zone database is needed.
func KST() *time.Location { return kst }
