package customstore_test

import (
	"context"
	"fmt"
	"os"
	"testing"

	"github.com/brewline/ordermanager"
	"github.com/brewline/ordermanager/examples/customstore"
	"github.com/brewline/ordermanager/memory"
	"github.com/brewline/ordermanager/storetest"
)

func TestStore_keepsTheContract(t *testing.T) {
	storetest.Run(t, func(t *testing.T) ordermanager.Store { return customstore.New(t.TempDir()) })
}

func ExampleNew() {
	dir, err := os.MkdirTemp("", "orders")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = os.RemoveAll(dir) }()
	resumer := &memory.Resumer{}
	manager, err := ordermanager.New(customstore.New(dir), ordermanager.NoMenu(), resumer, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	_, err = manager.WorkflowStarted(context.Background(), ordermanager.WorkflowStarted{
		OrderID: "1", Customer: "anna", Token: resumer.Issue(),
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	order, err := manager.Order(context.Background(), "1")
	fmt.Println(order.State, err)
	// Output: pending <nil>
}
