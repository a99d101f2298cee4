// Package typestate will hold state machines whose states are Go types, so that
// an illegal transition does not compile.
//
// It is empty so far: no machine can be described.
//
// It will know states, transitions between two of them with their payload, and
// that an old state is spent once a transition has left it.
//
// It will never know where a transition is recorded: applying one together with
// an append is the engine's part.
package typestate
