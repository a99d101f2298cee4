// Package event is the vocabulary of a store: coordinates, kinds, ids, positions, drafts, stored
// events, their hashes, and regions that select among them.
//
// A [Draft] is everything the caller determines about one event; an [Event] is what a store made
// of it. [Digest] covers the former, [Link.Hash] binds it to the entity's history, and a [Region]
// is the one predicate by which events are selected.
//
// # Errors
//
// Every error about input of this package is [ErrInvalid] to errors.Is, most of them as a
// [FieldError] that names the field, the value and the range.
//
// # Concurrency
//
// All types are plain values. Functions and methods may be called concurrently unless two of
// them are given the same memory and one writes it.
//
// The package knows what an event is and how it hashes. It never knows files, frames, segments,
// durability, or who reads and writes.
package event
