package main

import "github.com/brewline/ordermanager"

// accepted is the output line of an input that was accepted.
type accepted struct {
	N        int                       `json:"n"`
	OK       bool                      `json:"ok"`
	Action   ordermanager.Action       `json:"action"`
	Order    ordermanager.View         `json:"order"`
	Resume   ordermanager.ResumeStatus `json:"resume"`
	Replayed bool                      `json:"replayed"`

	// Unchanged is there for a notification that brought nothing new.
	Unchanged bool `json:"unchanged,omitempty"`
	// Gone is there when the workflow does not wait any more.
	Gone ordermanager.GoneReason `json:"gone,omitempty"`
	// Pending says why an answer is still owed.
	Pending string `json:"pending,omitempty"`
}

func acceptance(n int, action ordermanager.Action, receipt ordermanager.Receipt) accepted {
	line := accepted{
		N:         n,
		OK:        true,
		Action:    action,
		Order:     receipt.Order.View(),
		Resume:    receipt.Resume,
		Replayed:  receipt.Replayed,
		Unchanged: receipt.Unchanged,
		Gone:      receipt.Gone,
	}
	if receipt.Pending != nil {
		line.Pending = receipt.Pending.Error()
	}
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
