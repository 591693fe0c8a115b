// Package k8s_test holds the manifests to what they promise: they build with kustomize, the gateway runs
// restricted and is probed where it listens, a changed ConfigMap reaches it, and a pod that is ended has the
// time to finish the payments in flight.
package k8s_test
