// Package index is the lock-free sparse index: it answers where an event is.
//
// A store is a list of parts, one for each segment. Within a part an event is known by its ordinal, its sequence less
// the part's first. What a part knows about its events stands in one of two forms: a [Tail] on the heap while events
// are added to it, and a [Table] that is read in place from the footer of a sealed segment; the change from one to the
// other is one atomic store. [Run] files, merged in the background, say which parts hold what is looked for by hash, so
// that not every part has to be asked.
//
// The package knows names, hashes, ordinals, and which segments each table covers. It never knows what an event
// means or whether it is true: it names places, matches are confirmed in the frame there, and whatever of it lies on
// disk can be deleted and is rebuilt from the frames. Readers take no lock.
package index
