package sqlitestore_test

import (
	"database/sql"
	"net/url"
	"testing"

	"github.com/brewline/ordermanager/embedded/sqlitestore"
	"github.com/brewline/ordermanager/storetest"
)

// Each case has a file that two processes could share. It is not synced, because the suite does not pull the plug.
func TestStore(t *testing.T) {
	storetest.RunHarness(t, func(t *testing.T) storetest.Harness {
		path := tempFile(t)
		client := func() *sqlitestore.Store {
			// The names of some cases have characters that mean something in a URI.
			uri := url.URL{
				Scheme: "file", Path: path, RawQuery: "_busy_timeout=5000&_journal_mode=WAL&_synchronous=OFF&_txlock=immediate",
			}
			db, err := sql.Open("sqlite", uri.String())
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = db.Close() })
			return newStore(t, db)
		}
		return storetest.Harness{Store: client(), Second: client()}
	})
}
