package dynamostore

import (
	"strings"

	"github.com/brewline/ordermanager"
	"github.com/brewline/ordermanager/serverlesspresso"
)

func (l sample) schema() schema {
	id := textKey(sampleID)
	return schema{
		key: keys{textKey(samplePartition), id},
		indexes: []index{
			{
				name: timeIndex, keys: keys{textKey(samplePartition), numberKey(sampleTime)}, local: true,
				optional: "the sample's own functions",
			},
			{name: statusIndex, keys: keys{textKey(sampleState), id}},
			{name: userIndex, keys: keys{textKey(sampleCustomer), id}},
			{
				name: sampleOwingIndex, keys: keys{numberKey(sampleRecord.owing), id}, projects: l.listedAttributes(),
				optional: "redrive",
			},
		},
		expires: sampleRecord.expires,
		stream:  "the sample's own functions and telling of changes",
	}
}

func (sample) listedAttributes() []string {
	return []string{
		sampleCustomer, sampleState, sampleRobot, sampleTime, sampleDrink, sampleNumber, sampleBarista, sampleReason,
		ownVenue, ownCreated,
		sampleRecord.updated, sampleRecord.version,
	}
}

// listed leaves out the tokens and histories, which the indexes of the sample contain.
func (l sample) listed() string {
	return strings.Join(append(l.listedAttributes(), samplePartition, sampleID), ", ")
}

func (l sample) plan(q ordermanager.Query) ([][]stream, error) {
	switch {
	case q.Owing:
		return [][]stream{{{index: sampleOwingIndex, hash: sampleRecord.owing, value: num(0), sort: sampleID}}}, nil
	case q.Customer != "":
		return [][]stream{{{index: userIndex, hash: sampleCustomer, value: str(q.Customer), sort: sampleID}}}, nil
	case l.venues && q.Venue == "":
		return nil, &unlistable{ordermanager.RequestError{
			Field: "eventId", Rule: "is required: the core layout has no index by state alone, only by venue and by customer",
		}}
	}
	phases := serverlesspresso.Phases()
	switch {
	case q.State == "":
	case l.keeps(q.State):
		phases = []serverlesspresso.Phase{phaseOf(q.State)}
	default:
		phases = nil
	}
	var streams []stream
	for _, p := range phases {
		for _, form := range l.dialect().TableStates(p, q.Venue) {
			streams = append(streams, stream{index: statusIndex, hash: sampleState, value: str(form), sort: sampleID})
		}
	}
	if q.Newest {
		latest := stream{index: timeIndex, hash: samplePartition, value: str(samplePartitionValue), sort: sampleTime}
		return [][]stream{{latest}, streams}, nil
	}
	return [][]stream{streams}, nil
}
