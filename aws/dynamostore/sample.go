package dynamostore

import (
	"github.com/brewline/ordermanager"
	"github.com/brewline/ordermanager/serverlesspresso"
)

// sample is the layout of the Serverlesspresso sample's order table, in either dialect.
//
// The sample's functions write to the same items: at any time they may replace an item, or set ORDERSTATE, TaskToken,
// orderNumber, TS, drinkOrder, baristaUserId and reason. So those attributes are the truth, and conditions check them.
// What the sample has no place for is in attributes with a prefix of ours, which an item written by the sample may
// lack.
type sample struct {
	// venues is set in the dialect whose ORDERSTATE begins with the venue.
	venues bool
}

// The attributes that the sample knows.
const (
	samplePartition = "PK"
	sampleID        = "SK"
	sampleCustomer  = "USERID"
	sampleState     = "ORDERSTATE"
	sampleToken     = "TaskToken"
	sampleRobot     = "robot"
	sampleTime      = "TS"
	sampleDrink     = "drinkOrder"
	sampleNumber    = "orderNumber"
	sampleBarista   = "baristaUserId"
	sampleReason    = "reason"

	// samplePartitionValue is the partition key of every order.
	samplePartitionValue = "orders"
)

// Our own attributes.
const (
	// ownVenue is the venue, in the dialect that has no place for it.
	ownVenue = "om_ve"
	// ownCreated is when the order began; the sample overwrites TS.
	ownCreated = "om_ca"
	// ownFirst and ownSecond are the tokens that we registered. TaskToken holds the newer of the two, for the sample's
	// functions. A TaskToken that is neither was written by the sample, later.
	ownFirst  = "om_t1"
	ownSecond = "om_t2"
	// ownDrink and ownEnd say that a drink or an end was ours and decided nothing about a wait; one that the sample
	// writes always does.
	ownDrink = "om_dk"
	ownEnd   = "om_fi"
	// ownCompleted and ownCancelled are what ORDERSTATE becomes when the order ends, in the dialect where it contains
	// the venue. With them an order can be ended without being read.
	ownCompleted = "om_completed"
	ownCancelled = "om_cancelled"
)

var sampleRecord = record{
	history: "om_hi", requests: "om_rq", version: "om_v", owed: "om_oe", owing: "om_ow",
	first: slot{"om_d1", ownFirst, "om_s1", "om_t1at"}, second: slot{"om_d2", ownSecond, "om_s2", "om_t2at"},
	expires: "om_ex", ending: "om_en", updated: "om_ua", fenced: "om_fe",
}

// dialect is the table's dialect.
func (l sample) dialect() serverlesspresso.Dialect {
	if l.venues {
		return serverlesspresso.Core
	}
	return serverlesspresso.Workshop
}

// ends reports whether a state is final in this layout.
func ends(state ordermanager.State) bool { return phaseOf(state) != serverlesspresso.Open }

// phaseOf is how ORDERSTATE shows a state. An order that is being made is an open one with a barista.
func phaseOf(state ordermanager.State) serverlesspresso.Phase {
	switch state {
	case ordermanager.StateCompleted:
		return serverlesspresso.Completed
	case ordermanager.StateCancelled:
		return serverlesspresso.Cancelled
	}
	return serverlesspresso.Open
}

func (sample) record() *record { return &sampleRecord }

func (sample) key(orderID string) item {
	return item{samplePartition: str(samplePartitionValue), sampleID: str(orderID)}
}
