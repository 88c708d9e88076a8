// Package stack is the template of a whole shop on AWS, for programs that look at it or play it.
package stack

import "embed"

// Files are the template, and the workflow that it deploys.
//
//go:embed template.yaml orderprocessor.asl.json
var Files embed.FS
