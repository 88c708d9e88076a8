// Command http is the function behind an HTTP API of Amazon API Gateway. Behind a REST API, use RestAPI instead of
// HTTPAPI. Under /sample is the API of the Serverlesspresso sample's web apps.
package main

import (
	"log"
	"net/http"

	"github.com/aws/aws-lambda-go/lambda"

	"github.com/brewline/ordermanager/aws/lambdahandler"
	"github.com/brewline/ordermanager/examples/aws/shop"
	"github.com/brewline/ordermanager/httpapi"
)

func main() {
	s := shop.Must()
	api, err := httpapi.New(s.Manager, s.Menu, &httpapi.Options{Logger: s.Logger, Starter: s.Starter})
	if err != nil {
		log.Fatal(err)
	}
	sample, err := httpapi.NewServerlesspresso(s.Manager, s.Dialect, &httpapi.Options{Logger: s.Logger})
	if err != nil {
		log.Fatal(err)
	}
	routes := http.NewServeMux()
	routes.Handle("/", api)
	routes.Handle("/sample/", http.StripPrefix("/sample", sample))
	lambda.Start(lambdahandler.HTTPAPI(routes))
}
