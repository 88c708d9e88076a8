package dynamostore

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodbstreams"
	streamtypes "github.com/aws/aws-sdk-go-v2/service/dynamodbstreams/types"
	"github.com/aws/smithy-go"

	"github.com/brewline/ordermanager/watch"
)

// StreamsAPI is what a [Watched] store calls. A *dynamodbstreams.Client has it.
type StreamsAPI interface {
	ListStreams(context.Context, *dynamodbstreams.ListStreamsInput, ...func(*dynamodbstreams.Options)) (
		*dynamodbstreams.ListStreamsOutput, error)
	DescribeStream(context.Context, *dynamodbstreams.DescribeStreamInput, ...func(*dynamodbstreams.Options)) (
		*dynamodbstreams.DescribeStreamOutput, error)
	GetShardIterator(context.Context, *dynamodbstreams.GetShardIteratorInput, ...func(*dynamodbstreams.Options)) (
		*dynamodbstreams.GetShardIteratorOutput, error)
	GetRecords(context.Context, *dynamodbstreams.GetRecordsInput, ...func(*dynamodbstreams.Options)) (
		*dynamodbstreams.GetRecordsOutput, error)
}

// position is how far a stream has been read.
type position struct {
	// Stream is the stream's ARN: a position in another table's stream, or in an earlier one of this table, is not valid.
	Stream string  `json:"s"`
	Shards []shard `json:"p"`
	// At is when the position was reached, in milliseconds.
	At int64 `json:"m"`
}

// kept is how long a position is valid: a little less than the day for which a stream keeps its records. Beyond that, a
// shard that is read from its beginning would not tell that the beginning is gone.
const kept = 24*time.Hour - 10*time.Minute

// shard is how far one shard has been read. The zero position is its beginning.
type shard struct {
	ID string `json:"i"`
	// After is the sequence number of the last record that was read.
	After string `json:"a,omitempty"`
	// Iterator is where to read on while no record has been read since reading began at the shard's end. It is valid
	// for a quarter of an hour.
	Iterator string `json:"t,omitempty"`
	// Ended says that the whole shard has been read, and that the shards after it have not been looked up yet.
	Ended bool `json:"e,omitempty"`

	// next is where to read on within this call.
	next string
}

func (p *position) encode() string {
	p.At = time.Now().UnixMilli()
	data, err := json.Marshal(p)
	if err != nil {
		panic(err) // texts always marshal
	}
	return base64.RawURLEncoding.EncodeToString(data)
}

func decodePosition(text, stream string) (position, error) {
	var p position
	data, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil || json.Unmarshal(data, &p) != nil || p.Stream != stream || time.Since(time.UnixMilli(p.At)) > kept ||
		slices.ContainsFunc(p.Shards, func(s shard) bool { return s.ID == "" }) {
		return position{}, watch.ErrPositionUnknown
	}
	return p, nil
}

// tableStream is the stream of a table.
type tableStream struct {
	client     StreamsAPI
	table, arn string
}

// findStream returns the active stream of a table.
func findStream(ctx context.Context, client StreamsAPI, table string) (arn string, err error) {
	name := table
	if i := strings.LastIndex(table, ":table/"); i >= 0 {
		name = table[i+len(":table/"):]
	}
	failed := func(kind, err error) error { return &Error{Op: "ListStreams", Table: table, Kind: kind, Err: err} }
	listed, err := client.ListStreams(ctx, &dynamodbstreams.ListStreamsInput{TableName: &name})
	if err != nil {
		return "", failed(kindOf(err), err)
	}
	for _, found := range listed.Streams { // one that was switched off is listed for a day
		described, err := client.DescribeStream(ctx, &dynamodbstreams.DescribeStreamInput{StreamArn: found.StreamArn})
		if err != nil {
			return "", failed(kindOf(err), err)
		}
		s := described.StreamDescription
		on := s.StreamStatus == streamtypes.StreamStatusEnabled || s.StreamStatus == streamtypes.StreamStatusEnabling
		newImages := s.StreamViewType == streamtypes.StreamViewTypeNewImage ||
			s.StreamViewType == streamtypes.StreamViewTypeNewAndOldImages
		if on && newImages {
			return *found.StreamArn, nil
		}
	}
	return "", failed(ErrNoStream, nil)
}

// shards lists the shards of the stream.
func (t *tableStream) shards(ctx context.Context) (all []streamtypes.Shard, err error) {
	var from *string
	for {
		described, err := t.client.DescribeStream(ctx, &dynamodbstreams.DescribeStreamInput{
			StreamArn: &t.arn, ExclusiveStartShardId: from,
		})
		if err != nil {
			return nil, t.failed("DescribeStream", err)
		}
		all = append(all, described.StreamDescription.Shards...)
		if from = described.StreamDescription.LastEvaluatedShardId; from == nil {
			return all, nil
		}
	}
}

// now is the position at the end of every open shard.
func (t *tableStream) now(ctx context.Context) (*position, error) {
	all, err := t.shards(ctx)
	if err != nil {
		return nil, err
	}
	p := &position{Stream: t.arn}
	for i := range all {
		if all[i].SequenceNumberRange != nil && all[i].SequenceNumberRange.EndingSequenceNumber != nil {
			continue
		}
		s := shard{ID: *all[i].ShardId}
		if s.Iterator, err = t.iterator(ctx, &s, streamtypes.ShardIteratorTypeLatest); err != nil {
			return nil, err
		}
		p.Shards = append(p.Shards, s)
	}
	return p, nil
}

// advance replaces each shard that was read to its end by the shards that follow it. A stream that had no shard yet is
// read from its beginning.
func (t *tableStream) advance(ctx context.Context, p *position) error {
	ended := func(s shard) bool { return s.Ended }
	if len(p.Shards) > 0 && !slices.ContainsFunc(p.Shards, ended) {
		return nil
	}
	all, err := t.shards(ctx)
	if err != nil {
		return err
	}
	if len(p.Shards) == 0 {
		p.Shards = childrenOf("", all)
		return nil
	}
	var shards []shard
	for _, s := range p.Shards {
		children := []shard{s}
		if s.Ended {
			if following := childrenOf(s.ID, all); len(following) > 0 {
				children = following
			}
		}
		shards = append(shards, children...)
	}
	p.Shards = shards
	return nil
}

// childrenOf lists the shards that follow a parent; without a parent, those whose parent is gone.
func childrenOf(parent string, all []streamtypes.Shard) (children []shard) {
	for i := range all {
		id := ""
		if all[i].ParentShardId != nil {
			id = *all[i].ParentShardId
		}
		if parent == "" && slices.ContainsFunc(all, func(s streamtypes.Shard) bool { return *s.ShardId == id }) {
			continue
		}
		if parent == "" || id == parent {
			children = append(children, shard{ID: *all[i].ShardId})
		}
	}
	return children
}

// read reads what a shard has now, without waiting.
func (t *tableStream) read(ctx context.Context, s *shard) ([]streamtypes.Record, error) {
	if s.Ended {
		return nil, nil
	}
	if s.next == "" {
		next, err := t.begin(ctx, s)
		if err != nil {
			return nil, err
		}
		s.next = next
	}
	output, err := t.client.GetRecords(ctx, &dynamodbstreams.GetRecordsInput{ShardIterator: &s.next})
	if err != nil {
		return nil, t.failed("GetRecords", err)
	}
	s.Ended, s.next = output.NextShardIterator == nil, ""
	if !s.Ended {
		s.next = *output.NextShardIterator
	}
	switch n := len(output.Records); {
	case n > 0:
		s.After, s.Iterator = *output.Records[n-1].Dynamodb.SequenceNumber, ""
	case s.Iterator != "":
		s.Iterator = s.next
	}
	return output.Records, nil
}

// begin is where a new call starts to read a shard.
func (t *tableStream) begin(ctx context.Context, s *shard) (string, error) {
	switch {
	case s.Iterator != "":
		return s.Iterator, nil
	case s.After != "":
		return t.iterator(ctx, s, streamtypes.ShardIteratorTypeAfterSequenceNumber)
	}
	return t.iterator(ctx, s, streamtypes.ShardIteratorTypeTrimHorizon)
}

func (t *tableStream) iterator(
	ctx context.Context, s *shard, kind streamtypes.ShardIteratorType,
) (string, error) {
	input := &dynamodbstreams.GetShardIteratorInput{StreamArn: &t.arn, ShardId: &s.ID, ShardIteratorType: kind}
	if kind == streamtypes.ShardIteratorTypeAfterSequenceNumber {
		input.SequenceNumber = &s.After
	}
	output, err := t.client.GetShardIterator(ctx, input)
	if err != nil {
		return "", t.failed("GetShardIterator", err)
	}
	return *output.ShardIterator, nil
}

// failed sorts the errors of a stream. Those that say that records after a position are gone become ErrPositionUnknown.
func (t *tableStream) failed(op string, err error) error {
	wrapped := &Error{Op: op, Table: t.table, Kind: kindOf(err), Err: err}
	if api, ok := errors.AsType[smithy.APIError](err); ok {
		switch api.ErrorCode() {
		case "TrimmedDataAccessException", "ExpiredIteratorException", "ResourceNotFoundException", "ValidationException":
			wrapped.Kind = watch.ErrPositionUnknown
		}
	}
	return wrapped
}
