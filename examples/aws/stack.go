// Package stack embeds the template of a whole shop on AWS, for programs that check or play it.
package stack

import "embed"

// Files are the template and the workflow that it deploys.
//
//go:embed template.yaml orderprocessor.asl.json
var Files embed.FS
