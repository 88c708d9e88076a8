package eventbridgebus

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge/types"

	"github.com/brewline/ordermanager"
	"github.com/brewline/ordermanager/serverlesspresso"
)

// entryOf converts an event into an entry of PutEvents.
func entryOf(e *ordermanager.Event, bus string, dialect serverlesspresso.Dialect) (types.PutEventsRequestEntry, error) {
	detail, err := dialect.Detail(e)
	if err != nil {
		return types.PutEventsRequestEntry{}, fmt.Errorf("eventbridgebus: %w", err)
	}
	data, err := json.Marshal(detail)
	if err != nil {
		return types.PutEventsRequestEntry{}, err
	}
	return types.PutEventsRequestEntry{
		TraceHeader:  traceHeader(e.Trace),
		EventBusName: &bus,
		Source:       aws.String(serverlesspresso.EventSource),
		DetailType:   aws.String(serverlesspresso.DetailType(e)),
		Time:         &e.At,
		Detail:       aws.String(string(data)),
	}, nil
}

var traceparent = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^[0-9a-f]{2}-([0-9a-f]{8})([0-9a-f]{24})-([0-9a-f]{16})-[0-9a-f]([0-9a-f])$`)
})

// traceHeader converts a W3C traceparent into the X-Ray header that EventBridge passes to targets ("Tracing header" in
// the AWS X-Ray Developer Guide). It returns nil for anything else.
func traceHeader(trace string) *string {
	m := traceparent().FindStringSubmatch(trace)
	if m == nil {
		return nil
	}
	sampled := "0"
	if strings.ContainsAny(m[4], "13579bdf") {
		sampled = "1"
	}
	return aws.String("Root=1-" + m[1] + "-" + m[2] + ";Parent=" + m[3] + ";Sampled=" + sampled)
}
