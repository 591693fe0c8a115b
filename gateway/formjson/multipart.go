package formjson

import (
	"fmt"
	"strings"
)

// ConvertMultipart is Convert for a body of multipart/form-data with this boundary. Files are left out; a name is that
// of files or of a field, since some readers keep both in one place.
func ConvertMultipart(body []byte, boundary string, wanted ...string) ([]byte, error) {
	m, err := partsOf(body, boundary)
	if err != nil {
		return nil, err
	}
	f, files := fields{known: map[string]string{}, wanted: wanted}, map[string]bool{}
	for _, p := range m.parts {
		folded := strings.ToLower(variable(p.name))
		if file, seen := files[folded]; seen && file != p.file { //guard:a-file-is-no-field
			return nil, fmt.Errorf("%w: %q", ErrDuplicate, clip(p.name))
		}
		files[folded] = p.file
		if p.file {
			continue
		}
		if err := f.add(p.name, string(p.value)); err != nil {
			return nil, err
		}
	}
	return f.root.json(), nil
}
