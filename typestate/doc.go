// Package typestate is state machines whose states are Go types: a transition that leaves another state
// than the machine's does not compile.
//
// A [Machine] is an entity in a state, a [Transition] leads from one state to another one and has a payload and the kind
// of event that records it. engine.ApplyTransition applies one by appending that event, and returns the
// machine in its new state:
//
//	type Locked struct{}
//	type Closed struct{}
//
//	var unlock = typestate.MustNew[Locked, Closed, Key](kindUnlocked, "unlock", nil)
//
//	locked, err := typestate.Start(door, Locked{})
//	closed, _, err := engine.ApplyTransition(store, locked, unlock, key, engine.AppendOptions{})
//	// closed is a Machine[Closed]: unlocking it again does not compile.
//
// A [Lifecycle], which is the transitions that belong together, finds out in which state an entity is from
// its events.
//
// # Old values
//
// Go values can be copied, so a machine whose state was left is refused twice. In this process, it was used up when its
// transition was stored, together with all its copies. In other ones, and for machines that were loaded twice, the
// event is appended only where the entity is still at the machine's clock.
//
// # Concurrency
//
// Everything here may be used by several goroutines at once. Of several transitions of one machine at once, at most one is
// stored.
//
// The package knows states, transitions between two of them with their payload, and that an old state is
// used up once a transition has left it.
//
// It never knows where a transition is recorded: applying one together with an append is the engine's part. Nor does it
// judge whether one should happen, which is what gates are for.
package typestate
