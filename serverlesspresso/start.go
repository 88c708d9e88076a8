package serverlesspresso

import "encoding/json"

// NewOrderInput is the input that starts the OrderProcessor workflow of either version: the event of the sample's
// validator, as far as the workflow reads it.
func NewOrderInput(orderID, customer, venue string) []byte {
	type bucket struct {
		EventID string `json:"eventId"`
	}
	type detail struct {
		OrderID string `json:"orderId"`
		UserID  string `json:"userId"`
		Bucket  bucket `json:"bucket"`
	}
	data, err := json.Marshal(struct {
		Detail detail `json:"detail"`
	}{detail{orderID, customer, bucket{venue}}})
	if err != nil {
		panic(err) // strings can always be marshalled
	}
	return data
}
