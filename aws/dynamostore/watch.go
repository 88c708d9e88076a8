package dynamostore

import (
	"context"
	"errors"
	"reflect"
	"slices"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/attributevalue"
	streamtypes "github.com/aws/aws-sdk-go-v2/service/dynamodbstreams/types"

	"github.com/brewline/ordermanager"
	"github.com/brewline/ordermanager/watch"
)

// Watched is a [Store] that is also a [watch.Watcher]: it tells what any process changed. It reads the table's stream,
// which must have new images; [Create] and [Migrate] switch it on.
//
// A change comes within about a second. A position is valid for 24 hours, as long as the stream keeps what follows; one
// from which nothing has been read yet, for a quarter of an hour. After a resharding, each new shard is read once its
// parent has been read to its end.
//
// A shard serves two readers at once ("DynamoDB Streams" in the Amazon DynamoDB Developer Guide). So read in two
// processes at most, and once per process for all its listeners, as httpapi.Feed does.
type Watched struct {
	*Store
	streams StreamsAPI

	mu sync.Mutex
	// arn is the stream's ARN; empty until it is known.
	arn string
}

var _ watch.Watcher = (*Watched)(nil)

// Watched returns the store with the stream of its table. It does no I/O.
func (s *Store) Watched(client StreamsAPI) *Watched { return &Watched{Store: s, streams: client} }

// lookEvery is the time between two reads of the stream while nothing comes.
const lookEvery = 500 * time.Millisecond

// Changes implements [watch.Watcher]. Orders are as in a listing, without history and tokens, and as they were after
// the change. If the stream has old images too, a write that changes nothing that a listing shows, such as a
// settlement, is no change.
//
// Besides [watch.ErrPositionUnknown] it returns [*Error]s: [ErrNoStream] if there is nothing to read.
func (w *Watched) Changes(ctx context.Context, after string, wait time.Duration) (watch.Changes, error) {
	if err := ctx.Err(); err != nil {
		return watch.Changes{}, err
	}
	stream, err := w.stream(ctx)
	if err != nil {
		return watch.Changes{}, w.failed(ctx, err)
	}
	if after == "" {
		now, err := stream.now(ctx)
		if err != nil {
			return watch.Changes{}, w.failed(ctx, err)
		}
		return watch.Changes{Position: now.encode()}, nil
	}
	at, err := decodePosition(after, stream.arn)
	if err != nil {
		return watch.Changes{}, err
	}
	for until := time.Now().Add(wait); ; {
		orders, err := w.read(ctx, stream, &at)
		if err != nil {
			return watch.Changes{}, w.failed(ctx, err)
		}
		left := time.Until(until)
		if len(orders) > 0 || left <= 0 {
			return watch.Changes{Orders: orders, Position: at.encode()}, nil
		}
		timer := time.NewTimer(min(left, lookEvery))
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return watch.Changes{}, ctx.Err()
		}
	}
}

// failed returns an error as a Watcher must. After any error, the next call looks up the stream again.
func (w *Watched) failed(ctx context.Context, err error) error {
	w.mu.Lock()
	w.arn = ""
	w.mu.Unlock()
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return err
}

// stream returns the table's stream, which is looked up once.
func (w *Watched) stream(ctx context.Context) (*tableStream, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.arn == "" {
		arn, err := findStream(ctx, w.streams, w.table)
		if err != nil {
			return nil, err
		}
		w.arn = arn
	}
	return &tableStream{client: w.streams, table: w.table, arn: w.arn}, nil
}

// read reads all shards at once until an order has changed, or there is nothing more to read.
func (w *Watched) read(ctx context.Context, stream *tableStream, at *position) ([]*ordermanager.Order, error) {
	for {
		if err := stream.advance(ctx, at); err != nil {
			return nil, err
		}
		records := make([][]streamtypes.Record, len(at.Shards))
		errs := make([]error, len(at.Shards))
		ended := countEnded(at)
		var reading sync.WaitGroup
		for i := range at.Shards {
			reading.Go(func() { records[i], errs[i] = stream.read(ctx, &at.Shards[i]) })
		}
		reading.Wait()
		if err := errors.Join(errs...); err != nil {
			return nil, err
		}
		came := slices.Concat(records...)
		var changed changedOrders
		for i := range came {
			if o := w.changed(came[i].Dynamodb); o != nil {
				changed.add(o)
			}
		}
		if len(changed.orders) > 0 || len(came) == 0 && countEnded(at) == ended {
			return changed.orders, nil
		}
	}
}

func countEnded(at *position) (n int) {
	for i := range at.Shards {
		if at.Shards[i].Ended {
			n++
		}
	}
	return n
}

// changed is the order in a record; nil if there is none, or if nothing changed that a listing shows.
func (w *Watched) changed(record *streamtypes.StreamRecord) *ordermanager.Order {
	if record == nil {
		return nil
	}
	now := w.image(record.NewImage)
	if now == nil || reflect.DeepEqual(now, w.image(record.OldImage)) {
		return nil
	}
	return now
}

// image reads the image of an item; nil if it cannot be read, or is not an order.
func (w *Watched) image(of map[string]streamtypes.AttributeValue) *ordermanager.Order {
	converted, err := attributevalue.FromDynamoDBStreamsMap(of)
	if err != nil {
		return nil
	}
	o, err := w.decode(converted, true)
	if err != nil {
		return nil
	}
	return o
}

// changedOrders holds changed orders, each in its latest version.
type changedOrders struct {
	orders []*ordermanager.Order
	at     map[string]int
}

func (c *changedOrders) add(o *ordermanager.Order) {
	if c.at == nil {
		c.at = map[string]int{}
	}
	if i, known := c.at[o.ID]; known {
		c.orders[i] = o
		return
	}
	c.at[o.ID] = len(c.orders)
	c.orders = append(c.orders, o)
}
