package formjson

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
)

// ConvertMultipart is Convert for a body of multipart/form-data with this boundary. Files are left out.
func ConvertMultipart(body []byte, boundary string) ([]byte, error) {
	root, known := &node{}, map[string]string{}
	parts := multipart.NewReader(bytes.NewReader(body), boundary)
	for n := 0; ; n++ {
		// Raw, since PHP does not decode quoted-printable.
		part, err := parts.NextRawPart()
		switch {
		case errors.Is(err, io.EOF):
			return root.json(), nil
		case err != nil:
			return nil, fmt.Errorf("%w: the parts do not end as they should", ErrSyntax)
		case n == MaxNames:
			return nil, fmt.Errorf("%w: more than %d names", ErrSyntax, MaxNames)
		}
		if err := root.addPart(part, known); err != nil {
			return nil, err
		}
	}
}

func (n *node) addPart(part *multipart.Part, known map[string]string) error {
	if len(part.Header["Content-Disposition"]) != 1 {
		return fmt.Errorf("%w: a part has no name, or two", ErrSyntax)
	}
	name := part.FormName()
	if name == "" {
		return fmt.Errorf("%w: a part has no name", ErrSyntax)
	}
	value, err := io.ReadAll(part)
	if err != nil {
		return fmt.Errorf("%w: the parts do not end as they should", ErrSyntax)
	}
	if part.FileName() != "" {
		return nil
	}
	return n.add(name, string(value), known)
}
