package explore

// maxActors is how many actors a scenario can have, besides the workflow.
const maxActors = 12

// state is everything that the future depends on: the world (the order's record, the store's listing, the workflow,
// what was published) and each actor's position. It is a plain comparable value, so the set of visited states can hold
// the states themselves: with hashes, a collision could hide one.
type state struct {
	order     orderRef
	published requestSet
	workflow  workflow
	// left are the tokens that were once in a slot and no longer are.
	left tokenSet
	// listed: the store lists the order as owing. It follows Transition.Owing and Settlement.Everything alone, as in a
	// store with an index of its own, which is the harder contract.
	listed bool
	faults uint8
	// done is how many of its calls each actor completed successfully.
	done [maxActors]uint8
	// at is each actor's position in its call; zero between calls.
	at [maxActors]nodeRef
}

// requestSet is a set of the scenario's request ids.
type requestSet uint32
