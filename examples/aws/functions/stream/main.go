// Command stream is the function that redrives after orders were written that owe something.
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
