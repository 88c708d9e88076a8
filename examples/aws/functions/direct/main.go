// Command direct is the function that takes the input of the OrderManager workflow itself.
package main

import (
	"github.com/aws/aws-lambda-go/lambda"

	"github.com/brewline/ordermanager/aws/lambdahandler"
	"github.com/brewline/ordermanager/examples/aws/shop"
)

func main() {
	s := shop.Must()
	lambda.Start(lambdahandler.Direct(s.Manager))
}
