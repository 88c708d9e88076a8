package dynamostore_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"log/slog"
	"maps"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/google/go-cmp/cmp"

	"github.com/brewline/ordermanager"
	"github.com/brewline/ordermanager/aws/dynamostore"
	"github.com/brewline/ordermanager/serverlesspresso"
)

// configs is a configuration table in memory. Each read takes a second.
type configs struct {
	mu    sync.Mutex
	items map[string]map[string]types.AttributeValue
	err   error
	reads int
}

func (c *configs) GetItem(
	ctx context.Context, input *dynamodb.GetItemInput, _ ...func(*dynamodb.Options),
) (*dynamodb.GetItemOutput, error) {
	c.mu.Lock()
	c.reads++
	item, err := c.items[input.Key["PK"].(*types.AttributeValueMemberS).Value], c.err
	c.mu.Unlock()
	select {
	case <-time.After(time.Second):
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	return &dynamodb.GetItemOutput{Item: item}, err
}

func (c *configs) set(items map[string]map[string]types.AttributeValue, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.items, c.err = items, err
}

func listOf(values ...types.AttributeValue) types.AttributeValue {
	return &types.AttributeValueMemberL{Value: values}
}

func drinkOf(name string) types.AttributeValue {
	return &types.AttributeValueMemberM{Value: map[string]types.AttributeValue{
		"drink": str(name), "icon": str(name + "-icon"), "available": &types.AttributeValueMemberBOOL{Value: true},
		"modifiers": listOf(&types.AttributeValueMemberM{Value: map[string]types.AttributeValue{
			"Name": str("Milk"), "Options": listOf(str("Regular"), str("Oat")),
		}}),
	}}
}

func workshop(drink string) map[string]map[string]types.AttributeValue {
	return map[string]map[string]types.AttributeValue{"menu": {"PK": str("menu"), "value": listOf(drinkOf(drink))}}
}

func newMenu(t *testing.T, c dynamostore.MenuAPI, options dynamostore.MenuOptions) *dynamostore.MenuSource {
	t.Helper()
	source, err := dynamostore.NewMenuSource(c, "config", &options)
	if err != nil {
		t.Fatal(err)
	}
	return source
}

// served asks for a menu and returns the name of its first drink.
func served(t *testing.T, m *dynamostore.MenuSource, venue string) string {
	t.Helper()
	menu, err := m.Menu(t.Context(), venue)
	if err != nil {
		t.Fatal(err)
	}
	return menu.Items[0].Drink
}

func TestMenu_isReadInBothDialects(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		available := &types.AttributeValueMemberM{Value: map[string]types.AttributeValue{
			"drink": str("Water"), "available": &types.AttributeValueMemberBOOL{Value: false},
		}}
		c := &configs{items: map[string]map[string]types.AttributeValue{
			"menu":             {"value": listOf(drinkOf("Latte"), available)},
			"config-NEW-YORK":  {"menu": listOf(drinkOf("Mocha"))},
			"config-ELSEWHERE": {"menu": listOf(drinkOf("Tea"))},
		}}
		menu, err := newMenu(t, c, dynamostore.MenuOptions{}).Menu(t.Context(), "NEW-YORK")
		if err != nil {
			t.Fatal(err)
		}
		want := &ordermanager.Menu{Items: []ordermanager.MenuItem{
			{
				Drink: "Latte", Icon: "Latte-icon",
				Modifiers: []ordermanager.ModifierGroup{{Name: "Milk", Options: []string{"Regular", "Oat"}}},
			},
			{Drink: "Water", SoldOut: true},
		}}
		if diff := cmp.Diff(want, menu); diff != "" {
			t.Error(diff)
		}
		core := newMenu(t, c, dynamostore.MenuOptions{Dialect: serverlesspresso.Core})
		if a, b := served(t, core, "NEW-YORK"), served(t, core, "ELSEWHERE"); a != "Mocha" || b != "Tea" {
			t.Errorf("%s, %s", a, b)
		}
	})
}

func TestMenu_isReadAgainWhenItsTimeIsOver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := &configs{items: workshop("Latte")}
		m := newMenu(t, c, dynamostore.MenuOptions{})
		served(t, m, "")
		c.set(workshop("Mocha"), nil)
		<-time.After(4 * time.Second)
		if got := served(t, m, ""); got != "Latte" || c.reads != 1 {
			t.Errorf("after 4 s: %s, %d reads", got, c.reads)
		}
		<-time.After(time.Second)
		if got := served(t, m, ""); got != "Mocha" || c.reads != 2 {
			t.Errorf("after 5 s: %s, %d reads", got, c.reads)
		}
	})
}

func TestMenu_isReadOnceHoweverManyAsk(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := &configs{items: workshop("Latte")}
		m := newMenu(t, c, dynamostore.MenuOptions{})
		var wait sync.WaitGroup
		for range 50 {
			wait.Go(func() {
				if _, err := m.Menu(t.Context(), ""); err != nil {
					t.Error(err)
				}
			})
		}
		wait.Wait()
		if c.reads != 1 {
			t.Errorf("%d reads", c.reads)
		}
	})
}

func TestMenu_isNotSpoiltByACallerWhoGivesUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := &configs{items: workshop("Latte")}
		m := newMenu(t, c, dynamostore.MenuOptions{})
		ctx, cancel := context.WithCancel(t.Context())
		var wait sync.WaitGroup
		wait.Go(func() {
			if _, err := m.Menu(ctx, ""); !errors.Is(err, context.Canceled) {
				t.Errorf("the one who gave up: %v", err)
			}
		})
		synctest.Wait()
		wait.Go(func() {
			if got := served(t, m, ""); got != "Latte" {
				t.Error(got)
			}
		})
		synctest.Wait()
		cancel()
		wait.Wait()
	})
}

func TestMenu_theLastGoodOneServesAsLongAsAllowed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		c := &configs{items: workshop("Latte")}
		m := newMenu(t, c, dynamostore.MenuOptions{
			TTL: time.Minute, StaleFor: time.Hour, Logger: slog.New(slog.NewTextHandler(&log, nil)),
		})
		strict := newMenu(t, c, dynamostore.MenuOptions{TTL: time.Minute})
		served(t, m, "")
		served(t, strict, "")
		outage := errors.New("no route to host")
		c.set(nil, outage)
		<-time.After(10 * time.Minute)
		if got := served(t, m, ""); got != "Latte" {
			t.Error(got)
		}
		if text := log.String(); !strings.Contains(text, "age=10m") || !strings.Contains(text, "no route to host") {
			t.Errorf("logged: %s", text)
		}
		if _, err := strict.Menu(t.Context(), ""); !errors.Is(err, outage) {
			t.Errorf("without leave: %v", err)
		}
		<-time.After(time.Hour)
		if _, err := m.Menu(t.Context(), ""); !errors.Is(err, outage) {
			t.Errorf("after the leave: %v", err)
		}
		c.set(workshop("Mocha"), nil)
		if got := served(t, m, ""); got != "Mocha" {
			t.Errorf("after the outage: %s", got)
		}
		c.set(nil, nil)
		<-time.After(2 * time.Minute)
		if _, err := m.Menu(t.Context(), ""); !errors.Is(err, dynamostore.ErrNoMenu) {
			t.Errorf("a menu that was deleted: %v", err)
		}
	})
}

func TestMenu_thatIsNoneNamesTheAttribute(t *testing.T) {
	for name, value := range map[string]types.AttributeValue{"missing": nil, "a text": str("Latte"), "NULL": null()} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				i := map[string]types.AttributeValue{"PK": str("menu")}
				if value != nil {
					i["value"] = value
				}
				m := newMenu(t, &configs{items: map[string]map[string]types.AttributeValue{"menu": i}}, dynamostore.MenuOptions{})
				_, err := m.Menu(t.Context(), "")
				broken, ok := errors.AsType[*dynamostore.ItemError](err)
				if !ok || broken.Table != "config" || broken.OrderID != "menu" || broken.Attribute != "value" {
					t.Errorf("%v, must name value", err)
				}
			})
		})
	}
}

// What cannot be served is left out and told once; everything else can be ordered.
func TestMenu_isServedWithoutItsOddEntries(t *testing.T) {
	fields := func(drink string, more map[string]types.AttributeValue) types.AttributeValue {
		all := map[string]types.AttributeValue{"drink": str(drink)}
		maps.Copy(all, more)
		return &types.AttributeValueMemberM{Value: all}
	}
	set := &types.AttributeValueMemberSS{Value: []string{"Oat", "Whole"}}
	milk := listOf(&types.AttributeValueMemberM{
		Value: map[string]types.AttributeValue{"Name": str("Milk"), "Options": set},
	})
	odd := listOf(
		str("Latte"), // no map
		&types.AttributeValueMemberM{Value: map[string]types.AttributeValue{"icon": str("x")}}, // no drink
		drinkOf("Latte"), drinkOf("Latte"), // twice
		fields("Tea", map[string]types.AttributeValue{"available": str("yes")}),
		fields("Water", map[string]types.AttributeValue{"icon": null(), "available": null(), "modifiers": null()}),
		fields("Mocha", map[string]types.AttributeValue{"modifiers": milk, "price": str("another program's")}),
	)
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		c := &configs{items: map[string]map[string]types.AttributeValue{"menu": {"PK": str("menu"), "value": odd}}}
		m := newMenu(t, c, dynamostore.MenuOptions{Logger: slog.New(slog.NewTextHandler(&log, nil))})
		menu, err := m.Menu(t.Context(), "")
		if err != nil {
			t.Fatal(err)
		}
		want := &ordermanager.Menu{Items: []ordermanager.MenuItem{
			{
				Drink: "Latte", Icon: "Latte-icon",
				Modifiers: []ordermanager.ModifierGroup{{Name: "Milk", Options: []string{"Regular", "Oat"}}},
			},
			{Drink: "Water"},
			{Drink: "Mocha", Modifiers: []ordermanager.ModifierGroup{{Name: "Milk", Options: []string{"Oat", "Whole"}}}},
		}}
		if diff := cmp.Diff(want, menu); diff != "" {
			t.Error(diff)
		}
		for _, place := range []string{"value[0]", "value[1].drink", "value[3].drink", "value[4].available"} {
			if !strings.Contains(log.String(), place) {
				t.Errorf("%s is not told: %s", place, log.String())
			}
		}
		if strings.Contains(log.String(), "value[5]") || strings.Contains(log.String(), "value[6]") {
			t.Errorf("logged: %s", log.String())
		}
		for range 3 {
			<-time.After(time.Minute)
			served(t, m, "")
		}
		if n := strings.Count(log.String(), "left out"); n != 1 || c.reads != 4 {
			t.Errorf("told %d times in %d reads", n, c.reads)
		}
		c.set(map[string]map[string]types.AttributeValue{"menu": {"PK": str("menu"), "value": listOf()}}, nil)
		<-time.After(time.Minute)
		if menu, err := m.Menu(t.Context(), ""); err != nil || len(menu.Items) > 0 {
			t.Errorf("an empty menu: %+v, %v", menu, err)
		}
	})
}

func TestMenu_isReadAgainWhenItIsSaidToHaveChanged(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := &configs{items: workshop("Latte")}
		m := newMenu(t, c, dynamostore.MenuOptions{TTL: time.Hour})
		m.Forget("nobody has asked yet")
		served(t, m, "")
		c.set(workshop("Mocha"), nil)
		m.Forget("")
		if got := served(t, m, ""); got != "Mocha" {
			t.Error(got)
		}
		// A read that is under way may have seen the menu as it was.
		m.Forget("")
		var wait sync.WaitGroup
		wait.Go(func() { served(t, m, "") })
		synctest.Wait()
		c.set(workshop("Tea"), nil)
		m.Forget("")
		wait.Wait()
		if got := served(t, m, ""); got != "Tea" || c.reads != 4 {
			t.Errorf("%s, %d reads", got, c.reads)
		}
	})
}

func TestMenu_errorsNameTheTable(t *testing.T) {
	tr := always(func() *http.Response { return failure(400, "AccessDeniedException", "no") })
	_, err := newMenu(t, tr.alone(), dynamostore.MenuOptions{}).Menu(t.Context(), "")
	if !errors.Is(err, dynamostore.ErrAccessDenied) || !strings.Contains(err.Error(), "table config") {
		t.Error(err)
	}
}

func TestMenu_onTheServiceItself(t *testing.T) {
	c := emulator(t)
	name, key := "test-config-"+rand.Text(), "PK"
	if _, err := c.CreateTable(t.Context(), &dynamodb.CreateTableInput{
		TableName: &name, BillingMode: types.BillingModePayPerRequest,
		KeySchema:            []types.KeySchemaElement{{AttributeName: &key, KeyType: types.KeyTypeHash}},
		AttributeDefinitions: []types.AttributeDefinition{{AttributeName: &key, AttributeType: types.ScalarAttributeTypeS}},
	}); err != nil {
		t.Fatal(err)
	}
	drop(t, c, name)
	if _, err := c.PutItem(
		t.Context(), &dynamodb.PutItemInput{TableName: &name, Item: workshop("Latte")["menu"]},
	); err != nil {
		t.Fatal(err)
	}
	m, err := dynamostore.NewMenuSource(c, name, nil)
	if err != nil {
		t.Fatal(err)
	}
	if got := served(t, m, ""); got != "Latte" {
		t.Error(got)
	}
}
