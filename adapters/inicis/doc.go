// Package inicis is the driver of KG Inicis: the signed PC window (INIStdPay), its return, approval and net
// cancel, the window that issues billing keys (INILite), INIAPI v2 for inquiry and refund, INIAPI v1 for what v2
// lacks of virtual accounts, and the notices of deposits.
//
// It must not know rules, journals or who calls it. What it signs and sends follows the merchant's contract
// keys; what it receives is believed only after the idc rule and a shape check.
package inicis
