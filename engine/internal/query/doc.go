// Package query reads events back: one by its sequence or its id, a range of them, or
// what a region selects, in either direction; and it tells which entities there are
// and what the newest event of one is.
//
// It knows the set of segments and the index over them, both bounded by the visible
// watermark, how a frame becomes an event, and how the index of a segment is built
// again from its frames. It never waits for the writer, takes no lock where nothing is
// damaged, and never knows how events got there.
package query
