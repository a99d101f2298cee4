// Package engine is an embedded event store: append, find, read back, recover.
//
// A [Store] is one directory with one writing process. Events are appended to
// memory-mapped segment files, each with its place in four orders: its sequence in
// the store, its clock in its entity, its id and hybrid logical clock in time, and
// its cause. What an append promises when it returns is the store's [SyncPolicy]:
//
//	SyncEveryAppend  it is on disk, and readers see it from then on; appends that
//	                 run at the same time share syncs
//	SyncEvery        it is in the mapped file: safe from a crash of this process, and
//	                 after so many events, or so much time, from a power cut
//	SyncManual       the same, until Sync returns
//
// One append can wait for more or for less with [AppendOptions].Wait, and
// [Store.WaitDurable] waits for what was appended before.
//
// # Deciding
//
// What an append asks is judged in the moment in which it is stored: [ExpectClock] and [ExpectLastID] of the
// entity that it writes, [EntityIs] and [NoneAfter] of anything else. What does not hold is a [ConflictError]: read
// again, decide again. [AppendOptions].Key makes an append, or a [Batch], one that is stored once however often it is made. A batch
// is stored and seen as one:
//
//	Append, AppendWith, AppendBytes   one event; AppendReaction: one that another caused
//	AppendBatch                       several, all or none
//	AppendProposal                    one that came through gates (package gate), with what they said
//	ApplyTransition                   a step of a state machine (package typestate)
//	Type.Append                       a value of a kind that has a Go type, see Registry
//
// # Recovery
//
// After an unclean end the next [Open] keeps every event that was acknowledged as
// durable, cuts off what was torn, and records how many sequences may have been
// lost: none of them is ever given to another event. Damage of acknowledged events
// is an error that says where and which; see [Store.Report] and [ErrCorrupt].
//
// # Reading
//
// Readers never wait for the writer. [Store.Query] yields the events that a region
// selects (package event has the words for it), [Store.Stream] those of one entity,
// [Store.Events] those of a range of sequences, in either direction; their slices are
// valid until the next step. [Store.Get] finds one by its id, [Store.At] by its
// sequence; both return copies, [Store.GetIDInto] and [Store.GetInto] reuse the caller's
// memory. [Store.Entities], [Store.Scopes] and [Store.Clock] say what there is.
//
// What queries go by is derived from the events: footers of sealed segments and files
// ending in .run. It is checked as it is read; what is missing or damaged is done
// without, built again, and counted in [Stats]. The answers are the same.
//
// [Store.Causes], [Store.Effects] and [Store.Correlated] walk the causal graph, [Store.Graph] draws a part of it.
// [Store.WalkChain] and [Store.VerifyChain] check the hash chain; [Store.Head] and [Store.Prove] give what proves an event to somebody
// who keeps nothing but a head.
//
// # Following
//
// Who follows the log reads it, and slows nobody down:
//
//	Store.SubscribeLossy     events as they come; who is too slow is told how many it missed
//	Store.CursorGuaranteed   every event at least once, from a position that is kept under a name
//	Store.StartReactor       a function that answers events with events, each once, over crashes
//	Project, ProjectEach     a state folded from events, kept and brought up to date by what is new
//	WatchProjection          its new state after changes
//
// Sequences are never used twice, so a position that is kept is good for ever. Where an unclean end took events that a
// reader may have been given, it is told: [ErrLost]. Positions of other stores are [ErrDiverged].
//
// # Caveats
//
// A store is closed with [Store.Close]: there is no finalizer, and until then the
// directory is locked. One process writes at a time. File systems that write to new
// places (btrfs, zfs) can run out of space in spite of preallocation; Open warns.
//
// The package knows options, policies and what the parts beneath it promise
// together. It never knows what events mean.
package engine
