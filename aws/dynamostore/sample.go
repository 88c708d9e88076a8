package dynamostore

import (
	"github.com/brewline/ordermanager"
	"github.com/brewline/ordermanager/serverlesspresso"
)

// sample is the layout of the Serverlesspresso sample's order table, in either dialect.
//
// The sample's functions write to the same items: they may put an item anew, and set ORDERSTATE, TaskToken,
// orderNumber, TS, drinkOrder, baristaUserId and reason at any time. So those attributes are the truth, and are what
// conditions look at. What the sample has no place for is in attributes with a prefix of ours, which an item of the
// sample's may lack.
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

// The attributes that only we know.
const (
	// ownVenue is the venue in the dialect that has none.
	ownVenue = "om_ve"
	// ownCreated is when the order began; the sample overwrites TS.
	ownCreated = "om_ca"
	// ownFirst and ownSecond are the tokens that we registered. TaskToken holds the newest one of either, for the
	// sample's functions. A TaskToken that is neither was written by the sample, after ours.
	ownFirst  = "om_t1"
	ownSecond = "om_t2"
	// ownDrink and ownEnd are set when a drink or an end of ours decides nothing about a wait, as those of the sample
	// do.
	ownDrink = "om_dk"
	ownEnd   = "om_fi"
	// ownCompleted and ownCancelled are what ORDERSTATE becomes when the order ends, where that has the venue in it: so
	// an order can be ended without being read.
	ownCompleted = "om_completed"
	ownCancelled = "om_cancelled"
)

var sampleRecord = record{
	history: "om_hi", requests: "om_rq", version: "om_v", owed: "om_oe", owing: "om_ow",
	first: slot{"om_d1", ownFirst, "om_s1", "om_t1at"}, second: slot{"om_d2", ownSecond, "om_s2", "om_t2at"},
	expires: "om_ex", ending: "om_en", updated: "om_ua", fenced: "om_fe",
}

// dialect is that of the table.
func (l sample) dialect() serverlesspresso.Dialect {
	if l.venues {
		return serverlesspresso.Core
	}
	return serverlesspresso.Workshop
}

// ends reports whether a state is an end in this layout.
func ends(state ordermanager.State) bool { return phaseOf(state) != serverlesspresso.Open }

// phaseOf is what ORDERSTATE tells of a state. An order that is being made is an open one with a barista.
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
