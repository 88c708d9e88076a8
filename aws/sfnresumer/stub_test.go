package sfnresumer_test

import (
	"fmt"
	"net/http"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/sfn"

	"github.com/brewline/ordermanager"
	"github.com/brewline/ordermanager/aws/internal/awstest"
	"github.com/brewline/ordermanager/aws/sfnresumer"
)

// token is one of the length that AWS issues.
var token = "AAAAKgAAAAIAAAAA" + strings.Repeat("k7Zp/+q3", 83) + "end="

var (
	header   = http.Header{"Content-Type": {"application/x-amz-json-1.0"}}
	accepted = awstest.Reply{Status: http.StatusOK, Header: header, Body: "{}"}
)

// failure is an error of Step Functions.
func failure(status int, code, message string) awstest.Reply {
	body := fmt.Sprintf(`{"__type":"com.amazonaws.states#%s","message":%q}`, code, message)
	return awstest.Reply{Status: status, Header: header, Body: body}
}

func newClient(client *http.Client) *sfn.Client {
	return sfn.New(sfn.Options{Region: awstest.Region, Credentials: awstest.Credentials(), HTTPClient: client})
}

func newResumer(client *http.Client) ordermanager.Resumer { return sfnresumer.New(newClient(client)) }

var resumer = awstest.Resumer{New: newResumer, Accepted: accepted, Failure: failure, Token: token, MaxToken: 2048}
