package memory_test

import (
	"testing"

	"github.com/brewline/ordermanager"
	"github.com/brewline/ordermanager/memory"
	"github.com/brewline/ordermanager/storetest"
)

func TestStore_keepsTheContract(t *testing.T) {
	storetest.Run(t, func(*testing.T) ordermanager.Store { return memory.NewStore() })
}
