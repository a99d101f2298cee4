// Planted defects: named mistakes, each planted at one place of the code behind the test tag, to try out
// whether the tests would notice it. At most one is planted in a process; the tag's half of this file says which.

package hooks

import "fmt"

// Defect is a mistake that can be planted. The zero value is none.
type Defect uint8

// DefectVariable is the environment variable that names the defect which is planted in a process of a test build; unset
// or empty: none. A name that no defect has ends such a process with exit code 2.
const DefectVariable = "BATPAK_PLANTED_DEFECT"

// The defects.
const (
	// Syncs and the durable watermark.

	// SyncSkipped: syncs of segments are not made and reported as successful.
	SyncSkipped Defect = iota + 1

	// SyncErrorSwallowed: a failed sync counts as a successful one.
	SyncErrorSwallowed

	// SyncRetried: a failed sync is made again, and its second answer believed.
	SyncRetried

	// SnapshotAfterSync: what a sync covers is looked up when it is over and not before it begins.
	SnapshotAfterSync

	// DurableBeforeSync: the durable watermark moves before the sync that it rests on.
	DurableBeforeSync

	// JoinerBelieved: an append that comes while a sync runs is told that this sync covered it.
	JoinerBelieved

	// WaitersTakenLate: those who came when a sync had looked at what is staged are woken by it.
	WaitersTakenLate

	// AskedClearedLate: a sync that is asked for when another one has looked at what is staged is forgotten.
	AskedClearedLate

	// RetiredNotSynced: the segment that ended last is left out of a sync that covers the next one.
	RetiredNotSynced

	// SyncsNotSerial: the sealer and closing sync while another sync is under way.
	SyncsNotSerial

	// DurableMarkZero: events carry the mark 0 in place of the durable position.
	DurableMarkZero

	// VisibleBeforeDurable: readers see events under every append before they are durable.
	VisibleBeforeDurable

	// IntervalNotArmed: no sync begins when the oldest staged event is as old as the policy allows.
	IntervalNotArmed

	// What callers are told.

	// PoisonIgnored: appends go on after a failed sync.
	PoisonIgnored

	// IndeterminateAsSuccess: an append whose sync failed is told that it is durable.
	IndeterminateAsSuccess

	// CancelledWaitSucceeds: a wait whose context ends is told that its event is durable.
	CancelledWaitSucceeds

	// AheadNotKept: appends do not wait where the open frame's bound on staged events is reached.
	AheadNotKept

	// Ends of segments and of openings.

	// UnsyncedForgotten: a segment ends while the one before is not synced yet, which then never is.
	UnsyncedForgotten

	// EndFrameMissing: a full segment gets no end frame that leads to the next one.
	EndFrameMissing

	// CloseFrameBeforeSync: closing writes the close frame before what it vouches for is durable.
	CloseFrameBeforeSync

	// CloseFrameWhenPoisoned: a poisoned store gets a close frame, too.
	CloseFrameWhenPoisoned

	// FooterBeforeFrames: a segment gets its footer before its frames are durable.
	FooterBeforeFrames

	// GiveBackTooMuch: the room behind a segment's end is given back from the start of its last page.
	GiveBackTooMuch

	// What a new event goes on from.

	// ClocksRestart: the clock of an entity begins anew in every segment.
	ClocksRestart

	// HLCRestarts: the hybrid logical clock begins anew in every opening.
	HLCRestarts

	// IncarnationRepeated: an opening takes the incarnation of the one before.
	IncarnationRepeated

	// Making segments.

	// HeaderNotSynced: a new segment gets its name before its header is durable.
	HeaderNotSynced

	// DirectorySyncMissing: a new segment is used before its name is durable.
	DirectorySyncMissing

	// ReserveByTruncate: room is reserved by setting the file's size, which reserves nothing.
	ReserveByTruncate

	// FirstWordFirst: the word that makes a frame readable is stored before the rest of it.
	FirstWordFirst

	// Checks of what is read.

	// SaltLeftOut: checksums of frames are not seeded with the segment's salt.
	SaltLeftOut

	// OffsetLeftOut: checksums of frames are not seeded with the frame's offset.
	OffsetLeftOut

	// FrameHeaderUnchecked: the checksum of a frame's header is not compared.
	FrameHeaderUnchecked

	// PayloadUnchecked: the checksum of an event's body is not compared.
	PayloadUnchecked

	// BatchUnchecked: a batch counts whatever its commit frame says about its events.
	BatchUnchecked

	// FooterUnchecked: the checksums of a footer's sections are not compared when it is opened.
	FooterUnchecked

	// SuccessorSaltIgnored: a segment with another salt than its predecessor's end frame names is believed.
	SuccessorSaltIgnored

	// MapFaultSwallowed: mapped bytes that can't be had count as bytes that are not there.
	MapFaultSwallowed

	// Recovery.

	// TornTailRefused: a torn tail is taken for damage of what was acknowledged.
	TornTailRefused

	// CorruptionCut: damage of what was acknowledged is taken for a torn tail.
	CorruptionCut

	// RewriteSkipped: what memory holds of unsealed segments is believed to be on the disk.
	RewriteSkipped

	// RewriteNotSynced: what is written again of unsealed segments is not synced.
	RewriteNotSynced

	// CutEndFrameMissing: recovery goes on in the next segment without an end frame at the cut.
	CutEndFrameMissing

	// CutEndFrameNotSynced: recovery does not sync the end frame before it goes on.
	CutEndFrameNotSynced

	// OpenFrameNotSynced: appends begin before the open frame is durable.
	OpenFrameNotSynced

	// CutTruncates: recovery truncates the file at the cut.
	CutTruncates

	// OpenMarkTooFar: a clean opening's frame claims that the close frame is durable which is written again with it.
	OpenMarkTooFar

	// CloseFrameTrusted: a close frame that was found in memory is not written again.
	CloseFrameTrusted

	// LaterFilesKept: files behind the cut stay.
	LaterFilesKept

	// RemovalNotSynced: the removal of files that count for nothing is not synced.
	RemovalNotSynced

	// NumberReused: the segment behind a cut takes the number of one that counts for nothing.
	NumberReused

	// LostRangeForgotten: sequences that may have been given away before a crash are given away again.
	LostRangeForgotten

	// EmptyLossForgotten: no range is lost where the crash left no event of the opening.
	EmptyLossForgotten

	// AheadUnderstated: the open frame promises less than the appends that may follow take.
	AheadUnderstated

	// Files.

	// LockNotTaken: a lock that somebody else holds is taken all the same.
	LockNotTaken

	// LockNotRechecked: a lock counts although its file was replaced meanwhile.
	LockNotRechecked

	// LinksFollowed: a symbolic link in the place of a file is followed.
	LinksFollowed

	// Batches.

	// BatchCommitMissing: a batch gets no commit frame.
	BatchCommitMissing

	// BatchSumConstant: the checksum over the events of a batch does not depend on them.
	BatchSumConstant

	// BatchHalfVisible: readers see a batch without its last event until something else is appended.
	BatchHalfVisible

	// BatchNotWaitedFor: a batch waits for what the policy says and no more.
	BatchNotWaitedFor

	// TornBatchCounted: of a batch whose end did not reach the disk the events count that did.
	TornBatchCounted

	// EarlierItemsForgotten: what an item of a batch expects is judged without the items before it.
	EarlierItemsForgotten

	// Idempotency keys.

	// StagedKeyOverlooked: a key that is staged and not visible yet is not found.
	StagedKeyOverlooked

	// SealedKeyOverlooked: keys are not looked for in segments that are sealed.
	SealedKeyOverlooked

	// AnyRequestTaken: a key is answered with what has it, whatever the request is.
	AnyRequestTaken

	// MixedKeysStored: a batch of which some keys are known is stored all the same.
	MixedKeysStored

	// KeyForgottenEarly: keys are forgotten after half the time that they are to be kept.
	KeyForgottenEarly

	// BatchKeyNotIndexed: the key of a batch does not get into the index when it is appended.
	BatchKeyNotIndexed

	// BatchKeyNotRecovered: the key of a batch does not get into the index that an opening builds.
	BatchKeyNotRecovered

	// BatchKeyNotRebuilt: the key of a batch does not get into the index that is built in place of a damaged footer.
	BatchKeyNotRebuilt

	// BatchRequestForgotten: the begin frame of a batch does not hold the request that its key is for.
	BatchRequestForgotten

	// Conditions, and answers that say no.

	// JudgedOutsideOnly: what came since a unit was judged is not looked at in the commit section.
	JudgedOutsideOnly

	// WatchOffByOne: the first event behind what a condition was judged against is overlooked.
	WatchOffByOne

	// WatchEndsWithSegment: what came since a unit was judged is looked for in the newest segment only.
	WatchEndsWithSegment

	// AnswerFromStaged: keys and conditions are answered from events that nobody can see yet.
	AnswerFromStaged

	// ConflictOutdated: an expectation is refused for what is visible, though a staged event fulfils it.
	ConflictOutdated

	// AnswerNotWaitedFor: an answer is given before the event that it rests on is durable, to who waits for that.
	AnswerNotWaitedFor

	// Causes.

	// ConversationForgotten: what an event causes does not inherit its correlation.
	ConversationForgotten

	// DepthNotCounted: an event has the depth of its cause.
	DepthNotCounted

	// FirstItemAsCause: an item of a batch that another one causes says that the first one did.
	FirstItemAsCause

	// Gates.

	// ReceiptReusable: a gate receipt can be used again.
	ReceiptReusable

	// GatePanicPasses: a gate that panics lets the proposal pass.
	GatePanicPasses

	// BypassAsPass: a bypass is recorded as if the gates had let the proposal pass.
	BypassAsPass

	// Cursors.

	// CursorNotSynced: an acknowledgement returns before it is durable.
	CursorNotSynced

	// CursorBothSlots: an acknowledgement overwrites the position before it, too, at once.
	CursorBothSlots

	// CursorOlderSlot: of two sound slots of a cursor the older one counts.
	CursorOlderSlot

	// CursorNotSettled: what memory holds of a cursor's file is believed to be on the disk when it is opened.
	CursorNotSettled

	// CursorNameNotSynced: a new cursor is used before its file's name is durable.
	CursorNameNotSynced

	// LossNotTold: a cursor goes on behind a lost range without a word.
	LossNotTold

	// FutureAcknowledged: what was not returned yet can be acknowledged.
	FutureAcknowledged

	// ForeignCursorTaken: a cursor's position is taken whatever store it is of.
	ForeignCursorTaken

	// Reactors.

	// AckBeforeReactions: a reactor makes its position durable before the reactions.
	AckBeforeReactions

	// ReactionKeyOfOpening: the key of reactions depends on when the reactor was started, and not on their cause alone.
	ReactionKeyOfOpening

	// ParkedForgotten: an event that is put aside is not recorded.
	ParkedForgotten

	// Projections and what is kept of them.

	// ForeignStateBelieved: a state in a file is believed though the newest event in it is gone, or another one.
	ForeignStateBelieved

	// StateVersionIgnored: states of another version of a fold are taken for its own.
	StateVersionIgnored

	// StateFileUnchecked: the checksum of a state's file is not compared.
	StateFileUnchecked

	// OlderStateKept: an older state takes the place of a newer one.
	OlderStateKept

	// FailedStateKept: what a fold had made when it failed is kept.
	FailedStateKept

	// CachedStateShared: callers get the state that is kept, and not one of their own.
	CachedStateShared

	// DeltaSkipsOne: the first event behind a kept state is left out.
	DeltaSkipsOne

	// WatchDropsLast: what came while a state was made does not lead to another one.
	WatchDropsLast

	// Following.

	// WakeupLost: what comes while somebody begins to wait for it does not wake them.
	WakeupLost

	// NotifyMissing: nobody is told that events became visible by a sync.
	NotifyMissing

	// NewestPartOnly: what somebody waits for is looked for in the newest segment only.
	NewestPartOnly

	// DropNotCounted: events that a subscription drops are not counted.
	DropNotCounted

	// CaughtUpEarly: the mark that history is over comes before its end.
	CaughtUpEarly

	// HistoryGap: between history and what comes live, events are left out.
	HistoryGap
)

// Defects returns all defects.
func Defects() []Defect {
	all := make([]Defect, 0, len(defects)-1)
	for d := range len(defects) - 1 {
		all = append(all, Defect(d+1))
	}
	return all
}

// String returns the defect's name, as the environment variable of a test build takes it.
func (d Defect) String() string {
	if d == 0 || int(d) >= len(defects) {
		return fmt.Sprintf("Defect(%d)", uint8(d))
	}
	return defects[d].name
}

// Does returns in one line what is wrong where the defect is planted; "" for none.
func (d Defect) Does() string {
	if int(d) >= len(defects) {
		return ""
	}
	return defects[d].does
}
