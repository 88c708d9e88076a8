package sqlitestore_test

import (
	"testing"

	"github.com/brewline/ordermanager/storetest"
)

func TestStore(t *testing.T) {
	storetest.RunHarness(t, func(t *testing.T) storetest.Harness {
		path := tempFile(t)
		return storetest.Harness{Store: newStore(t, open(t, path)), Second: newStore(t, open(t, path))}
	})
}
