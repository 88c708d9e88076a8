// Command empty is a function that does nothing, the baseline for measurements.
package main

import "github.com/aws/aws-lambda-go/lambda"

func main() { lambda.Start(func() error { return nil }) }
