package props_test

import (
	"bytes"
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/brewline/ordermanager"
)

// The published schema of a life-cycle file takes what ParseLifecycle takes, and refuses what is malformed.
func TestLifecycleSchema_describesWhatIsRead(t *testing.T) {
	schema, err := jsonschema.NewCompiler().Compile("../../docs/lifecycle.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	valid := func(data []byte) error {
		value, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
		if err != nil {
			t.Fatal(err)
		}
		return schema.Validate(value)
	}
	file, err := os.ReadFile("../../examples/pickup/lifecycle.json")
	if err != nil {
		t.Fatal(err)
	}
	standard, err := json.Marshal(ordermanager.StandardLifecycle())
	if err != nil {
		t.Fatal(err)
	}
	for name, data := range map[string][]byte{"the example's file": file, "the standard table": standard} {
		_, parsed := ordermanager.ParseLifecycle(data)
		if err := valid(data); err != nil || parsed != nil {
			t.Errorf("%s: schema %v, reader %v", name, err, parsed)
		}
	}
	for name, change := range map[string][2]string{
		"another key":       {`"claim":"takes"`, `"holds":"takes"`},
		"another value":     {`"claim":"takes"`, `"claim":"steals"`},
		"a reserved action": {`"action":"cancel"`, `"action":"waiting_completion"`},
		"a bad name":        {`"name":"making"`, `"name":"ma king"`},
		"no way there":      {`"to":"making",`, ``},
		"a wrong type":      {`"initial":true`, `"initial":"yes"`},
	} {
		data := []byte(strings.Replace(string(standard), change[0], change[1], 1))
		_, parsed := ordermanager.ParseLifecycle(data)
		if err := valid(data); err == nil || parsed == nil {
			t.Errorf("%s: schema %v, reader %v", name, err, parsed)
		}
	}
}
