package httpapi

import (
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"net/http"
	"os"
	"regexp"
	"strconv"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/brewline/ordermanager"
)

// rootCodes reads the codes of package ordermanager from its source, so that a new one cannot be forgotten here.
func rootCodes(t *testing.T) []ordermanager.Code {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), "../errors.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	codes := []ordermanager.Code{ordermanager.CodeInternal}
	ast.Inspect(file, func(n ast.Node) bool {
		pair, ok := n.(*ast.KeyValueExpr)
		if !ok {
			return true
		}
		key, isName := pair.Key.(*ast.Ident)
		text, isText := pair.Value.(*ast.BasicLit)
		if isName && isText && key.Name == "code" {
			code, err := strconv.Unquote(text.Value)
			if err != nil {
				t.Fatal(err)
			}
			codes = append(codes, ordermanager.Code(code))
		}
		return true
	})
	return codes
}

func TestAnswers_haveEveryCodeAndNoOther(t *testing.T) {
	known := map[ordermanager.Code]bool{
		codeUnauthenticated: true, codeNotFound: true, codeMethodNotAllowed: true, codeTooLarge: true,
		codeUnsupportedMediaType: true, codeNoStreaming: true, codeTooManyStreams: true,
	}
	codes := rootCodes(t)
	if len(codes) < 15 {
		t.Fatalf("only %d codes were found in the source: %v", len(codes), codes)
	}
	for _, code := range codes {
		known[code] = true
	}
	answered := map[ordermanager.Code]bool{}
	for code, answer := range answers {
		answered[code] = true
		if answer.title == "" || http.StatusText(answer.status) == "" || answer.status < 400 {
			t.Errorf("%s is answered with %d %q", code, answer.status, answer.title)
		}
	}
	if diff := cmp.Diff(known, answered); diff != "" {
		t.Errorf("known codes (-) and answered codes (+) differ:\n%s", diff)
	}
}

func TestDescribe_answersEverySentinelWithItsStatus(t *testing.T) {
	for err, want := range map[error]int{
		ordermanager.ErrInvalidRequest:     400,
		ordermanager.ErrUnknownAction:      400,
		ordermanager.ErrForbidden:          403,
		ordermanager.ErrNotOwner:           403,
		ordermanager.ErrOrderNotFound:      404,
		ordermanager.ErrIllegalTransition:  409,
		ordermanager.ErrDrinkAccepted:      409,
		ordermanager.ErrUnknownState:       409,
		ordermanager.ErrClaimed:            409,
		ordermanager.ErrNotReady:           409,
		ordermanager.ErrWrongVenue:         409,
		ordermanager.ErrTooManyTransitions: 409,
		ordermanager.ErrRequestReused:      409,
		ordermanager.ErrOrderExists:        409,
		ordermanager.ErrShopClosed:         409,
		ordermanager.ErrQueueFull:          409,
		ordermanager.ErrTooManyOrders:      409,
		ordermanager.ErrInvalidOrder:       422,
		ordermanager.ErrStore:              503,
		ordermanager.ErrMenuUnavailable:    503,
		ordermanager.ErrContextDone:        503,
		ordermanager.ErrStoreContract:      500,
		ordermanager.ErrInvalidOptions:     500,
		ordermanager.ErrInvalidLifecycle:   500,
		errors.New("something else"):       500,
	} {
		p := describe(fmt.Errorf("wrapped: %w", err))
		if p.Status != want || p.Code != ordermanager.CodeOf(err) {
			t.Errorf("%v: %d %s, want %d", err, p.Status, p.Code, want)
		}
	}
}

func TestPage_hasEveryCodeWithItsStatus(t *testing.T) {
	page, err := os.ReadFile("../docs/http.md")
	if err != nil {
		t.Fatal(err)
	}
	shown := map[ordermanager.Code]int{}
	for _, row := range regexp.MustCompile("(?m)^\\| `([a-z_]+)` \\| (\\d+) \\|").FindAllStringSubmatch(string(page), -1) {
		if shown[ordermanager.Code(row[1])], err = strconv.Atoi(row[2]); err != nil {
			t.Fatal(err)
		}
	}
	want := map[ordermanager.Code]int{}
	for code, answer := range answers {
		want[code] = answer.status
	}
	if diff := cmp.Diff(want, shown); diff != "" {
		t.Errorf("answers (-) and page (+) differ:\n%s", diff)
	}
}
