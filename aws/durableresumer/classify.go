package durableresumer

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"

	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/smithy-go"
	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/brewline/ordermanager"
	"github.com/brewline/ordermanager/aws/internal/awserror"
)

// classify sorts the errors of both calls: gone, worth a retry, or not. The errors are those of
// "SendDurableExecutionCallbackSuccess", "SendDurableExecutionCallbackFailure" and "Common Error Types" in the AWS
// Lambda API Reference.
func classify(err error, id string) (ordermanager.Answer, error) {
	// A connection error quotes the URL, whose path has the identifier, escaped.
	later := fmt.Errorf("durableresumer: %w", awserror.Without(err, "the callback's identifier", id, url.QueryEscape(id)))
	never := fmt.Errorf("%w: %w", ordermanager.ErrUndeliverable, later)
	var api smithy.APIError
	if !errors.As(err, &api) {
		return "", later // the service was not reached, or its answer was not understood
	}
	switch api.ErrorCode() {
	case "CallbackTimeoutException", "ResourceNotFoundException":
		return ordermanager.Gone, nil
	case "KMSAccessDeniedException", "KMSDisabledException", "KMSInvalidStateException", "KMSNotFoundException":
		return "", never // their status is 502, but somebody has to fix the key
	}
	if awserror.Transient(err) {
		return "", later
	}
	// The request was understood and refused: InvalidParameterValueException, AccessDeniedException,
	// ExpiredTokenException, UnrecognizedClientException, ValidationException and their like.
	return "", never
}

// errorType is the header in which the SDK looks for the type of an error.
const errorType = "X-Amzn-ErrorType"

// typeFromBody also looks for the type of an error in the body, where AWS's local runner of durable functions puts it:
// the SDK would call every such error UnknownError.
func typeFromBody(o *lambda.Options) {
	o.APIOptions = append(o.APIOptions, func(stack *middleware.Stack) error {
		return stack.Deserialize.Add(middleware.DeserializeMiddlewareFunc("TypeFromBody", func(
			ctx context.Context, in middleware.DeserializeInput, next middleware.DeserializeHandler,
		) (middleware.DeserializeOutput, middleware.Metadata, error) {
			out, metadata, err := next.HandleDeserialize(ctx, in)
			response, ok := out.RawResponse.(*smithyhttp.Response)
			if err != nil || !ok || response.StatusCode < http.StatusBadRequest || response.Header.Get(errorType) != "" {
				return out, metadata, err
			}
			body, err := io.ReadAll(response.Body)
			if err = errors.Join(err, response.Body.Close()); err != nil {
				return out, metadata, err
			}
			response.Body = io.NopCloser(bytes.NewReader(body))
			var said struct{ Type string }
			if json.Unmarshal(body, &said) == nil && said.Type != "" {
				response.Header.Set(errorType, said.Type)
			}
			return out, metadata, nil
		}), middleware.After)
	})
}
