// Package sandbox is a stand-in for the outside world: KG Inicis (PC window, approval, net cancel, INIAPI),
// PortOne V1 and V2 with their browser SDKs, and a demo shop that is also the order service. It is stateful,
// refuses what the real ones refuse, keeps a ledger of every won it captured and gave back, and misbehaves on
// order (Fault).
//
// It knows nothing of the gateway: no code, constant or type is shared with the adapters, or a mistake made
// in both would hide itself. Its hashes and messages are written anew from the PGs' documents.
package sandbox
