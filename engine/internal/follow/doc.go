// Package follow lets readers keep up with a log that grows: it wakes who waits for events of a region, reads on from a
// position without looking at anything twice, and ends all of it when the store is closed.
//
// It knows the visible watermark, the index of what is not sealed, and a way to read the events of a region in a range of
// sequences. It never slows the writer: moving the watermark costs it one load, and at most one wake-up while
// somebody waits. It never knows what readers do with what they get, or what is done to lag behind.
package follow
