package ordermanager_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/brewline/ordermanager"
)

const secret = "AQCEAAAAKgAAAAMsecret"

// Invariant 8: a task token is a capability and does not leak.
func TestTaskToken_readsRedactedHoweverItIsWritten(t *testing.T) {
	token := ordermanager.NewTaskToken(secret)
	type inside struct {
		hidden  ordermanager.TaskToken
		Visible ordermanager.TaskToken
	}
	held := inside{token, token}
	order := ordermanager.Order{ID: "1", FirstWait: ordermanager.WaitSlot{Token: token}}
	started := ordermanager.WorkflowStarted{OrderID: "1", Token: token}
	written := map[string]string{}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d", "%p"} {
		for i, value := range []any{
			token, &token, held, &held, []any{token}, map[string]any{"t": token}, order, &order, started,
		} {
			written[fmt.Sprintf("%s of value %d", verb, i)] = fmt.Sprintf(verb, value)
		}
	}
	for name, value := range map[string]any{
		"token": token, "struct": held, "order": order, "map": map[string]any{"t": token},
	} {
		data, err := json.Marshal(value)
		if err != nil {
			t.Fatal(err)
		}
		written["JSON of "+name] = string(data)
		for kind, handler := range map[string]func(*bytes.Buffer) slog.Handler{
			"text": func(b *bytes.Buffer) slog.Handler { return slog.NewTextHandler(b, nil) },
			"json": func(b *bytes.Buffer) slog.Handler { return slog.NewJSONHandler(b, nil) },
		} {
			var b bytes.Buffer
			slog.New(handler(&b)).Info("x", "value", value)
			written[kind+" log of "+name] = b.String()
		}
	}
	for how, text := range written {
		if strings.Contains(text, secret) || strings.Contains(text, fmt.Sprintf("%x", secret)) {
			t.Errorf("%s gives the token away: %s", how, text)
		}
	}
	if got := token.String(); got != "[redacted]" {
		t.Errorf("a token reads %q", got)
	}
}

func TestTaskToken_isComparedAndMaskedByValue(t *testing.T) {
	a, same := ordermanager.NewTaskToken("a"), ordermanager.NewTaskToken("a")
	other, none := ordermanager.NewTaskToken("b"), ordermanager.NewTaskToken("")
	if !a.Equal(same) || a.Equal(other) || a.Equal(none) || !none.Equal(ordermanager.TaskToken{}) {
		t.Error("tokens are not equal by value")
	}
	if a.Fingerprint() != same.Fingerprint() || a.Fingerprint() == other.Fingerprint() {
		t.Error("fingerprints do not tell tokens apart")
	}
	if strings.Contains(ordermanager.NewTaskToken(secret).Fingerprint(), secret) {
		t.Error("a fingerprint gives its token away")
	}
	if masked := a.Masked(); masked.IsZero() || masked.Reveal() != "" {
		t.Error("a masked token must be there and have no value")
	}
	if !none.IsZero() || !none.Masked().IsZero() || none.Reveal() != "" {
		t.Error("no token must stay no token")
	}
}

func TestManager_neverHandsOutTheValueOfAToken(t *testing.T) {
	h := newHouse(t)
	first := h.start()
	receipt := h.receipt(h.Handle(t.Context(), put()))
	second := h.wait()
	page := must[ordermanager.OrderPage](t)(h.Page(t.Context(), ordermanager.Query{Customer: owner}))
	explanation := must[ordermanager.Explanation](t)(h.Explain(t.Context(), by("make", ordermanager.Barista(holder))))
	for _, o := range []ordermanager.Order{receipt.Order, h.order(), page.Orders[0], *explanation.Order} {
		for _, token := range []ordermanager.TaskToken{o.FirstWait.Token, o.SecondWait.Token} {
			if token.Reveal() != "" {
				t.Errorf("order %s carries a token: first %v, second %v", o.ID, token.Equal(first), token.Equal(second))
			}
		}
	}
	if h.order().SecondWait.Token.IsZero() {
		t.Error("the order does not say that a token is held")
	}
}
