// Package props has no code of its own. Its tests compare parts of the module with simple models, on random input from
// rapid: the sanitising of drinks, life-cycle tables, the layouts of DynamoDB, and the reading of requests.
//
//	go test ./internal/props -rapid.checks 10000
package props
