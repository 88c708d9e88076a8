package explore

// maxActors is how many actors a scenario can have, besides the workflow.
const maxActors = 12

// state is everything that the future depends on: the world (the order's record, the store's listing, the workflow,
// what was published) and where each actor stands. It is a plain comparable value: the explorer's set of visited states
// holds the states themselves and not their hashes, so no state is ever missed because two hashes collide.
type state struct {
	order     orderRef
	published requestSet
	workflow  workflow
	// left are the tokens that have been in a slot and are not any more.
	left tokenSet
	// listed says that the store lists the order as owing. It is kept as a store with an index of its own would keep it,
	// from Transition.Owing and Settlement.Everything alone, which is the harder contract.
	listed bool
	faults uint8
	// done is how many of its calls each actor has been answered with success.
	done [maxActors]uint8
	// at is where each actor's call is cut; zero when it is not in a call.
	at [maxActors]nodeRef
}

// requestSet is a set of the scenario's request ids.
type requestSet uint32
