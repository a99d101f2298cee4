// Package query reads events back: one by its sequence or id, or a range of them
// in either direction.
//
// It knows the set of segments, bounded by the visible watermark, and how a frame
// becomes an event. It never waits for the writer, takes no lock, and never knows
// how events got there.
package query
