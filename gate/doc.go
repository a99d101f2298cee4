// Package gate judges proposals before anything is stored: ordered gates over a context of the caller's
// own, and receipts that prove what they said.
//
// A [Set] of gates is asked with [Evaluate], up to the first [Denial], or with [EvaluateAll], which tells
// every denial. Who lets a [Proposal] through gets a [Receipt] of it, and so does who passes them by with
// [Bypass], giving a reason: only this package can make one, and it is good for one use. A [Pipeline] binds
// a set to the function that commits what passed; engine.AppendProposal commits straight to a store
// and keeps what the gates said beside the event, where a region can select it.
//
//	stock := gate.New("stock", func(o order) error {
//		if o.Wanted > o.Left {
//			return gate.Deny("OUT_OF_STOCK", "not enough is left").With("left", o.Left)
//		}
//		return nil
//	})
//	set, err := gate.NewSet(stock, credit, hours)
//	receipt, err := gate.Evaluate(set, facts, gate.Propose(order))
//
// # Gates
//
// A gate is a pure predicate: it says the same about the same context, changes nothing, and has looked up nothing
// that the context does not hold. A context is therefore what must be known for judging, gathered before; whether that is
// still true when the event is stored is for the conditions of the append to say.
//
// Everything that is no clear "yes" is a denial: any error, and a panic, which has the code
// [CodeDefect]. A gate that ends its goroutine with runtime.Goexit ends it, and no receipt is made.
//
// # Concurrency
//
// Sets, proposals, receipts and pipelines may be used by several goroutines at once, if the gates and the commit
// function may. Of several uses of one receipt at once, one succeeds.
//
// The package knows gates and sets of them, denials, bypasses with their justification, and receipts.
//
// It never knows the store: what a passed proposal is committed to is the caller's affair.
package gate
