// Dungeon opens and closes a door whose states are Go types, so that a move that the door does not allow does not compile.
//
//	go run ./examples/dungeon [--dir DIR]
//
// The door is locked, closed or open. It is found in its events, in whatever state an earlier run left it, unlocked, opened,
// and locked again. On the way the program tries what types can't forbid, since values can be copied: to go on
// from a state that was left, and to go on with a door that somebody else has used meanwhile. Both are refused, and nothing
// is stored by them.
//
// It knows how states, transitions and events belong together. What does not compile stands in
// illegal.go, as comments. Without --dir its store is a temporary directory.
//
// It never asks who may open the door: that would be for gates.
package main
