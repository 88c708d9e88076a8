package durableresumer_test

import (
	"fmt"
	"net/http"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/lambda"

	"github.com/brewline/ordermanager"
	"github.com/brewline/ordermanager/aws/durableresumer"
	"github.com/brewline/ordermanager/aws/internal/awstest"
)

// callback has every character that an identifier can have, so that its path is escaped.
var callback = "Ab9xKz" + strings.Repeat("k7Zp/+q3", 40) + "end="

func path(id, end string) string {
	escaped := strings.NewReplacer("/", "%2F", "+", "%2B", "=", "%3D").Replace(id)
	return "/2025-12-01/durable-execution-callbacks/" + escaped + end
}

var accepted = awstest.Reply{Status: http.StatusOK, Header: http.Header{"Content-Type": {"application/json"}}}

// failure is an error of Lambda, which names its type in a header.
func failure(status int, code, message string) awstest.Reply {
	return awstest.Reply{Status: status, Body: fmt.Sprintf(`{"Type":"User","Message":%q}`, message), Header: http.Header{
		"Content-Type":     {"application/json"},
		"X-Amzn-Errortype": {code + ":http://internal.amazon.com/coral/com.amazonaws.lambda/"},
	}}
}

func newClient(client *http.Client) *lambda.Client {
	return lambda.New(lambda.Options{
		Region: awstest.Region, Credentials: awstest.Credentials(), HTTPClient: client,
	})
}

func newResumer(client *http.Client) ordermanager.Resumer {
	return durableresumer.New(newClient(client))
}

var resumer = awstest.Resumer{New: newResumer, Accepted: accepted, Failure: failure, Token: callback, MaxToken: 1024}
