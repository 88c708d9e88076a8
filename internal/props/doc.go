// Package props has no code of its own. Its tests hold parts of the module against models of their own, on random input
// made by rapid: the sanitising of drinks, life-cycle tables, the layouts of DynamoDB, and the reading of requests.
//
//	go test ./internal/props -rapid.checks 10000
package props
