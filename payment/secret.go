package payment

import "log/slog"

// redacted is what a Secret shows of itself, whoever asks.
const redacted = "<secret>"

// Secret is a key, password or token that cannot print itself: formatting, logging and marshalling all show
// "<secret>". Reveal is the only way in, so that every use can be found by searching for it.
type Secret string

// Reveal returns the secret text. Pass the result straight to the hash, header or request that needs it.
func (s Secret) Reveal() string { return string(s) }

// IsSet tells whether there is a secret at all.
func (s Secret) IsSet() bool { return s != "" }

// String implements fmt.Stringer.
func (Secret) String() string { return redacted }

// GoString implements fmt.GoStringer, so that %#v does not show the secret.
func (Secret) GoString() string { return redacted }

// MarshalText implements encoding.TextMarshaler.
func (Secret) MarshalText() ([]byte, error) { return []byte(redacted), nil }

// MarshalJSON implements json.Marshaler.
func (Secret) MarshalJSON() ([]byte, error) { return []byte(`"` + redacted + `"`), nil }

// MarshalYAML implements yaml.Marshaler without importing a YAML package.
func (Secret) MarshalYAML() (any, error) { return redacted, nil }

// LogValue implements slog.LogValuer.
func (Secret) LogValue() slog.Value { return slog.StringValue(redacted) }
