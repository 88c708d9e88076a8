package memory

import (
	"fmt"
	"strconv"
	"strings"
	"sync"

	"github.com/brewline/ordermanager/watch"
)

const (
	// remembered is how many changes are kept, and changesBatch how many an answer covers at most.
	remembered   = 4096
	changesBatch = 256
)

// changes are the ids of the orders that changed last. They are recorded from the first call of [Store.Changes].
type changes struct {
	mu     sync.Mutex
	epoch  string // distinguishes the positions of this store from another's
	latest []string
	next   uint64        // the number of the next change
	news   chan struct{} // closed by the next change; nil while nobody waits for it
}

// add records a change. The caller holds the lock of the order's shard, so that it is recorded before others see it.
func (c *changes) add(orderID string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.latest[c.next%remembered] = orderID
	c.next++
	if c.news != nil {
		close(c.news)
		c.news = nil
	}
}

// since returns the orders that changed after a position, the position to continue from, and a channel that the next
// change closes.
func (c *changes) since(after string) (ids []string, position string, news <-chan struct{}, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	n := c.next
	if after != "" {
		if n, err = c.number(after); err != nil {
			return nil, "", nil, err
		}
	}
	seen := map[string]bool{}
	for ; n < c.next && len(ids) < changesBatch; n++ {
		if id := c.latest[n%remembered]; !seen[id] {
			seen[id] = true
			ids = append(ids, id)
		}
	}
	if c.news == nil {
		c.news = make(chan struct{})
	}
	return ids, c.epoch + "-" + strconv.FormatUint(n, 10), c.news, nil
}

func (c *changes) number(position string) (uint64, error) {
	epoch, number, _ := strings.Cut(position, "-")
	n, err := strconv.ParseUint(number, 10, 64)
	if err != nil || epoch != c.epoch || n > c.next || n+remembered < c.next {
		return 0, fmt.Errorf("%w: %q", watch.ErrPositionUnknown, position)
	}
	return n, nil
}
