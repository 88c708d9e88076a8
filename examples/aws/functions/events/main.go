// Command events is the function behind the rule for the workflow's notifications.
package main

import (
	"github.com/aws/aws-lambda-go/lambda"

	"github.com/brewline/ordermanager/aws/lambdahandler"
	"github.com/brewline/ordermanager/examples/aws/shop"
)

func main() {
	s := shop.Must()
	lambda.Start(lambdahandler.EventBridge(s.Manager))
}
