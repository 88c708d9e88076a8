package httpapi_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/brewline/ordermanager"
	"github.com/brewline/ordermanager/httpapi"
)

func TestCognitoActor_readsEveryFormOfTheGroups(t *testing.T) {
	for claims, want := range map[string]ordermanager.Actor{
		`{"sub":"7"}`:                                          ordermanager.Customer("7"),
		`{"sub":"7","cognito:groups":[]}`:                      ordermanager.Customer("7"),
		`{"sub":"7","cognito:groups":["other","admin"]}`:       ordermanager.Barista("7"),
		`{"sub":"7","cognito:groups":["other"]}`:               ordermanager.Customer("7"),
		`{"sub":"7","cognito:groups":"admin"}`:                 ordermanager.Barista("7"),
		`{"sub":"7","cognito:groups":"other,admin"}`:           ordermanager.Barista("7"),
		`{"sub":"7","cognito:groups":"[other admin]"}`:         ordermanager.Barista("7"),
		`{"sub":"7","cognito:groups":"[\"admin\"]"}`:           ordermanager.Barista("7"),
		`{"sub":"7","cognito:groups":"[\"other\",\"admin\"]"}`: ordermanager.Barista("7"),
		`{"sub":"7","cognito:groups":"[admin]"}`:               ordermanager.Barista("7"),
		`{"sub":"7","cognito:groups":["not,admin"]}`:           ordermanager.Customer("7"),
		`{"sub":"7","cognito:groups":"[\"not,admin\"]"}`:       ordermanager.Customer("7"),
		`{"sub":"7","cognito:groups":"[\"no admin\", 7]"}`:     ordermanager.Customer("7"),
		`{"sub":"7","cognito:groups":"[not,admin other]"}`:     ordermanager.Customer("7"),
		`{"sub":"7","cognito:groups":"no admin"}`:              ordermanager.Customer("7"),
		`{"sub":"7","cognito:groups":"[[admin]]"}`:             ordermanager.Customer("7"),
		`{"sub":"7","cognito:groups":"administrators"}`:        ordermanager.Customer("7"),
		`{"sub":"7","cognito:groups":["Admin","no admin"]}`:    ordermanager.Customer("7"),
		`{"sub":"7","cognito:groups":{"admin":true}}`:          ordermanager.Customer("7"),
		`{"sub":"7","cognito:groups":[1,null]}`:                ordermanager.Customer("7"),
	} {
		var parsed map[string]any
		if err := json.Unmarshal([]byte(claims), &parsed); err != nil {
			t.Fatal(err)
		}
		if got, err := httpapi.CognitoActor(parsed); err != nil || got != want {
			t.Errorf("%s: %v, %v, want %v", claims, got, err, want)
		}
	}
	if got, err := httpapi.CognitoActor(map[string]any{"sub": "7", "cognito:groups": []string{"admin"}}); err != nil ||
		got.Role != ordermanager.RoleBarista {
		t.Errorf("a list of texts: %v, %v", got, err)
	}
}

func TestCognitoActor_knowsNobodyWithoutASub(t *testing.T) {
	for _, claims := range []map[string]any{nil, {}, {"sub": ""}, {"sub": 7}, {"cognito:groups": "admin"}} {
		if actor, err := httpapi.CognitoActor(claims); !errors.Is(err, httpapi.ErrNoIdentity) {
			t.Errorf("%v: %v, %v", claims, actor, err)
		}
	}
}

func TestIdentify_isByDefaultTheVerifiedClaimsOfTheContext(t *testing.T) {
	f := newFixture(t)
	f.start("1", "1", "")
	handler, err := httpapi.New(f.manager, venues{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	r := httptest.NewRequest(http.MethodGet, "/orders/1", nil)
	r.Header.Set("Authorization", "Bearer nobody-verified-this")
	w := httptest.NewRecorder()
	handler.ServeHTTP(w, r)
	if w.Code != http.StatusUnauthorized || w.Header().Get("WWW-Authenticate") == "" {
		t.Errorf("without claims: %d %v", w.Code, w.Header())
	}
	w = httptest.NewRecorder()
	handler.ServeHTTP(w, r.WithContext(httpapi.WithClaims(t.Context(), map[string]any{"sub": "1"})))
	if w.Code != http.StatusOK {
		t.Errorf("with claims: %d %s", w.Code, w.Body)
	}
}

func TestIdentify_leavesALineInTheLogWhenItRefuses(t *testing.T) {
	for name, test := range map[string]struct {
		actor ordermanager.Actor
		err   error
		want  string
	}{
		"an error":           {err: errors.New("the signature is wrong"), want: "the signature is wrong"},
		"an error of ours":   {err: fmt.Errorf("%w: blocked", ordermanager.ErrForbidden), want: "blocked"},
		"no identifier":      {actor: ordermanager.Customer(""), want: "no identifier"},
		"a role that is not": {actor: ordermanager.Actor{Role: "king", ID: "7"}, want: "king"},
	} {
		t.Run(name, func(t *testing.T) {
			var log strings.Builder
			f := newFixture(t, func(o *httpapi.Options) {
				o.Identify = func(*http.Request) (ordermanager.Actor, error) { return test.actor, test.err }
				o.Logger = slog.New(slog.NewTextHandler(&log, nil))
			})
			w := f.do(call{method: "GET", path: "/menu"})
			if !strings.Contains(log.String(), test.want) || !strings.Contains(log.String(), "path=/menu") {
				t.Errorf("the log of a %d is %q", w.Code, log.String())
			}
			if w.Code == http.StatusUnauthorized && strings.Contains(w.Body.String(), test.want) {
				t.Errorf("the caller learns why: %s", w.Body)
			}
		})
	}
}

func TestIdentify_isAnsweredByItsErrorsCode(t *testing.T) {
	for err, want := range map[error]int{
		httpapi.ErrNoIdentity: 401,
		errBroken:             401,
		fmt.Errorf("%w: blocked", ordermanager.ErrForbidden): 403,
	} {
		f := newFixture(t, func(o *httpapi.Options) {
			o.Identify = func(*http.Request) (ordermanager.Actor, error) { return ordermanager.Admin("1"), err }
		})
		w := f.do(call{method: "GET", path: "/menu"})
		if w.Code != want {
			t.Errorf("%v: %d, want %d", err, w.Code, want)
		}
	}
}
