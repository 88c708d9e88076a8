// Command pickup plays an order on a custom life cycle: a drink that is ready stands on a shelf until it is collected
// or given up. The workflow of an order is answered when its drink is ready. The play runs in memory, and again in a
// SQLite file.
//
//	go run ./examples/pickup
package main

import (
	"context"
	_ "embed"
	"errors"
	"flag"
	"fmt"
	"io"
	"log"
	"os"
	"path/filepath"
	"time"

	"github.com/brewline/ordermanager"
	"github.com/brewline/ordermanager/embedded/sqlitestore"
	embedded "github.com/brewline/ordermanager/embedded/workflow"
	"github.com/brewline/ordermanager/memory"
)

//go:embed lifecycle.json
var table []byte

// The names that the table adds to the built-in ones.
const (
	stateReady ordermanager.State = "ready"

	actionFinish  ordermanager.Action = "finish"
	actionCollect ordermanager.Action = "collect"
	actionGiveUp  ordermanager.Action = "give_up"
)

// shelfTime is how long a drink stands on the shelf.
const shelfTime = 10 * time.Minute

func main() {
	flag.Usage = func() {
		fmt.Fprintln(os.Stderr, "pickup plays orders on a life cycle with a shelf; it takes no arguments")
	}
	if flag.Parse(); flag.NArg() > 0 {
		flag.Usage()
		os.Exit(2)
	}
	if err := run(context.Background(), os.Stdout); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context, out io.Writer) error {
	lifecycle, err := ordermanager.ParseLifecycle(table)
	if err != nil {
		return err
	}
	fmt.Fprintln(out, "In memory")
	workflow := memory.NewWorkflow()
	inMemory := &shop{out: out, workflow: workflow, step: workflow.Advance}
	if err := inMemory.open(memory.NewStore(), lifecycle, workflow); err != nil {
		return err
	}
	if err := inMemory.day(ctx); err != nil {
		return err
	}

	fmt.Fprintln(out, "\nIn a SQLite file")
	dir, err := os.MkdirTemp("", "pickup")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	db, err := sqlitestore.Open(ctx, filepath.Join(dir, "orders.db"))
	if err != nil {
		return err
	}
	defer func() { _ = db.Close() }()
	store, err := sqlitestore.New(ctx, db)
	if err != nil {
		return err
	}
	durable, err := embedded.New(ctx, db, nil)
	if err != nil {
		return err
	}
	inFile := &shop{out: out, workflow: durable, step: durable.Advance}
	if err := inFile.open(store, lifecycle, durable); err != nil {
		return err
	}
	return inFile.day(ctx)
}

// shop is a Manager with its workflow, and a clock that the play can set.
type shop struct {
	*ordermanager.Manager
	out      io.Writer
	workflow interface {
		Start(ctx context.Context, orderID, customer, venue string) (ordermanager.Receipt, error)
		Connect(manager *ordermanager.Manager)
	}
	step  func(context.Context) error
	ahead time.Duration
}

func (s *shop) open(
	store ordermanager.Store, lifecycle ordermanager.Lifecycle, resumer ordermanager.Resumer,
) (err error) {
	menu := ordermanager.StaticMenu(ordermanager.Menu{
		Items: []ordermanager.MenuItem{{Drink: "Cappuccino"}, {Drink: "Espresso"}},
	})
	s.Manager, err = ordermanager.New(store, menu, resumer, &ordermanager.Options{
		Lifecycle: lifecycle,
		Now:       func() time.Time { return time.Now().Add(s.ahead) },
	})
	if err == nil {
		s.workflow.Connect(s.Manager)
	}
	return err
}

// day plays two orders: one is collected, the other is not.
func (s *shop) day(ctx context.Context) error {
	sam, kim := ordermanager.Barista("sam"), ordermanager.Barista("kim")
	for _, order := range []struct{ id, customer, drink string }{{"1", "ada", "Cappuccino"}, {"2", "ben", "Espresso"}} {
		if _, err := s.workflow.Start(ctx, order.id, order.customer, ""); err != nil {
			return err
		}
		s.do(ctx, order.customer+" orders", ordermanager.ActionPut, ordermanager.Request{
			OrderID: order.id, Actor: ordermanager.Customer(order.customer), Drink: ordermanager.DrinkOrder{Drink: order.drink},
		})
	}
	if err := s.step(ctx); err != nil { // both workflows take a number and wait for the drink to be ready
		return err
	}
	s.do(ctx, "sam makes ada's drink", ordermanager.ActionMake, ordermanager.Request{OrderID: "1", Actor: sam})
	s.do(ctx, "ada is impatient", actionCollect, ordermanager.Request{OrderID: "1", Actor: ordermanager.Customer("ada")})
	s.do(ctx, "sam puts it on the shelf", actionFinish, ordermanager.Request{OrderID: "1", Actor: sam})
	s.do(ctx, "ada takes it", actionCollect, ordermanager.Request{OrderID: "1", Actor: ordermanager.Customer("ada")})

	s.do(ctx, "kim makes ben's drink", ordermanager.ActionMake, ordermanager.Request{OrderID: "2", Actor: kim})
	s.do(ctx, "kim puts it on the shelf", actionFinish, ordermanager.Request{OrderID: "2", Actor: kim})
	s.do(ctx, "ben cancels too late", ordermanager.ActionCancel,
		ordermanager.Request{OrderID: "2", Actor: ordermanager.Customer("ben")})
	s.ahead = shelfTime + time.Minute
	return s.clearShelf(ctx)
}

// clearShelf gives up drinks that stood too long. A long-running program would do this every minute.
func (s *shop) clearShelf(ctx context.Context) error {
	for o, err := range s.Orders(ctx, ordermanager.Query{State: stateReady}) {
		if err != nil {
			return err
		}
		if time.Now().Add(s.ahead).Sub(o.UpdatedAt) > shelfTime {
			s.do(ctx, o.Customer+" did not come", actionGiveUp, ordermanager.Request{
				OrderID: o.ID, Actor: ordermanager.System("shelf"), Reason: "stood for " + shelfTime.String(),
			})
		}
	}
	return nil
}

// do carries out an action and prints the result.
func (s *shop) do(ctx context.Context, what string, action ordermanager.Action, r ordermanager.Request) {
	receipt, err := s.Do(ctx, action, r)
	fmt.Fprintf(s.out, "  %-25s", what)
	var refused *ordermanager.TransitionError
	switch {
	case errors.As(err, &refused):
		fmt.Fprintf(s.out, "refused: order %s is %s, allowed is %v\n", refused.OrderID, refused.State, refused.Allowed)
	case err != nil:
		fmt.Fprintf(s.out, "refused: %v\n", err)
	default:
		fmt.Fprintf(
			s.out, "order %s is %s; answer to its workflow: %s\n", receipt.Order.ID, receipt.Order.State, receipt.Resume,
		)
	}
}
