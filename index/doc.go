// Package index will hold the lock-free sparse index, which answers where an
// event is.
//
// It is empty so far: nothing is indexed beyond what the engine keeps itself.
//
// It will know the entries of the unsealed tail, the sealed segments' footers
// and the runs merged from them, and which segments each of these covers.
//
// It will never know what an event means or whether it is true: it names
// places, matches are confirmed in the frame there, and whatever of it lies on
// disk can be deleted and rebuilt.
package index
