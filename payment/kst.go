package payment

import "time"

// KST is Korea's clock, which has had no summer time since 1988; fixed, so that no zone database is needed.
func KST() *time.Location { return time.FixedZone("KST", 9*60*60) }
