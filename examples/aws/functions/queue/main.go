// Command queue is the function that reads requests and notifications from a queue.
package main

import (
	"github.com/aws/aws-lambda-go/lambda"

	"github.com/brewline/ordermanager/aws/lambdahandler"
	"github.com/brewline/ordermanager/examples/aws/shop"
)

func main() {
	s := shop.Must()
	lambda.Start(lambdahandler.SQS(s.Manager, s.Logger))
}
