package resumertest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"

	"github.com/brewline/ordermanager"
)

// same explains how an outcome differs; nil if it does not. Outputs are compared as JSON values.
func same(got, want ordermanager.Outcome) error {
	switch {
	case got.Failure() != want.Failure():
		return fmt.Errorf("it is %s, it must be %s", brief(got), brief(want))
	case got.Error != want.Error:
		return fmt.Errorf("the error is %s, it must be %s", clip(got.Error), clip(want.Error))
	case got.Cause != want.Cause:
		return fmt.Errorf("the cause is %s, it must be %s", clip(got.Cause), clip(want.Cause))
	case want.Failure():
		return nil
	}
	gotValue, err := parse(got.Output)
	if err != nil {
		return fmt.Errorf("the output is not JSON: %w: %s", err, clip(string(got.Output)))
	}
	wantValue, err := parse(want.Output)
	if err != nil {
		return err
	}
	if !reflect.DeepEqual(gotValue, wantValue) {
		return fmt.Errorf("the output is %s, it must be %s", clip(string(got.Output)), clip(string(want.Output)))
	}
	return nil
}

// parse keeps numbers as text, so that large neighbours do not become equal.
func parse(data []byte) (value any, err error) {
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.UseNumber()
	if err := decoder.Decode(&value); err != nil {
		return nil, err
	}
	if decoder.More() {
		return nil, fmt.Errorf("more than one value")
	}
	return value, nil
}

func brief(o ordermanager.Outcome) string {
	if o.Failure() {
		return "the failure " + clip(o.Error)
	}
	return "the output " + clip(string(o.Output))
}

// clip keeps a message readable.
func clip(text string) string {
	const most = 200
	if len(text) > most {
		return fmt.Sprintf("%q… (%d bytes)", text[:most], len(text))
	}
	return fmt.Sprintf("%q", text)
}
