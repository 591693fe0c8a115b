package formjson

import (
	"fmt"
	"strings"
)

// ConvertMultipart is Convert for a body of multipart/form-data with this boundary. Files are left out; a name is that
// of files or of a field, since some readers keep both in one place.
func ConvertMultipart(body []byte, boundary string) ([]byte, error) {
	parts, _, err := partsOf(body, boundary)
	if err != nil {
		return nil, err
	}
	root, known, files := &node{}, map[string]string{}, map[string]bool{}
	for _, p := range parts {
		folded := strings.ToLower(p.name)
		if file, seen := files[folded]; seen && file != p.file { //guard:a-file-is-no-field
			return nil, fmt.Errorf("%w: %q", ErrDuplicate, clip(p.name))
		}
		files[folded] = p.file
		if p.file {
			continue
		}
		if err := root.add(p.name, string(p.value), known); err != nil {
			return nil, err
		}
	}
	return root.json(), nil
}
