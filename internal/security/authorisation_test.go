package security_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/brewline/ordermanager"
	"github.com/brewline/ordermanager/httpapi"
	"github.com/brewline/ordermanager/memory"
)

// The matrix of the Manager's own test is the one table of who may do what when; it is read from there, so that the two
// doors cannot drift apart.
const matrixFile = "../../actions_test.go"

var (
	matrixRow  = regexp.MustCompile(`(?m)^\t\t\{"(\w+)", (\w+), (?:all\((\w+)\)|\[\]string\{([\w, ]+)\})\},$`)
	matrixWord = map[string]string{
		"ok": "", "illegal": "illegal_transition", "notOwner": "not_owner", "claimed": "claimed", "forbidden": "forbidden",
		"notReady": "not_ready", "accepted": "drink_accepted", "again": again,
	}
	matrixActor = map[string]string{
		"customer": "customer:ann", "another": "customer:zoe", "claimant": "barista:ben", "other": "barista:cy",
		"admin":  "admin:eve",
		"system": "system:cron",
	}
	matrixStates = []string{"new", "pending", "making", "completed", "cancelled"}
	statusOf     = map[string]int{
		"": http.StatusOK, "illegal_transition": http.StatusConflict, "not_owner": http.StatusForbidden,
		"claimed":   http.StatusConflict,
		"forbidden": http.StatusForbidden, "not_ready": http.StatusConflict, "drink_accepted": http.StatusConflict,
	}
)

// again is a success that changes nothing: who asks has what they ask for.
const again = "again"

// rule is one cell of the matrix.
type rule struct{ action, actor, state, code string }

func matrix(t *testing.T) []rule {
	t.Helper()
	source, err := os.ReadFile(matrixFile)
	if err != nil {
		t.Fatal(err)
	}
	var rules []rule
	for _, row := range matrixRow.FindAllStringSubmatch(string(source), -1) {
		words := slices.Repeat([]string{row[3]}, len(matrixStates))
		if row[3] == "" {
			words = strings.Split(row[4], ", ")
		}
		for i, state := range matrixStates {
			code, known := matrixWord[words[i]]
			actor := matrixActor[row[2]]
			if !known || actor == "" {
				t.Fatalf("the matrix has %q and %q, which this test does not know", words[i], row[2])
			}
			rules = append(rules, rule{row[1], actor, state, code})
		}
	}
	// Five actions by six actors, but for three pairs which the matrix does not tell apart from others.
	if len(rules) != 27*len(matrixStates) {
		t.Fatalf("%s has %d cells: has its form changed?", matrixFile, len(rules))
	}
	return rules
}

// Invariants 1, 7 and 9 through HTTP, exhaustively: role × action × ownership × state.
func TestHTTP_allowsExactlyWhatTheManagerAllows(t *testing.T) {
	for _, r := range matrix(t) {
		t.Run(fmt.Sprintf("%s by %s when %s", r.action, r.actor, r.state), func(t *testing.T) {
			s := newShop(t)
			s.bring(r.state)
			before := s.stored()
			w := s.put(r.actor, r.action)
			var answer struct {
				Code  string
				Order *struct{ Version int }
			}
			if err := json.Unmarshal(w.Body.Bytes(), &answer); err != nil {
				t.Fatal(err)
			}
			code := r.code
			if code == again {
				code = ""
			}
			if w.Code != statusOf[code] || answer.Code != code {
				t.Fatalf("answered %d %q, want %d %q: %s", w.Code, answer.Code, statusOf[code], code, w.Body)
			}
			if r.code == "" {
				if answer.Order.Version != before.Version+1 {
					t.Errorf("version %d follows %d", answer.Order.Version, before.Version)
				}
				return
			}
			if diff := cmp.Diff(before, s.stored()); diff != "" {
				t.Errorf("it changed the order:\n%s", diff)
			}
			if hidden := r.code == "not_owner" || r.code == "forbidden"; hidden && (answer.Order != nil ||
				strings.Contains(w.Body.String(), "Latte")) {
				t.Errorf("somebody who may not see the order was told of it: %s", w.Body)
			}
		})
	}
}

// Who may read what, exhaustively: role × ownership × address × state.
func TestHTTP_showsOrdersOnlyToThoseWhoMaySeeThem(t *testing.T) {
	for _, state := range matrixStates {
		for actor, sees := range map[string]bool{
			"customer:ann": true, "customer:zoe": false, "barista:ben": true, "barista:cy": true, "admin:eve": true,
			"system:cron": true,
			"":            false, "customer:": false, "owner:ann": false, ":ann": false,
		} {
			for _, path := range []string{
				"/orders/1", "/orders/1/history", "/orders/1/actions", "/orders?state=pending", "/orders?state=completed",
				"/myOrders", "/events",
			} {
				s := newShop(t)
				s.bring(state)
				w := s.get(actor, path)
				role, id, _ := strings.Cut(actor, ":")
				signedIn := id != "" && role != "owner" && role != ""
				want := http.StatusOK
				switch {
				case path == "/events": // not offered without a feed, to nobody
					want = http.StatusNotFound
				case !signedIn:
					want = http.StatusUnauthorized
				case strings.HasPrefix(path, "/orders?") && role == "customer", strings.HasPrefix(path, "/orders/") && !sees:
					want = http.StatusForbidden
				}
				if w.Code != want {
					t.Errorf("GET %s by %q when %s: %d, want %d", path, actor, state, w.Code, want)
				}
				if !sees && strings.Contains(w.Body.String(), `"ann"`) {
					t.Errorf("GET %s by %q when %s tells of the order: %s", path, actor, state, w.Body)
				}
				if path == "/myOrders" && w.Code == http.StatusOK &&
					strings.Contains(w.Body.String(), `"orderId":"1"`) != (actor == "customer:ann") {
					t.Errorf("GET /myOrders by %q: %s", actor, w.Body)
				}
			}
		}
	}
}

// What a body says about who acts makes nobody somebody else.
func TestHTTP_takesTheCallerFromTheIdentityAlone(t *testing.T) {
	for _, body := range []string{
		`{"userId":"ann","drink":"Latte"}`, `{"drink":"Latte","baristaUserId":"ben","actor":{"role":"admin","id":"x"}}`,
		`{"drink":"Latte"},"orderId":"1"`, `{"drink":"Latte"}}`, `{"userId":"zoe","userId":"ann","drink":"Latte"}`,
	} {
		s := newShop(t)
		s.bring("new")
		before := s.stored()
		if w := s.do(http.MethodPut, "customer:zoe", "/orders/1", body); w.Code < 400 || w.Code >= 500 {
			t.Errorf("%s by a stranger was answered %d %s", body, w.Code, w.Body)
		}
		if diff := cmp.Diff(before, s.stored()); diff != "" {
			t.Errorf("%s by a stranger changed the order:\n%s", body, diff)
		}
	}
}

// shop is a service in memory.
type shop struct {
	*testing.T
	store   *memory.Store
	manager *ordermanager.Manager
	handler http.Handler
}

func newShop(t *testing.T) *shop {
	t.Helper()
	s := &shop{T: t, store: memory.NewStore()}
	var err error
	if s.manager, err = ordermanager.New(s.store, menu, &memory.Resumer{}, nil); err != nil {
		t.Fatal(err)
	}
	if s.handler, err = httpapi.New(s.manager, menu, &httpapi.Options{Identify: identify}); err != nil {
		t.Fatal(err)
	}
	return s
}

// bring takes order 1 of ann to a state; ben holds it, or made it.
func (s *shop) bring(state string) {
	s.Helper()
	_, err := s.manager.WorkflowStarted(s.Context(), ordermanager.WorkflowStarted{
		OrderID: "1", Customer: "ann", Token: ordermanager.NewTaskToken("t"),
	})
	if err != nil {
		s.Fatal(err)
	}
	for _, step := range map[string][][2]string{
		"pending":   {{"customer:ann", "put"}},
		"making":    {{"customer:ann", "put"}, {"barista:ben", "make"}},
		"completed": {{"customer:ann", "put"}, {"barista:ben", "make"}, {"barista:ben", "complete"}},
		"cancelled": {{"customer:ann", "put"}, {"customer:ann", "cancel"}},
	}[state] {
		if w := s.put(step[0], step[1]); w.Code != http.StatusOK {
			s.Fatalf("%v: %s", step, w.Body)
		}
	}
}

func (s *shop) put(actor, action string) *httptest.ResponseRecorder {
	s.Helper()
	body := ""
	if action == "put" {
		body = `{"drink":"Latte"}`
	}
	return s.do(http.MethodPut, actor, "/orders/1?action="+action, body)
}

func (s *shop) get(actor, path string) *httptest.ResponseRecorder {
	s.Helper()
	return s.do(http.MethodGet, actor, path, "")
}

func (s *shop) do(method, actor, path, body string) *httptest.ResponseRecorder {
	s.Helper()
	r := httptest.NewRequest(method, path, strings.NewReader(body)).WithContext(s.Context())
	r.Header.Set(who, actor)
	w := httptest.NewRecorder()
	s.handler.ServeHTTP(w, r)
	return w
}

func (s *shop) stored() *ordermanager.Order {
	s.Helper()
	o, err := s.store.Get(s.Context(), "1")
	if err != nil {
		s.Fatal(err)
	}
	return o
}
