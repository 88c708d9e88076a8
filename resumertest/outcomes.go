package resumertest

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/brewline/ordermanager"
)

func success(output string) ordermanager.Outcome {
	return ordermanager.Outcome{Output: json.RawMessage(output)}
}

// number is an outcome that differs from that of every other number.
func number(i int) ordermanager.Outcome { return success(fmt.Sprintf(`{"n":%d}`, i)) }

var cancelled = ordermanager.Outcome{Error: ordermanager.CancelledError, Cause: "sold out, sorry"}

// copied returns a copy that a resumer may damage without damaging the case.
func copied(outcome ordermanager.Outcome) ordermanager.Outcome {
	outcome.Output = slices.Clone(outcome.Output)
	return outcome
}

// arrives answers one workflow with each outcome.
func arrives(outcomes ...ordermanager.Outcome) func(c *checker) {
	return func(c *checker) {
		for _, outcome := range outcomes {
			token := c.start()
			c.nothing(token)
			c.resume(token, copied(outcome), ordermanager.Accepted)
			c.given(token, outcome)
		}
	}
}

var outcomeCases = []promise{
	{"a success arrives with its output", "", false, arrives(
		success(`{"orderId":"1","action":"put","state":"pending","cancelled":false}`), success(`{}`))},
	{"an output of any kind of JSON arrives unchanged", "", false, arrives(
		success(`[]`), success(`[1,[2,{"a":null}],true]`),
		success(`{"a":{"b":{"c":[{}]}},"":"empty"}`), success(`"a text"`), success(`42`))},
	{"an output arrives with its quotes, escapes and scripts", "", false, arrives(
		success(
			`{"text":"\"quoted\" \\ back / slash \n new \u00e9 \ud83d\ude00","` +
				`日本語":"😀 Ärger <&> $.x States.Format('{}')"}`,
		))},
	{"an output with white space around it arrives", "", false, arrives(success("  {\n\t\"a\" : [ 1 , 2 ]\r\n}  "))},
	{"an output of the greatest length arrives whole", "", false, arrives(
		success(`"` + strings.Repeat("x", ordermanager.MaxOutputBytes-2) + `"`))},
	{"a failure arrives as a failure, with its error and its cause", "3", false, arrives(cancelled)},
	{"a failure without a cause arrives", "", false, arrives(ordermanager.Outcome{Error: "OrderCancelled"})},
	{"a failure with odd letters in its cause arrives", "", false, arrives(
		ordermanager.Outcome{Error: "Order.Cancelled-1", Cause: "\"quoted\" {json} \\ 日本語 😀 <&>"})},
	{"a failure with the longest error and cause arrives whole", "", false, arrives(
		ordermanager.Outcome{
			Error: strings.Repeat("E", ordermanager.MaxErrorBytes), Cause: strings.Repeat("c", ordermanager.MaxCauseBytes),
		})},
	{"an output that the caller changes afterwards has arrived as it was", "", false, func(c *checker) {
		token := c.start()
		outcome := number(1)
		c.resume(token, outcome, ordermanager.Accepted)
		copy(outcome.Output, `{"n":9}`)
		c.given(token, number(1))
	}},
	{"an output is not changed by being sent", "", false, func(c *checker) {
		outcome := success(`{ "b": 1, "a": 2 }`)
		c.resume(c.start(), outcome, ordermanager.Accepted)
		if string(outcome.Output) != `{ "b": 1, "a": 2 }` {
			c.fail("it is: it has become %s", outcome.Output)
		}
	}},
}
