// Gates sells tea through three policy gates: stock, credit and market hours. It prints what it proves and fails if
// something is not as it says.
//
//	go run ./examples/gates [--dir DIR]
//
// One run is one market day, a scope of its own. An order passes; one is denied, by the first gate that has something against
// it; one is denied by all gates, which tell all that is wrong; one is sold past the gates, with a reason and a justification. A
// receipt is refused at its second use, and a decision that rests on what is no longer true is refused by the store, judged again, and
// denied. At the end, an audit asks the store for all sales past the gates, those of earlier days too.
//
// It knows how what gates look at is read from events, that the store must be asked whether it is still true when the order
// is stored, and where each answer of the gates ends up. Without --dir its store is a temporary directory.
//
// It never asks the time: the hour of an order is part of the story.
package main
