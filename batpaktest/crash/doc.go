// Package crash is the crash simulator: it lets stores live on simulated disks, cuts their power at moments of all
// kinds, has the real engine recover what such a cut may leave, itself cut off again and again, and checks what is
// left against what anyone had been told.
//
// It knows what a store promises, which is all that its checks are made of:
//
//   - what was acknowledged as durable, or served by an opening, is there with its id and its content;
//   - a sequence that anyone was told never names another event, and the store goes on behind all of them;
//   - what is there is a prefix of what was appended, without a hole but recorded lost ranges, in which everything lies
//     that was told and is gone;
//   - a batch is there whole or not at all, on every disk and for every reader, and what is visible never ends within one;
//   - what an append made a condition is true of the history before it, and an append that was refused rests on an event
//     that is there;
//   - no idempotency key is that of two events: who appends a unit again is told where it is, also after a crash, and where it was
//     lost it is stored once more, and once only;
//   - causes, depths and conversations are as they were given, and are found in both directions;
//   - a head of the tree over all events that somebody was told stays one of this history, and hash chains, clocks, ids and the
//     hybrid logical clock are those of one history;
//   - a named cursor is where it was acknowledged last, or where somebody tried to bring it since, and returns what is behind that of what
//     is there, in order and whole; where events are lost that it had returned, it says so, and a new one does not;
//   - a reactor has reacted to everything up to where it is, each time with all its reactions or with none, and once it has run to the
//     end there are exactly those of each event;
//   - a projection is the fold of the events that are there, whatever states were kept in files;
//   - without rot nothing is called corrupt, and with rot nothing durable goes silently;
//   - opening for reading only shows what opening for writing does.
//
// A life is one opening of a store with writers, readers and followers beside each other; a chain is lives one after the other on
// the same disk, each beginning with what the one before left when it was cut off. While a life runs, the disk keeps a
// journal, and in it what was told to whom. The journal is then replayed, and images are taken at many moments of
// it: see [Run]. What does not end is found too. What a life does depends on how its goroutines meet, which is why a finding carries the journals, and
// is replayed from them. Where somebody appends alone, behind a crash, the answer to every append is foretold.
//
// It never knows how the engine does what it promises: stores are opened through their public door, on a directory
// that is not on a disk. Only to judge rot it reads frames itself, with package mmapseg.
package crash
