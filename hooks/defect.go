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
)

// defects are their names and what they do wrong.
var defects = [...]struct{ name, does string }{
	SyncSkipped:            {"sync-skipped", "syncs of segments are not made and reported as successful"},
	SyncErrorSwallowed:     {"sync-error-swallowed", "a failed sync counts as a successful one"},
	SyncRetried:            {"sync-retried", "a failed sync is made again, and its second answer believed"},
	SnapshotAfterSync:      {"snapshot-after-sync", "what a sync covers is looked up when it is over and not before it begins"},
	DurableBeforeSync:      {"durable-before-sync", "the durable watermark moves before the sync that it rests on"},
	WaitersTakenLate:       {"waiters-taken-late", "those who came when a sync had looked at what is staged are woken by it"},
	AskedClearedLate:       {"asked-cleared-late", "a sync that is asked for when another one has looked at what is staged is forgotten"},
	JoinerBelieved:         {"joiner-of-running-sync-believed", "an append that comes while a sync runs is told that this sync covered it"},
	RetiredNotSynced:       {"retired-not-synced", "the segment that ended last is left out of a sync that covers the next one"},
	SyncsNotSerial:         {"syncs-not-serial", "the sealer and closing sync while another sync is under way"},
	DurableMarkZero:        {"durable-mark-zero", "events carry the mark 0 in place of the durable position"},
	VisibleBeforeDurable:   {"visible-before-durable", "readers see events under every append before they are durable"},
	IntervalNotArmed:       {"interval-not-armed", "no sync begins when the oldest staged event is as old as the policy allows"},
	PoisonIgnored:          {"poison-ignored", "appends go on after a failed sync"},
	IndeterminateAsSuccess: {"indeterminate-as-success", "an append whose sync failed is told that it is durable"},
	CancelledWaitSucceeds:  {"cancelled-wait-succeeds", "a wait whose context ends is told that its event is durable"},
	AheadNotKept:           {"ahead-not-kept", "appends do not wait where the open frame's bound on staged events is reached"},
	UnsyncedForgotten:      {"unsynced-segment-forgotten", "a segment ends while the one before is not synced yet, which then never is"},
	EndFrameMissing:        {"end-frame-missing", "a full segment gets no end frame that leads to the next one"},
	CloseFrameBeforeSync:   {"close-frame-before-sync", "closing writes the close frame before what it vouches for is durable"},
	CloseFrameWhenPoisoned: {"close-frame-when-poisoned", "a poisoned store gets a close frame, too"},
	FooterBeforeFrames:     {"footer-before-frames", "a segment gets its footer before its frames are durable"},
	GiveBackTooMuch:        {"give-back-too-much", "the room behind a segment's end is given back from the start of its last page"},
	ClocksRestart:          {"clocks-restart", "the clock of an entity begins anew in every segment"},
	HLCRestarts:            {"hlc-restarts", "the hybrid logical clock begins anew in every opening"},
	IncarnationRepeated:    {"incarnation-repeated", "an opening takes the incarnation of the one before"},
	HeaderNotSynced:        {"header-not-synced", "a new segment gets its name before its header is durable"},
	DirectorySyncMissing:   {"directory-sync-missing", "a new segment is used before its name is durable"},
	ReserveByTruncate:      {"reserve-by-truncate", "room is reserved by setting the file's size, which reserves nothing"},
	FirstWordFirst:         {"first-word-first", "the word that makes a frame readable is stored before the rest of it"},
	SaltLeftOut:            {"salt-left-out", "checksums of frames are not seeded with the segment's salt"},
	OffsetLeftOut:          {"offset-left-out", "checksums of frames are not seeded with the frame's offset"},
	FrameHeaderUnchecked:   {"frame-header-unchecked", "the checksum of a frame's header is not compared"},
	PayloadUnchecked:       {"payload-crc-unchecked", "the checksum of an event's body is not compared"},
	BatchUnchecked:         {"batch-commit-unchecked", "a batch counts whatever its commit frame says about its events"},
	FooterUnchecked:        {"footer-unchecked", "the checksums of a footer's sections are not compared when it is opened"},
	SuccessorSaltIgnored:   {"successor-salt-ignored", "a segment with another salt than its predecessor's end frame names is believed"},
	MapFaultSwallowed:      {"map-fault-swallowed", "mapped bytes that can't be had count as bytes that are not there"},
	TornTailRefused:        {"torn-tail-as-corruption", "a torn tail is taken for damage of what was acknowledged"},
	CorruptionCut:          {"corruption-as-torn-tail", "damage of what was acknowledged is taken for a torn tail"},
	RewriteSkipped:         {"rewrite-skipped", "what memory holds of unsealed segments is believed to be on the disk"},
	RewriteNotSynced:       {"rewrite-not-synced", "what is written again of unsealed segments is not synced"},
	CutEndFrameMissing:     {"end-frame-at-cut-missing", "recovery goes on in the next segment without an end frame at the cut"},
	CutEndFrameNotSynced:   {"end-frame-not-synced", "recovery does not sync the end frame before it goes on"},
	OpenFrameNotSynced:     {"open-frame-not-synced", "appends begin before the open frame is durable"},
	CutTruncates:           {"cut-truncates", "recovery truncates the file at the cut"},
	OpenMarkTooFar:         {"open-mark-too-far", "a clean opening's frame claims that the close frame is durable which is written again with it"},
	CloseFrameTrusted:      {"ghost-close-frame-trusted", "a close frame that was found in memory is not written again"},
	LaterFilesKept:         {"later-files-kept", "files behind the cut stay"},
	RemovalNotSynced:       {"unused-removed-without-directory-sync", "the removal of files that count for nothing is not synced"},
	NumberReused:           {"number-reused", "the segment behind a cut takes the number of one that counts for nothing"},
	LostRangeForgotten:     {"lost-range-forgotten", "sequences that may have been given away before a crash are given away again"},
	EmptyLossForgotten:     {"lost-range-of-crash-before-first-append-forgotten", "no range is lost where the crash left no event of the opening"},
	AheadUnderstated:       {"ahead-understated", "the open frame promises less than the appends that may follow take"},
	LockNotTaken:           {"lock-not-taken", "a lock that somebody else holds is taken all the same"},
	LockNotRechecked:       {"lock-not-rechecked", "a lock counts although its file was replaced meanwhile"},
	LinksFollowed:          {"links-followed", "a symbolic link in the place of a file is followed"},
	BatchCommitMissing:     {"batch-commit-missing", "a batch gets no commit frame"},
	BatchSumConstant:       {"batch-sum-constant", "the checksum over the events of a batch does not depend on them"},
	BatchHalfVisible:       {"batch-half-visible", "readers see a batch without its last event until something else is appended"},
	BatchNotWaitedFor:      {"batch-not-waited-for", "a batch waits for what the policy says and no more"},
	TornBatchCounted:       {"torn-batch-counted", "of a batch whose end did not reach the disk the events count that did"},
	EarlierItemsForgotten:  {"earlier-items-forgotten", "what an item of a batch expects is judged without the items before it"},
	StagedKeyOverlooked:    {"staged-key-overlooked", "a key that is staged and not visible yet is not found"},
	SealedKeyOverlooked:    {"sealed-key-overlooked", "keys are not looked for in segments that are sealed"},
	AnyRequestTaken:        {"any-request-taken", "a key is answered with what has it, whatever the request is"},
	MixedKeysStored:        {"mixed-keys-stored", "a batch of which some keys are known is stored all the same"},
	KeyForgottenEarly:      {"key-forgotten-early", "keys are forgotten after half the time that they are to be kept"},
	BatchKeyNotIndexed:     {"batch-key-not-indexed", "the key of a batch does not get into the index when it is appended"},
	BatchKeyNotRecovered:   {"batch-key-not-recovered", "the key of a batch does not get into the index that an opening builds"},
	BatchKeyNotRebuilt:     {"batch-key-not-rebuilt", "the key of a batch does not get into the index that is built in place of a damaged footer"},
	BatchRequestForgotten:  {"batch-request-forgotten", "the begin frame of a batch does not hold the request that its key is for"},
	JudgedOutsideOnly:      {"judged-outside-only", "what came since a unit was judged is not looked at in the commit section"},
	WatchOffByOne:          {"watch-off-by-one", "the first event behind what a condition was judged against is overlooked"},
	WatchEndsWithSegment:   {"watch-ends-with-segment", "what came since a unit was judged is looked for in the newest segment only"},
	AnswerFromStaged:       {"answer-from-staged", "keys and conditions are answered from events that nobody can see yet"},
	ConflictOutdated:       {"conflict-outdated", "an expectation is refused for what is visible, though a staged event fulfils it"},
	AnswerNotWaitedFor:     {"answer-not-waited-for", "an answer is given before the event that it rests on is durable, to who waits for that"},
	ConversationForgotten:  {"conversation-forgotten", "what an event causes does not inherit its correlation"},
	DepthNotCounted:        {"depth-not-counted", "an event has the depth of its cause"},
	FirstItemAsCause:       {"first-item-as-cause", "an item of a batch that another one causes says that the first one did"},
	ReceiptReusable:        {"receipt-reusable", "a gate receipt can be used again"},
	GatePanicPasses:        {"gate-panic-passes", "a gate that panics lets the proposal pass"},
	BypassAsPass:           {"bypass-as-pass", "a bypass is recorded as if the gates had let the proposal pass"},
}

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
