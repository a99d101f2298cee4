// Package cursorfile keeps the position of a named cursor in a small file of its own: two slots, written in turn, so that
// whatever a write leaves, the position before it is still there.
//
// It knows how a slot looks, which of the two counts, and in which order files are written, synced and renamed. It
// never knows which store or which sequences there are, nor what a position means to whom it belongs.
package cursorfile
