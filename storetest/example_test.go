package storetest_test

import (
	"testing"

	"github.com/brewline/ordermanager"
	"github.com/brewline/ordermanager/memory"
	"github.com/brewline/ordermanager/storetest"
)

// In a test of your own store this is all that there is to write:
//
//	func TestStore_keepsTheContract(t *testing.T) {
//		storetest.Run(t, func(t *testing.T) ordermanager.Store { return mystore.New(t.TempDir()) })
//	}
func ExampleRun() {
	_ = func(t *testing.T) {
		storetest.Run(t, func(*testing.T) ordermanager.Store { return memory.NewStore() })
	}
}
