// Package metrics holds every Prometheus series of the gateway, so that names, labels and buckets can be read
// and tested in one place.
//
// It must not know what is measured: it imports nothing of this module and takes strings and numbers. Every
// label has a closed or capped set of values; what is outside of it is counted as "_other", so that no
// request can make series. Nothing here blocks, and the calls made per request allocate nothing of their own.
package metrics
