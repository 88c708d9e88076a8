// Command stream is the function that redrives after an order was written owing something.
package main

import (
	"github.com/aws/aws-lambda-go/lambda"

	"github.com/brewline/ordermanager/aws/lambdahandler"
	"github.com/brewline/ordermanager/examples/aws/shop"
)

func main() {
	s := shop.Must()
	lambda.Start(lambdahandler.Stream(s.Manager))
}
