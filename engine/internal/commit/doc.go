// Package commit takes units, each one event or one batch, into the log: it gives
// them their place, makes them durable as the policy asks, and keeps room ahead
// of the tail.
//
// It knows the commit section, the index of what is not sealed yet and in it the
// heads of entities (clock and hash of their newest event), the hybrid logical
// clock, the watermarks staged, visible and durable, rotation from one segment to
// the next, who waits for which sync, and what happens when one fails. These goroutines meet here:
//
//   - callers of [Log.Append] encode and hash outside the section, then hold the
//     mutex for the short time in which a unit gets its sequence and is copied
//     into the mapping, then wait as the policy or the caller says;
//   - the flusher syncs for callers that wait together and for policies that sync in the
//     background; it lives only as long as there is something to do;
//   - the preparer brings in pages ahead of the tail;
//   - the creator makes the next segment;
//   - the sealer makes a full segment durable and writes its footer.
//
// It never knows how sealed events are found or read (the head of an entity that is
// not in the active segment's index is asked of a function that it is given), what a
// payload means, or what is on disk when a store is opened; that is told by package
// recovery.
package commit
