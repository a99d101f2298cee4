// Package recovery turns the files of a store into a state that can be trusted, or says exactly what is damaged.
//
// It knows which bytes of which segment count: how segments follow one another, what tells a torn tail from
// corruption of what was acknowledged, which half batches never happened, which sequences an unclean end may have
// given away, and the steps that make a directory writable again, each of which may be cut off and repeated:
//
//   - [Load] reads a directory and changes nothing. Damage is in the [State], not an error. Sealed segments are taken
//     from their footers, control frames and end frames; the frames of the others are walked and given out.
//   - [State.Open] maps the segments for reading.
//   - [State.Resume] is the writable opening: it cuts a torn tail, records what is lost and writes the open frame.
//
// It never knows what an event means, which entity or key it belongs to, what a footer's derived sections are for, or
// how the directory is locked: the caller holds its lock from before Load on, exclusively where it resumes.
package recovery
