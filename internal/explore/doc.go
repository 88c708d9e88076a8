// Package explore visits every state that one order can reach, under any interleaving of callers, notifications and
// redrivers, where any step of I/O can fail, lose its answer or end in a crash. It checks the nine invariants in each
// state.
//
// # What is real and what is modelled
//
// The code under test is the real ordermanager.Manager, without hooks. Its Store, Resumer and Publisher are modelled: a
// store with the guards and assignments of ordermanager.Transition and ordermanager.Settlement and its own index of
// owing orders, a workflow with two waits that answers each live token once, times out and begins waits again with new
// tokens, and a set of published events.
//
// # How a state is a value
//
// A goroutine in the middle of a call cannot be copied. But a call of the Manager keeps nothing except its request and
// the answers that it got. So a running call is described by the list of those answers, and its next step is found by
// running it from the start with the recorded answers until it asks for one more. There its goroutine ends, which is
// also what a crash looks like from inside. Each such run is made once and remembered (the type tree). A state is then
// a small comparable struct of the world and a number for each actor.
//
// # The search
//
// Every step of I/O is one step of the schedule. [Explore] searches breadth first, so the schedule of a violation is a
// shortest one. The set of visited states holds the states themselves: with hashes, a collision could hide one.
//
// From every distinct world, the search also lets every call crash, delivers the notifications that were not taken, and
// redrives without faults. After that nothing may be owed, and no workflow may hang. So it shows recovery from every
// point, not only at the end of a schedule.
//
// A caller may repeat a failed or crashed call any number of times, under the same request id. Nothing counts
// repetitions, so a scenario without a limit of faults is explored completely, with any number of them.
package explore
