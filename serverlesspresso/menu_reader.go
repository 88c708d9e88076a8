package serverlesspresso

import (
	"fmt"
	"slices"

	"github.com/brewline/ordermanager"
	"github.com/brewline/ordermanager/internal/strictjson"
)

// menuReader reads a menu and collects what is wrong with it.
type menuReader struct {
	// strict refuses every unknown name, not only likely misspellings.
	strict bool
	faults []ordermanager.MenuFault
}

func (r *menuReader) report(path, rule string) {
	r.faults = append(r.faults, ordermanager.MenuFault{Path: path, Rule: rule})
}

func (r *menuReader) invalid() error { return &ordermanager.InvalidMenuError{Faults: r.faults} }

// fail reports an error of strictjson.
func (r *menuReader) fail(err error) {
	if bad, ok := err.(*strictjson.Error); ok { //nolint:errorlint // the reader returns nothing else
		r.report(document(bad.Path), bad.Rule)
	}
}

// object opens an object, or reports why it cannot.
func (r *menuReader) object(v strictjson.Value) *strictjson.Object {
	fields, err := v.Object()
	if err != nil {
		r.fail(err)
		return nil
	}
	return fields
}

// unknown reports unknown names.
func (r *menuReader) unknown(path string, names, known []string) {
	for _, name := range names {
		if slices.Contains(known, name) {
			continue
		}
		rule := "is not known"
		at := slices.IndexFunc(known, func(k string) bool { return nearly(name, k) })
		if at >= 0 {
			rule += fmt.Sprintf(": do you mean %q?", known[at])
		}
		if r.strict || at >= 0 {
			r.report(path+name, rule)
		}
	}
}

// document names a value that has no path.
func document(path string) string {
	if path == "" {
		return "the document"
	}
	return path
}
