package main

import "github.com/brewline/ordermanager"

// accepted is the output line of an input that was accepted.
type accepted struct {
	N  int  `json:"n"`
	OK bool `json:"ok"`
	ordermanager.ReceiptView
}

// acceptance names the input by its own action: the start of a workflow is a "new_order".
func acceptance(n int, action ordermanager.Action, receipt ordermanager.Receipt) accepted {
	line := accepted{n, true, receipt.View()}
	line.Action = action
	return line
}

// refused is the output line of an input that was refused.
type refused struct {
	N      int                 `json:"n"`
	OK     bool                `json:"ok"`
	Action ordermanager.Action `json:"action"`
	ordermanager.Problem
}

func refusal(n int, action ordermanager.Action, err error) refused {
	return refused{N: n, Action: action, Problem: ordermanager.ProblemOf(err)}
}
