package dynamostore_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/brewline/ordermanager/aws/dynamostore"
	"github.com/brewline/ordermanager/aws/internal/awstest"
)

// transport answers the SDK's requests in the place of DynamoDB, or passes them on, and keeps what was asked.
type transport struct {
	// answer answers the n-th request (from 1); nil passes it on.
	answer func(n int, op string, body []byte) (*http.Response, error)

	mu  sync.Mutex
	ops []string
	// bytes counts the bodies of the requests.
	bytes int
}

func (tr *transport) Do(request *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(request.Body)
	if err != nil {
		return nil, err
	}
	request.Body = io.NopCloser(bytes.NewReader(body))
	_, op, _ := strings.Cut(request.Header.Get("X-Amz-Target"), ".")
	tr.mu.Lock()
	tr.ops = append(tr.ops, op)
	tr.bytes += len(body)
	n := len(tr.ops)
	tr.mu.Unlock()
	if tr.answer == nil {
		return awstest.WholeAnswers{}.Do(request)
	}
	return tr.answer(n, op, body)
}

// taken says which operations were asked for since the last time.
func (tr *transport) taken() string {
	tr.mu.Lock()
	defer tr.mu.Unlock()
	ops := tr.ops
	tr.ops = nil
	if len(ops) == 0 {
		return ""
	}
	if slices.ContainsFunc(ops, func(op string) bool { return op != ops[0] }) {
		return strings.Join(ops, ", ")
	}
	return fmt.Sprintf("%d %s", len(ops), ops[0])
}

// only fails unless exactly n of these operations were asked for, and no other.
func (tr *transport) only(t *testing.T, op string, n int) {
	t.Helper()
	if got, want := tr.taken(), fmt.Sprintf("%d %s", n, op); got != want {
		t.Errorf("it took %s, it must take %s", got, want)
	}
}

// use is the option that makes a client use the transport.
func (tr *transport) use(o *dynamodb.Options) { o.HTTPClient = tr }

// alone makes it the only thing that the client talks to, without repetitions.
func (tr *transport) alone() *dynamodb.Client {
	endpoint := "http://dynamodb.invalid"
	return client(tr.use, func(o *dynamodb.Options) {
		o.BaseEndpoint = &endpoint
		o.RetryMaxAttempts = 1
	})
}

func response(status int, body string) *http.Response {
	return &http.Response{
		StatusCode: status, Header: http.Header{
			"Content-Type": {"application/x-amz-json-1.0"},
		}, Body: io.NopCloser(strings.NewReader(body)),
	}
}

// failure is an error of DynamoDB.
func failure(status int, code, message string) *http.Response {
	data, err := json.Marshal(map[string]string{"__type": "com.amazonaws.dynamodb.v20120810#" + code, "message": message})
	if err != nil {
		panic(err)
	}
	return response(status, string(data))
}

// always answers every request alike.
func always(answer func() *http.Response) *transport {
	return &transport{answer: func(int, string, []byte) (*http.Response, error) { return answer(), nil }}
}

// wire writes an item as DynamoDB sends it.
func wire(i map[string]types.AttributeValue) map[string]any {
	out := map[string]any{}
	for name, value := range i {
		out[name] = wireValue(value)
	}
	return out
}

func wireValue(value types.AttributeValue) any {
	switch v := value.(type) {
	case *types.AttributeValueMemberS:
		return map[string]any{"S": v.Value}
	case *types.AttributeValueMemberN:
		return map[string]any{"N": v.Value}
	case *types.AttributeValueMemberB:
		return map[string]any{"B": base64.StdEncoding.EncodeToString(v.Value)}
	case *types.AttributeValueMemberBOOL:
		return map[string]any{"BOOL": v.Value}
	case *types.AttributeValueMemberNULL:
		return map[string]any{"NULL": v.Value}
	case *types.AttributeValueMemberSS:
		return map[string]any{"SS": v.Value}
	case *types.AttributeValueMemberM:
		return map[string]any{"M": wire(v.Value)}
	case *types.AttributeValueMemberL:
		all := []any{}
		for _, element := range v.Value {
			all = append(all, wireValue(element))
		}
		return map[string]any{"L": all}
	}
	panic("a type that no test uses")
}

// stored is a store whose table holds one item, which refuses every write.
func stored(t *testing.T, layout dynamostore.Layout, i map[string]types.AttributeValue) *dynamostore.Store {
	t.Helper()
	return newStore(t, refusing(t, i).alone(), "orders", dynamostore.Options{Layout: layout})
}

// refusing is a table that holds one item and refuses every write.
func refusing(t *testing.T, i map[string]types.AttributeValue) *transport {
	t.Helper()
	return &transport{answer: func(_ int, op string, _ []byte) (*http.Response, error) {
		switch op {
		case "GetItem":
			data, err := json.Marshal(map[string]any{"Item": wire(i)})
			return response(http.StatusOK, string(data)), err
		case "UpdateItem":
			data, err := json.Marshal(map[string]any{
				"__type": "com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException", "message": "refused", "Item": wire(i),
			})
			return response(http.StatusBadRequest, string(data)), err
		case "Query":
			data, err := json.Marshal(map[string]any{"Items": []any{wire(i)}, "Count": 1})
			return response(http.StatusOK, string(data)), err
		}
		return nil, errors.New("unexpected " + op)
	}}
}

// aloneWith is alone with more options.
func (tr *transport) aloneWith(options func(*dynamodb.Options)) *dynamodb.Client {
	return dynamodb.New(tr.alone().Options(), options)
}
