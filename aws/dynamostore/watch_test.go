package dynamostore_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodbstreams"
	streamtypes "github.com/aws/aws-sdk-go-v2/service/dynamodbstreams/types"

	"github.com/brewline/ordermanager/aws/dynamostore"
	"github.com/brewline/ordermanager/watch"
)

// river is a stream as DynamoDB has it: shards that are closed and followed by others, and records that are trimmed.
type river struct {
	mu     sync.Mutex
	arn    string
	view   streamtypes.StreamViewType
	shards []*reach
	calls  int
}

type reach struct {
	id, parent string
	closed     bool
	records    []streamtypes.Record
	// trimmed is how many of the records are gone.
	trimmed int
}

func newRiver() *river {
	return &river{
		arn:    "arn:aws:dynamodb:eu-west-1:123456789012:table/orders/stream/2026",
		view:   streamtypes.StreamViewTypeNewAndOldImages,
		shards: []*reach{{id: "a"}},
	}
}

type image = map[string]streamtypes.AttributeValue

// orderImage is an item of an order.
func orderImage(id string, version int, state string) image {
	text := func(s string) streamtypes.AttributeValue { return &streamtypes.AttributeValueMemberS{Value: s} }
	number := func(n int) streamtypes.AttributeValue {
		return &streamtypes.AttributeValueMemberN{Value: strconv.Itoa(n)}
	}
	return image{
		"id": text(id), "cu": text("c1"), "st": text(state), "ca": number(1_700_000_000_000), "v": number(version),
		"ua": number(1_700_000_000_000 + version), "t1": text(secret),
	}
}

// flow adds a record to a shard.
func (r *river) flow(shard string, before, after image) {
	r.mu.Lock()
	defer r.mu.Unlock()
	s := r.shard(shard)
	s.records = append(s.records, streamtypes.Record{Dynamodb: &streamtypes.StreamRecord{
		SequenceNumber: aws.String(fmt.Sprint(len(s.records) + 1)), OldImage: before, NewImage: after,
	}})
}

// split closes a shard and lets others follow it.
func (r *river) split(shard string, into ...string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.shard(shard).closed = true
	for _, id := range into {
		r.shards = append(r.shards, &reach{id: id, parent: shard})
	}
}

func (r *river) shard(id string) *reach {
	i := slices.IndexFunc(r.shards, func(s *reach) bool { return s.id == id })
	if i < 0 {
		return nil
	}
	return r.shards[i]
}

func (r *river) ListStreams(
	context.Context, *dynamodbstreams.ListStreamsInput, ...func(*dynamodbstreams.Options),
) (*dynamodbstreams.ListStreamsOutput, error) {
	old := "arn of one that was switched off"
	streams := []streamtypes.Stream{{StreamArn: &old}}
	if r.arn != "" {
		streams = append(streams, streamtypes.Stream{StreamArn: &r.arn})
	}
	return &dynamodbstreams.ListStreamsOutput{Streams: streams}, nil
}

// DescribeStream has one shard on a page.
func (r *river) DescribeStream(
	_ context.Context, in *dynamodbstreams.DescribeStreamInput, _ ...func(*dynamodbstreams.Options),
) (*dynamodbstreams.DescribeStreamOutput, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if *in.StreamArn != r.arn {
		return &dynamodbstreams.DescribeStreamOutput{StreamDescription: &streamtypes.StreamDescription{
			StreamStatus: streamtypes.StreamStatusDisabled, StreamViewType: r.view,
		}}, nil
	}
	d := &streamtypes.StreamDescription{StreamStatus: streamtypes.StreamStatusEnabled, StreamViewType: r.view}
	at := 0
	if in.ExclusiveStartShardId != nil {
		at = slices.Index(r.shards, r.shard(*in.ExclusiveStartShardId)) + 1
	}
	if at < len(r.shards) {
		s := r.shards[at]
		described := streamtypes.Shard{ShardId: &s.id, SequenceNumberRange: &streamtypes.SequenceNumberRange{}}
		if s.parent != "" {
			described.ParentShardId = &s.parent
		}
		if s.closed {
			described.SequenceNumberRange.EndingSequenceNumber = aws.String("9")
		}
		d.Shards = []streamtypes.Shard{described}
	}
	if at+1 < len(r.shards) {
		d.LastEvaluatedShardId = &r.shards[at].id
	}
	return &dynamodbstreams.DescribeStreamOutput{StreamDescription: d}, nil
}

func (r *river) GetShardIterator(
	_ context.Context, in *dynamodbstreams.GetShardIteratorInput, _ ...func(*dynamodbstreams.Options),
) (*dynamodbstreams.GetShardIteratorOutput, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	s := r.shard(*in.ShardId)
	if s == nil {
		return nil, &streamtypes.ResourceNotFoundException{}
	}
	at := s.trimmed
	switch in.ShardIteratorType {
	case streamtypes.ShardIteratorTypeLatest:
		at = len(s.records)
	case streamtypes.ShardIteratorTypeAfterSequenceNumber:
		if at, _ = strconv.Atoi(*in.SequenceNumber); at < s.trimmed {
			return nil, &streamtypes.TrimmedDataAccessException{}
		}
	}
	return &dynamodbstreams.GetShardIteratorOutput{ShardIterator: iteratorAt(s, at)}, nil
}

func iteratorAt(s *reach, at int) *string {
	return aws.String(fmt.Sprintf("%s %d %d", s.id, at, time.Now().UnixMilli()))
}

// GetRecords answers with two records at most.
func (r *river) GetRecords(
	_ context.Context, in *dynamodbstreams.GetRecordsInput, _ ...func(*dynamodbstreams.Options),
) (*dynamodbstreams.GetRecordsOutput, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.calls++
	var id string
	var at int
	var issued int64
	if _, err := fmt.Sscan(*in.ShardIterator, &id, &at, &issued); err != nil {
		return nil, err
	}
	if time.Since(time.UnixMilli(issued)) > 15*time.Minute {
		return nil, &streamtypes.ExpiredIteratorException{}
	}
	s := r.shard(id)
	end := min(at+2, len(s.records))
	out := &dynamodbstreams.GetRecordsOutput{Records: s.records[at:end]}
	if !s.closed || end < len(s.records) {
		out.NextShardIterator = iteratorAt(s, end)
	}
	return out, nil
}

// told is what a watcher was told, as "order@version".
func told(t *testing.T, w *dynamostore.Watched, position *string, wait time.Duration) string {
	t.Helper()
	changes, err := w.Changes(t.Context(), *position, wait)
	if err != nil {
		t.Fatal(err)
	}
	*position = changes.Position
	var all []string
	for _, o := range changes.Orders {
		all = append(all, fmt.Sprintf("%s@%d", o.ID, o.Version))
		if !o.FirstWait.Token.IsZero() {
			t.Errorf("invariant 8: %s comes with its token", o.ID)
		}
	}
	return strings.Join(all, " ")
}

func watching(t *testing.T, r *river) *dynamostore.Watched {
	t.Helper()
	return newStore(t, (&transport{}).alone(), "orders", dynamostore.Options{}).Watched(r)
}

func TestChanges_comeFromTheShardsThatFollowOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRiver()
		r.flow("a", nil, orderImage("before", 1, "pending"))
		var position string
		if got := told(t, watching(t, r), &position, 0); got != "" {
			t.Errorf("from now on, and yet %q", got)
		}
		for version := 1; version <= 5; version++ {
			r.flow("a", nil, orderImage("o1", version, "pending"))
		}
		r.split("a", "b", "c")
		r.flow("b", nil, orderImage("o1", 6, "making"))
		r.flow("c", nil, orderImage("o2", 1, "pending"))
		r.split("b", "d")
		r.flow("d", nil, orderImage("o1", 7, "completed"))
		var all []string
		for range 20 { // each at another process
			if got := told(t, watching(t, r), &position, 0); got != "" {
				all = append(all, strings.Fields(got)...)
			}
		}
		if got := strings.Join(all, " "); got != "o1@2 o1@4 o1@5 o1@6 o2@1 o1@7" {
			t.Errorf("told of %s", got)
		}
	})
}

func TestChanges_waitForWhatComes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRiver()
		w, position := watching(t, r), ""
		told(t, w, &position, 0)
		begun := time.Now()
		if got := told(t, w, &position, time.Minute); got != "" || time.Since(begun) != time.Minute {
			t.Errorf("told of %q after %v", got, time.Since(begun))
		}
		if r.calls > 130 {
			t.Errorf("it asked %d times in a minute", r.calls)
		}
		time.AfterFunc(20*time.Minute, func() { r.flow("a", nil, orderImage("o1", 1, "pending")) })
		begun = time.Now()
		if got := told(t, w, &position, time.Hour); got != "o1@1" || time.Since(begun) > 20*time.Minute+time.Second {
			t.Errorf("told of %q after %v", got, time.Since(begun))
		}
	})
}

func TestChanges_areTransitionsAndWhatCanBeRead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRiver()
		w, position := watching(t, r), ""
		told(t, w, &position, 0)
		settled := orderImage("o1", 2, "completed")
		delete(settled, "t1")
		broken := orderImage("broken", 1, "pending")
		delete(broken, "cu")
		for _, record := range [][2]image{
			{orderImage("o1", 1, "pending"), orderImage("o1", 2, "completed")},
			{nil, broken},
			{orderImage("o1", 2, "completed"), settled}, // in the next answer
			{settled, nil}, // it expired
			{nil, orderImage("o2", 1, "pending")},
		} {
			r.flow("a", record[0], record[1])
		}
		var all []string
		for range 5 {
			all = append(all, strings.Fields(told(t, w, &position, 0))...)
		}
		if got := strings.Join(all, " "); got != "o1@2 o2@1" {
			t.Errorf("told of %s", got)
		}
	})
}

func TestChanges_sayWhenAPositionCannotBeGoneOnFrom(t *testing.T) {
	// begun is a position, of which the records before were read or not.
	begun := func(t *testing.T, r *river, read bool) string {
		t.Helper()
		position := ""
		told(t, watching(t, r), &position, 0)
		if read {
			r.flow("a", nil, orderImage("o1", 1, "pending"))
			told(t, watching(t, r), &position, 0)
		}
		return position
	}
	after := func(d time.Duration) func(*river) { return func(*river) { <-time.After(d) } }
	for name, c := range map[string]struct {
		read, known bool
		then        func(r *river)
	}{
		"after ten minutes":                     {known: true, then: after(10 * time.Minute)},
		"after twenty minutes, nothing read":    {then: after(20 * time.Minute)},
		"after twenty minutes":                  {read: true, known: true, then: after(20 * time.Minute)},
		"after a day":                           {read: true, then: after(24 * time.Hour)},
		"when what follows was trimmed":         {read: true, then: func(r *river) { r.shards[0].trimmed = 2 }},
		"when the shard is gone":                {read: true, then: func(r *river) { r.shards = nil }},
		"of a stream that was switched on anew": {read: true, then: func(r *river) { r.arn += "-anew" }},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := newRiver()
				position := begun(t, r, c.read)
				c.then(r)
				_, err := watching(t, r).Changes(t.Context(), position, 0)
				if c.known != (err == nil) || !c.known && !errors.Is(err, watch.ErrPositionUnknown) {
					t.Error(err)
				}
			})
		})
	}
}

func TestChanges_needAStreamWithNewImages(t *testing.T) {
	for name, spoil := range map[string]func(r *river){
		"no stream": func(r *river) { r.arn = "" },
		"keys only": func(r *river) { r.view = streamtypes.StreamViewTypeKeysOnly },
	} {
		r := newRiver()
		spoil(r)
		if _, err := watching(t, r).Changes(t.Context(), "", 0); !errors.Is(err, dynamostore.ErrNoStream) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
