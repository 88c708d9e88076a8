package httpapi

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/brewline/ordermanager"
)

// ErrNoIdentity is for an [Options.Identify] to return when nobody is signed in. The answer is 401 with the code
// unauthenticated; nothing was read or written.
var ErrNoIdentity = errors.New("nobody is signed in")

// identified identifies the caller before anything else.
func (h *Handler) identified(answer func(http.ResponseWriter, *http.Request, ordermanager.Actor) error) endpoint {
	return func(w http.ResponseWriter, r *http.Request) error {
		actor, err := h.identify(r)
		switch {
		case err != nil:
		case actor.ID == "":
			err = errors.New("the identity has no identifier")
		case !slices.Contains(roles, actor.Role):
			err = fmt.Errorf("the identity has the unknown role %q", actor.Role)
		default:
			return answer(w, r, actor)
		}
		h.log.WarnContext(r.Context(), "caller refused", "method", r.Method, "path", r.URL.EscapedPath(), "error", err)
		if ordermanager.CodeOf(err) != ordermanager.CodeInternal {
			return err
		}
		w.Header().Set("WWW-Authenticate", "Bearer")
		return &refusal{code: codeUnauthenticated}
	}
}

var roles = []ordermanager.Role{
	ordermanager.RoleCustomer, ordermanager.RoleBarista, ordermanager.RoleAdmin, ordermanager.RoleSystem,
}

type claimsKey struct{}

// WithClaims returns a context with the claims of a token that has been verified: by an API Gateway authorizer, or by
// your own middleware. Never pass unverified claims: [CognitoIdentity] trusts them.
func WithClaims(ctx context.Context, claims map[string]any) context.Context {
	return context.WithValue(ctx, claimsKey{}, claims)
}

// CognitoIdentity is an [Options.Identify] that takes the caller from the claims in the request's context: see
// [WithClaims] and [CognitoActor]. Without claims it returns [ErrNoIdentity].
func CognitoIdentity(r *http.Request) (ordermanager.Actor, error) {
	claims, _ := r.Context().Value(claimsKey{}).(map[string]any)
	return CognitoActor(claims)
}

// CognitoVenues is an [Options.Venues] that takes the venues from a claim of the request's context, such as
// "custom:venues": a list, or a string separated by commas. A caller without the claim has no venue.
func CognitoVenues(claim string) func(*http.Request) []string {
	return func(r *http.Request) []string {
		claims, _ := r.Context().Value(claimsKey{}).(map[string]any)
		venues := []string{}
		for _, venue := range groups(claims[claim]) {
			if venue = strings.TrimSpace(venue); venue != "" {
				venues = append(venues, venue)
			}
		}
		return venues
	}
}

// baristas is the Cognito group of baristas in the Serverlesspresso sample.
const baristas = "admin"

// CognitoActor takes the caller from the claims of an Amazon Cognito token: "sub" is the identifier, and a member of
// the group "admin" in "cognito:groups" is a barista; anybody else is a customer. The groups are a list in the token
// itself, and JSON text, ["admin","other"], from a Lambda authorizer, which can pass only strings. An HTTP API of
// Amazon API Gateway passes them on as "[admin other]", and a REST API as "admin,other": behind a REST API no group may
// have a comma in its name, because it would read as two. Without a "sub" it returns [ErrNoIdentity].
func CognitoActor(claims map[string]any) (ordermanager.Actor, error) {
	id, _ := claims["sub"].(string)
	if id == "" {
		return ordermanager.Actor{}, fmt.Errorf("%w: the claims have no sub", ErrNoIdentity)
	}
	if slices.Contains(groups(claims["cognito:groups"]), baristas) {
		return ordermanager.Barista(id), nil
	}
	return ordermanager.Customer(id), nil
}

func groups(claim any) []string {
	switch claim := claim.(type) {
	case string:
		return groupsIn(claim)
	case []string:
		return claim
	case []any:
		var names []string
		for _, name := range claim {
			if name, ok := name.(string); ok {
				names = append(names, name)
			}
		}
		return names
	}
	return nil
}

// groupsIn reads a list of groups that was turned into text on the way. The separator differs, and a name may contain
// another form's separator.
func groupsIn(text string) []string {
	inner, bracketed := strings.CutPrefix(text, "[")
	if !bracketed {
		return strings.Split(text, ",")
	}
	var list []any
	if json.Unmarshal([]byte(text), &list) == nil {
		return groups(list)
	}
	return strings.Fields(strings.TrimSuffix(inner, "]"))
}
