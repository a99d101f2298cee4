// This file holds what does not compile. Take the slashes away to see it.

package main

// func illegal(store *engine.Store, isLocked typestate.Machine[locked], isOpen typestate.Machine[open]) {
// 	var none engine.AppendOptions
//
// 	// A locked door can't be opened:
// 	//   type typestate.Transition[closed, open, push] of enter does not match
// 	//   inferred type typestate.Transition[locked, To, P] for typestate.Transition[From, To, P]
// 	engine.ApplyTransition(store, isLocked, enter, push{"alice"}, none)
//
// 	// An open door can't be locked:
// 	//   type typestate.Transition[closed, locked, key] of lock does not match
// 	//   inferred type typestate.Transition[open, To, P] for typestate.Transition[From, To, P]
// 	engine.ApplyTransition(store, isOpen, lock, key{"alice"}, none)
//
// 	// Pushing does not unlock:
// 	//   type push of push{…} does not match inferred type key for P
// 	engine.ApplyTransition(store, isLocked, unlock, push{"alice"}, none)
//
// 	// Nobody can make a machine in the state that he likes:
// 	//   cannot refer to unexported field state in struct literal of type typestate.Machine[open]
// 	isOpen = typestate.Machine[open]{state: open{}}
// }
