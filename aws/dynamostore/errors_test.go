package dynamostore_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/smithy-go"

	"github.com/brewline/ordermanager"
	"github.com/brewline/ordermanager/aws/dynamostore"
	"github.com/brewline/ordermanager/serverlesspresso"
)

const secret = "a-very-secret-token"

// registration is a transition and a settlement that carry a token.
func registration(orderID string) ordermanager.Transition {
	at := time.UnixMilli(1_700_000_000_000).UTC()
	return ordermanager.Transition{
		OrderID: orderID, Create: &ordermanager.NewOrder{Customer: "c1", Venue: "ABC"},
		Assign: ordermanager.Assignment{
			Register: &ordermanager.Registration{Wait: ordermanager.FirstWait, Token: token(secret), At: at},
		},
		Entry: ordermanager.Entry{
			Action: ordermanager.ActionWorkflowStarted, Actor: ordermanager.System("workflow"), RequestID: token(secret).Fingerprint(), At: at,
		},
	}
}

func TestErrors_areSortedAndNameTableAndOrder(t *testing.T) {
	for _, c := range []struct {
		name, code, message string
		status              int
		want                error
	}{
		{"missing table", "ResourceNotFoundException", "Requested resource not found", 400, dynamostore.ErrNoTable},
		{
			"missing index", "ValidationException", "The table does not have the specified index: owing", 400,
			dynamostore.ErrNoIndex,
		},
		{
			"wrong key schema", "ValidationException", "The provided key element does not match the schema", 400,
			dynamostore.ErrWrongKeys,
		},
		{"wrong key of an index", "ValidationException",
			"One or more parameter values were invalid: Type mismatch for Index Key ca Expected: N Actual: S", 400, dynamostore.ErrWrongKeys},
		{"throughput", "ProvisionedThroughputExceededException", "slow down", 400, dynamostore.ErrThrottled},
		{"throttling", "ThrottlingException", "slow down", 400, dynamostore.ErrThrottled},
		{"account limit", "RequestLimitExceeded", "slow down", 400, dynamostore.ErrThrottled},
		{
			"access denied", "AccessDeniedException", "not authorized to perform: dynamodb:UpdateItem", 400,
			dynamostore.ErrAccessDenied,
		},
		{
			"expired credentials", "ExpiredTokenException", "The security token included in the request is expired", 400,
			dynamostore.ErrCredentials,
		},
		{
			"wrong credentials", "UnrecognizedClientException", "The security token included in the request is invalid", 400,
			dynamostore.ErrCredentials,
		},
		{
			"wrong signature", "InvalidSignatureException", "The request signature we calculated does not match", 400,
			dynamostore.ErrCredentials,
		},
		{
			"another program's transaction", "TransactionConflictException", "Transaction is ongoing for the item", 400,
			dynamostore.ErrContended,
		},
		{
			"another region's write", "ReplicatedWriteConflictException", "one or more items are being modified", 400,
			dynamostore.ErrContended,
		},
		{"too many orders for one partition", "ItemCollectionSizeLimitExceededException", "Collection size exceeded.", 400,
			dynamostore.ErrTooLarge},
		{
			"too large an item", "ValidationException", "Item size to update has exceeded the maximum allowed size", 400,
			dynamostore.ErrTooLarge,
		},
		{"a wrong clock", "RequestTimeTooSkewed", "The difference between the request time and the current time is too large.", 403,
			dynamostore.ErrClock},
		{"a request that was on its way for too long", "RequestExpired", "Request has expired", 400, dynamostore.ErrClock},
		{"a failure of the service", "InternalServerError", "sorry", 500, dynamostore.ErrUnavailable},
		{"anything else", "NewException", "sorry", 400, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			store := newStore(t, always(func() *http.Response {
				return failure(
					c.status, c.code, c.message,
				)
			}).alone(), "orders-table",
				dynamostore.Options{})
			for op, err := range callAll(t.Context(), store) {
				if c.want != nil && !errors.Is(err, c.want) {
					t.Errorf("%s: %v, which is not %v", op, err, c.want)
				}
				if api, ok := errors.AsType[smithy.APIError](err); !ok || api.ErrorCode() != c.code {
					t.Errorf("%s: %v, without the SDK's own error", op, err)
				}
				if where, ok := errors.AsType[*dynamostore.Error](err); !ok || where.Table != "orders-table" ||
					where.OrderID != map[bool]string{true: "", false: "o1"}[op == "List"] {
					t.Errorf("%s: %v, which does not name table and order", op, err)
				}
				noSecret(t, err)
			}
		})
	}
}

// callAll calls everything once and returns the errors.
func callAll(ctx context.Context, store *dynamostore.Store) map[string]error {
	_, apply := store.Apply(ctx, registration("o1"))
	settle := store.Settle(ctx, ordermanager.Settlement{OrderID: "o1", First: token(secret)})
	_, get := store.Get(ctx, "o1")
	_, list := store.List(ctx, ordermanager.Query{Owing: true, Limit: 1})
	return map[string]error{"Apply": apply, "Settle": settle, "Get": get, "List": list}
}

// noSecret looks for the token in every form in which an error may be printed.
func noSecret(t *testing.T, err error) {
	t.Helper()
	for _, verb := range []string{"%v", "%+v", "%#v", "%q"} {
		if text := fmt.Sprintf(verb, err); strings.Contains(text, secret) {
			t.Errorf("invariant 8: an error gives the token away: %s", text)
		}
	}
}

func TestErrors_ofAnEndpointThatDoesNotAnswer(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	url := "http://" + listener.Addr().String()
	_ = listener.Close()
	store := newStore(t, client(func(o *dynamodb.Options) {
		o.BaseEndpoint, o.RetryMaxAttempts = &url, 1
	}), "orders", dynamostore.Options{})
	for op, err := range callAll(t.Context(), store) {
		if !errors.Is(err, dynamostore.ErrUnreachable) {
			t.Errorf("%s: %v", op, err)
		}
		noSecret(t, err)
	}
}

func TestErrors_ofCredentialsThatCannotBeHad(t *testing.T) {
	store := newStore(t, (&transport{}).aloneWith(func(o *dynamodb.Options) {
		o.Credentials = aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{}, errors.New("the session has ended: log in again")
		})
	}), "orders", dynamostore.Options{})
	for op, err := range callAll(t.Context(), store) {
		if !errors.Is(err, dynamostore.ErrCredentials) {
			t.Errorf("%s: %v", op, err)
		}
	}
}

func TestErrors_ofADoneContextAreItsOwn(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	tr := &transport{}
	for op, err := range callAll(ctx, newStore(t, tr.alone(), "orders", dynamostore.Options{})) {
		if !errors.Is(err, context.Canceled) || errors.Is(err, dynamostore.ErrUnreachable) {
			t.Errorf("%s: %v", op, err)
		}
	}
	if ops := tr.taken(); ops != "" {
		t.Errorf("%s was sent", ops)
	}
}

func TestErrors_ofAnotherProgramsTransactionAreRepeatedLikeThrottling(t *testing.T) {
	for _, code := range []string{"TransactionConflictException", "ReplicatedWriteConflictException"} {
		tr := &transport{answer: func(n int, _ string, _ []byte) (*http.Response, error) {
			if n == 1 {
				return failure(400, code, "in the way"), nil
			}
			return response(http.StatusOK, "{}"), nil
		}}
		store := newStore(t, tr.aloneWith(func(o *dynamodb.Options) {
			o.RetryMaxAttempts, o.Retryer = 0, retry.NewStandard(func(o *retry.StandardOptions) { o.MaxBackoff = 1 })
		}), "orders", dynamostore.Options{})
		for op, do := range map[string]func() error{
			"UpdateItem": func() error {
				return store.Settle(t.Context(), ordermanager.Settlement{OrderID: "o1", First: token(secret)})
			},
			"GetItem": func() error { _, err := store.Get(t.Context(), "o1"); return err },
		} {
			if err := do(); err != nil {
				t.Errorf("%s, %s: %v", code, op, err)
			}
			tr.only(t, op, 2)
		}
	}
}

func TestList_saysWhatIsMissingForARedriveAndHowToAddIt(t *testing.T) {
	for layout, index := range map[dynamostore.Layout]string{
		serverlesspresso.Workshop: "om-owing", serverlesspresso.Core: "om-owing", dynamostore.Native: "board",
	} {
		tr := always(func() *http.Response {
			return failure(400, "ValidationException", "The table does not have the specified index: "+index)
		})
		_, err := newStore(t, tr.alone(), "orders", dynamostore.Options{Layout: layout}).
			List(t.Context(), ordermanager.Query{Owing: true, Limit: 10})
		if !errors.Is(err, dynamostore.ErrNoIndex) {
			t.Fatal(err)
		}
		for _, word := range []string{
			"table orders", "no index " + index, "AddOwingIndex", "ordermanager table add-index", "Migrate",
		} {
			if !strings.Contains(err.Error(), word) {
				t.Errorf("%v does not mention %s", err, word)
			}
		}
	}
}

func TestList_byStateAloneAsksForAVenueInCore(t *testing.T) {
	_, err := newStore(t, (&transport{}).alone(), "orders", dynamostore.Options{Layout: serverlesspresso.Core}).
		List(t.Context(), ordermanager.Query{State: ordermanager.StatePending, Limit: 10})
	field, ok := errors.AsType[*ordermanager.RequestError](err)
	if !errors.Is(err, dynamostore.ErrUnlistable) || !errors.Is(err, ordermanager.ErrInvalidRequest) || !ok ||
		field.Field != "eventId" {
		t.Error(err)
	}
}

func TestNew_refusesWhatCannotWork(t *testing.T) {
	c := (&transport{}).alone()
	for name, attempt := range map[string]func() error{
		"no client":      func() error { _, err := dynamostore.New(nil, "t", nil); return err },
		"no table":       func() error { _, err := dynamostore.New(c, "", nil); return err },
		"an odd layout":  func() error { _, err := dynamostore.New(c, "t", &dynamostore.Options{Layout: "odd"}); return err },
		"a negative TTL": func() error { _, err := dynamostore.New(c, "t", &dynamostore.Options{TTL: -1}); return err },
		"no menu client": func() error { _, err := dynamostore.NewMenuSource(nil, "t", nil); return err },
		"no menu table":  func() error { _, err := dynamostore.NewMenuSource(c, "", nil); return err },
		"a native menu": func() error {
			_, err := dynamostore.NewMenuSource(c, "t", &dynamostore.MenuOptions{Dialect: "native"})
			return err
		},
		"a negative stale": func() error {
			_, err := dynamostore.NewMenuSource(c, "t", &dynamostore.MenuOptions{StaleFor: -1})
			return err
		},
	} {
		if err := attempt(); !errors.Is(err, ordermanager.ErrInvalidOptions) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// started is an item as the sample's function puts it.
func started(state string) map[string]types.AttributeValue {
	return map[string]types.AttributeValue{
		"PK": str("orders"), "SK": str("o1"), "USERID": str("c1"), "ORDERSTATE": str(state), "TaskToken": str(secret),
		"robot": &types.AttributeValueMemberBOOL{Value: false}, "TS": num("1700000000000"),
	}
}

func TestItems_thatAnotherProgramBrokeAreNamedAndLeftAlone(t *testing.T) {
	for _, c := range []struct {
		name, attribute string
		value           types.AttributeValue // nil: missing
	}{
		{"no customer", "USERID", nil},
		{"no state", "ORDERSTATE", nil},
		{"a number as customer", "USERID", num("7")},
		{"an unknown state", "ORDERSTATE", str("BREWING")},
		{"a state of the other dialect", "ORDERSTATE", str("ABC-CREATED")},
		{"a list as token", "TaskToken", &types.AttributeValueMemberL{}},
		{"a number as barista", "baristaUserId", num("7")},
		{"a number as venue", "om_ve", num("7")},
		{"a number as the first token", "om_t1", num("7")},
		{"a number as the second token", "om_t2", num("7")},
		{"a text as the time of a token", "om_t1at", str("yesterday")},
		{"a text as what is owed", "om_oe", str("everything")},
		{"a history that is no list", "om_hi", str("once upon a time")},
		{"a history without its request ids", "om_hi", &types.AttributeValueMemberL{Value: []types.AttributeValue{
			&types.AttributeValueMemberM{Value: map[string]types.AttributeValue{"a": str("make")}},
		}}},
		{"a version without a history", "om_v", num("3")},
		{"a version that is no number", "om_v", str("three")},
	} {
		t.Run(c.name, func(t *testing.T) {
			i := started("CREATED")
			if c.value == nil {
				delete(i, c.attribute)
			} else {
				i[c.attribute] = c.value
			}
			store := stored(t, serverlesspresso.Workshop, i)
			_, get := store.Get(t.Context(), "o1")
			page, list := store.List(t.Context(), ordermanager.Query{Customer: "c1", Limit: 1})
			if len(page.Skipped) == 1 && len(page.Orders) == 0 && page.Skipped[0].OrderID == "o1" && list == nil {
				list = page.Skipped[0].Err
			}
			_, apply := store.Apply(
				t.Context(), ordermanager.Transition{OrderID: "o1", Entry: ordermanager.Entry{RequestID: "r1"}},
			)
			for op, err := range map[string]error{"Get": get, "List": list, "Apply": apply} {
				listed := []string{"USERID", "ORDERSTATE", "baristaUserId", "om_ve"}
				if op == "List" && !slices.Contains(listed, c.attribute) {
					continue // a listing does not look at it
				}
				broken, ok := errors.AsType[*dynamostore.ItemError](err)
				if !ok || !errors.Is(err, dynamostore.ErrBrokenItem) {
					t.Errorf("%s: %v", op, err)
					continue
				}
				want := map[string]string{"om_v": "om_hi"}[c.attribute]
				if _, number := c.value.(*types.AttributeValueMemberN); want == "" || !number {
					want = c.attribute
				}
				if broken.Table != "orders" || broken.OrderID != "o1" || broken.Attribute != want {
					t.Errorf("%s: %v, must name table orders, item o1 and attribute %s", op, err, want)
				}
				noSecret(t, err)
			}
		})
	}
}

func TestList_passesOverBrokenItemsAndSaysSo(t *testing.T) {
	eachLayout(t, func(t *testing.T, layout dynamostore.Layout) {
		ctx, c := t.Context(), emulator(t)
		name := table(t, c, layout)
		store := newStore(t, c, name, dynamostore.Options{Layout: layout})
		h := newHouse(t, store)
		for _, id := range []string{"o1", "o2", "o3", "o4", "o5", "o6"} {
			if _, err := h.WorkflowStarted(ctx, ordermanager.WorkflowStarted{
				OrderID: id, Customer: "c1", Venue: "ABC", Token: h.resumer.Issue(),
			}); err != nil {
				t.Fatal(err)
			}
			h.resumer.Hook = func(string, string, bool) error { return errors.New("no connection") }
			if _, err := h.Put(
				ctx, ordermanager.Request{OrderID: id, Actor: ordermanager.Customer("c1"), Venue: "ABC", Drink: latte},
			); err != nil {
				t.Fatal(err)
			}
		}
		broken := map[dynamostore.Layout]string{dynamostore.Native: "ba"}[layout]
		if broken == "" {
			broken = "baristaUserId"
		}
		update := "SET " + broken + " = :x"
		if _, err := c.UpdateItem(ctx, &dynamodb.UpdateItemInput{
			TableName: &name, Key: keyOf(layout, "o3"), UpdateExpression: &update,
			ExpressionAttributeValues: attributes{":x": listValue()},
		}); err != nil {
			t.Fatal(err)
		}
		for _, q := range []ordermanager.Query{
			{State: ordermanager.StatePending, Venue: "ABC"}, {Customer: "c1"}, {Venue: "ABC"}, {Owing: true},
		} {
			for _, q.Limit = range []int{1, 4, 100} {
				var orders, skipped int
				for {
					page, err := store.List(ctx, q)
					if err != nil {
						t.Fatal(err)
					}
					orders += len(page.Orders)
					for _, s := range page.Skipped {
						skipped++
						if s.OrderID != "o3" || !errors.Is(s.Err, dynamostore.ErrBrokenItem) || !strings.Contains(s.Err.Error(), broken) {
							t.Errorf("%+v: skipped %s: %v", q, s.OrderID, s.Err)
						}
						noSecret(t, s.Err)
					}
					if q.Cursor = page.Cursor; q.Cursor == "" {
						break
					}
				}
				if orders != 5 || skipped != 1 {
					t.Errorf("%+v: %d orders, %d skipped", q, orders, skipped)
				}
			}
		}
		h.resumer.Hook = nil
		if report, err := h.Redrive(ctx, nil); report.Delivered != 5 || report.Pending != 1 ||
			!errors.Is(err, dynamostore.ErrBrokenItem) {
			t.Errorf("a redrive: %+v, %v", report, err)
		}
	})
}
