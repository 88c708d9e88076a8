package lambdahandler

import (
	"context"
	"strings"
)

// Trace returns the AWS X-Ray trace of an invocation as a W3C traceparent, or "" if it is not sampled. Use it as
// [ordermanager.Options].Trace: the deliveries of an action then carry the trace of its invocation, even if a redrive
// delivers them later.
func Trace(ctx context.Context) string {
	header, _ := ctx.Value("x-amzn-trace-id").(string) // where aws-lambda-go keeps it
	fields := map[string]string{}
	for field := range strings.SplitSeq(header, ";") {
		name, value, _ := strings.Cut(strings.TrimSpace(field), "=")
		fields[name] = value
	}
	// "Tracing header" in the AWS X-Ray Developer Guide: Root=1-8 digits-24 digits;Parent=16 digits;Sampled=1.
	version, id, _ := strings.Cut(fields["Root"], "-")
	id = strings.ReplaceAll(id, "-", "")
	parent := fields["Parent"]
	if version != "1" || len(id) != 32 || len(parent) != 16 || fields["Sampled"] != "1" || !hexadecimal(id+parent) {
		return ""
	}
	return "00-" + id + "-" + parent + "-01"
}

func hexadecimal(text string) bool { return strings.Trim(text, "0123456789abcdef") == "" }
