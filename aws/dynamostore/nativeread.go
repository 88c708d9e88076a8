package dynamostore

import (
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/brewline/ordermanager"
)

func (native) decode(r *reader, listed bool) *ordermanager.Order {
	o := &ordermanager.Order{
		ID:        r.text(nativeID),
		Customer:  r.required(nativeCustomer),
		Venue:     r.text(nativeVenue),
		Robot:     r.flag(nativeRobot),
		State:     ordermanager.State(r.required(nativeState)),
		Drink:     decodeDrink(r.get(nativeDrink)),
		Number:    r.shown(nativeNumber),
		Barista:   r.text(nativeBarista),
		Reason:    r.shown(nativeReason),
		CreatedAt: r.time(nativeCreated),
		UpdatedAt: r.shownTime(nativeRecord.updated),
	}
	if !r.has(nativeCreated) {
		r.fail(nativeCreated, "is missing")
	}
	nativeRecord.decode(r, o, listed)
	if !listed && !r.has(nativeBoard) {
		o.FirstWait.Decision, o.SecondWait.Decision = decisionsOf(o)
	}
	return o
}

func decodeDrink(value types.AttributeValue) *ordermanager.Drink {
	if value == nil {
		return nil
	}
	r := inside(value)
	return &ordermanager.Drink{Name: r.shown("n"), Icon: r.shown("i"), Modifiers: r.shownTexts("m")}
}
