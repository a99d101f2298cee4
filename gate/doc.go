// Package gate will hold policy gates: ordered predicates over a caller's
// context that let a proposal through or deny it with a reason.
//
// It is empty so far: no gate can be evaluated.
//
// It will know gates and sets of them, denials, bypasses with their
// justification, and receipts that only a gate set can make and that are good
// for one use.
//
// It will never know the store: what a passed proposal is committed to is the
// caller's affair.
package gate
