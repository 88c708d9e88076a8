// Package explore visits every state that one order can get into, under any interleaving of callers, notifications and
// redrivers, with any step of I/O failing, losing its answer or ending in a crash, and checks the nine invariants in
// each of them.
//
// # What is real and what is modelled
//
// The code under test is the real ordermanager.Manager, without hooks. Its Store, Resumer and Publisher are modelled: a
// store with the guards and assignments of ordermanager.Transition and ordermanager.Settlement and an index of owing
// orders of its own, a workflow with two waits that answers each live token once, times out and begins waits again with
// new tokens, and a set of published events.
//
// # How a state is a value
//
// A goroutine in the middle of a call cannot be copied. But a call of the Manager keeps nothing except what it was
// asked and what it was answered so far. So a call under way is described by the list of those answers, and its next
// step is found by running it from its start with the recorded answers until it asks for one more: there its goroutine
// ends, which is also what a crash looks like from inside. Each such run is made once and remembered (the type tree); a
// state is then a small comparable struct of the world and a number for each actor.
//
// # The search
//
// Every step of I/O is one step of the schedule. [Explore] visits the states breadth first, so that what it finds is a
// shortest schedule. The set of visited states holds the states themselves, not hashes of them: nothing is missed by a
// collision.
//
// From every distinct world the search also lets every call crash, delivers the notifications that were not taken, and
// redrives without faults; then nothing may be owed any more and no workflow may hang. So it shows recovery from each
// point, not only at the end of a schedule.
//
// A caller may repeat a call that failed or crashed as often as it likes, under the same request id. Nothing counts
// repetitions, so a scenario without a bound of faults is explored to the end with any number of them.
package explore
