// Package borrow shows bytes as a string without copying them.
//
// It knows nothing else. Who uses such a string answers for it: it must not outlive the bytes or see them
// change, so that it never goes into an event, a map or an error.
package borrow
