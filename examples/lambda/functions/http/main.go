// Command http is the function behind an HTTP API of Amazon API Gateway. Behind a REST API it would be RestAPI in the place of HTTPAPI.
package main

import (
	"log"

	"github.com/aws/aws-lambda-go/lambda"

	"github.com/brewline/ordermanager/aws/lambdahandler"
	"github.com/brewline/ordermanager/examples/lambda/shop"
	"github.com/brewline/ordermanager/httpapi"
)

func main() {
	s := shop.Must()
	api, err := httpapi.New(s.Manager, s.Menu, &httpapi.Options{Logger: s.Logger})
	if err != nil {
		log.Fatal(err)
	}
	lambda.Start(lambdahandler.HTTPAPI(api))
}
